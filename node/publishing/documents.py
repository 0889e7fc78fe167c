"""An RDF document of a partner: from the file to drafts of its dataset descriptions, not yet judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, parse

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, Place, RequestTooLarge, Unsupported
from node.model.identifiers import Identifiers
from node.publishing.codemeta import complete, is_codemeta, tolerated
from node.publishing.coding import HIGHEST_AGE
from node.publishing.contexts import PinnedContexts
from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.intake import UNPACKED_BYTES, unpack
from node.publishing.jsondocument import JsonPlaces, Terms, losses
from node.publishing.jsonldreading import jsonld_quads, open_jsonld
from node.publishing.jsonlines import as_document
from node.publishing.ntriples import Description, write_lines
from node.publishing.safety.decisions import Decisions, read_decisions
from node.publishing.screening import with_ages_capped
from node.publishing.skolem import BlankTriple, CyclicBlankNodes, skolemise
from node.publishing.splitting import Locate, split
from node.publishing.statements import spool_file
from node.publishing.textplaces import TextPlaces
from node.rdf.formats import DOCUMENT_FORMATS, JSONLD, RDFXML, Format, format_of_file, has_json_lines
from node.rdf.namespaces import shorten

#: JSON-LD is held in memory whole, as about ten times its size.
JSON_BYTES = 80_000_000
#: How many triples one document may have.
MOST_TRIPLES = 3_000_000
#: How many of them may have a blank node.
MOST_BLANK_TRIPLES = 300_000

_POSITION = re.compile(r"^Parser error at [^:]*: ")


@dataclass(frozen=True)
class Reading:
    """What one document holds: a draft for each dataset description, and what is wrong with the document as a whole."""

    drafts: tuple[Draft, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Statements:
    """What a document says, before anything is made of it: its triples, where they came from, what was lost."""

    document: Description
    locate: Locate
    findings: tuple[Finding, ...]


def read_document(
    path: Path, identifiers: Identifiers, spool: Path, *, called: str = "", foreign: bool = False
) -> Reading:
    """Read one RDF file (its ending names the format; ``.gz`` may follow).

    ``called`` is what to call it in findings, if not by its path; ``foreign``: it is somebody else's catalogue (see
    ``split``). Relative IRIs are resolved against the node's base. Blank nodes become IRIs of the node. Nothing is
    fetched. New files are made in ``spool``, where the drafts' triples stay. Raises MediaTypeNotSupported,
    DocumentSyntaxError, ContextNotPinned, Unsupported and RequestTooLarge.
    """
    said = read_statements(path, identifiers, spool, called=called, foreign=foreign)
    decisions = read_decisions(path.parent)
    inputs = (path, decisions.path) if decisions.path else (path,)
    source = called or str(path)
    read = draft(said, identifiers, spool, source=source, inputs=inputs, decisions=decisions, foreign=foreign)
    return Reading(read.drafts, (*said.findings, *read.findings))


def read_statements(
    path: Path, identifiers: Identifiers, spool: Path, *, called: str = "", foreign: bool = False
) -> Statements:
    """The triples of one RDF file; what is given and raised is that of ``read_document``."""
    source = called or str(path)
    form = format_of_file(path.name)
    if form is None:
        endings = ", ".join(ending for f in DOCUMENT_FORMATS for ending in f.endings)
        raise MediaTypeNotSupported(
            "the file's ending names no RDF format.",
            where=Place(source=source),
            remedy=f"Known endings, each also with .gz: {endings}.",
        )
    text = unpack(path, spool, limit=JSON_BYTES if form is JSONLD else UNPACKED_BYTES)
    findings: list[Finding] = []
    locate: Locate
    if form is JSONLD:
        if has_json_lines(path.name):
            text.write_text(as_document(text.read_text(encoding="utf-8"), source), encoding="utf-8", newline="\n")
        quads, locate, findings = _read_jsonld(text, source, identifiers)
    else:
        if form is RDFXML:
            with text.open("rb") as stream:
                check_xml(stream, source)
        quads, locate = _parsed(text, form, source, identifiers), TextPlaces(text, source, identifiers.base)
    document, referrers, old = _described(quads, source, identifiers)
    if old:
        findings.append(_capped(old, source))
    if foreign:  # the text is not the one that others wrote
        locate = _by_iri(source)
    return Statements(document, _through_blank_nodes(locate, referrers), tuple(findings))


def draft(
    said: Statements,
    identifiers: Identifiers,
    spool: Path,
    *,
    source: str,
    inputs: tuple[Path, ...],
    decisions: Decisions,
    foreign: bool = False,
) -> Reading:
    """A draft of each description in these statements; findings are those of the splitting."""
    result = split(said.document, identifiers, said.locate, source, foreign=foreign)
    drafts = []
    for part in result.parts:
        shown = [*part.described, *part.records] if part.open else part.described
        drafts.append(
            Draft(
                dataset=part.dataset,
                iri=part.iri,
                title=part.title,
                source=source,
                public=write_lines(sorted(set(shown)), spool_file(spool, part.dataset)),
                records=None if part.open else write_lines(part.records, spool_file(spool, part.dataset)),
                samples=part.samples,
                donors=part.donors,
                locate=said.locate,
                findings=list(part.findings),
                inputs=inputs,
                decisions=decisions,
            )
        )
    return Reading(tuple(drafts), tuple(result.findings))


def _read_jsonld(text: Path, source: str, identifiers: Identifiers) -> tuple[Iterator[Quad], Locate, list[Finding]]:
    contexts = PinnedContexts(identifiers.base)
    raw = text.read_text(encoding="utf-8")
    document = open_jsonld(raw, source, contexts)
    terms = Terms.of(document)
    places = JsonPlaces(lambda: text.read_text(encoding="utf-8"), source, terms, identifiers.base)
    lost = [_with_line(finding, raw) for finding in losses(document, terms, source)]
    if is_codemeta(document):
        lost = [*complete(document, source), *map(tolerated, lost)]
    return jsonld_quads(document, base=identifiers.base, source=source), places, lost


def _with_line(finding: Finding, raw: str) -> Finding:
    """The finding with the line where its value first stands in the text, quoted."""
    offset = raw.find(f'"{finding.value}"') if finding.value else -1
    if offset < 0:
        return finding
    return replace(finding, where=replace(finding.where, line=raw.count("\n", 0, offset) + 1))


def _parsed(text: Path, form: Format, source: str, identifiers: Identifiers) -> Iterator[Quad]:
    """The quads of a document in any format but JSON-LD."""
    assert form.rdf is not None
    try:
        with text.open("rb") as stream:
            yield from parse(stream, form.rdf, base_iri=identifiers.base)
    except MemoryError as error:  # the parser's own limit for one token, not that of the machine
        raise RequestTooLarge(
            "a text or an IRI is longer than 16 MiB.",
            where=Place(source=source),
            remedy="Keep data of this size in a file of its own, and describe it as a dcat:Distribution.",
        ) from error
    except (SyntaxError, ValueError, OSError) as error:
        line, column = (error.lineno, error.offset) if isinstance(error, SyntaxError) else (None, None)
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        raise DocumentSyntaxError(
            f"this is not {form.rdf.name}: {_POSITION.sub('', str(message)).rstrip('.')}.",
            where=Place(source=source, line=line, column=column),
            remedy="Correct it there; what comes after it was not read.",
        ) from error


def check_xml(stream: BinaryIO, source: str) -> None:
    """Well-formed to the end, and no entities: pyoxigraph reads a truncated RDF/XML file without complaint, and
    expands entities without limit. Raises DocumentSyntaxError, Unsupported."""
    parser = expat.ParserCreate()

    def refuse(name: str, *_: object) -> None:
        raise Unsupported(
            f"the document declares the XML entity {name!r}.",
            where=Place(source=source, line=parser.CurrentLineNumber),
            remedy="Write the text or IRI out wherever the entity is used.",
        )

    parser.EntityDeclHandler = refuse
    try:
        parser.ParseFile(stream)
    except expat.ExpatError as error:
        raise DocumentSyntaxError(
            f"this is not XML: {expat.ErrorString(error.code)}.",
            where=Place(source=source, line=error.lineno, column=error.offset + 1),
            remedy="Is the file complete?",
        ) from error
    except LookupError as error:
        raise DocumentSyntaxError(
            f"the XML declaration names an encoding that is not known here ({error}).",
            where=Place(source=source, line=1),
            remedy="Save the document in UTF-8.",
        ) from error


def _described(
    quads: Iterator[Quad], source: str, identifiers: Identifiers
) -> tuple[Description, dict[str, tuple[str, str]], int]:
    """The triples without blank nodes, which subject leads to each skolem IRI, and how many ages were capped."""
    lines: list[str] = []
    blank: list[BlankTriple] = []
    genid = identifiers.skolem("")
    for quad in quads:
        if not isinstance(quad.graph_name, DefaultGraph):
            raise Unsupported(
                f"the document has a named graph, {quad.graph_name}.",
                where=Place(source=source, record=str(quad.graph_name)),
                remedy="Put its triples outside of any graph: the node itself keeps one graph for each dataset.",
            )
        subject, value = _term(quad.subject, genid, source), _term(quad.object, genid, source)
        if isinstance(subject, BlankNode) or isinstance(value, BlankNode):
            assert not isinstance(subject, Literal)
            blank.append((subject, quad.predicate, value))
        else:
            lines.append(f"{subject} {quad.predicate} {value} .")
        if len(lines) > MOST_TRIPLES or len(blank) > MOST_BLANK_TRIPLES:
            raise RequestTooLarge(
                f"the document has more than {MOST_TRIPLES:,} triples, or {MOST_BLANK_TRIPLES:,} with blank nodes.",
                where=Place(source=source),
                remedy="Split it into several documents, one for each dataset, and give resources IRIs.",
            )
    try:
        made = skolemise(blank, identifiers)
    except CyclicBlankNodes as error:
        raise Unsupported(
            "resources without IRIs refer to each other in a circle, "
            f"by {', '.join(shorten(p) for p in error.predicates)}.",
            where=Place(source=source, field=shorten(error.predicates[0])),
            remedy="Give at least one of them an IRI.",
        ) from error
    ages: list[str] = []
    return Description(with_ages_capped([*lines, *made.lines], ages.append)), made.referrers, len(ages)


def _capped(count: int, source: str) -> Finding:
    return Finding(
        Severity.WARNING,
        f"ages above {HIGHEST_AGE} are published as {HIGHEST_AGE}: a person of 97 is too easily found",
        Place(source=source, field="onco:ageAtDiagnosis"),
        count=count,
    )


def _term(term: object, genid: str, source: str) -> NamedNode | BlankNode | Literal:
    """The term; a skolem IRI of this node is the blank node it once was, so that what was downloaded can come back."""
    if isinstance(term, NamedNode):
        return (
            BlankNode("onconode-" + term.value.removeprefix(genid).encode().hex())
            if term.value.startswith(genid)
            else term
        )
    if isinstance(term, BlankNode) or (isinstance(term, Literal) and term.direction is None):
        return term
    raise Unsupported(
        f"the document uses RDF 1.2, which is not RDF 1.1: {term}.",
        where=Place(source=source, record=str(term)),
        remedy="Leave out triple terms and base directions.",
    )


def _by_iri(source: str) -> Locate:
    return lambda iri: Place(source=source, record=iri)


def _through_blank_nodes(locate: Locate, referrers: dict[str, tuple[str, str]]) -> Callable[[str], Place]:
    """Finds skolem IRIs, which no text of the partner holds, by what refers to them."""

    def place(iri: str) -> Place:
        field = None
        seen: set[str] = set()
        while iri in referrers and iri not in seen:
            seen.add(iri)
            iri, predicate = referrers[iri]
            field = shorten(predicate)
        found = locate(iri)
        return found if field is None else replace(found, field=field)

    return place
