"""Makes queries of every form that try to look at what they may not: from a seed, so that a failure can be repeated."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

NS = "http://example.org/"
MARK = "SECRET"
#: Terms that are in public graphs, terms that are in others only, and predicates likewise.
PUBLIC_NODES = tuple(f"<{NS}n{i}>" for i in range(6))
SECRET_NODES = tuple(f"<{NS}{MARK}{i}>" for i in range(3))
PREDICATES = tuple(f"<{NS}{name}>" for name in ("p", "q", "r"))
SECRET_PREDICATE = f"<{NS}{MARK}p>"
NUMBER, NAME = f"<{NS}number>", f"<{NS}name>"
VARIABLES = ("?a", "?b", "?c", "?d")
_KEYWORDS = ("GRAPH", "FROM", "NAMED", "SELECT", "EXISTS", "DESCRIBE", "WHERE", "UNION", "OPTIONAL", "CONSTRUCT")


@dataclass(frozen=True)
class Attempt:
    """One request: ``sent`` is what the node is sent, ``meant`` the same query as a plain store takes it.

    ``default`` and ``named`` are the graphs of the protocol's parameters. ``form`` is the first keyword.
    """

    form: str
    sent: str
    meant: str
    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    escaped: bool = False

    @property
    def names_secret(self) -> bool:
        """Whether the request itself says a secret term, so that an answer may repeat it."""
        return MARK in self.sent


class Attempts:
    """Endless attempts over these graphs (IRIs, visible or not); ``services`` adds calls of that endpoint."""

    def __init__(self, seed: int, graphs: tuple[str, ...], service: str | None = None) -> None:
        self._choice = random.Random(seed)
        self._graphs = graphs
        self._service = service
        self._patterns = 0

    def next(self) -> Attempt:
        """One more."""
        choice, self._patterns = self._choice, 0
        form = choice.choice(("SELECT", "SELECT", "COUNT", "ASK", "CONSTRUCT", "CONSTRUCT WHERE", "DESCRIBE"))
        dataset, default, named = "", (), ()
        kind = choice.random() if self._service is None else 1.0
        if kind < 0.25:
            dataset = self._dataset()
        elif kind < 0.5:
            default = self._some(0)
            named = self._some(0 if default else 1)
        meant = self._query(form, dataset)
        sent = meant.replace("SERVICE_SELF", f"SERVICE <{self._service}>")
        escaped = choice.random() < 0.15
        if escaped:
            sent = self._escaped(sent)
        return Attempt(form.split()[0], sent, meant.replace("SERVICE_SELF", ""), default, named, escaped)

    def _query(self, form: str, dataset: str) -> str:
        choice = self._choice
        if form == "CONSTRUCT WHERE":
            return f"CONSTRUCT {dataset} WHERE {{ {self._triple(0)} . {self._triple(0)} }}"
        if form == "DESCRIBE":
            both = f"{choice.choice(SECRET_NODES)} {choice.choice(PUBLIC_NODES)}"
            what = choice.choice(("?a", "?a ?b", self._node(), both))
            return f"DESCRIBE {what} {dataset} WHERE {self._group(2)}"
        group = self._group(3)
        if form == "ASK":
            return f"ASK {dataset} {group}"
        if form == "CONSTRUCT":
            return f"CONSTRUCT {{ ?a <{NS}saw> ?b . ?c <{NS}in> ?d }} {dataset} WHERE {group}"
        if form == "COUNT":
            counted = choice.choice(("COUNT(*)", "COUNT(DISTINCT ?a)", "SUM(?b)", "MAX(?c)", "COUNT(DISTINCT *)"))
            by = choice.choice(("", "", "?d"))
            grouping = f" GROUP BY {by} HAVING (COUNT(*) > 0)" if by else ""
            return f"SELECT {by} ({counted} AS ?n) {dataset} WHERE {group}{grouping}"
        distinct = choice.choice(("", "", "DISTINCT "))
        return f"SELECT {distinct}* {dataset} WHERE {group}{choice.choice(('', ' ORDER BY ?a ?b'))}"

    def _dataset(self) -> str:
        clauses = [f"FROM <{g}>" for g in self._some(0)]
        clauses += [f"FROM NAMED <{g}>" for g in self._some(0 if clauses else 1)]
        self._choice.shuffle(clauses)
        return " ".join(clauses)

    def _some(self, least: int) -> tuple[str, ...]:
        """Up to three graphs, each once: the plain store reads a graph that is named twice twice."""
        return tuple(dict.fromkeys(self._choice.sample(self._graphs, self._choice.randint(least, 3))))

    def _group(self, depth: int) -> str:
        choice = self._choice
        parts = [self._triple() + " ."]
        makers: list[Callable[[int], str]] = [
            *(self._more, self._graph, self._graph, self._optional, self._union, self._minus),
            *(self._exists, self._subselect, self._values, self._bind, self._filter),
        ]
        if self._service is not None:
            parts.append(f"SERVICE_SELF {self._inner(depth)}")
        if depth > 0:
            parts += [choice.choice(makers)(depth - 1) for _ in range(choice.randint(0, 2))]
        choice.shuffle(parts)
        return f"{{ {' '.join(parts)} }}"

    def _inner(self, depth: int) -> str:
        """A group without calls of services in it."""
        service, self._service = self._service, None
        made = self._group(min(depth, 1))
        self._service = service
        return made

    def _more(self, _depth: int) -> str:
        return self._triple() + " ."

    def _graph(self, depth: int) -> str:
        graph = self._choice.choice(("?g", "?g", "?a", *(f"<{g}>" for g in self._graphs)))
        return f"GRAPH {graph} {self._inner(depth)}"

    def _optional(self, depth: int) -> str:
        return f"OPTIONAL {self._inner(depth)}"

    def _union(self, depth: int) -> str:
        return f"{self._inner(depth)} UNION {self._inner(depth)}"

    def _minus(self, depth: int) -> str:
        return f"MINUS {self._inner(depth)}"

    def _exists(self, depth: int) -> str:
        return f"FILTER {self._choice.choice(('', 'NOT '))}EXISTS {self._inner(depth)}"

    def _subselect(self, depth: int) -> str:
        what = self._choice.choice(("*", "?a ?b", "(COUNT(*) AS ?m)", "DISTINCT ?c"))
        return f"{{ SELECT {what} WHERE {self._inner(depth)} }}"

    def _values(self, _depth: int) -> str:
        return f"VALUES {self._choice.choice(VARIABLES)} {{ {' '.join(self._node() for _ in range(3))} }}"

    def _bind(self, depth: int) -> str:
        # The variable is one that no other element uses.
        self._patterns += 1
        value = self._choice.choice((f"EXISTS {self._inner(depth)}", "STR(?a)", "BOUND(?b)", self._node()))
        return f"{{ {self._triple()} BIND({value} AS ?x{self._patterns}) }}"

    def _filter(self, _depth: int) -> str:
        one, other = self._choice.sample(VARIABLES, 2)
        return f"FILTER({self._choice.choice((f'{one} != {other}', f'isIRI({one})', f'{one} = {self._node()}'))})"

    def _triple(self, depth: int = 2) -> str:
        # Few patterns a query: cross products are another test's matter.
        self._patterns += 1
        subject = self._choice.choice((*VARIABLES[: 2 if self._patterns > 1 else 4], self._node()))
        return f"{subject} {self._path(depth)} {self._choice.choice((*VARIABLES, self._node()))}"

    def _path(self, depth: int) -> str:
        choice = self._choice
        plain = choice.choice((*PREDICATES, *PREDICATES, SECRET_PREDICATE, NUMBER, NAME))
        if depth == 0 or choice.random() < 0.6:
            return plain
        inner = self._path(depth - 1)
        other = choice.choice(PREDICATES)
        return choice.choice(
            (
                *(
                    f"^({inner})",
                    f"({inner}/{other})",
                    f"({inner}|{other})",
                    f"({inner})*",
                    f"({inner})+",
                    f"({inner})?",
                ),
                *(f"!{plain}", f"!({plain}|^{other})", f"!^{plain}"),
            )
        )

    def _node(self) -> str:
        return self._choice.choice((*PUBLIC_NODES, *SECRET_NODES))

    def _escaped(self, text: str) -> str:
        """With a letter of some keywords as a codepoint escape (SPARQL 1.1 Query, section 19.2)."""
        for keyword in self._choice.sample(_KEYWORDS, 4):
            at = self._choice.randrange(len(keyword))
            code = f"\\u{ord(keyword[at]):04X}" if self._choice.random() < 0.5 else f"\\U{ord(keyword[at]):08X}"
            text = text.replace(keyword, keyword[:at] + code + keyword[at + 1 :])
        return text
