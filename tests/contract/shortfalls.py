"""What of the contract a store does not keep, by test; ``docs/reference/stores.md`` says the same to its users."""

from __future__ import annotations

from collections.abc import Mapping

_LITERAL = "test_a_literal_comes_back_as_it_was"
_EQUAL = "test_equal_values_of_different_datatypes_are_two_literals"

#: By store: the test that fails, and why. Each is tried all the same, and has to fail.
SHORTFALLS: Mapping[str, Mapping[str, str]] = {
    "embedded": {
        f"{_LITERAL}[derived-integer]": "whole numbers are kept by value, as `xsd:integer`",
        f"{_LITERAL}[double]": "doubles are kept by value: `1.5E0` comes back as `1.5`",
        _EQUAL: "whole numbers of the same value are one, whatever their datatype",
    },
    "fuseki": {
        f"{_LITERAL}[double]": "doubles are kept by value: `1.5E0` comes back as `1.5`",
    },
    "virtuoso": {
        f"{_LITERAL}[double]": "doubles are kept by value: `1.5E0` comes back as `1.5`",
        f"{_LITERAL}[large-integer]": "whole numbers of more than 32 bits come back as `xsd:decimal`",
        f"{_LITERAL}[duration]": "a duration is not kept as it was written",
        _EQUAL: "literals of the same value are one, whatever their datatype; `true` is `1`",
        "test_new_blank_nodes_become_iris": "`BNODE()` without an argument is not implemented",
    },
}
