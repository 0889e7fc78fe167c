"""Who asks: from the header ``Authorization`` to a principal (RFC 9110, section 11; RFC 6750; RFC 7617)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from node.errors import AccessDenied, Unauthenticated
from node.policy.decide import ANONYMOUS, OPERATOR, Principal

if TYPE_CHECKING:
    from node.assembly import Node

_REMEDY = "Send a token as 'Authorization: Bearer TOKEN'; onconode token create makes one."


def principal_of(node: Node, authorization: str | None) -> Principal:
    """Who sends this value of the header ``Authorization``, None standing for no header.

    A token is sent as Bearer, or with any name as the password of Basic. Raises Unauthenticated for whatever is not a
    valid token: whoever means to be an operator must not be answered as a stranger unawares.
    """
    if authorization is None:
        return ANONYMOUS
    secret = _secret(authorization)
    if secret is None:
        raise Unauthenticated("the header Authorization holds neither a Bearer nor a Basic token.", remedy=_REMEDY)
    if not node.tokens.accepts(secret):
        raise Unauthenticated("this node does not know that token.", remedy=_REMEDY)
    return OPERATOR


def require_operator(node: Node, authorization: str | None, origin: str | None) -> Principal:
    """The same for what only operators may do; ``origin`` is the header ``Origin``.

    Raises Unauthenticated without a token too, and AccessDenied for Basic from a page of another site: a browser adds
    Basic by itself to whatever form a page sends, without its user knowing.
    """
    principal = principal_of(node, authorization)
    if not principal.operator:
        raise Unauthenticated("only the node's operators may do that.", remedy=_REMEDY)
    own = urlsplit(node.identifiers.base)
    if origin is not None and _scheme(authorization or "") == "basic" and origin != f"{own.scheme}://{own.netloc}":
        raise AccessDenied(f"a page of {origin[:80]} may not do that with Basic.", remedy="Send the token as Bearer.")
    return principal


def _secret(authorization: str) -> str | None:
    scheme, credentials = _scheme(authorization), authorization.strip().partition(" ")[2].strip()
    if scheme == "bearer":
        return credentials or None
    if scheme == "basic":
        try:
            pair = base64.b64decode(credentials, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        return pair.partition(":")[2] or None
    return None


def _scheme(authorization: str) -> str:
    return authorization.strip().partition(" ")[0].lower()
