"""An explanation as text for a terminal and as a picture (SVG 1.1 with title and description for screen readers)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from node.federation.explaining import Explanation, Part

#: A picture has so many columns of members at most; the others are told as a number.
_COLUMNS = 12
_LEFT, _COLUMN, _ROW, _TOP = 430, 104, 28, 108
_LONGEST = 58


def as_text(explanation: Explanation) -> str:
    """The plan as lines: what is needed, of whom, estimates, and once it ran what came."""
    lines = [_sentence(explanation), f"Access: {explanation.access}.", ""]
    for part in explanation.parts:
        came = "" if part.rows is None or not part.constants else f"  came {part.rows:,}"
        lines.append(f"{'  ' * part.depth}{part.label}   [{part.role}]{came}")
        shares = ", ".join(f"{s.member} {_number(s.estimate)}" for s in part.shares)
        if part.constants or part.shares:
            lines.append(f"{'  ' * part.depth}    {shares or 'no member'}")
    if explanation.completeness is not None:
        lines += ["", f"Verdict: {explanation.completeness.verdict.value}."]
        for m in explanation.completeness.members:
            reason = f": {m.reason}" if m.reason else ""
            lines.append(
                f"  {m.name}  {m.verdict}{reason}  {m.requests} requests, {m.rows:,} rows, {m.bytes:,} bytes, "
                f"{m.milliseconds:.0f} ms"
            )
    return "\n".join(lines) + "\n"


def as_svg(explanation: Explanation) -> str:
    """The plan as a picture: a row for each part, a column for each member, estimate and what came where they meet."""
    names = _busiest(explanation)
    width = _LEFT + _COLUMN * (len(names) + 1) + 16
    height = _TOP + _ROW * max(1, len(explanation.parts)) + 24
    sentence = _sentence(explanation)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" aria-labelledby="plan-title plan-desc" font-family="system-ui, sans-serif" font-size="13">',
        '<title id="plan-title">Plan of a federated query</title>',
        f'<desc id="plan-desc">{escape(sentence)} {escape(_described(explanation.parts))}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_text(16, 26 + 18 * at, line, weight="600") for at, line in enumerate(sentence.split("\n"))),
        _text(16, 64, "Triples that each member may hold of each part, and what came for it.", fill="#475569"),
    ]
    for at, name in enumerate(names):
        drawn.append(_text(_LEFT + _COLUMN * at + 8, _TOP - 12, _cut(name, 14), weight="600"))
    drawn.append(_text(_LEFT + _COLUMN * len(names) + 8, _TOP - 12, "came", weight="600"))
    most = max((s.estimate or 0 for p in explanation.parts for s in p.shares), default=0)
    for number, part in enumerate(explanation.parts):
        top = _TOP + _ROW * number
        if number % 2 == 0:
            drawn.append(f'<rect x="8" y="{top}" width="{width - 16}" height="{_ROW}" fill="#f1f5f9"/>')
        drawn.append(_text(16 + 14 * part.depth, top + 19, _cut(part.label, _LONGEST - 2 * part.depth)))
        for share in part.shares:
            if share.member in names:
                left = _LEFT + _COLUMN * names.index(share.member)
                length = 4 + (0 if not most else round((_COLUMN - 20) * (share.estimate or 0) / most))
                drawn.append(f'<rect x="{left + 8}" y="{top + 22}" width="{length}" height="3" fill="#0f766e"/>')
                drawn.append(_text(left + 8, top + 18, _number(share.estimate)))
        if part.rows is not None and part.constants:
            drawn.append(_text(_LEFT + _COLUMN * len(names) + 8, top + 18, f"{part.rows:,}", weight="600"))
    drawn.append("</svg>")
    return "\n".join(drawn) + "\n"


def _busiest(explanation: Explanation) -> list[str]:
    """The members that are in the most parts, in their own order."""
    counts = dict.fromkeys(explanation.members, 0)
    for part in explanation.parts:
        for share in part.shares:
            counts[share.member] = counts.get(share.member, 0) + 1
    chosen = sorted((n for n, count in counts.items() if count), key=lambda n: -counts[n])[:_COLUMNS]
    return [name for name in explanation.members if name in chosen]


def _sentence(explanation: Explanation) -> str:
    members = {share.member for part in explanation.parts for share in part.shares}
    if explanation.alone is not None:
        plan = f"{explanation.alone} answers the whole query in one request"
    else:
        size = f"{explanation.expected_requests:,} or more requests, at most {explanation.expected_rows:,} triples"
        plan = f"{len(members)} of {len(explanation.members)} members, {size}, "
        plan += f"about {explanation.expected_milliseconds:,.0f} ms"
    if explanation.completeness is None:
        return f"Expected: {plan}."
    done = explanation.completeness.members
    return (
        f"Expected: {plan}.\nIt took {sum(m.requests for m in done):,} requests, {sum(m.rows for m in done):,} rows, "
        f"{explanation.milliseconds or 0:,.0f} ms."
    )


def _described(parts: Sequence[Part]) -> str:
    return " ".join(
        f"{part.label}: {', '.join(f'{s.member} {_number(s.estimate)}' for s in part.shares) or 'no member'}."
        for part in parts[:30]
        if part.constants
    )


def _number(estimate: int | None) -> str:
    return "?" if estimate is None else f"≤ {estimate:,}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(x: int, y: int, text: str, *, size: int = 13, weight: str = "400", fill: str = "#0f172a") -> str:
    written = "".join(c if c.isprintable() else " " for c in text)
    return f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}">{escape(written)}</text>'
