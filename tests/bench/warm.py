"""`python -m tests.bench.warm [NAME ...]`: suites of published packages, run cold and warm.

By hand, since it downloads: each package's sources are unpacked, installed with `pip install -e`
into a virtual environment of its own, and its tests are run in the sandbox, both ways in turn.
Prints what both cost and every test whose outcome differs.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from core.checks.commands import from_command
from core.checks.how import How
from core.checks.interpreter import find
from core.checks.run import run_check
from core.checks.runner import Runner, make_runner
from core.checks.warm import Warm, why_cold
from core.context import PlainContext
from core.protocol import CheckResult, Notice, Records
from core.sandbox.mounts import Place
from core.sandbox.probe import probe
from tests.fakes.sandbox import Bench

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "attrs": ("hypothesis", "cloudpickle"),
    "more-itertools": (),
    "itsdangerous": ("freezegun",),
    "click": (),
    "inflection": (),
    "packaging": ("pretend",),
    "jsonschema": (),
    "toolz": (),
    "iniconfig": (),
    "markupsafe": (),
    "tomli": (),
    "pluggy": (),
}
"""Name on the index → what else its tests need."""
TURNS = 3


def main(names: list[str]) -> int:
    kinds = (
        f"{'package':<16}{'tests':>7}{'cold':>9}{'ready':>9}{'ratio':>7}{'at once':>9}{'ratio':>7}"
    )
    print(f"{kinds}  outcomes", flush=True)
    for name in names or PACKAGES:
        with tempfile.TemporaryDirectory(prefix="bench-warm-") as folder:
            try:
                print(measure(name, Path(folder)), flush=True)
            except subprocess.CalledProcessError as error:
                print(f"{name:<16} could not be installed: {error.stderr.decode()[-200:]!r}")
    return 0


def measure(name: str, folder: Path) -> str:
    repo, work = folder / "repo", folder / "work"
    runner = laid(name, folder, repo, work)
    spec = from_command("python -m pytest -q")
    bench, warm = Bench(folder), Warm()
    seconds: dict[str, list[float]] = {"cold": [], "ready": [], "at once": []}
    told: list[dict[str, tuple[str, str]]] = []
    said: list[str] = []

    def run(kind: str) -> CheckResult:
        context = PlainContext()
        if kind != "cold":
            warm.park(runner, spec)
        if kind == "ready":
            warm.settle()
        result = run_check(
            spec, tree="t", runner=runner, context=context, action="a", put_blob=bench.put,
            how=How(warm=None if kind == "cold" else warm),
        )  # fmt: skip
        said.extend(d.says for d in context.deltas if isinstance(d, Notice))
        return result

    run("cold")  # warms the disk, and does not count
    for _ in range(TURNS):
        for kind, times in seconds.items():
            result = run(kind)
            times.append(result.seconds)
            records = msgspec.json.decode(bench.blobs[result.records], type=Records)
            told.append({t.id: (t.outcome, t.path) for t in records.tests})
    warm.close()
    cold, ready, at_once = (statistics.median(times) for times in seconds.values())
    differ = {i for one in told for i in {*one, *told[0]} if one.get(i) != told[0].get(i)}
    note = f"DIFFER: {sorted(differ)[:5]}" if differ else f"same ({result.verdict})"
    cells = f"{name:<16}{len(told[0]):>7}{cold:>8.2f}s{ready:>8.2f}s{ready / cold:>7.2f}"
    reason = why_cold(runner, spec) or "; ".join(said)
    return f"{cells}{at_once:>8.2f}s{at_once / cold:>7.2f}  {note} {reason}".rstrip()


def laid(name: str, folder: Path, repo: Path, work: Path) -> Runner:
    """The package's sources as a repository, a copy as its workshop, and a Python for both."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
    _run([*pip, "-d", str(folder / "sdist"), name])
    (archive,) = (folder / "sdist").glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder / "unpacked", filter="data")
    (top,) = (folder / "unpacked").iterdir()
    top.rename(repo)
    _run([sys.executable, "-m", "venv", str(folder / "venv")])
    python = str(folder / "venv" / "bin" / "python")
    _run([python, "-m", "pip", "install", "-q", "pytest", *PACKAGES.get(name, ()), "-e", str(repo)])
    shutil.copytree(repo, work, symlinks=True)
    place = Place(work=work, repo=repo)
    return make_runner(place, probe(), find(repo, python), folder / "scratch")


def _run(argv: list[str]) -> None:
    subprocess.run(argv, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
