"""Random queries at the edges of SPARQL 1.1: empty and repeated parts, errors, scopes, cuts, odd terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pyoxigraph as ox
from odd_members import ALL_LITERALS, ALL_NODES, NAMES
from random_queries import EX, GRAPHS, LITERALS, NODES, PREFIXES, VARIABLES, XSD, QueryMaker

#: Names of variables that what members are asked could have too, and how often they are given to those of a query.
_TAKEN = [*"spogdnxyzw", "c0", "c1", "part", "part0", "part_0", "r0", "order0", "order_0", "column0", "column1", "rows"]
_TAKEN += ["_value_0", "_times_0", "value0", "times0", "solution", "from", "v1", "v2", "none0", "a0", "b1"]
_RENAMED = 0.3


@dataclass(frozen=True)
class Made:
    """A query, and how its answer is to be compared: with that of ``whole`` if only some of its solutions are wanted,
    then ``number`` of them; -1: between the different ones and all."""

    text: str
    whole: str = ""
    number: tuple[int, int] | None = None


class OddMaker(QueryMaker):
    """Makes one random query of what ``QueryMaker`` never makes."""

    def __init__(
        self, random: Random, *, blank: bool = False, members: Sequence[ox.Store] = (), home: bool = False
    ) -> None:
        super().__init__(random, blank=blank)
        self._home = home
        terms = {term for store in members for quad in store for term in (quad.subject, quad.object)}
        known = sorted((t for t in terms if not isinstance(t, ox.BlankNode)), key=str)
        self._known = known or list(LITERALS)

    # --- terms ---

    def value(self) -> str:
        """A term as it may be written in a query: not always as the store writes it."""
        random = self.random
        term = random.choice(self._known if random.random() < 0.8 else [*ALL_LITERALS, *ALL_NODES])
        if isinstance(term, ox.NamedNode):
            if term.value.startswith(f"{EX}a/n") and "%" not in term.value:
                return f":a\\/{term.value[len(EX) + 2 :]}"
            return f"<{term.value}>"
        if term.language:
            return f"'{term.value}'@{random.choice([term.language, term.language.upper()])}"
        if term.datatype.value == XSD + "integer" and random.random() < 0.5 and term.value.isdigit():
            return random.choice([term.value, f"+{term.value}", f"0{term.value}"])
        if term.datatype.value == XSD + "string" and random.random() < 0.3:
            escaped = "".join(f"\\U{ord(c):08X}" if c not in "\ufffe" else c for c in term.value)
            return random.choice([f'"""{escaped}"""', f"'{escaped}'^^xsd:string"])
        return str(term)

    def subject(self) -> str:
        """A variable, or an IRI of the data."""
        iris = [f"<{t.value}>" for t in self._known if isinstance(t, ox.NamedNode)]
        return self.random.choice([*VARIABLES, *VARIABLES, *self.random.sample(iris, min(2, len(iris)))])

    def triple(self) -> str:
        """A triple pattern, short forms of several included."""
        random = self.random
        kind = random.random()
        if kind < 0.05:
            variable = random.choice(VARIABLES)
            return f"{variable} {random.choice([variable, self.iri(), '?p'])} {variable}"
        if kind < 0.1:
            return f"{self.subject()} {self.iri()} [ {self.predicate()} {random.choice([*VARIABLES, self.value()])} ]"
        if kind < 0.14:
            return f"[] {self.predicate()} {random.choice(VARIABLES)} , {random.choice([*VARIABLES, self.value()])}"
        if kind < 0.17:
            return f"{self.subject()} {self.iri()} _:l{self._number()} . _:l{self.fresh} {self.iri()} ?z"
        return f"{self.subject()} {self.predicate()} {random.choice([*VARIABLES, *VARIABLES, self.value()])}"

    def group(self, depth: int) -> str:
        """Mostly of one element or two, so that there are solutions."""
        parts = [self.element(depth) for _ in range(self.random.choice([1, 1, 1, 2, 2, 3]))]
        return "{ " + " ".join(parts) + " }"

    def star(self) -> str:
        """Patterns of one thing."""
        random = self.random
        ends = random.sample(VARIABLES[1:], random.randint(1, 3))
        parts = [f"?x {random.choice([self.iri(), self.iri(), 'a'])} {end} ." for end in ends]
        if random.random() < 0.2:
            parts.append(f"?x {self.iri()} {self.value()} .")
        if random.random() < 0.2:
            parts.append(f"FILTER({self.condition(0)})")
        return " ".join(parts)

    def iri(self) -> str:
        """A predicate, of which the first is the most frequent one."""
        return f":p{self.random.choice([0, 0, 0, 1, 1, 2, 3])}"

    def path(self, depth: int) -> str:
        """A path, negated sets of both directions among them."""
        random = self.random
        if random.random() < 0.2:
            sets = ["!a", "!(:p0|^:p0)", "!(a|:p1|^:p2)", "!^a", "!()", "(!:p0)?", "(!^:p1)+", "^(!(:p0|^a))"]
            return random.choice(sets)
        return super().path(depth)

    def _number(self) -> int:
        self.fresh += 1
        return self.fresh

    # --- elements ---

    def element(self, depth: int) -> str:
        """One element of a group."""
        random = self.random
        kind = random.random()
        if self._home and random.random() < 0.5:
            return self.star()
        if depth <= 0 or kind < 0.55:
            return super().element(depth)
        if kind < 0.59:
            return random.choice(["{ }", "{ } UNION { }", "OPTIONAL { }", "MINUS { }", "VALUES () { () () }", "{ {} }"])
        if kind < 0.66:
            inner = f"SELECT * WHERE {self.group(depth - 1)}"
            return random.choice([f"{{ {inner} }} UNION {self.group(depth - 1)}", f"OPTIONAL {{ {inner} }}"])
        if kind < 0.71:
            return f"{{ {self.cut_select(depth - 1)} }}"
        if kind < 0.78:
            names = random.sample(VARIABLES, random.randint(1, 3))
            rows = " ".join(
                f"({' '.join(random.choice([self.value(), self.value(), 'UNDEF']) for _ in names)})"
                for _ in range(random.choice([0, 1, 2, 3]))
            )
            return f"VALUES ({' '.join(names)}) {{ {rows} {rows if random.random() < 0.2 else ''} }}"
        if kind < 0.88:
            return f"BIND({self.expression(2)} AS ?b{self._number()})"
        if kind < 0.94:
            name = random.choice(["?g", *(f"<{g.value}>" for g in NAMES)])
            return f"GRAPH {name} {self.group(depth - 1)}"
        return f"FILTER({self.condition(depth - 1)})"

    def cut_select(self, depth: int) -> str:
        """A sub-select of some of its solutions, the same ones each time."""
        random = self.random
        columns = random.sample(VARIABLES, random.randint(1, 2))
        cut = random.choice(["LIMIT 0", "LIMIT 1", "LIMIT 2", "OFFSET 1", "OFFSET 100", "LIMIT 2 OFFSET 1"])
        distinct = random.choice(["", "DISTINCT "])
        where = f"WHERE {self.group(depth)}"
        if self.blank:
            return f"SELECT {distinct}{' '.join(columns)} {where}"
        # With DISTINCT the engine forgets what is not projected before it orders.
        if distinct:
            texts = [f"(STR({c}) AS ?b{self._number()})" for c in columns]
            order = " ".join(f"?b{self.fresh - at}" for at in range(len(columns)))
            return f"SELECT DISTINCT {' '.join(texts)} {where} ORDER BY {order} {cut}"
        return f"SELECT {' '.join(columns)} {where} ORDER BY {self.total_order(columns)} {cut}"

    def total_order(self, columns: Sequence[str]) -> str:
        """Conditions that leave only solutions in any order that are the same in these columns."""
        return " ".join(f"ISIRI({c}) STR({c}) STR(DATATYPE({c})) LANG({c})" for c in columns)

    # --- expressions ---

    def expression(self, depth: int) -> str:
        """An expression whose value follows from those of its variables."""
        random = self.random
        variable = random.choice(VARIABLES)
        if depth <= 0:
            return random.choice([variable, variable, self.value()])
        one, two = (f"({self.expression(depth - 1)})" for _ in "12")
        return random.choice(
            [
                f"{one} + {two}",
                f"-({one})",
                f"{one} / {two}",
                f"{one} * 2",
                f"CONCAT({one}, {two})",
                f"CONCAT(STR({one}), 'x'@en)",
                f"REPLACE(STR({one}), 'A|N', '$0_', 'i')",
                f"REGEX(STR({one}), '^A', 'i')",
                f"SUBSTR(STR({one}), 2, 3)",
                f"STRLANG(STR({one}), 'EN')",
                f"STRDT(STR({one}), xsd:integer)",
                f"IRI(CONCAT('n', STRBEFORE(STR({one}), 'n')))",
                f"URI({one})",
                f"IF({self.condition(0)}, {one}, {two})",
                f"COALESCE({one} + 1, {two})",
                f"DATATYPE({one})",
                f"LANG({one})",
                f"STRLEN({one})",
                f"UCASE({one})",
                f"ENCODE_FOR_URI({one})",
                f"STRAFTER({one}, 'a')",
                f"MD5({one})",
                f"YEAR({one})",
                f"TZ({one})",
                f"xsd:integer({one})",
                f"xsd:string({one})",
                f"xsd:boolean({one})",
                f"xsd:dateTime(STR({one}))",
                f"ROUND({one})",
                f"BOUND({variable})",
                f"ISBLANK({one})",
                f"{one} IN ({two}, {self.value()}, 1/0)",
                f"SAMETERM({one}, {two})",
                f"{one} = {two}",
                f"{one} < {two}",
                f"!({one})",
                "NOW() = NOW()",
                "RAND() < 2",
                "STRLEN(STRUUID())",
                "ISIRI(UUID())",
                f"ISBLANK(BNODE(STR({one})))",
            ]
        )

    def condition(self, depth: int) -> str:
        """A filter's condition, not seldom an error."""
        random = self.random
        kind = random.random()
        if kind < 0.4:
            return super().condition(depth)
        if kind < 0.5 and depth > 0:
            inner = self.random.choice([self.cut_select(0), f"SELECT {random.choice(VARIABLES)} {self.group(1)}"])
            return f"{random.choice(['', 'NOT '])}EXISTS {{ {self.triple()} . {{ {inner} }} }}"
        if kind < 0.55 and depth > 0:
            return f"EXISTS {{ GRAPH {random.choice(['?g', f'<{GRAPHS[0].value}>', '?x'])} {self.group(1)} }}"
        first, second = random.sample(VARIABLES, 2)
        return random.choice(
            [
                f"{first} = {second}",
                f"{first} != {second}",
                f"{first} < {second}",
                f"!({first} > {self.value()})",
                f"{first} + {second} > 1",
                f"{first} > 1 || {second} > 1",
                f"{first} && {second}",
                f"COALESCE({first} / 0, {second} = {self.value()}, false)",
                f"LANGMATCHES(LANG({first}), '*')",
                f"LANG({first}) = 'EN'",
                f"DATATYPE({first}) = xsd:integer",
                f"{first} IN ({self.value()}, {self.value()}, 1/0)",
                f"{first} NOT IN ({self.value()}, {second})",
                f"{first} IN ()",
                f"{self.value()} = {first}",
                f"SAMETERM({first}, {self.value()})",
                f"{first}",
                f"REGEX({first}, 'A', 'i')",
                f"CONTAINS(STR({first}), 'n') = BOUND({second})",
                f"IF(BOUND({first}), {first} = {self.value()}, true)",
            ]
        )

    # --- queries ---

    def made(self) -> Made:
        """A query of any form. Some are invalid: the evaluator tells."""
        made = self._made()
        if self.random.random() > _RENAMED:
            return made
        names = dict(zip("xyzwg", self.random.sample(_TAKEN, 5), strict=True))

        def renamed(text: str) -> str:
            return re.sub(r"\?([xyzwg])\b", lambda match: f"?{names[match[1]]}", text)

        return Made(renamed(made.text), renamed(made.whole), made.number)

    def _made(self) -> Made:
        random = self.random
        dataset = ""
        if random.random() < 0.15:
            names = [f"<{random.choice([*NAMES, NODES[0]]).value}>" for _ in range(random.randint(1, 3))]
            dataset = " ".join(f"FROM {random.choice(['', 'NAMED '])}{name}" for name in names) + " "
        base = random.choice([PREFIXES, PREFIXES, f"BASE <{EX}a/b> {PREFIXES}"])
        kind = random.random()
        if kind < 0.08:
            return Made(f"{base}ASK {dataset}{self.group(2)} {random.choice(['', '', 'LIMIT 0', 'OFFSET 1'])}")
        if kind < 0.2:
            template = random.sample(
                ["?x :p0 ?y", "_:a :p1 ?x . _:a :p2 ?y", "?x ?y ?z", "[] :p3 ?w", "?w :p0 _:c , ?g", "?x :p1 ?b1"], 2
            )
            cut = f"ORDER BY {self.total_order(VARIABLES)} LIMIT 2" if random.random() < 0.2 and not self.blank else ""
            return Made(f"{base}CONSTRUCT {{ {' . '.join(template)} }} {dataset}WHERE {self.group(2)} {cut}")
        if kind < 0.24 and not self.blank:
            what = random.choice(["?x", "?x ?y", "*", f"<{random.choice(ALL_NODES).value}> ?x", f"<{EX}none>"])
            cut = f"ORDER BY {self.total_order(VARIABLES)} LIMIT 1" if random.random() < 0.2 else ""
            return Made(f"{base}DESCRIBE {what} {dataset}WHERE {self.group(1)} {cut}")
        if kind < 0.42:
            return Made(f"{base}{self.grouped(dataset)}")
        return self._listed(base, dataset)

    def _listed(self, base: str, dataset: str) -> Made:
        random = self.random
        body = self.group(random.choice([0, 1, 2, 3]))
        columns = random.sample(VARIABLES, random.randint(1, 3))
        written = " ".join(columns)
        if random.random() < 0.3:
            one, two = self._number(), self._number()
            written += f" ({self.expression(2)} AS ?b{one}) (STR(?b{one}) AS ?b{two})"
        if random.random() < 0.3:
            written = "*"
        values = f" VALUES (?x ?y) {{ ({self.value()} UNDEF) (UNDEF {self.value()}) }}" if random.random() < 0.1 else ""
        kind = random.random()
        if kind < 0.3:
            # Any of the solutions will do.
            limit, offset = random.choice([0, 1, 2, 3, 5]), random.choice([0, 0, 0, 1, 2, 1000])
            distinct = random.choice(["", "", "DISTINCT "])
            order = random.choice(
                ["", "", "", f" ORDER BY {random.choice(VARIABLES)}", f" ORDER BY DESC(STR({columns[0]}))"]
            )
            whole = f"{base}SELECT {distinct}{written} {dataset}WHERE {body}"
            cut = random.choice([f" LIMIT {limit} OFFSET {offset}", f" OFFSET {offset} LIMIT {limit}"])
            return Made(f"{whole}{order}{cut}{values}", f"{whole}{values}", (limit, offset))
        if kind < 0.35:
            text = f"{dataset}WHERE {body}{values}"
            return Made(f"{base}SELECT REDUCED {written} {text}", f"{base}SELECT {written} {text}", (-1, 0))
        if kind < 0.45 and not self.blank:
            cut = random.choice(["LIMIT 2", "LIMIT 0", "OFFSET 1", "LIMIT 1 OFFSET 2"])
            shown = " ".join(columns)
            return Made(f"{base}SELECT {shown} {dataset}WHERE {body} ORDER BY {self.total_order(columns)} {cut}")
        distinct = random.choice(["", "", "DISTINCT "])
        return Made(f"{base}SELECT {distinct}{written} {dataset}WHERE {body}{values}")

    def grouped(self, dataset: str) -> str:
        """A SELECT of groups, keys and aggregates of any expressions."""
        random = self.random
        body = self.group(random.choice([0, 1, 2]))
        keys = random.sample(VARIABLES, random.choice([0, 0, 1, 1, 2]))
        calls = []
        for _ in range(random.randint(1, 3)):
            what = random.choice([*VARIABLES, self.expression(1), self.expression(2)])
            text = f"STR({random.choice(VARIABLES)})"
            calls.append(
                random.choice(
                    [
                        f"COUNT({what})",
                        f"COUNT(DISTINCT {what})",
                        "COUNT(*)",
                        "COUNT(DISTINCT *)",
                        f"SUM({what})",
                        f"SUM(DISTINCT {what})",
                        f"AVG({what})",
                        f"MIN({text})",
                        f"MAX({text})",
                        f"STRLEN(GROUP_CONCAT({text}))",
                        f"STRLEN(GROUP_CONCAT(DISTINCT {text}; SEPARATOR='WHERE {{  }}'))",
                        f"COALESCE(AVG({what}), 'WHERE {{  }}')",
                        f"COUNT({what}) + SUM({what})",
                        f"IF(COUNT(*) > 2, MIN({text}), 'few')",
                        *([f"SAMPLE({keys[0]})"] if keys else []),
                    ]
                )
            )
        columns = [f"({call} AS ?a{at})" for at, call in enumerate(calls)]
        written = [*keys]
        if random.random() < 0.25:
            written.append(f"({self.expression(1)} AS ?k)")
            columns.append("?k")
        columns += keys
        random.shuffle(columns)
        having = random.choice(["", "", "", "HAVING (COUNT(*) > 1)", f"HAVING ({calls[0]})", "HAVING (?a0 > 1)"])
        order = ""
        if keys and random.random() < 0.3 and not self.blank:
            order = f"ORDER BY {self.total_order(keys)} {random.choice(['', 'LIMIT 2', 'OFFSET 1'])}"
        group = ("GROUP BY " + " ".join(written)) if written else ""
        return f"SELECT {' '.join(columns)} {dataset}WHERE {body} {group} {having} {order}"
