"""The rules of a check by name: those of ROBOT's report keep its names (https://robot.obolibrary.org/report)."""

from __future__ import annotations

from node.curation.findings import Finding, Rule
from node.errors import Place

_ALL = (
    # what tables and the register say
    Rule("template_cell", "error", "A cell of a template cannot be read."),
    Rule("mapping_row", "error", "A row of a mapping table cannot be read."),
    Rule("malformed_axiom", "error", "An axiom in RDF is not well formed, and counts for nothing."),
    Rule("reused_iri", "error", "One IRI stands for two terms."),
    Rule("not_registered", "error", "A term with a numbered IRI is not in the register of minted IRIs."),
    Rule("minted_outside_range", "error", "An IRI was minted from the range of another curator."),
    Rule("not_from_here", "warn", "A template makes a term whose IRI belongs to somebody else."),
    # annotations
    Rule("missing_label", "error", "A term has no label.", True),
    Rule("missing_definition", "error", "A term has no definition.", True),
    Rule("missing_definition_source", "warn", "A definition has no source."),
    Rule("missing_editor", "warn", "A term has no editor."),
    Rule("missing_status", "warn", "A term has no curation status."),
    Rule("missing_translation", "warn", "A label or definition is missing in a language of the vocabulary."),
    Rule("missing_language_tag", "warn", "A label or definition is in no language."),
    Rule("multiple_labels", "error", "A term has more than one label in one language.", True),
    Rule("multiple_definitions", "error", "A term has more than one definition in one language.", True),
    Rule("duplicate_label", "error", "Two terms have the same label.", True),
    Rule("duplicate_definition", "error", "Two terms have the same definition.", True),
    Rule("duplicate_exact_synonym", "warn", "Two terms share an exact synonym.", True),
    Rule("duplicate_scoped_synonym", "warn", "A term has the same synonym with two scopes.", True),
    Rule("duplicate_label_synonym", "warn", "An exact synonym is a label too.", True),
    Rule("label_in_release", "warn", "A release that the vocabulary hangs under has a term of this label."),
    Rule("label_formatting", "error", "A label holds a line break or a tab.", True),
    Rule("label_whitespace", "error", "A label begins or ends with white space.", True),
    Rule("annotation_whitespace", "warn", "An annotation begins or ends with white space.", True),
    Rule("lowercase_definition", "info", "A definition begins with a small letter.", True),
    Rule("invalid_xref", "warn", "A cross-reference is no CURIE.", True),
    Rule("missing_ontology_title", "error", "The vocabulary has no title.", True),
    Rule("missing_ontology_description", "error", "The vocabulary has no description.", True),
    Rule("missing_ontology_license", "error", "The vocabulary has no licence.", True),
    # obsolete terms
    Rule("deprecated_boolean_datatype", "error", "owl:deprecated is no xsd:boolean.", True),
    Rule("deprecated_class_reference", "error", "An axiom refers to an obsolete class.", True),
    Rule("deprecated_property_reference", "error", "An axiom refers to an obsolete property.", True),
    Rule("obsolete_reference", "warn", "An annotation or a mapping refers to an obsolete term."),
    Rule("obsolete_with_axioms", "error", "An obsolete term still has axioms."),
    Rule("missing_obsolete_label", "warn", "The label of an obsolete term does not begin with 'obsolete '.", True),
    Rule("misused_obsolete_label", "error", "The label of a term in use begins with 'obsolete'.", True),
    Rule("misused_replaced_by", "error", "A term in use is said to be replaced.", True),
    # structure
    Rule("dangling_reference", "error", "An axiom refers to a term that nothing declares."),
    Rule("unchecked_reference", "info", "An axiom refers to a term of a release that is not at hand whole."),
    Rule("subclass_cycle", "error", "Classes or properties are below each other in a circle."),
    Rule("punning_clash", "error", "One IRI is used for entities of two kinds."),
    Rule("mixed_property_kinds", "error", "A property is below a property of another kind."),
    Rule("wrong_branch", "error", "A class is not below a class that it has to be below."),
    Rule("missing_superclass", "info", "A class has no superclass.", True),
    Rule("multiple_asserted_superclasses", "warn", "A class has more than one asserted superclass.", True),
    Rule("redundant_superclass", "info", "An asserted superclass is a superclass of another one."),
    Rule("equivalent_pair", "warn", "Two named classes are said to be the same.", True),
    Rule("equivalent_class_axiom_no_genus", "warn", "A class is defined by a relation alone.", True),
    Rule("multiple_equivalent_classes", "warn", "A class has several definitions.", True),
    # what the reasoner finds
    Rule("inconsistent_vocabulary", "error", "The axioms contradict each other."),
    Rule("unsatisfiable_class", "error", "A class can have no instance."),
    Rule("inferred_equivalent", "warn", "Two classes turn out to be the same."),
    Rule("inferred_superclass", "info", "A superclass follows that nobody asserted."),
)
RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}


def finding(
    rule: str,
    subject: str,
    label: str,
    message: str,
    place: Place,
    *,
    about: str = "",
    value: str = "",
    remedy: str = "",
    because: tuple[tuple[str, str], ...] = (),
) -> Finding:
    """A finding of this rule, with the rule's severity."""
    return Finding(rule, RULES[rule].severity, subject, label, message, place, about, value, remedy, because)
