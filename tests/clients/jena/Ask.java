import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.jena.query.Query;
import org.apache.jena.query.QueryExecution;
import org.apache.jena.query.QueryFactory;
import org.apache.jena.query.ResultSetFormatter;
import org.apache.jena.riot.Lang;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.sparql.exec.http.QueryExecutionHTTP;

/**
 * Asks every query of a folder (*.rq) of a SPARQL endpoint, and writes what Jena makes of the answers next to it:
 * NAME.srj for solutions and booleans, NAME.nt for graphs. Arguments: the endpoint, the folder.
 */
public class Ask {
    public static void main(String[] arguments) throws Exception {
        List<Path> files;
        try (Stream<Path> found = Files.list(Path.of(arguments[1]))) {
            files = found.filter(path -> path.toString().endsWith(".rq")).sorted().toList();
        }
        for (Path file : files) {
            Query query = QueryFactory.create(Files.readString(file));
            String name = file.getFileName().toString().replaceFirst("rq$", "");
            boolean graph = query.isConstructType() || query.isDescribeType();
            try (QueryExecution asked = QueryExecutionHTTP.service(arguments[0], query);
                    OutputStream out = Files.newOutputStream(file.resolveSibling(name + (graph ? "nt" : "srj")))) {
                if (query.isAskType()) {
                    ResultSetFormatter.outputAsJSON(out, asked.execAsk());
                } else if (query.isSelectType()) {
                    ResultSetFormatter.outputAsJSON(out, asked.execSelect());
                } else {
                    RDFDataMgr.write(out, query.isDescribeType() ? asked.execDescribe() : asked.execConstruct(), Lang.NT);
                }
            }
        }
    }
}
