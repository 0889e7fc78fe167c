"""A release as pages to read: an index, and a page for each term. Static HTML, no script, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from node.curation.content import Content, Value
from node.curation.differences import (
    DEFINITIONS,
    MAPPINGS,
    PARENTS,
    REPLACED_BY,
    SYNONYMS,
    is_obsolete,
    kind_of,
    label_of,
    language_of,
    named,
    text_of,
)
from node.curation.kgcl import Shorten, curie, expression
from node.rdf.namespaces import OWL, RDF_TYPE, RDFS, RDFS_LABEL, RDFS_SUBCLASS_OF

STYLE = """\
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --link: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --link: #a8c7fa; } }
body { font: 1rem/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
a { color: var(--link); }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 1rem 0 .3rem; }
h2 { border-bottom: 1px solid var(--line); font-size: 1.15rem; margin-top: 2rem; }
.skip { left: -999rem; position: absolute; }
.skip:focus { left: 1rem; }
nav, footer { color: GrayText; font-size: .9rem; }
footer { border-top: 1px solid var(--line); margin-top: 3rem; padding-top: .5rem; }
code, .iri { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
td code { overflow-wrap: normal; white-space: nowrap; }
.obsolete { border-left: .3rem solid #b3261e; background: var(--soft); padding: .5rem .8rem; }
dl { display: grid; gap: .3rem 1.2rem; grid-template-columns: minmax(8rem, max-content) 1fr; }
dt { font-weight: 600; }
dd { margin: 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top; }
li { overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; } }
"""
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_SHOWN = frozenset(
    (RDFS_LABEL, RDF_TYPE, OWL + "deprecated", REPLACED_BY, *DEFINITIONS, *SYNONYMS, *MAPPINGS, *PARENTS)
)
_AXIOMS = (OWL + "equivalentClass", OWL + "disjointWith", RDFS + "domain", RDFS + "range", OWL + "inverseOf")


class Site:
    """The pages of one release. ``namespace`` is that of the terms that get a page of their own."""

    def __init__(
        self,
        content: Content,
        *,
        title: str,
        description: str,
        version: str,
        date: str,
        licence: str,
        namespace: str,
        foreign: Mapping[str, str],
        short: Shorten = curie,
    ) -> None:
        """``foreign`` are labels of terms of other ontologies, by IRI; ``short`` writes an IRI as a CURIE."""
        self._short = short
        self._about = content.by_subject
        self._title, self._description = title, description
        self._version, self._date, self._licence = version, date, licence
        own = sorted(iri for iri, said in self._about.items() if kind_of(said) and iri.startswith(namespace))
        self._names = {**foreign, **{i: text_of(label_of(said)) for i, said in self._about.items() if label_of(said)}}
        self._files = _file_names(own, namespace)
        self._children: dict[str, list[str]] = {}
        for iri in own:
            for predicate in PARENTS:
                for parent in named(self._about[iri].get(predicate, ())):
                    self._children.setdefault(parent, []).append(iri)

    def pages(self, *, changes: Iterable[str], downloads: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Each file's name and its text: the style, the index, and a page for each term.

        ``changes`` are sentences on what is new, ``downloads`` the files of the release beside the pages' folder.
        """
        yield "style.css", STYLE
        yield "index.html", self._index(list(changes), list(downloads))
        for iri, file in self._files.items():
            yield file, self._page(self._names.get(iri, self._short(iri)), self._term(iri), crumb=True)

    def _index(self, changes: list[str], downloads: list[str]) -> str:
        body = [f"<h1>{escape(self._title)}</h1>", f"<p>{escape(self._description)}</p>", "<dl>"]
        body += [f"<dt>Version</dt><dd>{escape(self._version)}, {escape(self._date)}</dd>"]
        body += [f'<dt>Licence</dt><dd><a href="{escape(self._licence)}">{escape(self._licence)}</a></dd>']
        links = ", ".join(f'<a href="../{escape(name)}">{escape(name)}</a>' for name in downloads)
        body += [f"<dt>Files</dt><dd>{links}</dd>", "</dl>"]
        kinds: dict[str, list[str]] = {}
        for iri in self._files:
            kinds.setdefault(kind_of(self._about[iri]), []).append(iri)
        for kind, iris in kinds.items():
            plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}es" if kind.endswith("s") else f"{kind}s"
            body += [f"<h2>{escape(plural.capitalize())} ({len(iris)})</h2>", "<table><thead><tr>"]
            body += ['<th scope="col">Name</th><th scope="col">Code</th><th scope="col">Definition</th></tr></thead>']
            body.append("<tbody>")
            for iri in sorted(iris, key=lambda each: ((self._names.get(each) or each).casefold(), each)):
                said = self._about[iri]
                note = " (obsolete)" if is_obsolete(said) else ""
                definition = next((text_of(v) for p in DEFINITIONS for v in said.get(p, ())), "")
                body.append(
                    f"<tr><td>{self._link(iri)}{note}</td><td><code>{escape(self._short(iri))}</code></td>"
                    f"<td>{escape(definition)}</td></tr>"
                )
            body.append("</tbody></table>")
        if changes:
            body += ["<h2>What is new</h2>", "<ul>", *(f"<li>{escape(line)}</li>" for line in changes), "</ul>"]
        return self._page(self._title, "\n".join(body), crumb=False)

    def _term(self, iri: str) -> str:
        said = self._about[iri]
        body = [f"<h1>{escape(self._names.get(iri, self._short(iri)))}</h1>", f'<p class="iri">{escape(iri)}</p>']
        if is_obsolete(said):
            successors = ", ".join(self._link(each) for each in named(said.get(REPLACED_BY, ())))
            body.append(
                f'<p class="obsolete"><strong>Obsolete.</strong> {f"Use {successors}." if successors else ""}</p>'
            )
        body += [f"<p>{escape(text_of(v))}</p>" for p in DEFINITIONS for v in said.get(p, ())]
        rows = [("Kind", escape(kind_of(said)))]
        rows += [("Label", _text(v)) for v in said.get(RDFS_LABEL, ()) if language_of(v) not in ("", "en")]
        rows += [(f"Synonym ({scope})", _text(v)) for p, scope in SYNONYMS.items() for v in said.get(p, ())]
        for predicate in PARENTS:
            word = "Below" if predicate == RDFS_SUBCLASS_OF else "Under"
            rows += [(word, self._value(value)) for value in said.get(predicate, ())]
        rows += [("Above", self._link(child)) for child in self._children.get(iri, ())]
        rows += [(self._short(p), self._value(v)) for p in (*_AXIOMS, *MAPPINGS) for v in said.get(p, ())]
        others = sorted(set(said) - _SHOWN - set(_AXIOMS))
        rows += [(self._names.get(p) or self._short(p), self._value(v)) for p in others for v in said[p]]
        body += ["<h2>Details</h2>", "<dl>"]
        last = ""
        for term, value in rows:
            body.append(f"{f'<dt>{escape(term)}</dt>' if term != last else '<dt></dt>'}<dd>{value}</dd>")
            last = term
        body.append("</dl>")
        return "\n".join(body)

    def _value(self, value: Value) -> str:
        if isinstance(value, str):
            return self._link(value[1:-1]) if value.startswith("<") else _text(value)
        return f"<code>{escape(expression(value, self._names, self._short))}</code>"

    def _link(self, iri: str) -> str:
        name = self._names.get(iri)
        shown = escape(name) if name else f"<code>{escape(self._short(iri))}</code>"
        if not iri.startswith(("http://", "https://")):
            return shown
        return f'<a href="{escape(self._files.get(iri, iri))}">{shown}</a>'

    def _page(self, title: str, body: str, *, crumb: bool) -> str:
        whole = f"{title} – {self._title}" if crumb else title
        nav = f'<nav aria-label="Breadcrumb"><a href="index.html">{escape(self._title)}</a></nav>' if crumb else ""
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<title>{escape(whole)}</title>\n<link rel="stylesheet" href="style.css">\n</head>\n<body>\n'
            f'<a class="skip" href="#content">Skip to the content</a>\n{nav}\n<main id="content">\n{body}\n</main>\n'
            f"<footer>{escape(self._title)} {escape(self._version)}, {escape(self._date)}</footer>\n</body>\n</html>\n"
        )


def _text(value: Value) -> str:
    language = language_of(value)
    attribute = f' lang="{escape(language)}"' if language else ""
    return f"<span{attribute}>{escape(text_of(value))}</span>"


def _file_names(iris: Iterable[str], namespace: str) -> dict[str, str]:
    """A file name for each IRI: its local part, made safe; a number follows where two would be the same."""
    used: set[str] = {"index.html", "style.css"}
    files: dict[str, str] = {}
    for iri in iris:
        stem = _UNSAFE.sub("_", iri.removeprefix(namespace)).strip("._")[:100] or "term"
        name, number = f"{stem}.html", 2
        while name.casefold() in used:
            name, number = f"{stem}-{number}.html", number + 1
        used.add(name.casefold())
        files[iri] = name
    return files
