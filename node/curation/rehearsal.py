"""What a would-be release of a vocabulary changes for one node: its codes, its samples, the answers to its queries.

Both sides are nodes with the same data: as it is, and a scratch copy in which the release is installed. Values are
coded by the coder that publishing uses, with the vocabulary of each side; so what is told here is what publishing again
would do. Nothing of it depends on time or chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from node.curation.demand import Told
from node.errors import NodeError
from node.ontology.branches import BRANCHES, DIAGNOSIS, in_branch
from node.ontology.concepts import Vocabulary
from node.publishing.coded import Answer, Coded
from node.publishing.coder import Coder, key_of
from node.publishing.registry import FILE, read_registry
from node.publishing.uncoded import datasets_of, read_uncoded
from node.rdf.namespaces import DCT, ONCO, OWL, SSSOM
from node.rdf.terms import iri, literal
from node.sparql.results import Results, Term
from node.sparql.stored import StoredQuery
from node.store.quads import QuadStore

#: How many samples are listed for one word, rows for one query, and classes gained or lost for one code.
MOST_SAMPLES = 20
MOST_ROWS = 20
MOST_CLASSES = 10
_BLOCK = 200

Ask = Callable[[str], Results]


@dataclass(frozen=True)
class Side:
    """A node before or after: its store, what it codes with, and how it is asked (by one who may see everything).

    ``ask`` is for stored queries, within the limits that the node sets; ``read`` for what the rehearsal has to know, as
    long as it takes.
    """

    store: QuadStore
    vocabulary: Vocabulary
    coder: Coder
    ask: Ask
    read: Ask


@dataclass(frozen=True)
class Gained:
    """Words that get a code: how many samples of which datasets (or nodes that were only asked) write them.

    ``samples`` counts them, ``listed`` are IRIs of at most ``MOST_SAMPLES`` of those whose words are published.
    """

    property_iri: str
    text: str
    system: str
    code: str
    label: str
    samples: int
    by_dataset: Mapping[str, int]
    listed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recoded:
    """Words that are published with one code and would get another, or none (``after`` is '')."""

    property_iri: str
    text: str
    before: str
    after: str
    reason: str
    samples: int


@dataclass(frozen=True)
class Affected:
    """A code in published data of which something changes. ``what`` says what: ``obsolete``, ``gone``, ``out of
    branch``, ``moved``, ``renamed``. ``detail`` is the replacement, the new name, or the classes it is now or no longer
    below (``+`` and ``-`` in front)."""

    property_iri: str
    code: str
    label: str
    what: str
    detail: tuple[str, ...]
    samples: int
    by_dataset: Mapping[str, int]


@dataclass(frozen=True)
class Answered:
    """A stored query, before and after: its rows, and which came and went, each as its values in order.

    ``problem`` says why it was not compared, '' if it was.
    """

    name: str
    title: str
    before: int
    after: int
    added: tuple[tuple[str, ...], ...] = ()
    removed: tuple[tuple[str, ...], ...] = ()
    more: int = 0
    problem: str = ""

    @property
    def changed(self) -> bool:
        return bool(self.added or self.removed)


@dataclass(frozen=True)
class Rehearsal:
    """All that a release changes for a node."""

    gained: tuple[Gained, ...]
    recoded: tuple[Recoded, ...]
    affected: tuple[Affected, ...]
    queries: tuple[Answered, ...]
    samples: Mapping[str, int] = field(default_factory=dict)

    def datasets(self) -> dict[str, dict[str, int]]:
        """For each dataset its samples, and how many gain a code and how many have one that changes."""
        found: dict[str, dict[str, int]] = {name: {"samples": count} for name, count in self.samples.items()}
        for gained in self.gained:
            for name, count in gained.by_dataset.items():
                row = found.setdefault(name, {})
                row["gained"] = row.get("gained", 0) + count
        for affected in self.affected:
            for name, count in affected.by_dataset.items():
                row = found.setdefault(name, {})
                row[affected.what] = row.get(affected.what, 0) + count
        return dict(sorted(found.items()))


def rehearse(
    before: Side,
    after: Side,
    queries: Iterable[StoredQuery],
    told: Iterable[Told] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Rehearsal:
    """Compare the two sides. ``told`` is what other nodes said they could not code; of them only gains are known."""
    progress("coding what could not be coded")
    gained = _gained(before, after, told)
    progress("coding again what is published")
    recoded = _recoded(before, after)
    progress("looking at published codes")
    affected, samples = _affected(before, after)
    answered = []
    for query in queries:
        progress(f"asking {query.name}")
        answered.append(_answered(before, after, query))
    return Rehearsal(tuple(gained), tuple(recoded), tuple(affected), tuple(answered), samples)


def _gained(before: Side, after: Side, told: Iterable[Told]) -> list[Gained]:
    waiting: dict[tuple[str, str, str], dict[str, int]] = {}
    texts: dict[tuple[str, str, str], Counter[str]] = {}
    registry = read_registry(before.store.file(FILE))
    for dataset in datasets_of(before.store, restricted=True):
        name = registry[dataset].iri
        for row in read_uncoded(before.store, dataset):
            counts = waiting.setdefault(row.key, {})
            counts[name] = counts.get(name, 0) + row.samples
            texts.setdefault(row.key, Counter())[row.text] += row.samples
    for one in told:
        for key, (text, count) in one.waiting.items():
            waiting.setdefault(key, {})[one.node] = count
            texts.setdefault(key, Counter())[text] += count
    found = []
    for key, by_dataset in waiting.items():
        text = min(texts[key].items(), key=lambda item: (-item[1], item[0]))[0]
        was, will = before.coder.code(key[0], text, key[2]), after.coder.code(key[0], text, key[2])
        if isinstance(will, Coded) and not isinstance(was, Coded):
            count = sum(by_dataset.values())
            label, where = will.match.label, dict(sorted(by_dataset.items()))
            found.append(Gained(key[0], text, key[2], will.iri, label, count, where))
    listed = _listed(before.read, [g.text for g in found if g.property_iri == DIAGNOSIS])
    found.sort(key=lambda g: (-g.samples, g.property_iri, g.text, g.system))
    return [
        Gained(**{**vars(g), "listed": tuple(listed.get(key_of(g.text), ())[:MOST_SAMPLES])})
        if g.property_iri == DIAGNOSIS
        else g
        for g in found
    ]


def _listed(ask: Ask, texts: Sequence[str]) -> dict[str, list[str]]:
    """Samples without a diagnosis by what their partner wrote, letter case and spaces aside."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(texts), _BLOCK):
        block = texts[start : start + _BLOCK]
        values = " ".join(literal(text.lower()) for text in block)
        rows = ask(
            f"SELECT ?sample ?written WHERE {{ VALUES ?lower {{ {values} }} "
            f"?sample {iri(ONCO + 'sourceCode')} ?written . FILTER (LCASE(STR(?written)) = ?lower) "
            f"FILTER NOT EXISTS {{ ?sample {iri(DIAGNOSIS)} ?any }} }} ORDER BY ?sample"
        ).rows
        for row in rows:
            found.setdefault(key_of(_text(row, "written")), []).append(_text(row, "sample"))
    return found


def _recoded(before: Side, after: Side) -> Iterator[Recoded]:
    """The matches that published codes rest on, made again with both vocabularies."""
    rows = before.read(
        f"SELECT ?property ?written ?system ?class (COUNT(DISTINCT ?sample) AS ?samples) WHERE {{ "
        f"?sample {iri(ONCO + 'coding')}/{iri(ONCO + 'mapping')} ?m . ?m {iri(ONCO + 'codedProperty')} ?property ; "
        f"{iri(SSSOM + 'subject_label')} ?written ; {iri(OWL + 'annotatedTarget')} ?class . "
        f"OPTIONAL {{ ?m {iri(SSSOM + 'subject_source')} ?system }} }} "
        "GROUP BY ?property ?written ?system ?class ORDER BY DESC(?samples) ?property ?written ?class"
    ).rows
    for row in rows:
        property_iri, written, system = _text(row, "property"), _text(row, "written"), _text(row, "system")
        was = before.coder.code(property_iri, written, system)
        will = after.coder.code(property_iri, written, system)
        if _code(was) and _code(was) != _code(will):
            reason = "" if isinstance(will, Coded) else will.reason
            yield Recoded(property_iri, written, _code(was), _code(will), reason, int(_text(row, "samples")))


def _affected(before: Side, after: Side) -> tuple[list[Affected], dict[str, int]]:
    found: list[Affected] = []
    for property_iri in BRANCHES:
        counts: dict[str, dict[str, int]] = {}
        rows = before.read(
            f"SELECT ?code ?dataset (COUNT(DISTINCT ?s) AS ?samples) WHERE {{ ?s {iri(property_iri)} ?code . "
            f"OPTIONAL {{ ?s {iri(DCT + 'isPartOf')} ?dataset }} }} GROUP BY ?code ?dataset"
        ).rows
        for row in rows:
            if row.get("code") is not None:
                counts.setdefault(_text(row, "code"), {})[_text(row, "dataset")] = int(_text(row, "samples"))
        for code, by_dataset in sorted(counts.items()):
            for what, detail in _happens(before.vocabulary, after.vocabulary, property_iri, code):
                concept = before.vocabulary.get(code) or after.vocabulary.get(code)
                label = concept.label if concept else ""
                total = sum(by_dataset.values())
                found.append(Affected(property_iri, code, label, what, detail, total, dict(sorted(by_dataset.items()))))
    found.sort(key=lambda a: (_ORDER.index(a.what), -a.samples, a.property_iri, a.code))
    rows = before.read(
        f"SELECT ?dataset (COUNT(DISTINCT ?s) AS ?samples) WHERE {{ ?s {iri(DCT + 'isPartOf')} ?dataset ; "
        f"a ?type }} GROUP BY ?dataset ORDER BY ?dataset"
    ).rows
    return found, {_text(row, "dataset"): int(_text(row, "samples")) for row in rows if row.get("dataset")}


_ORDER = ("gone", "obsolete", "out of branch", "moved", "renamed")


def _happens(
    before: Vocabulary, after: Vocabulary, property_iri: str, code: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What becomes of a code: words of ``_ORDER``, each with its detail."""
    was, will = before.get(code), after.get(code)
    if was is None:
        return
    if will is None:
        yield "gone", ()
        return
    if will.obsolete and not was.obsolete:
        yield "obsolete", (will.replaced_by,) if will.replaced_by else ()
    elif in_branch(before, property_iri, code) and not in_branch(after, property_iri, code):
        yield "out of branch", ()
    else:
        old, new = before.ancestors(code), after.ancestors(code)
        if old != new:
            changed = [*(f"+{each}" for each in sorted(new - old)), *(f"-{each}" for each in sorted(old - new))]
            yield "moved", tuple(changed)
    if was.label != will.label:
        yield "renamed", (will.label,)


def _answered(before: Side, after: Side, query: StoredQuery) -> Answered:
    try:
        was, will = _rows(before.ask(query.text)), _rows(after.ask(query.text))
    except NodeError as error:
        return Answered(query.name, query.title, 0, 0, problem=str(error))
    added, removed = sorted((will - was).elements()), sorted((was - will).elements())
    more = max(0, len(added) - MOST_ROWS) + max(0, len(removed) - MOST_ROWS)
    return Answered(
        query.name, query.title, was.total(), will.total(), tuple(added[:MOST_ROWS]), tuple(removed[:MOST_ROWS]), more
    )


def _rows(results: Results) -> Counter[tuple[str, ...]]:
    if results.boolean is not None:
        return Counter([(str(results.boolean).lower(),)])
    return Counter(tuple(_written(row.get(name)) for name in results.variables) for row in results.rows)


def _written(term: Term | None) -> str:
    return "" if term is None else term.value


def _text(row: Mapping[str, Term | None], name: str) -> str:
    return _written(row.get(name))


def _code(answer: Answer) -> str:
    return answer.iri if isinstance(answer, Coded) else ""
