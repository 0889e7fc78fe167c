"""OBO files as N-Triples, after the OBO 1.4 specification's mapping to OWL, as far as releases of vocabularies need it.

Read: headers that say which release it is; of ``[Term]`` frames names, definitions, comments, synonyms by scope,
superclasses, definitions by ``intersection_of``, ``relationship``, equivalence, disjointness, cross-references,
subsets, status and successors; of ``[Typedef]`` frames names, hierarchy and whether a relation is transitive. What
else a frame says is left out. fastobo, which does more, refuses the released ``obi.obo`` without a default namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from node.errors import DocumentSyntaxError, Place
from node.rdf.namespaces import DCT, OBO, OBOINOWL, OWL, RDF, RDF_TYPE, RDFS, RDFS_LABEL, RDFS_SUBCLASS_OF, XSD
from node.rdf.terms import iri, is_absolute_iri, literal, triple

#: A quoted string at the start of a value, backslash escapes included, and what follows it.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(.*)')
_ESCAPE = re.compile(r"\\(.)")
#: A trailing comment or list of qualifiers of a value that is not quoted.
_TRAILING = re.compile(r"\s+(?:!.*|\{[^{}]*\}\s*(?:!.*)?)$")
_PREFIXED = re.compile(r"([A-Za-z_][\w.-]*):(\S+)")
_FRAME = re.compile(r"\[(\w+)\]")
_SCOPES = {"EXACT", "BROAD", "NARROW", "RELATED"}
#: Tags whose value is a text, and those whose value is another term: of a class, and of a relation.
_TEXTS = {"name": RDFS_LABEL, "comment": RDFS + "comment"}
_LINKS = {
    "is_a": (RDFS_SUBCLASS_OF, RDFS + "subPropertyOf"),
    "equivalent_to": (OWL + "equivalentClass", OWL + "equivalentProperty"),
    "disjoint_from": (OWL + "disjointWith", OWL + "propertyDisjointWith"),
    "inverse_of": (OWL + "inverseOf",) * 2,
    "subset": (OBOINOWL + "inSubset",) * 2,
    "replaced_by": (OBO + "IAO_0100001",) * 2,
    "consider": (OBOINOWL + "consider",) * 2,
}
_EXPANSIONS = {"rdfs": RDFS, "owl": OWL, "xsd": XSD, "dc": "http://purl.org/dc/elements/1.1/", "dcterms": DCT}


def read_obo(lines: Iterable[str], *, source: str) -> Iterator[str]:
    """The triples of an OBO file, one line of N-Triples each. Raises DocumentSyntaxError with the line."""
    header = _Frame("header", 0)
    frame = header
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line.startswith("!"):
            continue
        if (found := _FRAME.fullmatch(line)) is not None:
            yield from _written(frame, header, source)
            frame = _Frame(found[1], number)
            continue
        tag, colon, value = line.partition(":")
        if not colon or " " in tag:
            raise DocumentSyntaxError(
                "a line of an OBO file is 'tag: value' or '[Frame]'.", where=Place(source=source, line=number)
            )
        frame.clauses.append((tag, value.strip(), number))
    if not any(tag in ("format-version", "ontology") for tag, _, _ in header.clauses):
        raise DocumentSyntaxError("an OBO file begins with its format-version.", where=Place(source=source, line=1))
    yield from _written(frame, header, source)


@dataclass
class _Frame:
    kind: str
    line: int
    clauses: list[tuple[str, str, int]] = field(default_factory=list)

    def first(self, tag: str) -> str | None:
        return next((_plain(value) for name, value, _ in self.clauses if name == tag), None)


def _written(frame: _Frame, header: _Frame, source: str) -> Iterator[str]:
    match frame.kind:
        case "header":
            yield from _ontology(frame)
        case "Term" | "Typedef":
            subject = frame.first("id")
            if not subject:
                raise DocumentSyntaxError("a frame has no id.", where=Place(source=source, line=frame.line))
            entity = _Entity(_iri(subject, header.first("ontology") or "unknown"), header)
            yield from entity.triples(frame, source)


def _ontology(header: _Frame) -> Iterator[str]:
    name = header.first("ontology")
    if not name:
        return
    about = iri(name if is_absolute_iri(name) else f"{OBO}{name}.owl")
    yield triple(about, iri(RDF_TYPE), iri(OWL + "Ontology"))
    if version := header.first("data-version"):
        yield triple(about, iri(OWL + "versionInfo"), literal(version))
        if re.fullmatch(r"[\w./-]+", version):
            path = version if "/" in version else f"{name}/{version}/{name}.owl"
            yield triple(about, iri(OWL + "versionIRI"), iri(f"{OBO}{path}"))
    for tag, value, _ in header.clauses:
        licence = re.match(r"(?:dcterms:license|terms:license|\S*/license)\s+(\S+)", value)
        if tag == "property_value" and licence and is_absolute_iri(licence[1].strip('"')):
            yield triple(about, iri(DCT + "license"), iri(licence[1].strip('"')))


class _Entity:
    """One class or relation on its way into triples."""

    def __init__(self, subject: str, header: _Frame) -> None:
        self._subject = iri(subject)
        self._ontology = header.first("ontology") or "unknown"
        self._blank = 0

    def triples(self, frame: _Frame, source: str) -> Iterator[str]:
        term = frame.kind == "Term"
        yield self._say(RDF_TYPE, iri(OWL + ("Class" if term else "ObjectProperty")))
        definition: list[str] = []
        for tag, value, number in frame.clauses:
            if tag in ("def", "synonym"):
                yield from self._quoted(tag, value, Place(source=source, line=number))
            elif tag == "intersection_of" and term:
                definition.append(value)
            else:
                yield from self._clause(tag, value, term=term)
        if len(definition) > 1:
            members = [part for value in definition for part in self._operand(value)]
            names, lines = members[::2], members[1::2]
            yield from (line for line in lines if line)
            yield from self._defined(names)

    def _clause(self, tag: str, value: str, *, term: bool) -> Iterator[str]:
        plain = _plain(value)
        if tag in _TEXTS:
            yield self._say(_TEXTS[tag], literal(_unescaped(plain)))
        elif tag in _LINKS:
            yield self._say(_LINKS[tag][not term], self._named(plain))
        elif tag in ("xref", "alt_id") and plain:
            named = OBOINOWL + ("hasDbXref" if tag == "xref" else "hasAlternativeId")
            yield self._say(named, literal(plain.split()[0]))
        elif tag == "relationship" and term:
            node, lines = self._operand(plain)
            yield lines
            yield self._say(RDFS_SUBCLASS_OF, node)
        elif (tag, plain) == ("is_transitive", "true"):
            yield self._say(RDF_TYPE, iri(OWL + "TransitiveProperty"))
        elif (tag, plain) == ("is_obsolete", "true"):
            yield self._say(OWL + "deprecated", literal("true", datatype=XSD + "boolean"))

    def _quoted(self, tag: str, value: str, where: Place) -> Iterator[str]:
        found = _QUOTED.match(value)
        if found is None:
            raise DocumentSyntaxError(f"the value of {tag!r} is not in quotes.", where=where)
        text = literal(_unescaped(found[1]))
        if tag == "def":
            yield self._say(OBO + "IAO_0000115", text)
            return
        scope = (found[2].split() or ["RELATED"])[0]
        scope = scope if scope in _SCOPES else "RELATED"
        yield self._say(f"{OBOINOWL}has{scope.capitalize()}Synonym", text)

    def _operand(self, value: str) -> tuple[str, str]:
        """A class, or a class of things that are so related to a class; and the lines that say so."""
        relation, _, filler = _plain(value).partition(" ")
        if not filler:
            return self._named(relation), ""
        node = self._new_blank()
        about = triple(node, iri(RDF_TYPE), iri(OWL + "Restriction"))
        about += triple(node, iri(OWL + "onProperty"), self._named(relation))
        about += triple(node, iri(OWL + "someValuesFrom"), self._named(filler.split()[0]))
        return node, about

    def _defined(self, members: list[str]) -> Iterator[str]:
        whole = self._new_blank()
        yield self._say(OWL + "equivalentClass", whole)
        yield triple(whole, iri(RDF_TYPE), iri(OWL + "Class"))
        links = [self._new_blank() for _ in members]
        yield triple(whole, iri(OWL + "intersectionOf"), links[0])
        for link, member, rest in zip(links, members, [*links[1:], iri(RDF + "nil")], strict=True):
            yield triple(link, iri(RDF + "first"), member)
            yield triple(link, iri(RDF + "rest"), rest)

    def _new_blank(self) -> str:
        self._blank += 1
        letters = "".join(c if c.isalnum() else f"_{ord(c)}_" for c in self._subject[1:-1])
        return f"_:{letters}x{self._blank}"

    def _named(self, identifier: str) -> str:
        return iri(_iri(identifier, self._ontology))

    def _say(self, predicate: str, value: str) -> str:
        return triple(self._subject, iri(predicate), value)


def _iri(identifier: str, ontology: str) -> str:
    """The IRI that an identifier stands for (OBO 1.4, section 5.9): prefixed, unprefixed or an IRI itself."""
    identifier = identifier.replace("\\", "")
    if identifier.startswith(("http://", "https://", "urn:")) and is_absolute_iri(identifier):
        return identifier
    found = _PREFIXED.fullmatch(identifier)
    if found is None:
        made = f"{OBO}{ontology}#{identifier}"
    elif found[1] in _EXPANSIONS:
        made = _EXPANSIONS[found[1]] + found[2]
    else:
        made = f"{OBO}{found[1]}_{found[2]}"
    return "".join(c if c not in '<>"{}|^`\\' and c > " " else f"%{ord(c):02X}" for c in made)


def _plain(value: str) -> str:
    return _TRAILING.sub("", value).strip()


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: {"n": "\n", "t": "\t", "W": " "}.get(found[1], found[1]), text)
