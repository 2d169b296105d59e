"""Records the sessions that the pictures are drawn from: `python -m tests.fakes.record [FOLDER]`.

A real engine on a real repository with real checks and the real model client; only the model's
answers are written here and served on the loopback. Names of this machine are taken out.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import msgspec

from core import protocol as p
from core import replay
from core.edits.format import Replace, Write, render
from core.propose.planning import render_plan
from core.replay import Recording
from tests.fakes.openai_server import Answer, OpenAIServer
from tests.fakes.repos import make_repo
from tests.fakes.stage import Stage

GOAL = "total() must round half-even"
MODEL = "openai/gpt-4o"
CART = '''\
"""What a customer puts in the cart, and what it costs."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Item:
    name: str
    price: Decimal
    quantity: int = 1


def subtotal(items: list[Item]) -> Decimal:
    return sum((i.price * i.quantity for i in items), Decimal(0))


def total(items: list[Item], discount: Decimal = Decimal(0)) -> Decimal:
    """What the customer pays, in whole cents."""
    due = subtotal(items) * (1 - discount)
    return due.quantize(CENT, ROUND_HALF_UP)
'''.replace(
    "import Decimal\n\n\n@", 'import ROUND_HALF_UP, Decimal\n\nCENT = Decimal("0.01")\n\n\n@'
)
INVOICE = '''\
"""The lines of an invoice."""

from decimal import Decimal

from cart import Item, total


def lines(items: list[Item]) -> list[str]:
    out = []
    for item in items:
        out.append("%-20s %8s" % (item.name, total([item])))
    return out


def due(items: list[Item]) -> str:
    return "%29s" % total(items, Decimal("0.00"))
'''
TESTS = """\
from decimal import Decimal

from cart import Item, subtotal, total


def items(*prices: str) -> list[Item]:
    return [Item("tea", Decimal(price)) for price in prices]


def test_empty() -> None:
    assert total([]) == 0


def test_subtotal() -> None:
    assert subtotal(items("1.10", "2.20")) == Decimal("3.30")


def test_discount() -> None:
    assert total(items("10.00"), Decimal("0.25")) == Decimal("7.50")


def test_half_even() -> None:
    assert total(items("2.665")) == Decimal("2.66")


def test_half_even_with_discount() -> None:
    assert total(items("1.25"), Decimal("0.1")) == Decimal("1.12")
"""
PROJECT = """\
[project]
name = "shop"
version = "1.0"

[tool.pytest.ini_options]
pythonpath = ["."]
testpaths = ["tests"]

[tool.ruff]
line-length = 100

[tool.mypy]
files = ["cart.py", "invoice.py"]
"""
HALF = "tests/test_cart.py::test_half_even"
PLAN = p.Plan(
    (
        p.Step("s1", "round half-even in total()", ("cart.py", "tests/**"),
               (p.Need("pytest", HALF), p.Need("pytest", f"{HALF}_with_discount"))),
        p.Step("s2", "tidy how invoices are set", ("invoice.py",), (p.Need("mypy"),)),
    ),
    "Rounding is decided in one place, total(), and two tests already show what it should do.",
)  # fmt: skip
FIRST = render(
    "The tests want banker's rounding. round() does that for floats, so the amount is made one.",
    (Replace("cart.py", "    return due.quantize(CENT, ROUND_HALF_UP)\n",
             "    return Decimal(str(round(float(due), 2)))\n"),),
)  # fmt: skip
SECOND = render(
    "quantize() rounds the exact Decimal, and ROUND_HALF_EVEN is the rule that the tests ask for."
    " No float is involved, so 2.665 is a tie and goes to the even cent.\n\n"
    "invoice.py rounds through total() too; its two format strings become f-strings.",
    (
        Replace("cart.py", "from decimal import ROUND_HALF_UP, Decimal\n",
                "from decimal import ROUND_HALF_EVEN, Decimal\n"),
        Replace("cart.py", "    return due.quantize(CENT, ROUND_HALF_UP)\n",
                "    return due.quantize(CENT, ROUND_HALF_EVEN)\n"),
        Replace("invoice.py", '        out.append("%-20s %8s" % (item.name, total([item])))\n',
                '        out.append(f"{item.name:<20} {total([item]):>8}")\n'),
        Write("conftest.py", '"""Shared fixtures."""\n'),
    ),
)  # fmt: skip


def record(folder: Path) -> dict[str, Recording]:
    repo = make_repo(
        folder / "shop",
        {"cart.py": CART, "invoice.py": INVOICE, "tests/test_cart.py": TESTS,
         "pyproject.toml": PROJECT},
    )  # fmt: skip
    answers = [
        Answer(render_plan(PLAN), tokens_in=2140, tokens_out=190),
        Answer(FIRST, tokens_in=3012, tokens_out=240),
        Answer(SECOND, tokens_in=3530, tokens_out=420),
    ]
    with OpenAIServer(answers) as server:
        stage = Stage(
            repo,
            folder / "home",
            proposer=f"model:{MODEL}",
            options=p.Options(level="step"),
            env={"OPENAI_API_KEY": "sk-none", "OPENAI_API_BASE": server.base_url},
            interpreter=sys.executable,
        )
        try:
            stage.goal(GOAL)
            stage.answer("trust", "trust")
            stage.answer("plan", "approve")
            stage.answer("result", "redirect", note="keep it in Decimal, no floats")
            stage.at_gate("result", after=3)
            shop = replay.capture(stage.watcher.entries, stage.session)
            review(stage)
            return {"shop": shop, "review": replay.capture(stage.watcher.entries, stage.session)}
        finally:
            stage.close()


def review(stage: Stage) -> None:
    """A comment, an approval of the part that is about rounding, and a second thought."""
    at = CART[: CART.index("    return due.quantize")].count("\n") + 1
    says = "say in the docstring that ties go to the even cent"
    quote = "    return due.quantize(CENT, ROUND_HALF_EVEN)"
    stage.submit(p.AddComment(p.Comment("c1", says, "cart.py", at, quote=quote, iteration=2)))
    stage.watcher.wait(lambda: stage.state.comments)
    change = stage.state.iteration.change
    rounding = tuple(h for f in change.files if f.path == "cart.py" for h in f.hunks)
    stage.answer("result", "approve", hunks=rounding)
    stage.watcher.wait(lambda: stage.state.landings and stage.state.gate)
    stage.submit(p.AskUndo())
    stage.at_gate("undo")


def without_names(recording: Recording, folder: Path) -> Recording:
    """The recording as if it had been made at somebody's home."""
    text = msgspec.json.encode(recording).decode()
    text = text.replace(str(folder / "shop"), "/home/ada/shop")
    text = re.sub(r'[^"\s]*/bin/(python[\d.]*|ruff|mypy)\b', r".venv/bin/\1", text)
    text = text.replace(sys.prefix, "/home/ada/shop/.venv").replace(str(folder), "/home/ada")
    return msgspec.json.decode(text, type=Recording)


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        target.mkdir(parents=True, exist_ok=True)
        for name, recording in record(folder).items():
            replay.save(without_names(recording, folder), target / f"{name}.json")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots/journals"))
