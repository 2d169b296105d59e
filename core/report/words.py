"""What there is to say about one try, in short sentences. Pure.

Texts are as the journal holds them; whoever shows them cleans and escapes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from core import protocol as p
from core.lanes import apart
from core.picks import read
from core.state import Iteration, Landing

LISTED = 20
"""Names that one sentence lists."""


def came_from(it: Iteration) -> str:
    """ "goes on from try 2", "another future of try 1"; "" for the first of a step."""
    match it.origin:
        case p.Subset(of=of, hunks=picks):
            return f"{counted(len(picks), 'part')} taken of try {of}"
        case p.Edited(of=of):
            return f"try {of} as you edited it"
        case p.Rebuilt(of=of):
            return f"try {of} put on the branch as it was then"
        case p.Again(of=of):
            return f"another future of try {of}"
        case p.Proposed():
            return f"goes on from try {it.parent}" if it.parent else ""


def took(it: Iteration) -> str:
    """What it cost: "6 s · $0.011 · 5,680 tokens"."""
    seconds = max(0.0, it.ended - it.started) if it.ended else it.usage.seconds
    tokens = it.usage.tokens_in + it.usage.tokens_out
    parts = [f"{seconds:,.0f} s"]
    parts += [f"${it.usage.usd:.3f}"] if it.usage.usd else []
    parts += [f"{tokens:,} tokens"] if tokens else []
    return " · ".join(parts)


def set_apart(change: p.Change) -> Iterator[str]:
    """The hunks that are not taken unless the person takes them, each with why."""
    for hunk, why in apart(change).items():
        yield f"{hunk_named(change, hunk)}: {why}"


def hunk_named(change: p.Change | None, pick: str) -> str:
    """ "cart.py, hunk 2 of 3", or lines of it; the pick itself where it is of another change."""
    try:
        hunk, lines = read(pick)
    except ValueError:
        return pick
    for file in change.files if change else ():
        if hunk in file.hunks:
            some = f", {counted(len(lines), 'line')}" if lines is not None else ""
            if len(file.hunks) == 1:
                return f"{file.path}{some}"
            return f"{file.path}, hunk {file.hunks.index(hunk) + 1} of {len(file.hunks)}{some}"
    return pick


def red_first(it: Iteration) -> Iterator[str]:
    """What its added tests show."""
    if it.red is None:
        return
    if it.red.shown:
        yield f"fail without the change, as they should: {listed(it.red.shown)}"
    if it.red.idle:
        yield f"pass without the change too, so they show nothing: {listed(it.red.idle)}"
    if not (it.red.shown or it.red.idle):
        yield "whether its added tests fail without the change could not be told"


def needed(it: Iteration, known: Mapping[int, Iteration]) -> Iterator[str]:
    """Why a part is not green. `known`: the session's tries, by number."""
    if it.needs is None:
        return
    whole = known.get(it.origin.of) if isinstance(it.origin, p.Subset) else None
    change = whole.change if whole else it.change
    if it.needs.hunks:
        names = listed(hunk_named(change, h) for h in it.needs.hunks)
        yield f"needs what was left out: {names}"
    else:
        yield "no set of the hunks left out was found to be enough"
    if it.needs.tests:
        yield f"without them fail: {listed(it.needs.tests)}"


def conflict(it: Iteration) -> str:
    if it.conflict is None:
        return ""
    return f"meets what the branch holds now in {listed(it.conflict.paths)}"


def undone(landings: Iterable[Landing], n: int) -> Iterator[str]:
    """What became of the landing of try `n`."""
    for landing in landings:
        if landing.iteration != n or landing.undoes:
            continue
        if landing.gone:
            by = f" by {landing.by[:10]}" if landing.by else "; the branch was moved"
            yield f"its landing {landing.commit[:10]} was taken back{by}"


def verdict(v: p.Verdict) -> Iterator[str]:
    """The names behind a verdict."""
    for what, names in (
        ("fixed", v.fixed), ("new", v.new), ("left", v.left), ("failed before too", v.before),
        ("did not run any more", v.lost), ("added, and pass", v.added),
    ):  # fmt: skip
        if names:
            yield f"{what}: {listed(names)}"


def listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - LISTED} more" if len(every) > LISTED else ""
    return ", ".join(every[:LISTED]) + more


def counted(n: int, noun: str) -> str:
    return f"{n:,} {noun if n == 1 else noun + 's'}"
