// Asks every query of a folder (*.rq) of a SPARQL endpoint, and writes what Comunica makes of the answers next to it:
// NAME.srj for solutions and booleans, NAME.nt for graphs. Arguments: the endpoint, the folder.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QueryEngine } from '@comunica/query-sparql';

const [endpoint, folder] = process.argv.slice(2);
const engine = new QueryEngine();
const context = { sources: [{ type: 'sparql', value: endpoint }], noCache: true };

async function text(stream) {
  let all = '';
  for await (const chunk of stream) all += chunk;
  return all;
}

for (const file of (await readdir(folder)).filter((name) => name.endsWith('.rq')).sort()) {
  const result = await engine.query(await readFile(join(folder, file), 'utf8'), context);
  const graph = result.resultType === 'quads';
  const type = graph ? 'application/n-triples' : 'application/sparql-results+json';
  let answer = await text((await engine.resultToString(result, type, context)).data);
  // Comunica adds a member that the format does not have.
  if (!graph) answer = JSON.stringify({ ...JSON.parse(answer), metadata: undefined });
  await writeFile(join(folder, file.replace(/rq$/, graph ? 'nt' : 'srj')), answer);
}
