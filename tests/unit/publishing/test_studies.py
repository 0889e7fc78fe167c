"""A study folder as a draft: the triples it gives, and nothing else of what the partner wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from study_folders import COMMENTS, IDENTIFIERS, about, read, triples, write_study

from node.errors import DocumentSyntaxError
from node.publishing.drafts import Severity
from node.publishing.studies import is_study

TABLE = (
    COMMENTS
    + "PATIENT_ID\tSAMPLE_ID\tONCOTREE_CODE\tCANCER_TYPE\tSAMPLE_TYPE\tPRIMARY_SITE\tSEX\tAGE\tOS_STATUS\tNOTES\n"
    "p1\ts 1\tGBM\tGlioma\tPrimary\tBrain\tFemale\t61\t1:DECEASED\tmet on a Tuesday\n"
    "p1\ts2\tNA\tGlioma\tMetastasis\tBrain\tFemale\t62\t\tsecret\n"
    "p2\ts3\tXYZ\tOddoma\t\t\t\t97\t0:LIVING\t\n"
)
META = (
    "cancer_study_identifier: Tiny 2020\n"
    "name: A tiny <i>study</i>\n"
    'description: Whole exome sequencing of three.<br>See <a href="http://x.example/">here</a> &amp; there.\n'
    "citation: Doe et al. 2020\npmid: 123,456\ntype_of_cancer: gbm\ngroups: PUBLIC;ACYC\n"
)


def test_a_study_as_triples(tmp_path: Path) -> None:
    """Everything a small study becomes, triple by triple: this is the whole of what is published."""
    folder = write_study(
        tmp_path / "tiny", TABLE, meta=META, sequenced="s2 s3", RNA_Seq_v2_mRNA="s2", methylation_all="s3", all="s2"
    )
    draft = read(folder)
    number = "^^http://www.w3.org/2001/XMLSchema#"
    assert draft.dataset == "tiny-2020"
    dataset = "datasets/tiny-2020"
    assert about(draft.public, dataset) == {
        "rdf:type dcat:Dataset",
        'dct:identifier "Tiny 2020"',
        'dct:title "A tiny study"',
        'dct:description "Whole exome sequencing of three. See here & there."',
        "dct:publisher organisation",
        "dcat:distribution datasets/tiny-2020#rdf",
        "dct:license http://opendatacommons.org/licenses/odbl/1-0/",
        "dct:accessRights http://publications.europa.eu/resource/authority/access-right/PUBLIC",
        'dct:bibliographicCitation "Doe et al. 2020"',
        "dct:isReferencedBy https://pubmed.ncbi.nlm.nih.gov/123/",
        "dct:isReferencedBy https://pubmed.ncbi.nlm.nih.gov/456/",
        "dcat:theme http://publications.europa.eu/resource/authority/data-theme/HEAL",
        'dcat:keyword "Glioblastoma Multiforme"',
        'dcat:keyword "Glioma"',
        'dcat:keyword "Oddoma"',
        f'health:numberOfRecords "3"{number}nonNegativeInteger'.replace("http://www.w3.org/2001/XMLSchema#", "xsd:"),
        f'health:numberOfUniqueIndividuals "2"{number}nonNegativeInteger'.replace(
            "http://www.w3.org/2001/XMLSchema#", "xsd:"
        ),
    }
    assert about(draft.public, "organisation") == {
        "rdf:type foaf:Organization",
        "rdf:type foaf:Agent",
        'foaf:name "Example Institute"',
    }
    common = {"rdf:type obo:OBI_0001479", f"dct:isPartOf {dataset}"}
    assert stated(draft.public, f"{dataset}/samples/s%201") == common | {
        'rdfs:label "s 1"',
        'dct:identifier "s 1"',
        f"obo:RO_0001000 {dataset}/donors/p1",
        "onco:diagnosis obo:NCIT_C3058",
        'onco:sourceCode "GBM"',
        'onco:sourceCodeSystem "oncotree"',
        "onco:sampleType obo:NCIT_C8509",
        "onco:anatomicalSite obo:NCIT_C12439",
        'onco:ageAtDiagnosis "61"^^xsd:integer',
    }
    assert stated(draft.public, f"{dataset}/samples/s2") == common | {
        'rdfs:label "s2"',
        'dct:identifier "s2"',
        f"obo:RO_0001000 {dataset}/donors/p1",
        "onco:diagnosis obo:NCIT_C3059",
        'onco:sourceCode "Glioma"',
        "onco:sampleType obo:NCIT_C3261",
        "onco:assay obo:OBI_0002118",
        "onco:assay obo:OBI_0001271",
        'onco:ageAtDiagnosis "62"^^xsd:integer',
    }
    assert stated(draft.public, f"{dataset}/samples/s3") == common | {
        'rdfs:label "s3"',
        'dct:identifier "s3"',
        f"obo:RO_0001000 {dataset}/donors/p2",
        'onco:sourceCode "XYZ"',
        'onco:sourceCodeSystem "oncotree"',
        "onco:assay obo:OBI_0002118",
        "onco:assay obo:OBI_0000634",
        'onco:ageAtDiagnosis "90"^^xsd:integer',
    }
    assert stated(draft.public, f"{dataset}/donors/p1") == {
        "rdf:type onco:Donor",
        'rdfs:label "p1"',
        'dct:identifier "p1"',
        "onco:sex obo:NCIT_C16576",
        "onco:vitalStatus obo:NCIT_C28554",
    }
    assert stated(draft.public, f"{dataset}/donors/p2") == {
        "rdf:type onco:Donor",
        'rdfs:label "p2"',
        'dct:identifier "p2"',
        "onco:vitalStatus obo:NCIT_C37987",
    }
    others = [line for line in triples(draft.public) if "#coding-" not in line and "#mapping-" not in line]
    assert len(others) == 17 + 6 + 3 + 11 + 12 + 9 + 5 + 4
    assert draft.findings == []


def stated(path: Path, subject: str) -> set[str]:
    """What is said of a subject, but for how its codes came about."""
    return {line for line in about(path, subject) if not line.startswith("onco:coding ")}


def test_each_coded_sample_leads_to_what_was_written(tmp_path: Path) -> None:
    """From a sample by its coding to a mapping for each of its codes, with words, class, grounds and release."""
    rows = "".join(f"s{n}\tp{n}\tGBM\tPrimary\tleft brain\n" for n in range(3))
    table = f"SAMPLE_ID\tPATIENT_ID\tONCOTREE_CODE\tSAMPLE_TYPE\tPRIMARY_SITE\n{rows}"
    draft = read(write_study(tmp_path / "tiny", table, sequenced="s0 s1 s2"))
    statements = [line.split(" ", 2) for line in triples(draft.public)]
    codings = {value for subject, predicate, value in statements if predicate == "onco:coding"}
    assert len(codings) == 1
    mappings = {value for subject, predicate, value in statements if predicate == "onco:mapping"}
    said = {}
    for mapping in mappings:
        slots = dict(line.split(" ", 1) for line in about(draft.public, mapping))
        short = {name.rpartition("/")[2].rpartition("#")[2].rpartition(":")[2]: value for name, value in slots.items()}
        said[short["codedProperty"]] = (short["subject_label"], short["annotatedTarget"], short["annotatedProperty"])
        assert short["type"].endswith("Axiom")
        assert short["mapping_justification"].startswith("https://w3id.org/semapv/vocab/")
    match = "http://www.w3.org/2004/02/skos/core#"
    assert said == {
        "onco:diagnosis": ('"GBM"', "obo:NCIT_C3058", f"{match}exactMatch"),
        "onco:sampleType": ('"Primary"', "obo:NCIT_C8509", f"{match}exactMatch"),
        "onco:anatomicalSite": ('"left brain"', "obo:NCIT_C12439", f"{match}broadMatch"),
        "onco:assay": ('"cases_sequenced"', "obo:OBI_0000626", f"{match}broadMatch"),
    }


def test_free_text_never_appears(tmp_path: Path) -> None:
    """A column that no table of ours names is not published, nor is a diagnosis as long as a story."""
    story = "The patient told us " + "and told us " * 12
    table = f"SAMPLE_ID\tPATIENT_ID\tCANCER_TYPE\tNOTES\ns1\tp1\t{story}\tsecret\n"
    draft = read(write_study(tmp_path / "tiny", table))
    text = draft.public.read_text(encoding="utf-8")
    assert "secret" not in text
    assert "told us" not in text


def test_the_draft_counts_and_locates(tmp_path: Path) -> None:
    """The draft knows its numbers, how its samples were coded, its files, and where each subject came from."""
    folder = write_study(tmp_path / "tiny", TABLE, meta=META, sequenced="s2")
    draft = read(folder)
    table = str(folder / "data_clinical_sample.txt")
    assert (draft.samples, draft.donors, draft.title, draft.source) == (3, 2, "A tiny study", str(folder))
    assert draft.iri == "http://node.example/datasets/tiny-2020"
    assert draft.records is None
    assert draft.coding is not None
    assert (draft.coding.samples, draft.coding.coded) == (3, 2)
    assert draft.coding.uncoded == {"not a code of the installed OncoTree": {"XYZ": 1}}
    assert sum(draft.coding.justifications.values()) == 2
    assert [path.name for path in draft.inputs] == [
        "meta_study.txt",
        "LICENSE",
        "data_clinical_sample.txt",
        "cases_sequenced.txt",
    ]
    place = draft.locate(IDENTIFIERS.sample("tiny-2020", "s 1"))
    assert (place.source, place.line, place.record) == (table, 6, "s 1")
    place = draft.locate(IDENTIFIERS.donor("tiny-2020", "p2"))
    assert (place.source, place.line, place.record) == (table, 8, "p2")
    assert draft.locate(draft.iri).source == str(folder / "meta_study.txt")


def test_a_patient_table_adds_to_the_donors(tmp_path: Path) -> None:
    """Sex, vital status and age of the patient table reach donors and samples; the sample's own age counts more."""
    patients = COMMENTS + "PATIENT_ID\tSEX\tVITAL_STATUS\tAGE\np1\tMale\tAlive\t40\np2\tFemale\t\t\np9\tMale\t\t\n"
    table = "SAMPLE_ID\tPATIENT_ID\tAGE\ns1\tp1\t\ns2\tp1\t41\ns3\tp2\t\n"
    draft = read(write_study(tmp_path / "tiny", table, patients=patients))
    dataset = "datasets/tiny_2020"
    assert {"onco:sex obo:NCIT_C20197", "onco:vitalStatus obo:NCIT_C37987"} < about(
        draft.public, f"{dataset}/donors/p1"
    )
    assert "onco:sex obo:NCIT_C16576" in about(draft.public, f"{dataset}/donors/p2")
    assert about(draft.public, f"{dataset}/donors/p9") == set()
    ages = {line for line in triples(draft.public) if "ageAtDiagnosis" in line}
    assert ages == {
        f'{dataset}/samples/s1 onco:ageAtDiagnosis "40"^^xsd:integer',
        f'{dataset}/samples/s2 onco:ageAtDiagnosis "41"^^xsd:integer',
    }
    assert draft.findings == []


def test_contradictions_about_a_donor_are_left_out(tmp_path: Path) -> None:
    """Two sexes for one donor give none, whichever comes first and however often, and one warning with the line."""
    table = "SAMPLE_ID\tPATIENT_ID\tSEX\ns1\tp1\tF\ns2\tp1\tM\ns3\tp1\tF\n"
    draft = read(write_study(tmp_path / "tiny", table))
    assert not any("onco:sex" in line for line in triples(draft.public))
    assert [(f.severity, f.where.line, f.where.record, f.where.field) for f in draft.findings] == [
        (Severity.WARNING, 3, "p1", "sex")
    ]


def test_a_study_that_is_not_public(tmp_path: Path) -> None:
    """With ``public_study: false`` the dataset is described to everybody, its samples and donors in a file apart."""
    meta = "cancer_study_identifier: s\nname: S\ndescription: D\npublic_study: false\n"
    draft = read(write_study(tmp_path / "tiny", TABLE, meta=meta))
    assert draft.records is not None
    access = "http://publications.europa.eu/resource/authority/access-right/RESTRICTED"
    assert f"dct:accessRights {access}" in about(draft.public, "datasets/s")
    assert {line.split()[0] for line in triples(draft.public)} == {"datasets/s", "organisation"}
    assert {line.split()[0] for line in triples(draft.records) if not line.startswith("datasets/s#")} == {
        *(f"datasets/s/samples/{sample}" for sample in ("s%201", "s2", "s3")),
        *(f"datasets/s/donors/{donor}" for donor in ("p1", "p2")),
    }


def test_groups_without_public_are_said(tmp_path: Path) -> None:
    """A study that its portal shows to some groups only is public here, with a warning that says how to change it."""
    meta = "cancer_study_identifier: s\nname: S\ndescription: D\ngroups: LAB\n"
    draft = read(write_study(tmp_path / "tiny", TABLE, meta=meta))
    (finding,) = draft.findings
    assert (finding.severity, finding.where.field, finding.value) == (Severity.WARNING, "groups", "LAB")
    assert draft.records is None


def test_a_class_the_vocabulary_lacks_is_left_out(tmp_path: Path) -> None:
    """Codes are only written when the installed vocabulary has them; each missing one is said once."""
    table = "SAMPLE_ID\tPATIENT_ID\tSAMPLE_CLASS\ns1\tp1\tOrganoid\ns2\tp2\tOrganoid\n"
    draft = read(write_study(tmp_path / "tiny", table, rppa="s1 s2"))
    assert not any("sampleType" in line or "assay" in line for line in triples(draft.public))
    assert sorted((f.severity, f.where.field, f.value) for f in draft.findings) == [
        (Severity.WARNING, "assay", "http://purl.obolibrary.org/obo/OBI_0002957"),
        (Severity.WARNING, "sampleType", "Organoid"),
    ]


def test_a_finer_assay_replaces_the_coarser_one(tmp_path: Path) -> None:
    """A sample on the list of an array is not also said to have been measured by some method."""
    table = "SAMPLE_ID\tPATIENT_ID\ns1\tp1\n"
    draft = read(write_study(tmp_path / "tiny", table, methylation_all="s1", methylation_hm450="s1"))
    assays = {line for line in triples(draft.public) if " onco:assay obo:" in line}
    assert assays == {"datasets/tiny_2020/samples/s1 onco:assay obo:OBI_0001332"}


def test_identifiers_of_any_kind_make_safe_triples(tmp_path: Path) -> None:
    """Whatever a sample is called, its IRI is one and its triples are well-formed."""
    pyoxigraph = pytest.importorskip("pyoxigraph")
    table = 'SAMPLE_ID\tPATIENT_ID\na/b#c?d e\tp<1>\nä"ö\\\tp\u2028q\n../..\t%41\n'
    draft = read(write_study(tmp_path / "tiny", table))
    quads = list(pyoxigraph.parse(path=str(draft.public), format=pyoxigraph.RdfFormat.N_TRIPLES))
    names = {q.object.value for q in quads if q.predicate.value == "http://purl.org/dc/terms/identifier"}
    assert names == {"tiny_2020", "a/b#c?d e", 'ä"ö\\', "../..", "p<1>", "p\u2028q", "%41"}
    subjects = {q.subject.value for q in quads}
    assert IDENTIFIERS.sample("tiny_2020", "../..") in subjects
    assert draft.locate(IDENTIFIERS.donor("tiny_2020", "%41")).line == 4


def test_a_study_without_a_sample_table(tmp_path: Path) -> None:
    """The dataset alone is described, without numbers, and that is said."""
    draft = read(write_study(tmp_path / "tiny", None))
    assert (draft.samples, draft.donors) == (0, 0)
    assert not any("numberOf" in line for line in triples(draft.public))
    assert [(f.severity, f.message) for f in draft.findings] == [
        (Severity.WARNING, "the study has no sample table; it is described without samples")
    ]


def test_what_a_study_folder_is(tmp_path: Path) -> None:
    """A folder with ``meta_study.txt`` is a study folder."""
    assert not is_study(tmp_path)
    assert is_study(write_study(tmp_path / "tiny", None))


def test_two_studies_of_one_name_get_their_own_files(tmp_path: Path) -> None:
    """Reading two studies of one identifier into one spool folder overwrites nothing."""
    first = read(write_study(tmp_path / "a", TABLE))
    second = read(write_study(tmp_path / "b", None))
    assert first.public != second.public
    assert first.public.stat().st_size > second.public.stat().st_size


def test_an_identifier_that_cannot_be_a_name(tmp_path: Path) -> None:
    """A study whose identifier has no letter cannot be published, and the message says where and why."""
    with pytest.raises(DocumentSyntaxError, match=r"meta_study\.txt, field cancer_study_identifier: .* no letter"):
        read(write_study(tmp_path / "tiny", TABLE, meta="cancer_study_identifier: ***\nname: x\n"))
