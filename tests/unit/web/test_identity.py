"""From the header Authorization to who asks."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import pytest

from node.errors import AccessDenied, Unauthenticated
from node.model.identifiers import Identifiers
from node.policy.decide import ANONYMOUS, OPERATOR
from node.policy.tokens import TOKENS_FILE, Tokens
from node.web.identity import principal_of, require_operator


@dataclass
class Tokened:
    """As much of a node as matters here."""

    tokens: Tokens
    identifiers: Identifiers


@pytest.fixture
def tokened(tmp_path: Path) -> Tokened:
    return Tokened(Tokens(tmp_path / TOKENS_FILE), Identifiers("https://node.example/hub/"))


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def test_nobody_is_anonymous(tokened: Tokened) -> None:
    """Without the header, whether or not there are tokens."""
    assert principal_of(tokened, None) is ANONYMOUS  # type: ignore[arg-type]
    tokened.tokens.create("a")
    assert principal_of(tokened, None) is ANONYMOUS  # type: ignore[arg-type]
    with pytest.raises(Unauthenticated):
        require_operator(tokened, None, None)  # type: ignore[arg-type]


def test_a_token_in_either_scheme(tokened: Tokened) -> None:
    """Any case of the scheme, any name in Basic."""
    secret = tokened.tokens.create("a")
    sent = (f"Bearer {secret}", f"bearer  {secret} ", basic(f":{secret}"), basic(f"who:{secret}").replace("B", "b", 1))
    for header in sent:
        assert principal_of(tokened, header) is OPERATOR  # type: ignore[arg-type]
        assert require_operator(tokened, header, None) is OPERATOR  # type: ignore[arg-type]
    tokened.tokens.revoke("a")
    for header in sent:
        with pytest.raises(Unauthenticated):
            principal_of(tokened, header)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", "Bearer x", "Bearer \udcff", "Digest x"),
        *("Basic", "Basic !!!", "Basic w6k", "Basic /////w=="),
        *(basic(""), basic("operator"), basic("operator:"), basic("a:b")),
    ],
)
def test_anything_else_is_refused(tokened: Tokened, header: str) -> None:
    """Never taken for a stranger, and what was sent is not repeated."""
    tokened.tokens.create("a")
    with pytest.raises(Unauthenticated) as found:
        principal_of(tokened, header)  # type: ignore[arg-type]
    assert len(header) < 8 or header not in str(found.value)


def test_pages_of_other_sites_cannot_use_what_a_browser_remembers(tokened: Tokened) -> None:
    """Basic comes with forms of any site; Bearer only from whoever has the token."""
    secret = tokened.tokens.create("a")
    for origin in ("https://evil.example", "null", "http://node.example", "https://node.example:8443"):
        with pytest.raises(AccessDenied):
            require_operator(tokened, basic(f"a:{secret}"), origin)  # type: ignore[arg-type]
        assert require_operator(tokened, f"Bearer {secret}", origin) is OPERATOR  # type: ignore[arg-type]
    assert require_operator(tokened, basic(f"a:{secret}"), "https://node.example") is OPERATOR  # type: ignore[arg-type]
