"""A table and its mapping file as a draft: one dataset, its samples and their donors, in N-Triples.

Rows are read, mapped and written one at a time; what is kept of them lies on disk. A dataset may come in several tables
of one mapping, which are read one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from node.errors import DocumentSyntaxError, MediaTypeNotSupported, Place, Unsupported
from node.model.identifiers import Identifiers
from node.publishing.assays import DNA_SEQUENCING
from node.publishing.coder import Coder
from node.publishing.drafts import Draft, Finding, Severity
from node.publishing.findings import Findings
from node.publishing.recordindex import RecordIndex
from node.publishing.records import Records
from node.publishing.screening import TableScreen
from node.publishing.statements import Organisation, dataset_lines, spool_file
from node.publishing.tabular import delimited, excel, parquet
from node.publishing.tabular.compression import plain_name, uncompressed
from node.publishing.tabular.mapping import CODED, IGNORE, SUFFIX, Column, Description, TableMapping
from node.publishing.tabular.mappingfile import read_mapping
from node.publishing.tabular.rows import RowMapper
from node.publishing.tabular.sheets import Layout, Sheet, require_columns
from node.publishing.tabular.transforms import Untransformable, apply
from node.rdf.namespaces import ACCESS_PUBLIC, DCAT, DCT, HEALTHDCATAP, RDF_TYPE, VCARD, XSD
from node.rdf.terms import iri, literal, triple

ENDINGS = (*delimited.ENDINGS, *excel.ENDINGS, *parquet.ENDINGS)
#: What spreadsheets are also saved as; told apart so that the remedy can say what to do.
_OTHER_SPREADSHEETS = (".xls", ".xlsb", ".ods", ".numbers")


def is_table(path: Path) -> bool:
    """Whether a file's name is that of a table, of a kind that is read here or of one that is refused with advice."""
    return plain_name(path.name).lower().endswith((*ENDINGS, *_OTHER_SPREADSHEETS))


def mapping_beside(table: Path) -> Path:
    """Where the mapping file of a table lies: ``samples.mapping.toml`` beside ``samples.csv.gz``."""
    name = plain_name(table.name)
    return table.with_name(name[: len(name) - len(Path(name).suffix)] + SUFFIX)


def open_table(path: Path, spool: Path, layout: Layout) -> Sheet:
    """The table in a file, compressed or not. Raises the errors of the kind of table that its ending names."""
    plain = uncompressed(path, spool)
    name = plain.name.lower()
    if name.endswith(excel.ENDINGS):
        return excel.open_excel(plain.path, str(path), layout)
    if name.endswith(parquet.ENDINGS):
        return parquet.open_parquet(plain.path, str(path))
    if name.endswith(delimited.ENDINGS):
        return delimited.open_delimited(plain.path, name, str(path), layout)
    if name.endswith(_OTHER_SPREADSHEETS):
        raise Unsupported(
            f"spreadsheets of the kind {Path(name).suffix} are not read.",
            where=Place(source=str(path)),
            remedy="Save it as .xlsx or as CSV.",
        )
    raise MediaTypeNotSupported(
        "the file's ending names no kind of table.",
        where=Place(source=str(path)),
        remedy=f"Known endings, each also with .gz, .zst and .zip: {', '.join(ENDINGS)}.",
    )


def read_table(
    paths: Sequence[Path],
    mapping_path: Path,
    *,
    identifiers: Identifiers,
    coder: Coder,
    spool: Path,
    publisher: Organisation | str = "",
) -> Draft:
    """Read the tables at ``paths``, which make one dataset, into a draft whose N-Triples lie in ``spool``.

    ``publisher`` is the name of the node's organisation, for a mapping that names none. What is wrong with single rows
    is a finding of the draft. Raises DocumentSyntaxError, Unsupported, MediaTypeNotSupported and RequestTooLarge when
    the mapping or a table cannot be read at all.
    """
    mapping = read_mapping(mapping_path)
    _check_codes(mapping, coder)
    said = mapping.dataset
    public = spool_file(spool, said.id)
    restricted = None if said.access == ACCESS_PUBLIC else spool_file(spool, f"{said.id}.records")
    index = RecordIndex(spool, said.id)
    findings: list[Finding] = []
    records: Records | None = None
    with ExitStack() as files:
        out = files.enter_context(public.open("w", encoding="utf-8", newline="\n"))
        rest = files.enter_context(restricted.open("w", encoding="utf-8", newline="\n")) if restricted else out
        for path in paths:
            sheet = open_table(path, spool, mapping.layout)
            wanted = [column.name for column in mapping.columns]
            require_columns(sheet.columns, wanted, source=sheet.source, line=sheet.header_line)
            _say_unmapped(sheet, wanted, mapping)
            mapper = RowMapper(mapping, sheet, coder)
            if records is None:
                records = Records(
                    identifiers,
                    said.id,
                    coder=coder,
                    sequencing=DNA_SEQUENCING,
                    lists=(),
                    patients={},
                    findings=mapper.findings,
                    source=sheet.source,
                    out=rest,
                    index=index,
                )
            records.go_on_with(sheet.source, mapper.findings)
            screen = _screen(sheet, mapping)
            for line, cells in sheet.rows():
                screen.see(cells, line)
                records.add(*mapper.row(line, cells))
            findings += [*sheet.findings.result(), *mapper.findings.result(), *screen.findings()]
        assert records is not None
        records.finish()
        findings += _closing(index, mapping, paths)
        index.close()
        out.writelines(_dataset(identifiers, said, index, publisher))

    def locate(subject: str) -> Place:
        return records.locate(subject) or Place(source=str(mapping.path), record=subject)

    return Draft(
        dataset=said.id,
        iri=identifiers.dataset(said.id),
        title=said.title,
        source=", ".join(str(path) for path in paths),
        public=public,
        records=restricted,
        samples=index.samples,
        donors=index.donors,
        locate=locate,
        coding=records.coding,
        findings=findings,
        inputs=(mapping.path, *paths),
        decisions=mapping.decisions,
        watched=True,
        by_record=True,
    )


def _screen(sheet: Sheet, mapping: TableMapping) -> TableScreen:
    """Watches every column but those that are left out on purpose: what transforms make of a cell, else the cell."""
    left_out = {column.name for column in mapping.columns if column.property == IGNORE}

    def reader(column: Column) -> Callable[[str], list[str]]:
        def read(cell: str) -> list[str]:
            try:
                return apply(cell, column.transforms)
            except Untransformable:
                return []  # the mapper tells it, and publishes nothing

        return read

    return TableScreen(
        sheet.source,
        ["" if name in left_out else name for name in sheet.columns],
        mapping.decisions,
        readers={column.name: reader(column) for column in mapping.columns if column.transforms},
        remedy=f'Write property = "ignore" for it in {mapping.path.name}; or, if it is something else, under [safety] '
        "an entry of allow with its name and the reason.",
    )


def _check_codes(mapping: TableMapping, coder: Coder) -> None:
    """Raise DocumentSyntaxError for a class in the mapping that its property cannot have."""
    for column in (*mapping.columns, *(column for column, _ in mapping.constants)):
        property_iri = CODED.get(column.property)
        for value, code in column.values.items():
            if property_iri and code.startswith("<") and not coder.usable(property_iri, code[1:-1]):
                raise DocumentSyntaxError(
                    f"{code[1:-1]} is no class that {column.property} can have: it is not in the installed release, "
                    "obsolete, or of another branch.",
                    where=Place(source=str(mapping.path), line=_code_line(mapping, column, code), field=value),
                    remedy="Look for the right one: onconode ontology search TEXT.",
                )


def _code_line(mapping: TableMapping, column: Column, code: str) -> int | None:
    local = code[1:-1].rsplit("/", 1)[-1].replace("_", ":")
    return mapping.line("columns", column.name, local) or mapping.line(local)


def _say_unmapped(sheet: Sheet, wanted: Sequence[str], mapping: TableMapping) -> None:
    for name in sheet.columns:
        if name not in wanted:
            sheet.findings.add(
                Severity.WARNING,
                "the mapping does not speak of this column; nothing of it is published",
                line=sheet.header_line,
                column=name,
                remedy=f'Write [columns."{name}"] with a property, or property = "ignore", in {mapping.path.name}.',
            )


def _closing(index: RecordIndex, mapping: TableMapping, paths: Sequence[Path]) -> list[Finding]:
    """What can only be said once every row has been seen."""
    findings = Findings(str(paths[-1]))
    if not index.samples:
        findings.add(Severity.VIOLATION, "the table has no row that describes a sample", remedy="Add the rows.")
    for parent, line in index.unknown_parents():
        findings.add(
            Severity.VIOLATION,
            "a sample derives from a sample that no row describes",
            line=line,
            value=parent[:80],
            remedy=f"Add the row, or correct the identifier (see {mapping.path.name}).",
        )
    return findings.result()


def _dataset(
    identifiers: Identifiers, said: Description, index: RecordIndex, publisher: Organisation | str
) -> Iterator[str]:
    """What is said of the dataset itself, once its samples are counted."""
    node = publisher if isinstance(publisher, Organisation) else Organisation(publisher.strip())
    contact = said.contact_name or said.contact_email or said.contact_page
    own = said.publisher in ("", node.name)
    yield from dataset_lines(
        identifiers,
        said.id,
        identifier=said.id,
        title=said.title,
        description=said.description,
        licence=said.licence,
        access=said.access,
        # the node's own organisation keeps its one name; its contact stands in for one that the mapping does not name
        publisher=(Organisation(node.name) if contact else node) if own else said.publisher,
        organisation="" if own else f"{identifiers.dataset(said.id)}#publisher",
    )
    name = identifiers.dataset(said.id)
    subject = iri(name)
    for theme in said.themes:
        yield triple(subject, iri(DCAT + "theme"), iri(theme))
    for keyword in said.keywords:
        yield triple(subject, iri(DCAT + "keyword"), literal(keyword))
    if said.citation:
        yield triple(subject, iri(DCT + "bibliographicCitation"), literal(said.citation))
    for property_iri, value in said.properties:
        yield triple(subject, iri(property_iri), value if value.startswith("<") else literal(value))
    if said.access_url:
        distribution = iri(f"{name}#distribution")
        yield triple(subject, iri(DCAT + "distribution"), distribution)
        yield triple(distribution, iri(RDF_TYPE), iri(DCAT + "Distribution"))
        yield triple(distribution, iri(DCAT + "accessURL"), iri(said.access_url))
    if said.landing_page:
        yield triple(subject, iri(DCAT + "landingPage"), iri(said.landing_page))
    if contact:
        contact = iri(f"{name}#contact")
        yield triple(subject, iri(DCAT + "contactPoint"), contact)
        yield triple(contact, iri(RDF_TYPE), iri(VCARD + "Kind"))
        if said.contact_name:
            yield triple(contact, iri(VCARD + "fn"), literal(said.contact_name))
        if said.contact_email:
            yield triple(contact, iri(VCARD + "hasEmail"), iri(f"mailto:{said.contact_email}"))
        if said.contact_page:
            yield triple(contact, iri(VCARD + "hasURL"), iri(said.contact_page))
    for number, count in (("numberOfRecords", index.samples), ("numberOfUniqueIndividuals", index.donors)):
        if count:
            yield triple(subject, iri(HEALTHDCATAP + number), literal(str(count), datatype=XSD + "nonNegativeInteger"))
