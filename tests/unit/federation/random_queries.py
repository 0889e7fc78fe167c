"""Random data, random splits and random queries over them: every operator of SPARQL 1.1, deep enough to be strange."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pyoxigraph as ox

EX = "http://ex.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = f"PREFIX : <{EX}> PREFIX xsd: <{XSD}> "
#: In three namespaces, so that members can be told apart by them.
NODES = [ox.NamedNode(f"{EX}{space}n{i}") for i, space in enumerate(["", "a/", "b/", "a/", "", "b/", "a/", "c_"])]
LITERALS = [
    *(ox.Literal(str(i), datatype=ox.NamedNode(XSD + "integer")) for i in range(4)),
    ox.Literal("a"),
    ox.Literal("b\t\"\n\\'"),
    ox.Literal("a", language="en"),
    # Sums of these are the same in whatever order.
    ox.Literal("1.5", datatype=ox.NamedNode(XSD + "decimal")),
    ox.Literal("2.5E0", datatype=ox.NamedNode(XSD + "double")),
]
#: Equal to others by value, and terms of their own: which of two is the least is not said.
EQUALS = [
    ox.Literal("1.0", datatype=ox.NamedNode(XSD + "decimal")),
    ox.Literal("2", datatype=ox.NamedNode(XSD + "double")),
    ox.Literal("02", datatype=ox.NamedNode(XSD + "integer")),
    ox.Literal("one", datatype=ox.NamedNode(XSD + "integer")),
]
PREDICATES = [ox.NamedNode(f"{EX}p{i}") for i in range(4)]
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
GRAPHS = [ox.NamedNode(f"{EX}g{i}") for i in range(3)]
# As many predicates as are stated about things of others unless more are asked for.
_FEW = 2
VARIABLES = ["?x", "?y", "?z", "?w"]


def random_members(random: Random, *, members: int = 3, blank: bool = False) -> list[ox.Store]:
    """Stores that share some triples; each also has them in named graphs that its default graph covers."""
    stores = [ox.Store() for _ in range(members)]
    size = random.choice([0, 4, 10, 25, 25, 40])
    subjects = NODES[: random.randint(2, 8)]
    for store in stores:
        blanks = [ox.BlankNode() for _ in range(3)] if blank else []
        for _ in range(size):
            subject = random.choice(subjects + blanks)
            predicate = random.choice([*PREDICATES, PREDICATES[0], TYPE])
            target = random.choice([*NODES, *NODES, *LITERALS, *blanks, random.choice(PREDICATES)])
            if predicate == TYPE:
                target = random.choice(NODES[5:])
            holders = [store] if random.random() < 0.8 or blank else random.sample(stores, 2)
            for holder in holders:
                holder.add(ox.Quad(subject, predicate, target))
                if random.random() < 0.4:
                    holder.add(ox.Quad(subject, predicate, target, random.choice(GRAPHS)))
    return stores


def random_homes(
    random: Random, *, members: int = 3, blank: bool = False, more: Sequence[ox.Literal] = (), stray: int = 2
) -> tuple[list[ox.Store], list[ox.NamedNode]]:
    """Stores that describe things in namespaces of their own, and now and then a thing of another's; and the things.

    ``more``: further values. ``stray``: of how many predicates, at most, there are triples about things of others.
    """
    of_each = [
        [ox.NamedNode(f"http://m{at}.ex/{kind}/{i}") for kind in "ab" for i in range(random.randint(2, 4))]
        for at in range(members)
    ]
    everything = [node for nodes in of_each for node in nodes]
    # Which predicates are stated about things of others, and which lead to them.
    strays = random.sample([*PREDICATES, TYPE], random.choice([0, 0, 1, stray]))
    leaving = random.sample(PREDICATES, random.choice([0, 1, 2]))
    stores = [ox.Store() for _ in range(members)]
    for at, store in enumerate(stores):
        blanks = [ox.BlankNode() for _ in range(2)] if blank else []
        for _ in range(random.choice([8, 20, 40])):
            predicate = random.choice([*PREDICATES, PREDICATES[0], TYPE])
            stray = predicate in strays and random.random() < 0.3
            subject = random.choice(everything if stray else of_each[at] + blanks)
            if predicate == TYPE:
                target = random.choice(NODES[5:])
            elif predicate in leaving:
                target = random.choice([*everything, *LITERALS, *more])
            else:
                target = random.choice([*of_each[at], *of_each[at], *LITERALS, *more, *blanks])
            store.add(ox.Quad(subject, predicate, target))
            if stray > _FEW and random.random() < 0.1:
                random.choice(stores).add(ox.Quad(subject, predicate, target))
    return stores, everything


def random_chains(
    random: Random, *, members: int = 3, blank: bool = False, home: bool = False
) -> tuple[list[ox.Store], list[ox.NamedNode]]:
    """Stores over which chains, trees and rings of things are spread, by triple or by the thing; and the things.

    ``blank``: some of them are blank nodes, another one at each member. ``home``: each has a member, where most paths
    stay.
    """
    spaces = ["c/", "d/", "e/"] if home else ["", "a/", "b/"]
    things = [ox.NamedNode(f"{EX}{spaces[i % 3]}t{i}") for i in range(random.choice([6, 14, 24]))]
    unnamed = {thing: ox.BlankNode() for thing in things if blank and random.random() < 0.2}
    stores = [ox.Store() for _ in range(members)]
    kind = "home" if home else random.choice(["triple", "thing", "predicate"])
    strays = random.choice([0.0, 0.0, 0.1] if home else [0.1])
    # Of three things next to one another each is of another space: chains of every third stay at home.
    hop = random.choice([1, 3, 3, 3]) if home else 1

    def hold(triple: ox.Quad) -> None:
        thing = triple.subject.value
        key = {"triple": str(triple), "thing": thing, "predicate": triple.predicate.value}.get(kind)
        first = things.index(triple.subject) % 3 % members if key is None else Random(key).randrange(members)
        for at in {first, random.randrange(members)} if random.random() < strays else {first}:
            subject, target = (unnamed.get(term, term) for term in (triple.subject, triple.object))
            stores[at].add(ox.Quad(subject, triple.predicate, target))

    for predicate in PREDICATES[:2]:
        shape = random.choice(["chain", "tree", "ring", "any"])
        for at in range(hop, len(things)):
            above = {"chain": at - hop, "ring": at - hop, "tree": at // 2}.get(shape, random.randrange(len(things)))
            before = above - (above - at) % 3 if hop > 1 else above
            if random.random() < 0.9:
                hold(ox.Quad(things[at], predicate, things[before]))
        if shape == "ring":
            hold(ox.Quad(things[0], predicate, things[-1]))
    for thing in things:
        for predicate in (PREDICATES[2], PREDICATES[3], TYPE):
            if random.random() < 0.5:
                target = random.choice(NODES[5:] if predicate == TYPE else [*things, *LITERALS])
                hold(ox.Quad(thing, predicate, target))
    return stores, things


class QueryMaker:
    """Makes one random query."""

    def __init__(
        self,
        random: Random,
        *,
        blank: bool = False,
        nodes: list[ox.NamedNode] | None = None,
        services: tuple[str, ...] = (),
    ) -> None:
        """``services``: IRIs that ``SERVICE`` may name. With some there is no ``GRAPH``, ``FROM`` or ``DESCRIBE``."""
        self.services = services
        self.inside = False
        self.random = random
        self.nodes = nodes or NODES
        self.fresh = 0
        self.blank = blank

    def query(self) -> str:
        """A query of any form. Some are invalid (a variable assigned twice): the evaluator tells."""
        random = self.random
        dataset = ""
        if not self.services and random.random() < 0.12:
            clauses = [f"FROM {random.choice(['NAMED ', ''])}<{random.choice(GRAPHS).value}>" for _ in range(2)]
            dataset = " ".join(clauses[: random.randint(1, 2)]) + " "
        form = random.random()
        if form < 0.06:
            return f"{PREFIXES}ASK {dataset}{self.group(2)}"
        if form < 0.12:
            template = " . ".join(self.plain_triple() for _ in range(random.randint(1, 2)))
            if random.random() < 0.2:
                return f"{PREFIXES}CONSTRUCT {dataset}WHERE {{ {template} }}"
            return f"{PREFIXES}CONSTRUCT {{ {template} }} {dataset}WHERE {self.group(2)}"
        if form < 0.16 and not self.blank and not self.services:
            what = random.choice(
                ["?x", "?x ?y", "*", f"<{random.choice(self.nodes).value}>", f"<{self.nodes[0].value}> ?x"]
            )
            return f"{PREFIXES}DESCRIBE {what} {dataset}WHERE {self.group(1)}"
        return f"{PREFIXES}{self.select(3, dataset)}"

    def select(self, depth: int, dataset: str = "") -> str:
        """A SELECT, plain or grouped, cut or not."""
        random = self.random
        body = self.group(depth)
        kind = random.random()
        if kind < 0.2:
            key = random.choice(VARIABLES)
            counted = random.choice(VARIABLES)
            call = self.aggregate(key, counted)
            self.fresh += 1
            if random.random() < 0.3:
                call = call.replace("SAMPLE", "MAX")
                return f"SELECT ({call} AS ?a{self.fresh}) {dataset}WHERE {body}"
            having = random.choice(["", "", f" HAVING (COUNT(*) > {random.randint(0, 2)})", self.having_exists()])
            return f"SELECT {key} ({call} AS ?a{self.fresh}) {dataset}WHERE {body} GROUP BY {key}{having}"
        distinct = random.choice(["", "", "", "DISTINCT "])
        columns = random.sample(VARIABLES, random.randint(1, 3))
        if kind < 0.35 and not self.blank:  # blank nodes have no order
            cut = f" LIMIT {random.randint(1, 4)}" + random.choice(["", f" OFFSET {random.randint(0, 3)}"])
            return f"SELECT {distinct}{' '.join(columns)} {dataset}WHERE {body} ORDER BY {' '.join(columns)}{cut}"
        if kind < 0.6:
            return f"SELECT * {dataset}WHERE {body}"
        if kind < 0.65:
            self.fresh += 1
            condition = f"EXISTS {self.group(1)}"
            return f"SELECT {' '.join(columns)} ({condition} AS ?e{self.fresh}) {dataset}WHERE {body}"
        values = f" VALUES {columns[0]} {{ {self.value()} {self.value()} }}" if random.random() < 0.2 else ""
        return f"SELECT {distinct}{' '.join(columns)} {dataset}WHERE {body}{values}"

    def aggregate(self, key: str, counted: str) -> str:
        """Any aggregate, of which those that may choose or order as they like are made to give one answer."""
        kind = self.random.random()
        if kind < 0.08:
            return f"SAMPLE({key})"
        if kind < 0.2:
            return f"STRLEN(GROUP_CONCAT(STR({counted}); SEPARATOR = ', '))"
        if kind < 0.3:
            return self.random.choice(["COUNT(*)", "COUNT(DISTINCT *)"])
        function = self.random.choice(["COUNT", "COUNT", "MIN", "MAX", "SUM", "AVG"])
        return f"{function}({self.random.choice(['', '', 'DISTINCT '])}{counted})"

    def having_exists(self) -> str:
        return f" HAVING (EXISTS {self.group(1)})"

    def group(self, depth: int) -> str:
        """``{ … }`` with one to four elements."""
        random = self.random
        parts = [self.element(depth) for _ in range(random.choice([1, 1, 2, 2, 3, 4]))]
        return "{ " + " ".join(parts) + " }"

    def element(self, depth: int) -> str:
        """One element of a group."""
        random = self.random
        kind = random.random()
        if self.nodes is not NODES and kind < 0.3:
            return self.star()
        if depth <= 0 or kind < 0.45:
            return self.triple() + " ."
        if kind < 0.57:
            return f"OPTIONAL {self.group(depth - 1)}"
        if kind < 0.63:
            return f"MINUS {self.group(depth - 1)}"
        if kind < 0.70:
            return f"{self.group(depth - 1)} UNION {self.group(depth - 1)}"
        if kind < 0.74:
            return self.group(depth - 1)
        if kind < 0.79 and self.services:
            if self.inside:
                return self.triple() + " ."
            self.inside = True
            service = f"SERVICE {random.choice(['', '', 'SILENT '])}<{random.choice(self.services)}>"
            text = f"{service} {self.group(depth - 1)}"
            self.inside = False
            return text
        if kind < 0.79:
            constants = [f"<{random.choice(GRAPHS).value}>", f"<{EX}nowhere>"]
            name = random.choice([*constants, "?g", "?g", "?x", random.choice(["?p", "?s", "?o"])])
            return f"GRAPH {name} {self.group(depth - 1)}"
        if kind < 0.91:
            return f"FILTER({self.condition(depth - 1)})"
        if kind < 0.94:
            return f"VALUES {random.choice(VARIABLES)} {{ {self.value()} {self.value()} }}"
        if kind < 0.955:
            first, second = random.sample(VARIABLES, 2)
            return f"VALUES ({first} {second}) {{ ({self.value()} UNDEF) ({self.value()} {self.value()}) }}"
        if kind < 0.975:
            self.fresh += 1
            target = random.choice([f"?b{self.fresh}", random.choice(VARIABLES)])
            given = [self.value(), random.choice(VARIABLES), "1 + ?y", "IF(BOUND(?x), ?x, ?z)", "COALESCE(?w, ?y, 2)"]
            return f"BIND({random.choice(given)} AS {target})"
        return "{ " + self.select(depth - 1) + " }"

    def condition(self, depth: int) -> str:
        """A filter's condition."""
        random = self.random
        kind = random.random()
        variable = random.choice(VARIABLES)
        if kind < 0.35:
            return f"{random.choice(['', 'NOT '])}EXISTS {self.group(max(depth, 0))}"
        if kind < 0.5:
            return f"{variable} = {self.value()}"
        if kind < 0.6:
            return f"{variable} IN ({self.value()}, {self.value()})"
        if kind < 0.7:
            return f"{variable} {random.choice(['<', '!=', '>='])} {random.choice(['1', '?y', '?z'])}"
        if kind < 0.8:
            return f"{random.choice(['', '!'])}BOUND({variable})"
        if kind < 0.84:
            return f"{random.choice(['ISIRI', 'ISLITERAL', 'ISNUMERIC', 'LANG', 'STR'])}({variable})"
        if kind < 0.87:
            return f"{variable} NOT IN ({self.value()}, {self.value()})"
        if kind < 0.9:
            return f'REGEX(STR(COALESCE(?y, IF(BOUND({variable}), {variable}, 1))), "[n1-3]$")'
        if kind < 0.95:
            return f"{self.condition(depth - 1)} && {self.condition(depth - 1)}"
        return f"{self.condition(depth - 1)} || {self.condition(depth - 1)}"

    def apart(self) -> str:
        """A SELECT that members may be able to answer each for itself, now and then within another one."""
        select = self.select_apart()
        if self.random.random() < 0.35:
            around = self.random.choice(
                ["OPTIONAL { ?y :p1 ?q }", "?y :p1 ?q", "FILTER(BOUND(?n))", "OPTIONAL { ?z a ?q }"]
            )
            return f"{PREFIXES}SELECT * WHERE {{ {{ {select} }} {around} }}"
        return f"{PREFIXES}{select}"

    def select_apart(self) -> str:
        """The SELECT itself."""
        random = self.random
        triples = [
            f"?x {self.predicate_of_star()} {v} ." for v in random.sample(["?y", "?z", "?w"], random.randint(1, 3))
        ]
        if random.random() < 0.4:
            triples.append(f"{random.choice(['?y', '?z'])} {self.iri()} ?w .")
        if random.random() < 0.3:
            triples.append(f"FILTER({self.condition(0)})")
        if random.random() < 0.4:
            inner = f"?x {self.iri()} ?v ." + random.choice(["", f" ?v {self.iri()} ?u .", " FILTER(?v != ?y)"])
            triples.append(f"{random.choice(['OPTIONAL', 'OPTIONAL', 'MINUS'])} {{ {inner} }}")
        if random.random() < 0.2:
            triples.insert(random.choice([0, len(triples)]), f"VALUES ?x {{ {self.value()} {self.value()} }}")
        if random.random() < 0.2:
            triples.append(f"BIND({random.choice(['STR(?y)', 'STR(?z)', '?y'])} AS ?b)")
        if random.random() < 0.25:
            path = f"?y :p{random.randint(0, 3)}* {random.choice([*self.nodes, *NODES])}"
            triples.insert(0, f"{{ SELECT {random.choice(['', 'DISTINCT '])}?y WHERE {{ {path} }} }}")
        body = "{ " + " ".join(triples) + " }"
        names = [*VARIABLES, "?v", "?b"]
        cut = random.choice(["", f" LIMIT {random.randint(1, 4)}", f" LIMIT {random.randint(1, 3)} OFFSET 1"])
        if random.random() < 0.5:
            columns = random.sample(names, random.randint(1, 3))
            # A cut is the same each time only if all columns are ordered by.
            order = random.choice([[], columns, columns])
            if order and random.random() < 0.4:
                order = [random.choice([f"DESC({c})", f"(STR({c})) {c}", c]) for c in order]
            distinct = random.choice(["", "DISTINCT "])
            ending = f" ORDER BY {' '.join(order)}{'' if self.blank else cut}" if order else ""
            return f"SELECT {distinct}{' '.join(columns)} WHERE {body}{ending}"
        keys = random.sample(names, random.choice([0, 1, 1, 2]))
        function = random.choice(["COUNT(", "COUNT(DISTINCT ", "MIN(", "MAX(", "SUM(", "AVG(", "SUM(DISTINCT ", "SUM("])
        aggregates = [f"({function}{random.choice(names)}) AS ?m)", "(COUNT(*) AS ?n)"]
        having = random.choice(["", "", f" HAVING (COUNT(*) > {random.randint(0, 2)})"]) if keys else ""
        ending = f" GROUP BY {' '.join(keys)}" if keys else ""
        if keys and not self.blank and random.random() < 0.5:
            having += f" ORDER BY DESC(?n) {' '.join(keys)}{cut}"
        return f"SELECT {' '.join(keys)} {' '.join(aggregates)} WHERE {body}{ending}{having}"

    def values(self, *, ties: bool) -> str:
        """A SELECT that counts, groups, compares or orders values of joined patterns. ``ties``: there may be values
        that are equal and not the same, so that none of them is the least."""
        random = self.random
        constant = random.choice([*self.nodes, *LITERALS]) if random.random() < 0.2 else "?u"
        shapes = [
            ["?x {} ?y", "?x {} ?z"],
            ["?x {} ?y", "?x {} ?z", "?x a ?w"],
            ["?x {} ?y", "?y {} ?z"],
            ["?x {} ?y", "?x {} ?z", "?z {} ?w", "?y {} ?v"],
            ["?x {} ?y", "?w {} ?y", "?w {} ?z"],
            ["?x {} ?y", f"?x {{}} {constant}", "?x a []"],
            ["?x {} ?y"],
        ]
        chosen = shapes[random.choice([0, 1, 1])] if random.random() < 0.4 else random.choice(shapes)
        triples = [shape.format(self.iri()) + " ." for shape in chosen]
        names = sorted({v for v in ("?x", "?y", "?z", "?w", "?v") if any(v in triple for triple in triples)})
        random.shuffle(triples)
        if random.random() < 0.3:
            name, node = random.choice(names), random.choice(self.nodes)
            some = f"VALUES {random.choice(['?k', name])} {{ <{node.value}> <{random.choice(self.nodes).value}> }}"
            inner = f"{random.choice(['', some])} {name} {self.iri()} ?k ."
            distinct = random.choice(["DISTINCT ", ""])
            triples.append(random.choice([some.replace("?k", name), f"{{ SELECT {distinct}{name} {{ {inner} }} }}"]))
        if random.random() < 0.3:
            name = random.choice(names)
            conditions = [f"{name} > 1", f"ISIRI({name})", f"{name} != {self.value()}", f"STRLEN(STR({name})) > 12"]
            other = random.choice([f" && {random.choice(names)} != 2", ""])
            triples.append(f"FILTER({random.choice(conditions)}{other})")
        if random.random() < 0.25:
            name = random.choice(names)
            triples.append(f"BIND({random.choice([f'{name} + 1', f'STR({name})', f'DATATYPE({name})'])} AS ?b)")
            names.append("?b")
        keys = random.sample(names, min(len(names), random.choice([0, 1, 1, 1, 2])))
        around = ""
        if keys and random.random() < 0.3:
            grouped = "SELECT * WHERE { { SELECT KEY (COUNT(*) AS ?rows) WHERE { { INNER } } GROUP BY KEY } }"
            around = random.choice([grouped, "SELECT * WHERE { { INNER } OPTIONAL { KEY :p1 ?q } }"])
        functions = ["COUNT(", "COUNT(DISTINCT ", "COUNT(DISTINCT ", "SUM(", "AVG(", "SUM(DISTINCT ", "AVG(DISTINCT "]
        functions += [] if ties else ["MIN(", "MAX(", "MAX(DISTINCT "]
        calls = [
            f"{random.choice(functions)}{random.choice([*names, *names, *names, '?none'])})"
            for _ in range(random.randint(1, 3))
        ]
        calls += random.choice([["COUNT(*)"], [], []])
        if random.random() < 0.1:
            calls.append(f"STRLEN(GROUP_CONCAT(STR({random.choice(names)}); SEPARATOR = ','))")
        if keys and random.random() < 0.2:
            calls.append(f"SAMPLE({keys[0]})")
        if random.random() < 0.2:
            calls.append(f"{random.choice(calls)} + {random.choice(calls)}")
        if keys and random.random() < 0.1:
            calls = []
        columns = [*keys, *(f"({call} AS ?a{at})" for at, call in enumerate(calls))]
        ending = f" GROUP BY {' '.join(keys)}" if keys else ""
        if keys and random.random() < 0.3:
            ending += f" HAVING ({random.choice(['COUNT(*)', *calls[:1], f'COUNT(DISTINCT {names[0]})'])} > 1)"
        if keys and not around and random.random() < 0.4:
            ending += f" ORDER BY {random.choice(['', 'DESC(?a0) '] if calls else [''])}{' '.join(keys)}"
            ending += "" if ties else random.choice(["", " LIMIT 2", " LIMIT 2 OFFSET 1"])
        select = f"SELECT {' '.join(columns)} WHERE {{ {' '.join(triples)} }}{ending}"
        return f"{PREFIXES}{around.replace('KEY', keys[0]).replace('INNER', select) if around else select}"

    def paths(self, *, apart: bool) -> str:
        """A SELECT of paths that are followed, one to three, beside other patterns that may bind their ends.

        ``apart``: members may be able to answer each for itself.
        """
        random = self.random
        steps = ["{p}*", "{p}+", "{p}?", "^{p}*", "({p}|{q})*", "({p}/{q})+", "({p}|^{q})+", "!({p}|a)", "!(^{p}|{q})"]
        steps += ["{p}/{q}*", "a/{p}*", "(!{p})*", "{p}*/{q}", "{p}+", "{p}*"]
        parts: list[str] = []
        if apart:
            path = f"{random.choice(['', '', '^'])}:p0{random.choice('++*?')}"
            parts.append(f"{random.choice(['?x', '?x', f'<{random.choice(self.nodes).value}>'])} {path} ?y .")
            parts.append(f"{random.choice(['?x', '?x', '?y'])} {random.choice([':p1', ':p2', 'a'])} ?w .")
        for _ in range(0 if apart else random.choice([1, 1, 1, 2, 3])):
            path = random.choice(steps).format(p=random.choice([":p0", ":p0", ":p1"]), q=self.iri())
            ends = [random.choice([*VARIABLES[:3], "?x", f"<{random.choice(self.nodes).value}>"]) for _ in "se"]
            if random.random() < 0.05:
                ends[1] = random.choice([*map(str, LITERALS), f"<{EX}nowhere>"])
            parts.append(f"{ends[0]} {path} {ends[1]} .")
        for _ in range(random.choice([0, 0, 0, 1] if apart else [0, 1, 1, 2, 3])):
            parts.append(
                random.choice(
                    [
                        f"?x {self.iri()} ?w .",
                        f"?y {self.iri()} ?w .",
                        f"?x a {NODES[random.choice([5, 6, 7])]} .",
                        f"?y a {NODES[random.choice([5, 6, 7])]} .",
                        f"OPTIONAL {{ ?y {self.path(2)} ?v }}",
                        f"OPTIONAL {{ ?x {self.iri()} ?v . ?v {self.iri()}* ?w }}",
                        f"MINUS {{ ?x {self.path(2)} ?v }}",
                        f"FILTER {random.choice(['', 'NOT '])}EXISTS {{ ?y {self.path(2)} ?v }}",
                        f"VALUES ?x {{ <{random.choice(self.nodes).value}> <{random.choice(self.nodes).value}> }}",
                        f"{{ ?x {self.path(1)} ?v }} UNION {{ ?y {self.iri()} ?v }}",
                    ]
                )
            )
        random.shuffle(parts)
        body = f"WHERE {{ {' '.join(parts)} }}"
        kind = random.random()
        if kind < 0.25:
            counted = random.choice(["COUNT(*)", "COUNT(DISTINCT ?x)", "COUNT(?y)"])
            key = random.choice(["?w", "?w", "?x", "?y"])
            return f"{PREFIXES}SELECT {key} ({counted} AS ?n) {body} GROUP BY {key}"
        if kind < 0.35:
            return f"{PREFIXES}ASK {body}"
        chosen = random.choice(["*", "?x", "?x ?y", "DISTINCT ?y", "DISTINCT ?x ?w"])
        return f"{PREFIXES}SELECT {chosen} {body}"

    def star(self) -> str:
        """Patterns of one subject, of which one may lead to a pattern of another."""
        random = self.random
        subject = random.choice(VARIABLES)
        parts = [
            f"{subject} {self.predicate_of_star()} {random.choice([*VARIABLES, self.value()])} ." for _ in range(3)
        ]
        if random.random() < 0.5:
            link, target = random.sample(VARIABLES, 2)
            parts.append(f"{subject} {self.iri()} {link} . {link} {self.iri()} {target} .")
        if random.random() < 0.4:
            other = random.choice(VARIABLES)
            parts.append(
                random.choice([f"FILTER({other} != {self.value()})", f"FILTER(ISIRI({other}) || {other} > 1)"])
            )
        return " ".join(parts[random.choice([0, 1, 1]) :])

    def predicate_of_star(self) -> str:
        return self.random.choice([self.iri(), self.iri(), "a"])

    def triple(self) -> str:
        """A triple pattern, now and then with a path."""
        random = self.random
        subject = random.choice([*VARIABLES, *VARIABLES, f"<{random.choice(self.nodes).value}>"])
        target = random.choice([*VARIABLES, *VARIABLES, self.value()])
        return f"{subject} {self.predicate()} {target}"

    def plain_triple(self) -> str:
        return f"{self.random.choice(VARIABLES)} {self.iri()} {self.random.choice(VARIABLES)}"

    def predicate(self) -> str:
        kind = self.random.random()
        if kind < 0.62:
            return self.random.choice([self.iri(), self.iri(), self.iri(), "a"])
        if kind < 0.7:
            return self.random.choice(["?p", *VARIABLES])
        return self.path(2)

    def path(self, depth: int) -> str:
        """A property path."""
        kind = self.random.random()
        if depth == 0 or kind < 0.2:
            return self.iri()
        inner = self.path(depth - 1)
        if kind < 0.32:
            return f"^({inner})"
        if kind < 0.44:
            return f"({inner})/({self.path(depth - 1)})"
        if kind < 0.56:
            return f"({inner})|({self.path(depth - 1)})"
        if kind < 0.7:
            return f"({inner})*"
        if kind < 0.82:
            return f"({inner})+"
        if kind < 0.92:
            return f"({inner})?"
        return self.random.choice([f"!{self.iri()}", f"!(^{self.iri()}|{self.iri()})", f"!^{self.iri()}"])

    def iri(self) -> str:
        return f":p{self.random.randint(0, 3)}"

    def value(self) -> str:
        chosen = self.random.choice([*self.nodes, *self.nodes, *LITERALS])
        return str(chosen)
