"""The front door: makes sure that `core` and `tui` are ours, whatever PYTHONPATH holds."""

from __future__ import annotations

import os
import sys

_OURS = ("core", "tui")


def _put_our_house_first() -> None:
    house = os.path.dirname(os.path.abspath(__file__))
    # The person's repository may be on the path (PYTHONPATH=., python -m) with a `core`, a `rich`
    # or a `textual` of its own. It goes to the end, behind everything that we are made of.
    theirs = {os.path.realpath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep)}
    theirs.add(os.path.realpath(os.curdir))
    first = [p for p in sys.path if os.path.realpath(p) not in theirs]
    last = [p for p in sys.path if os.path.realpath(p) in theirs]
    sys.path[:] = [house, *first, *last]
    for name in list(sys.modules):
        if name.partition(".")[0] in _OURS and not _is_ours(name, house):
            del sys.modules[name]


def _is_ours(name: str, house: str) -> bool:
    top = sys.modules.get(name.partition(".")[0])
    file = getattr(top, "__file__", None) or ""
    return os.path.dirname(os.path.dirname(os.path.abspath(file))) == house


def main() -> int:
    """Runs the command line and returns its exit code."""
    try:
        _put_our_house_first()
        from tui.cli import main as run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
