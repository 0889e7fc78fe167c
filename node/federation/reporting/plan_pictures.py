"""An explanation as text for a terminal and as a picture (SVG 1.1 with title and description for screen readers)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from node.federation.reporting.explaining import Explanation, Part
from node.federation.reporting.forecast import Way

#: A picture has so many columns of members at most; the others are told as a number.
_COLUMNS = 12
_LEFT, _COLUMN, _ROW, _ABOVE, _LINE = 430, 116, 28, 84, 18
#: Pixels a letter of a heading takes at most, and how far apart what stands beside each other is.
_LETTER, _GAP = 8, 16
_LONGEST, _LONGEST_NAME = 58, 20


def as_text(explanation: Explanation) -> str:
    """The plan as lines: what is needed, of whom, estimates, and once it ran what came."""
    lines = [_sentence(explanation), _how(explanation), f"Access: {explanation.access}."]
    lines += [f"In step, so that one is asked: {', '.join(names)}." for names in explanation.replicas]
    lines += [f"Not asked: {name}, as {holder} holds all of it." for name, holder in explanation.covered.items()]
    lines.append("")
    for part in explanation.parts:
        lines.append(f"{'  ' * part.depth}{part.label}   [{', '.join(_notes(part))}]")
        shares = ", ".join(f"{s.member} {_number(s.estimate)}" for s in part.shares)
        if part.constants or part.shares:
            lines.append(f"{'  ' * part.depth}    {shares or 'no member'}")
    if explanation.completeness is not None:
        lines += ["", f"Verdict: {explanation.completeness.verdict.value}."]
        for m in explanation.completeness.members:
            reason = f": {m.reason}" if m.reason else ""
            kept = " (kept from before)" if m.rows and not m.requests and m.name in explanation.members else ""
            lines.append(
                f"  {m.name}  {m.verdict}{reason}  {_many(m.requests, 'request')}, {_many(m.rows, 'row')}{kept}, "
                f"{_many(m.bytes, 'byte')}, {m.milliseconds:.0f} ms"
            )
    return "\n".join(lines) + "\n"


def as_svg(explanation: Explanation) -> str:
    """The plan as a picture: a row for each part, a column for each member, estimate and what came where they meet."""
    names = _busiest(explanation)
    ran = explanation.completeness is not None
    headings = [*(_cut(name, _LONGEST_NAME) for name in names), "round", "about", *(("came",) if ran else ())]
    lefts = [_LEFT]
    for at, heading in enumerate(headings):
        least = _COLUMN if at < len(names) else 0 if heading == "round" else _COLUMN * 2 // 3
        lefts.append(lefts[-1] + max(least, _LETTER * len(heading) + _GAP))
    said = [*_sentence(explanation).split("\n"), _how(explanation)]
    width = max(lefts[-1] + _GAP, 16 + _LETTER * max(map(len, said)))
    above = _ABOVE + _LINE * len(said)
    height = above + _ROW * max(1, len(explanation.parts)) + 24
    caption = f"Triples that each member may hold of each part{', and what came for it' if ran else ''}."
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" aria-labelledby="plan-title plan-desc" font-family="system-ui, sans-serif" font-size="13">',
        '<title id="plan-title">Plan of a federated query</title>',
        f'<desc id="plan-desc">{escape(" ".join(said))} {escape(_described(explanation.parts))}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_text(16, 26 + _LINE * at, line, weight="600") for at, line in enumerate(said)),
        _text(16, above - 40, caption, fill="#475569"),
        *(_text(lefts[at] + 8, above - 12, heading, weight="600") for at, heading in enumerate(headings)),
    ]
    most = max((s.estimate or 0 for p in explanation.parts for s in p.shares), default=0)
    for number, part in enumerate(explanation.parts):
        top = above + _ROW * number
        if number % 2 == 0:
            drawn.append(f'<rect x="8" y="{top}" width="{width - 16}" height="{_ROW}" fill="#f1f5f9"/>')
        drawn.append(_text(16 + 14 * part.depth, top + 19, _cut(part.label, _LONGEST - 2 * part.depth)))
        for share in part.shares:
            if share.member in names:
                left = lefts[names.index(share.member)]
                length = 4 + (0 if not most else round((_COLUMN - 32) * (share.estimate or 0) / most))
                drawn.append(f'<rect x="{left + 8}" y="{top + 22}" width="{length}" height="3" fill="#0f766e"/>')
                drawn.append(_text(left + 8, top + 18, _number(share.estimate)))
        counts = (part.round, part.expected, part.rows if ran and part.constants else None)
        for left, count in zip(lefts[len(names) :], counts, strict=False):
            if count is not None:
                drawn.append(_text(left + 8, top + 18, f"{count:,}", weight="600"))
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
    asked = len(explanation.asked or members)
    plan = f"{asked} of {_many(len(explanation.members), 'member')}, {_many(explanation.expected_requests, 'request')}"
    if explanation.way.fetches:
        plan += (
            f" or more in {_many(explanation.expected_rounds, 'round')}, about "
            f"{_many(explanation.expected_rows, 'triple')}"
        )
    plan += f", about {explanation.expected_milliseconds:,.0f} ms"
    if explanation.completeness is None:
        return f"Expected: {plan}."
    done = explanation.completeness.members
    return (
        f"Expected: {plan}.\nIt took {_many(sum(m.requests for m in done), 'request')}, "
        f"{_many(sum(m.rows for m in done), 'row')}, {explanation.milliseconds or 0:,.0f} ms."
    )


def _how(explanation: Explanation) -> str:
    """Where the query is evaluated, as a sentence."""
    asked = explanation.asked[:_COLUMNS]
    more = len(explanation.asked) - len(asked)
    names = ", ".join(asked) + (f" and {_many(more, 'other')}" if more else "")
    match explanation.way:
        case Way.ALONE:
            return f"How: {names} answers the whole query in one request."
        case Way.EACH:
            return f"How: each for itself answers the whole query ({names}), and the answers are put together."
        case Way.GROUPS:
            return f"How: each groups, orders or counts for itself ({names}), and the results are put together here."
        case Way.YES:
            return f"How: whether it is true at one of them alone is asked first ({names}); if not, it is joined here."
        case Way.ENOUGH:
            return (
                f"How: whether one of them alone has as many solutions as are wanted is asked first ({names}); if not, "
                "it is joined here."
            )
        case Way.ROWS:
            return "How: of each part its different rows are fetched round by round, and joined and counted here."
        case Way.HERE:
            return "How: what can matter is fetched round by round, and the query is evaluated over it here."


def _notes(part: Part) -> list[str]:
    notes = [part.role]
    if part.round is not None:
        notes.append(f"round {part.round}")
    if part.expected is not None:
        notes.append(f"about {part.expected:,}")
    if part.rows is not None and part.constants:
        notes.append(f"came {part.rows:,}")
    return notes


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


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
