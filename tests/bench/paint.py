"""What the person feels at the keyboard: the first paint, keys, and the memory of the screen."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.table import Row, median, p95
from tests.bench.terminal import Terminal
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.stage import clean_environment, shop

HOUSE = Path(__file__).parents[2]
DOOR = str(HOUSE / "loopwright.py")
ASKS = "What should be true afterwards"
"""What the workbench says once it can be used."""
LINES = 1_000_000
FLOOD = f"""\
import sys
for n in range({LINES}):
    sys.stdout.write("line %d of a flood, and some words to fill it\\n" % n)
    if not n % 20:
        sys.stdout.flush()
print("the flood is over", flush=True)
"""
LONG = """\
import sys
for n in range(100):
    sys.stdout.write("x" * 1_000_000)
    sys.stdout.flush()
print("\\nthe line is over", flush=True)
"""
_LOADED = """\
import atexit, runpy, sys
said, sys.argv = sys.argv[1], sys.argv[2:]
atexit.register(lambda: open(said, "w").write("\\n".join(sys.modules)))
sys.path.insert(0, __import__("os").path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def rows(quick: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-paint-") as name, OpenAIServer() as server:
        folder = Path(name)
        repo = shop(folder / "shop", {"flood.py": FLOOD, "long.py": LONG})
        key = {"OPENAI_API_KEY": "x", "OPENAI_API_BASE": server.base_url}
        plain = clean_environment(folder)
        yield from first_paint(folder, repo, plain, {**plain, **key}, 3 if quick else 7)
        yield from keys_at_rest(folder, repo, plain, 20 if quick else 60)
        yield keys_while_litellm_loads(folder, repo, {**plain, **key}, 1 if quick else 2)
        yield from flood(folder, repo, plain)
        yield from long_line(folder, repo, plain)


def first_paint(
    folder: Path, repo: Path, plain: dict[str, str], keyed: dict[str, str], pairs: int
) -> Iterator[Row]:
    hello = [sys.executable, str(Path(__file__).with_name("hello.py"))]
    door = [sys.executable, DOOR, str(repo)]
    peer: list[float] = []
    without: list[float] = []
    with_key: list[float] = []
    for turn in range(pairs + 1):  # the first turn warms the disk, and does not count
        for argv, env, says, times in (
            (hello, plain, "Hello, world", peer),
            (door, plain, ASKS, without),
            (door, keyed, ASKS, with_key),
        ):
            with Terminal(argv, folder, env) as it:
                taken = it.until(says) - it.born
            if turn:
                times.append(taken)
    what, floor = "first paint", median(peer)
    loaded = "litellm" in modules_at_the_end(folder, repo, keyed)
    note = f"litellm {'IS' if loaded else 'is not'} loaded in the screen's process"
    for name, times in ((what, without), (f"{what}, a model's key set", with_key)):
        yield Row(
            name, median(times), "s", 1.6, of_ratio=True, floor=floor, floor_is="hello", note=note
        )


def modules_at_the_end(folder: Path, repo: Path, env: dict[str, str]) -> list[str]:
    """What the screen's process had imported when it ended."""
    said = folder / "modules"
    argv = [sys.executable, "-c", _LOADED, str(said), DOOR, str(repo)]
    with Terminal(argv, folder, env) as it:
        it.until(ASKS)
        it.quiet(0.3)
    return said.read_text().split("\n")


def letters() -> Iterator[str]:
    """Letters that nothing else on the screen holds, each of them once."""
    return map(chr, range(0x100, 0x250))


def echo(it: Terminal, letter: str) -> float:
    """Milliseconds from a key to the arrival of its letter on the screen."""
    start = len(it.raw)
    typed = it.send(letter)
    return 1000 * (it.until(letter, 30, start) - typed)


def keys_at_rest(folder: Path, repo: Path, env: dict[str, str], count: int) -> Iterator[Row]:
    with Terminal([sys.executable, DOOR, str(repo)], folder, env) as it:
        it.until(ASKS)
        it.quiet(0.7)
        source, dice = letters(), random.Random(1)
        typed = []
        for _ in range(count):
            typed.append(echo(it, next(source)))
            it.listen(dice.uniform(0.02, 0.08))
        it.send("\x1b")
        it.quiet(0.4)
        moved = [first_bytes(it, "24"[turn % 2]) for turn in range(count)]
    yield Row("key to paint, idle: a letter", median(typed), "ms", 16, p95=p95(typed))
    yield Row("key to paint, idle: another pane", median(moved), "ms", 16, p95=p95(moved))


def first_bytes(it: Terminal, key: str) -> float:
    """Milliseconds from a key to the first bytes, on a screen that was still."""
    it.quiet(0.08)
    typed = it.send(key)
    while not (at := it.pump(10)):
        pass
    return 1000 * (at - typed)


def keys_while_litellm_loads(folder: Path, repo: Path, env: dict[str, str], starts: int) -> Row:
    times: list[float] = []
    for turn in range(starts):
        with Terminal([sys.executable, DOOR, str(repo)], folder, env) as it:
            it.until(ASKS)
            source, dice, end = letters(), random.Random(turn), time.monotonic() + 3.0
            while time.monotonic() < end:
                times.append(echo(it, next(source)))
                it.listen(dice.uniform(0.02, 0.08))
    what = "key to paint, while litellm loads"
    return Row(what, median(times), "ms", 30, p95=p95(times), note=f"{len(times)} keys")


def flood(folder: Path, repo: Path, env: dict[str, str]) -> Iterator[Row]:
    script = folder / "script.jsonl"
    script.write_text('{"kind": "change", "text": "wait", "hold": true}\n')
    argv = [sys.executable, DOOR, str(repo), "--goal", "stand firm", "--no-plan", "--trust"]
    argv += ["--check", "python3 flood.py", "--proposer", f"script:{script}"]
    with Terminal(argv, folder, env) as it:
        it.until("flood.py")
        began = time.monotonic()
        it.send("4")
        it.quiet(0.05, 0.2)
        it.send("o")
        it.until("of a flood")
        it.send("i")
        it.quiet(0.05, 0.2)
        before, _ = it.memory()
        source, dice, start = letters(), random.Random(2), len(it.raw)
        times: list[float] = []
        while b"the flood is over" not in it.raw[start:] and len(times) < 300:
            times.append(echo(it, next(source)))
            it.listen(dice.uniform(0.01, 0.03))
        it.until("the flood is over", 120, start)
        lasted = time.monotonic() - began
        it.quiet(0.7, 3)
        after, highest = it.memory()
        found = searched(it, f"line {LINES // 2} of")
        searching, _ = it.memory()
    note = f"{len(times)} keys while {LINES:,} lines came in {lasted:.1f} s, shown live"
    yield Row("key to paint, in a flood", median(times), "ms", 50, p95=p95(times), note=note)
    note = f"{before:.0f} MB as it began, {highest:.0f} MB at the highest"
    yield Row("memory of the screen's process after it", after, "MB", 150, note=note)
    note = f"a line in the middle of {LINES:,}; {searching:.0f} MB after it"
    yield Row("from enter to what was searched for in it", found, "ms", note=note)


def searched(it: Terminal, words: str) -> float:
    """Milliseconds from enter to the line that has these words, of a finished check's output."""
    it.send("\x1b")
    it.quiet(0.3, 2)
    it.send("4")
    it.quiet(0.3, 2)
    it.send("/")
    it.quiet(0.3, 2)
    it.send(words)
    it.quiet(0.3, 2)
    start = len(it.raw)
    typed = it.send("\r")
    return 1000 * (it.until(words.split()[1], 60, start) - typed)


def long_line(folder: Path, repo: Path, env: dict[str, str]) -> Iterator[Row]:
    """Keys while one line of 100 MB comes, and the memory after it."""
    script = folder / "script.jsonl"
    argv = [sys.executable, DOOR, str(repo), "--goal", "stand firm", "--no-plan", "--trust"]
    argv += ["--check", "python3 long.py", "--proposer", f"script:{script}"]
    with Terminal(argv, folder, env) as it:
        it.until("long.py")
        it.send("4")
        it.quiet(0.05, 0.2)
        it.send("o")
        it.quiet(0.05, 0.2)
        it.send("i")
        it.quiet(0.05, 0.2)
        source, dice, start = letters(), random.Random(3), len(it.raw)
        times: list[float] = []
        while b"the line is over" not in it.raw[start:] and len(times) < 200:
            times.append(echo(it, next(source)))
            it.listen(dice.uniform(0.01, 0.03))
        it.until("the line is over", 120, start)
        it.quiet(0.7, 3)
        after, highest = it.memory()
    what = "key to paint, while one line of 100 MB comes"
    yield Row(what, median(times), "ms", 50, p95=p95(times), note=f"{len(times)} keys")
    note = f"{highest:.0f} MB at the highest"
    yield Row("memory of the screen's process after it", after, "MB", 150, note=note)


BENCHES: dict[str, Callable[[bool], Iterator[Row]]] = {"paint": rows}
