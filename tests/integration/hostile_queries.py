"""Queries that are made to hurt: families of them, each growing from harmless to absurd."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

#: How large the members of a family get.
SIZES = (1, 3, 10, 30, 63, 64, 65, 66, 100, 128, 200, 300, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 20_000, 50_000)
#: Nothing that is sent is longer: the server takes no longer bodies, and says so.
LONGEST = 1_200_000
Family = Callable[[], Iterable[str]]
FAMILIES: dict[str, Family] = {}


def family(made: Family) -> Family:
    FAMILIES[made.__name__] = made
    return made


def sized(make: Callable[[int], str]) -> Iterator[str]:
    """The members of a family that are not too long to be sent."""
    for size in SIZES:
        text = make(size)
        if len(text.encode("utf-8", "surrogatepass")) <= LONGEST:
            yield text


def nest(opening: str, closing: str, core: str = "?s ?p ?o") -> Callable[[int], str]:
    return lambda n: f"ASK {{ {opening * n}{core}{closing * n} }}"


@family
def nested_groups() -> Iterator[str]:
    for opening in ("{", "OPTIONAL {", "?a ?b ?c MINUS {", "GRAPH ?g {", "{} UNION {", "?x ?y ?z FILTER EXISTS {"):
        yield from sized(nest(opening, "}"))


@family
def nested_queries() -> Iterator[str]:
    yield from sized(nest("{ SELECT * {", "}}"))
    yield from sized(nest("{ SELECT ?s WHERE { ?s ?p ?o {", "}}}"))
    yield from sized(nest("SERVICE SILENT <http://127.0.0.1:1/> {", "}"))


@family
def nested_terms() -> Iterator[str]:
    yield from sized(nest("?s ?p (", ")", "1"))
    yield from sized(nest("?s ?p [ ?q ", "]", "1"))
    yield from sized(lambda n: f"ASK {{ ?s {'(' * n}<urn:p>{')' * n} ?o }}")
    yield from sized(lambda n: f"ASK {{ ?s {'^(' * n}<urn:p>{')' * n} ?o }}")
    yield from sized(lambda n: f"ASK {{ ?s {'(' * n}<urn:p>{')*' * n} ?o }}")
    yield from sized(lambda n: f"ASK {{ ?s {'!(' * n}<urn:p>{')' * n} ?o }}")


@family
def nested_expressions() -> Iterator[str]:
    pairs = (("(", ")"), ("!(", ")"), ("-(", ")"), ("STR(", ")"), ("COALESCE(", ")"), ("IF(true, ", ", 1)"))
    for opening, closing in (*pairs, ("NOT EXISTS { FILTER(", ") }"), ("1 + (", ")"), ("!", ""), ("- ", "")):
        yield from sized(lambda n, o=opening, c=closing: f"ASK {{ FILTER({o * n}1{c * n}) }}")  # type: ignore[misc]


@family
def long_chains() -> Iterator[str]:
    for operator in ("+", "-", "*", "||", "&&", "/", "||!", "+-"):
        yield from sized(lambda n, o=operator: f"ASK {{ FILTER({'1 ' + f' {o} 1' * n}) }}")  # type: ignore[misc]
    for operator in ("/", "|", "/^"):
        yield from sized(lambda n, o=operator: f"ASK {{ ?s {o.join(['<urn:p>'] * n)} ?o }}")  # type: ignore[misc]
    yield from sized(lambda n: f"ASK {{ {' UNION '.join(['{ ?s ?p ?o }'] * n)} }}")
    yield from sized(lambda n: f"ASK {{ {'OPTIONAL { ?s <urn:p> ?o } ' * n} }}")
    yield from sized(lambda n: f"ASK {{ {' '.join(f'?s{i} <urn:p{i}> ?s{i + 1} .' for i in range(n))} }}")
    yield from sized(lambda n: f"ASK {{ ?s ?p {', '.join(['?o'] * n)} }}")


@family
def long_lists() -> Iterator[str]:
    def numbers(n: int) -> str:
        return ", ".join(map(str, range(n)))

    def iris(n: int) -> str:
        return " ".join(f"<urn:{i}>" for i in range(n))

    yield from sized(lambda n: f"SELECT * {{ ?s ?p ?o FILTER(?o IN ({numbers(n)})) }}")
    yield from sized(lambda n: f"SELECT * {{ ?s ?p ?o FILTER(?o NOT IN ({numbers(n)})) }}")
    yield from sized(lambda n: f"SELECT * {{ VALUES ?s {{ {iris(n)} }} ?s ?p ?o }}")
    yield from sized(lambda n: f"SELECT * {{ ?s ?p ?o }} VALUES (?s ?o) {{ {'(UNDEF 1)' * n} }}")
    yield from sized(lambda n: f"SELECT * {{ VALUES ?a {{ {iris(n)} }} VALUES ?b {{ {iris(n)} }} }}")
    yield from sized(lambda n: f"SELECT {' '.join(f'?v{i}' for i in range(n))} {{ ?s ?p ?o }} LIMIT 1")
    yield from sized(lambda n: f"SELECT {' '.join(f'({i} AS ?v{i})' for i in range(n))} {{}}")
    yield from sized(lambda n: f"DESCRIBE {iris(n)}")
    yield from sized(lambda n: f"SELECT * {{ ?s ?p ?o }} ORDER BY {'?s ' * n}")
    yield from sized(
        lambda n: f"ASK {' '.join(f'FROM NAMED <urn:{i}>' for i in range(n))} {{ GRAPH ?g {{ ?s ?p ?o }} }}"
    )


@family
def large_tokens() -> Iterator[str]:
    for n in (1_000, 30_000, 100_000, 500_000, 1_000_000, 1_150_000):
        yield f'SELECT ("{"x" * n}" AS ?x) {{}}'
        yield f"SELECT * {{ ?s ?p '''{'x' * n}''' }}"
        yield f"SELECT * {{ ?s ?p <http://example.org/{'x' * n}> }}"
        yield f"SELECT * {{ ?{'x' * n} ?p ?o }} LIMIT 1"
        yield f"PREFIX {'p' * n}: <urn:x> ASK {{}}"
        yield f"ASK {{ ?s ?p {'9' * n} }}"
        yield f"ASK {{ ?s ?p 1.0e{'9' * n} }}"
        yield f'ASK {{ ?s ?p "x"@{"a" * n} }}'
        yield f"ASK {{}} #{'x' * n}"
        yield " " * n + "ASK {}"
        yield f"ASK {{ ?s ?p '{'x' * n} }}"


@family
def prefixes() -> Iterator[str]:
    yield from sized(lambda n: " ".join(f"PREFIX p{i}: <urn:{i}>" for i in range(n)) + " ASK {}")
    yield from sized(lambda n: " ".join(f"BASE <http://h/{i}/>" for i in range(n)) + " ASK { <x> <y> <z> }")
    yield from sized(lambda n: f"BASE <http://h/{'a/' * n}> ASK {{ <{'../' * n}x> <y> <z> }}")


@family
def comments() -> Iterator[str]:
    for end in ("\n", "\r", "\r\n"):
        yield from sized(lambda n, e=end: f"#c{e}".join(["ASK", *("{", "?s", "?p", "?o", "}")] + [""] * n))  # type: ignore[misc]
    yield from sized(lambda n: "#\n" * n + "ASK {}")
    yield from ("ASK {} # SERVICE <urn:x> {}", "#{ASK\nASK {#}\n}", "ASK # \\u000A {}\n{}", "ASK {}#", "#")


@family
def regular_expressions() -> Iterator[str]:
    bombs = ("(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*)*$", "a{1000}{1000}", "((a{100}){100}){100}", "(?:a?){5000}a{5000}")
    broken = ("(", "[", "*", "a{999999999}", "\\\\", "(?P<n>a)", "(?=a)", "\\\\1", "[z-a]", "(?i", "\\\\p{Nope}", "")
    for pattern in (*bombs, *broken):
        for text in ('"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"', "STR(?s)"):
            yield f'SELECT * {{ ?s ?p ?o FILTER REGEX({text}, "{pattern}") }}'
            yield f'SELECT (REPLACE({text}, "{pattern}", "$1$1$0\\\\") AS ?x) {{ ?s ?p ?o }}'
    yield 'SELECT * { ?s ?p ?o FILTER REGEX(STR(?s), STR(?o), "smixq") }'
    yield 'ASK { FILTER REGEX("a", "a", "nope") }'
    yield from sized(lambda n: f'ASK {{ FILTER REGEX("{"a" * n}", "{"(a?)" * min(n, 3_000)}") }}')


@family
def growth() -> Iterator[str]:
    for n in (5, 10, 20, 25, 30, 40, 100):
        doubled = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(n))
        yield f'SELECT (STRLEN(?x{n}) AS ?l) {{ BIND("0123456789" AS ?x0) {doubled} }}'
        replaced = " ".join(f'BIND(REPLACE(?x{i}, "0", "00") AS ?x{i + 1})' for i in range(n))
        yield f'SELECT (STRLEN(?x{n}) AS ?l) {{ BIND("0" AS ?x0) {replaced} }}'
        encoded = " ".join(f"BIND(ENCODE_FOR_URI(?x{i}) AS ?x{i + 1})" for i in range(n))
        yield f'SELECT (STRLEN(?x{n}) AS ?l) {{ BIND("%é" AS ?x0) {encoded} }}'
        power = " ".join(f"BIND(?x{i} * ?x{i} AS ?x{i + 1})" for i in range(n))
        yield f"SELECT ?x{n} {{ BIND(3.5 AS ?x0) {power} }}"
    for n in (1, 2, 3, 4):
        triples = " . ".join(f"?s{i} ?p{i} ?o{i}" for i in range(n))
        yield f"SELECT (GROUP_CONCAT(?s0) AS ?x) {{ {triples} }}"
        yield f'SELECT (GROUP_CONCAT(?s0; separator="{"x" * 10_000}") AS ?x) {{ {triples} }}'


@family
def products() -> Iterator[str]:
    for n in (2, 3, 4, 8):
        triples = " . ".join(f"?s{i} ?p{i} ?o{i}" for i in range(n))
        groups = " ".join(f"{{ ?s{i} ?p{i} ?o{i} }}" for i in range(n))
        yield f"SELECT * {{ {triples} }}"
        yield f"SELECT (COUNT(*) AS ?n) {{ {groups} }}"
        yield f"SELECT DISTINCT ?s0 ?s1 {{ {triples} }} ORDER BY DESC(?o1) RAND()"
        yield f"SELECT (MAX(STRLEN(?o1)) AS ?m) {{ {triples} }} GROUP BY ?s0 ?s1"
        yield f"CONSTRUCT {{ ?s0 ?p1 ?o1 }} {{ {triples} }}"
        yield f"DESCRIBE * {{ {triples} }}"
        yield f"ASK {{ {triples} FILTER(?s0 = <urn:nothing>) }}"
        yield f"SELECT * {{ {triples} FILTER(RAND() > 2) }}"


@family
def paths() -> Iterator[str]:
    inner = ("!<urn:x>", "<urn:x>|!<urn:x>", "^!<urn:x>|!<urn:x>", "(!<urn:x>)*/(!<urn:x>)*", "(!<urn:x>)+|(!<urn:x>)?")
    for path in inner:
        for end in ("*", "+", "?", "*/!<urn:x>*", "+/^!<urn:x>+"):
            yield f"SELECT (COUNT(*) AS ?n) {{ ?s ({path}){end.replace('!<urn:x>', '(!<urn:x>)')} ?o }}"
            yield f"SELECT * {{ ?a ({path})* ?b . ?b ({path})* ?c . ?c ({path})* ?a }}"


@family
def slices() -> Iterator[str]:
    for number in (0, 1, 2**32, 2**63 - 1, 2**64 - 1, 2**64, 10**99):
        yield f"SELECT * {{ ?s ?p ?o }} LIMIT {number}"
        yield f"SELECT * {{ ?s ?p ?o }} OFFSET {number}"
        yield f"SELECT * {{ ?s ?p ?o }} ORDER BY ?s LIMIT {number} OFFSET {number}"
        inner = f"SELECT * {{ ?s ?p ?o }} LIMIT {number}"
        yield f"SELECT * {{ {{ {inner} }} {{ SELECT * {{ ?a ?b ?c }} OFFSET {number} }} }}"
    for number in ("-1", "1.5", "1e3", "'1'", "?x", ""):
        yield f"SELECT * {{ ?s ?p ?o }} LIMIT {number}"


@family
def escapes() -> Iterator[str]:
    def spelled(word: str) -> Iterator[str]:
        yield "".join(f"\\u{ord(c):04x}" for c in word)
        yield "".join(f"\\U{ord(c):08X}" for c in word)
        yield word[0] + f"\\u{ord(word[1]):04X}" + word[2:]

    call = "<http://127.0.0.1:1/> { ?s ?p ?o }"
    for word in (*spelled("SERVICE"), *spelled("service")):
        yield f"ASK {{ {word} {call} }}"
        yield f"ASK {{ {word} SILENT {call} }}"
        yield f'ASK {{ FILTER("\\\\u0022) #" != "") {word} SILENT {call} \n}}'
        yield f'ASK {{ FILTER("\\u0022) #" != "") {word} SILENT {call} \n}}'
        yield f"ASK {{ # \\u000A {word} SILENT {call}\n ?s ?p ?o }}"
    for word in spelled("GRAPH"):
        yield f"SELECT * {{ {word} ?g {{ ?s ?p ?o }} }}"
    for word in spelled("FROM"):
        yield f"SELECT * {word} <urn:x> {{ ?s ?p ?o }}"
    for code in ("D800", "DFFF", "0000", "FFFE", "FFFF", "FEFF", "202E", "0022", "005C", "000A", "003E", "007D"):
        yield f'ASK {{ ?s ?p "\\u{code}" }}'
        yield f"ASK {{ ?s ?p <http://h/\\u{code}> }}"
        yield f"ASK {{ ?s{chr(92)}u{code} ?p ?o }}"
        yield f"ASK {{ }} # \\u{code}"
    for code in ("00110000", "FFFFFFFF", "0010FFFF", "0000D800"):
        yield f'ASK {{ ?s ?p "\\U{code}" }}'
    yield from ("\\u", "ASK \\u12", "ASK {} \\U0000", '"\\', "ASK { ?s ?p '\\u'}", 'ASK { ?s ?p "\\x" }')


@family
def characters() -> Iterator[str]:
    odd = (
        "\0",
        "\x01",
        "\x7f",
        "\x85",
        "\xa0",
        "\u200b",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\ufffe",
        "\U0010ffff",
        "🧬",
        "é",
    )
    for character in (*odd, "\ud800", "\udfff", "\udc80"):
        for form in (
            "{0}ASK {{}}",
            "ASK{0}{{}}",
            "ASK {{ ?s ?p '{0}' }}",
            "ASK {{ ?s ?p <http://h/{0}> }}",
            "ASK {{ ?s{0} ?p ?o }}",
        ):
            yield form.format(character)


@family
def functions() -> Iterator[str]:
    values = (
        "1",
        "-1",
        "1e308",
        "'x'",
        "''",
        "<urn:x>",
        "'2020-01-01T00:00:00Z'^^<http://www.w3.org/2001/XMLSchema#dateTime>",
    )
    names = (
        "SUBSTR",
        "STRDT",
        "STRLANG",
        "IRI",
        "BNODE",
        "SHA512",
        "TIMEZONE",
        "CEIL",
        "ABS",
        "UUID",
        "STRAFTER",
        "NOPE",
    )
    for name in names:
        for value in values:
            yield f"SELECT ({name}({value}) AS ?x) {{}}"
            yield f"SELECT ({name}({value}, {value}) AS ?x) {{}}"
    for end in ("9223372036854775807", "-9223372036854775808", "1e400", "99999999999999999999999999999999999999"):
        for operator in ("+", "-", "*", "/"):
            yield f"SELECT ({end} {operator} {end} AS ?x) {{}}"
        yield f"SELECT (SUBSTR('abc', {end}, {end}) AS ?x) {{}}"
    yield "SELECT (SUM(?o / 0) AS ?x) { ?s ?p ?o }"
    yield "SELECT * { ?s ?p ?o FILTER(<urn:nope>(?o)) }"


@family
def scrambled() -> Iterator[str]:
    """Tokens in any order, and good queries with a piece taken out, doubled or exchanged."""
    choice = random.Random(5)
    tokens = _words(
        "SELECT ASK CONSTRUCT DESCRIBE WHERE { } ( ) . ; , ?s ?p ?o * + | ^ / ! <urn:x> a 'x' 1 FILTER OPTIONAL UNION "
        "MINUS GRAPH VALUES BIND AS GROUP BY HAVING ORDER LIMIT OFFSET FROM NAMED COUNT( EXISTS NOT IN PREFIX p: [ ] "
        "_:b UNDEF"
    )
    good = _words(
        "PREFIX p: <urn:p> SELECT DISTINCT ?s ( COUNT( * ) AS ?n ) WHERE { ?s p:a / p:b* ?o . OPTIONAL { ?o a ?t } "
        "FILTER ( ?t IN ( 1 , 2 ) ) } GROUP BY ?s HAVING ( ?n > 1 ) ORDER BY ?s LIMIT 5"
    )
    for _ in range(200):
        yield " ".join(choice.choice(tokens) for _ in range(choice.randint(1, 40)))
        pieces = good.copy()
        for _ in range(choice.randint(1, 3)):
            at = choice.randrange(len(pieces))
            pieces[at : at + choice.randint(0, 2)] = choice.choices(tokens, k=choice.randint(0, 2))
        yield " ".join(pieces)


def _words(text: str) -> list[str]:
    return text.split(" ")
