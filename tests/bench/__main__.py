"""`python -m tests.bench [--quick] [--only NAME]`: prints the table of what is fast enough.

It measures and tells. Slowness is never an error; only what does not work at all is one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.bench import cancel, diffs, journal, loop, paint, parts
from tests.bench.table import Row, render

BENCHES = {
    **paint.BENCHES,
    **diffs.BENCHES,
    **loop.BENCHES,
    **journal.BENCHES,
    **cancel.BENCHES,
    **parts.BENCHES,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer turns: a rough look")
    parser.add_argument("--only", action="append", choices=sorted(BENCHES), default=[])
    asked = parser.parse_args()
    began, load, rows = time.monotonic(), os.getloadavg()[0], list[Row]()
    for name, bench in BENCHES.items():
        if asked.only and name not in asked.only:
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        rows += bench(asked.quick)
    print(render(rows))
    print(
        f"\n{time.monotonic() - began:.0f} s; load {load:.1f} before and {os.getloadavg()[0]:.1f}"
        f" after, on {os.cpu_count()} cores"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
