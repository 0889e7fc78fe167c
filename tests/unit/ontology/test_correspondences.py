"""SSSOM files: what is read, and what is wrong with a file, line by line."""

from __future__ import annotations

import pytest

from node.errors import DocumentSyntaxError
from node.ontology.concepts import Concept, Vocabulary
from node.ontology.correspondences import MappingFile, Weight, read_mapping_file, told, write_mapping_file
from node.ontology.mapping_checks import check_rows
from node.rdf.namespaces import OBO, SEMAPV, SKOS

HEAD = """\
#mapping_set_id: https://example.org/sets/local
#license: https://creativecommons.org/publicdomain/zero/1.0/
#curie_map:
#  LOCAL: "https://example.org/codes/"
#  NCIT: http://purl.obolibrary.org/obo/NCIT_
"""
COLUMNS = "subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification\tconfidence\tpredicate_modifier\n"
GOOD = "LOCAL:G1\tglioma\tskos:exactMatch\tNCIT:C3059\tsemapv:ManualMappingCuration\t0.9\t\n"
VOCABULARY = Vocabulary.of(
    [
        Concept(OBO + "NCIT_C3262", "Neoplasm"),
        Concept(OBO + "NCIT_C3059", "Glioma", (OBO + "NCIT_C3262",)),
        Concept(OBO + "NCIT_C1", "Old Glioma", obsolete=True, replaced_by=OBO + "NCIT_C3059"),
    ]
)


def read(*rows: str, head: str = HEAD) -> MappingFile:
    return read_mapping_file((head + COLUMNS + "".join(rows)).encode(), source="local.sssom.tsv")


def errors(*rows: str) -> list[str]:
    return list(told(read(*rows).problems))


def checked(*rows: str) -> list[str]:
    return list(told(check_rows(read(*rows).rows, VOCABULARY, source="local.sssom.tsv")))


def test_a_row_is_read_with_its_iris() -> None:
    """CURIEs of the file's own map and of SSSOM's built-in prefixes are expanded."""
    found = read(GOOD)
    assert found.ok
    (row,) = found.rows
    assert (row.subject, row.predicate, row.object) == (
        "https://example.org/codes/G1",
        SKOS + "exactMatch",
        OBO + "NCIT_C3059",
    )
    assert (row.justification, row.confidence, row.line) == (SEMAPV + "ManualMappingCuration", 0.9, 7)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("X:G1\t\tskos:exactMatch\tNCIT:C1\tsemapv:MappingReview\n", "line 7, field subject_id: the prefix 'X'"),
        ("LOCAL:G1\t\tskos:exactMatch\t\tsemapv:MappingReview\n", "line 7, field object_id: the cell is empty"),
        ("LOCAL:G1\t\tskos:exactMatch\tC1\tsemapv:MappingReview\n", "field object_id: this is neither an IRI nor"),
        ("LOCAL:G1\t\tskos:sameMatch\tNCIT:C1\tsemapv:MappingReview\n", "field predicate_id: this is no mapping pred"),
        ("LOCAL:G1\t\tskos:exactMatch\tNCIT:C1\tsemapv:Guess\n", "field mapping_justification: this is no justif"),
        ("LOCAL:G1\t\tskos:exactMatch\tNCIT:C1\t\n", "field mapping_justification: the cell is empty"),
        ("LOCAL:G1\t\tskos:exactMatch\tNCIT:C1\tsemapv:MappingReview\t1.5\n", "field confidence: a confidence is"),
        ("LOCAL:G1\t\tskos:exactMatch\tNCIT:C1\tsemapv:MappingReview\tnan\n", "field confidence: a confidence is"),
        ("LOCAL:G1\t\tskos:exactMatch\tNCIT:C1\tsemapv:MappingReview\t\tno\n", "field predicate_modifier: this is"),
        ("https://e x\t\tskos:exactMatch\tNCIT:C1\tsemapv:MappingReview\n", "field subject_id: this is no IRI"),
        ("LOCAL:G1\ta\tb\tc\td\te\tf\tg\n", "line 7: the row has 8 cells for 7 columns"),
        ('LOCAL:G1\t"open\tskos:exactMatch\n', "line 7: the line cannot be read"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_with_line_and_column(row: str, said: str) -> None:
    """And the row is no mapping; the others of the file are read all the same."""
    found = read(row, GOOD)
    assert not found.ok
    assert any(said in line for line in told(found.problems)), list(told(found.problems))
    assert found.rows[-1].line == 8


def test_every_error_is_told_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is wrong in every line does not fill the memory with what is wrong."""
    found = read(*["X:G1\t\tskos:exactMatch\tNCIT:C1\tsemapv:MappingReview\n"] * 500)
    assert len(found.problems) == 201
    assert found.problems[-1].count == 300


@pytest.mark.parametrize("slot", ["mapping_set_id", "license"])
def test_required_slots_of_the_header(slot: str) -> None:
    """SSSOM requires an identifier and a licence; both may be given beside the file."""
    head = "".join(line for line in HEAD.splitlines(keepends=True) if slot not in line)
    assert not read(GOOD, head=head).ok
    data = (head + COLUMNS + GOOD).encode()
    given = read_mapping_file(data, source="x", given={slot: "https://example.org/given"})
    assert given.ok
    assert given.slots[slot] == "https://example.org/given"


def test_a_justification_that_all_rows_share_can_be_given() -> None:
    """As the mapping sets of UBERON in use need it, which have no such column."""
    data = (HEAD + "subject_id\tpredicate_id\tobject_id\nLOCAL:G1\towl:equivalentClass\tNCIT:C1\n").encode()
    with pytest.raises(DocumentSyntaxError, match=r"line 6.*lacks the column 'mapping_justification'"):
        read_mapping_file(data, source="x")
    found = read_mapping_file(data, source="x", given={"mapping_justification": "semapv:UnspecifiedMatching"})
    assert found.ok
    assert found.rows[0].justification == SEMAPV + "UnspecifiedMatching"


@pytest.mark.parametrize(
    "data", [b"", b"#mapping_set_id: x\n", b"\xff\xfe\x00", b"a\tb\nc\td\n", b"#this is: : : no\n# - x\nfoo\n"]
)
def test_what_is_no_mapping_set_at_all(data: bytes) -> None:
    """One error, no traceback."""
    with pytest.raises(DocumentSyntaxError):
        read_mapping_file(data, source="x")


def test_a_header_that_would_take_for_ever_is_refused() -> None:
    """A line of nothing but spaces, which a pattern could try in every way."""
    with pytest.raises(DocumentSyntaxError, match="line 1"):
        read(GOOD, head="#a" + " " * 1_000_000 + "b\n")


def test_what_is_written_reads_as_the_same() -> None:
    """Header, labels with quotation marks and tabs, negation, comments."""
    found = read(GOOD, "LOCAL:G2\t\tskos:broadMatch\tNCIT:C3262\tsemapv:MappingReview\t\tNot\n")
    slots = {**found.slots, "comment": 'says "this"\nand that'}
    again = read_mapping_file(write_mapping_file(slots, found.rows, found.curie_map), source="again")
    assert again.ok
    assert again.slots == slots
    assert [(r.subject, r.predicate, r.object, r.confidence, r.negated) for r in again.rows] == [
        (r.subject, r.predicate, r.object, r.confidence, r.negated) for r in found.rows
    ]


def test_rows_that_contradict_each_other_are_errors() -> None:
    """Exact and wider at once, the same said and denied, the same pair written the other way round."""
    wider = GOOD.replace("exactMatch", "broadMatch")
    assert "is skos:broadMatch here, but skos:exactMatch in line 7" in checked(GOOD, wider)[0]
    denied = GOOD.replace("0.9\t", "0.9\tNot")
    assert "is not skos:exactMatch here, but skos:exactMatch in line 7" in checked(GOOD, denied)[0]
    turned = "NCIT:C3059\t\tskos:narrowMatch\tLOCAL:G1\tsemapv:MappingReview\n"
    assert "is skos:broadMatch here, but skos:exactMatch in line 7" in checked(GOOD, turned)[0]
    assert not checked(GOOD, turned.replace("narrowMatch", "exactMatch"))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (GOOD.replace("C3059", "C999"), "the class is not in the installed release"),
        (GOOD.replace("C3059", "C1\t").replace("\t\tsem", "\tsem"), "the class is obsolete. Use NCIT:C3059 instead"),
        (GOOD.replace("NCIT:C3059", "LOCAL:G2"), "neither side is an NCIt or OBI class"),
        (GOOD.replace("exactMatch", "relatedMatch"), "is kept, but no query is answered by it"),
        (GOOD + GOOD, "the row stands there twice"),
        (GOOD + GOOD.replace("C3059", "C3262"), "exactly two classes of which one is a kind of the other"),
    ],
)
def test_doubtful_rows_are_warnings(row: str, said: str) -> None:
    """They are told with the first place and a count, and do not keep a set from being installed."""
    problems = list(check_rows(read(row).rows, VOCABULARY, source="x"))
    assert [said in str(problem) for problem in problems] == [True]
    assert {problem.weight for problem in problems} == {Weight.WARNING}
