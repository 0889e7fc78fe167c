"""The header of an SSSOM/TSV file: the metadata of a mapping set, in the part of YAML that such headers use.

SSSOM 1.1, "The SSSOM/TSV serialisation format": every line of the header begins with ``#``; what follows is YAML. Read
are scalars, lists of scalars, and one level of keys below ``curie_map`` and the like. What is nested deeper (extension
definitions) is passed over.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from node.errors import DocumentSyntaxError, Place

_KEY = re.compile(r"([A-Za-z_][\w .-]*?)\s*:(?:\s+(.*))?")
_PAIR = re.compile(r"(\"[^\"]+\"|'[^']+'|[^\s:#][^:]*?)\s*:\s+(.*)")
_LONGEST = 5_000
_BLOCK = ("|", "|-", ">", ">-")


class Header(NamedTuple):
    """What a header says: texts by slot (of a list the items, one a line), prefix to namespace, and lines by slot."""

    slots: dict[str, str]
    curie_map: dict[str, str]
    lines: dict[str, int]


def read_header(lines: list[tuple[int, str]], source: str) -> Header:
    """Read the lines (number, text without ``#``). Raises DocumentSyntaxError with the line for what is not read."""
    slots: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    at: dict[str, int] = {}
    slot = ""
    margin = min((len(t) - len(t.lstrip()) for _, t in lines if t.strip()), default=0)
    for number, raw in lines:
        if len(raw) > _LONGEST:
            raise DocumentSyntaxError(
                f"a line of the header has more than {_LONGEST:,} characters.", where=Place(source=source, line=number)
            )
        text = raw[margin:].rstrip()
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if text[0] not in " \t-":
            match = _KEY.fullmatch(text)
            if match is None:
                raise DocumentSyntaxError(
                    f"this line of the header is not 'slot: value': {text[:80]!r}.",
                    where=Place(source=source, line=number),
                    remedy="Write the metadata of the mapping set as YAML, each line after a '#'.",
                )
            slot = match[1]
            at[slot] = number
            value = _scalar(match[2] or "")
            slots[slot] = "" if value in _BLOCK else value
            continue
        inner = text.strip()
        if slot == "curie_map":
            pair = _PAIR.fullmatch(inner)
            if pair is None:
                raise DocumentSyntaxError(
                    f"this is not 'prefix: namespace': {inner[:80]!r}.",
                    where=Place(source=source, line=number, field="curie_map"),
                    remedy='Write for example: NCIT: "http://purl.obolibrary.org/obo/NCIT_".',
                )
            prefixes[_scalar(pair[1])] = _scalar(pair[2])
        elif slot and slot != "extension_definitions":
            item = _scalar(inner.removeprefix("- "))
            slots[slot] = f"{slots[slot]}\n{item}" if slots[slot] else item
    slots.pop("curie_map", None)
    slots.pop("extension_definitions", None)
    return Header(slots, prefixes, at)


def write_header(slots: dict[str, str], curie_map: dict[str, str]) -> str:
    """A header that ``read_header`` reads as the same, each line with its ``#``."""
    lines = []
    for slot, value in sorted(slots.items()):
        parts = value.split("\n")
        if len(parts) == 1:
            lines.append(f"#{slot}: {_quoted(value)}")
        else:
            lines += [f"#{slot}:", *(f"#  - {_quoted(part)}" for part in parts)]
    lines.append("#curie_map:")
    lines += [f"#  {prefix}: {_quoted(namespace)}" for prefix, namespace in sorted(curie_map.items())]
    return "".join(f"{line}\n" for line in lines)


def _scalar(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        inner = text[1:-1]
        return inner.replace('\\"', '"').replace("\\\\", "\\") if text[0] == '"' else inner.replace("''", "'")
    return text.split(" #", 1)[0].rstrip()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
