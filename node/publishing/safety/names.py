"""Whether a text is the name of a person: given names of Europe, and how surnames end."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache
from importlib.resources import files

from node.publishing.safety.words import plain


class Likeness(IntEnum):
    """How much a text is like the name of a person."""

    NONE = 0
    #: capitalised words, as names are, and a thousand other things
    SHAPE = 1
    #: one of the words is a given name, or ends as surnames do
    LIKELY = 2


_WORD = r"(?:[^\W\d_]\.|[^\W\d_]+(?:['’-][^\W\d_]+)*)\.?"
_SHAPE = re.compile(rf"{_WORD}(?:,? {_WORD}){{0,5}}")
_SURNAME = re.compile(
    r".{2,}(?:ova|ová|eva|evic|ovic|ski|ska|cki|cka|dzki|czyk|czak|iak|enko|chuk|escu|eanu|opoulos|opoulou|idis|idou|akis"
    r"|aki|ssen|sson|dottir|nen|mann|meier|meyer|mayer|maier|bauer|berger|huber|stein|hauser|auskas|iauskas|aite|iene"
    r"|yte|avicius|evicius|ins|sen|poulos|adis|ιδης|ιδου|ακης|ακη|πουλος|πουλου|ου|ης|ков|кова|ов|ова|ев|ева|ски|ска"
    r"|енко|чук|юк|ишин|ellini|etti|ini|elli|ucci|acci|iego|ez|eira|ura|oglu)"
)


@cache
def listed(name: str) -> frozenset[str]:
    """The words of a list that comes with the package, folded; lines that begin with # are left out."""
    text = files(__package__).joinpath("lists", name).read_text(encoding="utf-8")
    found = " ".join(line for line in text.splitlines() if not line.startswith("#")).split()
    return frozenset(plain(word).replace(" ", "") for word in found)


def likeness(text: str) -> Likeness:
    """How much this text is like a name: from one to six capitalised words, ``Anna Rossi`` or ``ROSSI, A.``"""
    if not 3 <= len(text) <= 60 or _SHAPE.fullmatch(text) is None:
        return Likeness.NONE
    words = [w for w in re.split(r"[ ,.]+", text) if w]
    full = [w for w in words if plain(w) not in listed("name_parts.txt")]
    if not full or len(full) > 5 or not all(w[0].isupper() for w in full):
        return Likeness.NONE
    folded = [part for w in full for part in plain(w).split()]
    if any(word in listed("not_names.txt") for word in folded):
        return Likeness.NONE
    known = any(word in listed("given_names.txt") for word in folded)
    if len(full) == 1:
        return Likeness.LIKELY if known else Likeness.SHAPE
    if max(map(len, folded)) < 3:
        return Likeness.NONE
    surname = any(_SURNAME.fullmatch(word) for word in folded)
    return Likeness.LIKELY if known or surname else Likeness.SHAPE
