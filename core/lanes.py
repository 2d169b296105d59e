"""stand-in until the lines branch is merged"""

from core.protocol import Change


def apart(change: Change) -> dict[str, str]:
    found: dict[str, str] = {}
    for f in change.files:
        for n, h in enumerate(f.hunks):
            whys = ["is outside the step's scope"] if f.outside_scope else []
            whys += [f"runs code later: {f.runs_later}"] if f.runs_later else []
            whys += [f.weakens[n]] if f.weakens and f.weakens[n] else []
            if whys:
                found[h] = " · ".join(whys)
    return found


def test_hunks(change: Change) -> tuple[str, ...]:
    return tuple(h for f in change.files if "test" in f.path for h in f.hunks)
