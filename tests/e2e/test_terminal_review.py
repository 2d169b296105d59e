"""Reviewing in a real pseudo-terminal: every key of it, on a real repository."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.fakes.repos import git
from tests.fakes.stage import (
    FAILING,
    GOAL,
    bare_python,
    change,
    clean_environment,
    edit,
    shop,
    write_script,
)
from tests.fakes.terminal import Terminal

ROOT = Path(__file__).parents[2]
WRONG = change("Round to one digit.", edit("+ 0.01, 2", "+ 0.02, 1"))
RIGHT = change("Nothing is to be added.", edit(" + 0.01", ""))


@pytest.fixture
def terminal(tmp_path, request):
    columns, rows = request.param
    config = tmp_path / "config" / "loopwright"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(f'interpreter = "{bare_python()}"\nlevel = "step"\n')
    script = write_script(tmp_path / "script.jsonl", [WRONG, RIGHT, RIGHT])
    repo = shop(tmp_path / "shop")
    made = Terminal(
        [sys.executable, str(ROOT / "loopwright.py"), str(repo), "--no-plan",
         "--proposer", f"script:{script}"],
        columns=columns, rows=rows, cwd=tmp_path,
        env={**clean_environment(tmp_path), "TMPDIR": str(tmp_path), "EDITOR": editor(tmp_path)},
    )  # fmt: skip
    made.repo = repo
    yield made
    made.kill()


def editor(folder: Path) -> str:
    """An $EDITOR that puts a remark at the end of what it is given."""
    path = folder / "editor"
    path.write_text('#!/bin/sh\nfor last; do :; done\nprintf "# mine\\n" >> "$last"\n')
    path.chmod(0o755)
    return str(path)


def press(terminal: Terminal, keys: str, until: str, seconds: float = 40.0) -> str:
    """Types a key until the screen answers: a gate takes none in its first 0.3 seconds."""
    for _ in range(60):
        terminal.type(keys)
        for _ in range(12):
            terminal.pump(0.05)
            if re.search(until, terminal.text):
                return terminal.text
    return terminal.wait(until, seconds)


def escape(terminal: Terminal, gone: str) -> None:
    """Presses esc, alone, until a text is gone: with another key at its heels it is an alt key."""
    for _ in range(60):
        terminal.type("\x1b")
        for _ in range(12):
            terminal.pump(0.05)
            if not re.search(gone, terminal.text):
                return
    raise AssertionError(f"{gone!r} is still in\n{terminal.text}")


def to_line(terminal: Terminal, holds: str) -> None:
    """Goes to a line of the change by searching for it."""
    press(terminal, "3", "space take|J next hunk|hunks taken")
    press(terminal, "/", "send as search")
    terminal.type(holds + "\r")
    terminal.wait("J next hunk|space take|N ")


@pytest.mark.parametrize("terminal", [(200, 60)], indirect=True, ids=["200x60"])
def test_a_review_from_comment_to_redo_by_keys_alone(terminal):
    terminal.wait("What should be true")
    terminal.type(GOAL + "\r")
    press(terminal, "y", "1 left|Try 1:", 60)
    terminal.wait("approve though red", 60)

    press(terminal, "3", "hunks? taken")
    for keys in ("}", "{", "W", "W", "]", "["):
        press(terminal, keys, "1 of 1 hunks? taken")
    to_line(terminal, "0.02")
    press(terminal, " ", "0 of 1 hunks? taken|No hunk is taken")
    press(terminal, " ", "1 of 1 hunks? taken")
    press(terminal, "V", "selected|lines")
    press(terminal, " ", "in part")
    terminal.type("\x1b")
    for _ in range(10):
        terminal.pump(0.05)
    press(terminal, "A", "1 of 1 hunks? taken")
    press(terminal, "u", "sums|round")
    press(terminal, "}", "def count|count")
    press(terminal, "c", "send as comment")
    terminal.type("why one digit\r")
    terminal.wait("1 comment not sent")
    terminal.wait("✎ why one digit")
    press(terminal, "a", "comment is not sent")
    escape(terminal, "comment is not sent")
    press(terminal, "r", "send as redirect")
    terminal.type("\r")
    terminal.wait("Try 2 is green", 60)

    press(terminal, "2", "= compare")
    press(terminal, "k=", "try 1 and try 2")
    terminal.wait(re.escape(FAILING))
    escape(terminal, "try 1 and try 2")
    press(terminal, "F", "send as find")
    terminal.type("digit\r")
    terminal.wait("enter goes there")
    escape(terminal, "enter goes there")
    press(terminal, "2", "= compare")
    press(terminal, "kb", "try 1 again", 60)
    terminal.wait("approve though red", 60)
    press(terminal, "n", "Try 4 is green", 60)

    press(terminal, "3", "hunks? taken")
    press(terminal, "e", "Try 5 is green", 60)  # the editor's remark, checked
    press(terminal, "a", "land this")
    press(terminal, "\r", "another goal", 60)
    head = git(terminal.repo, "rev-parse", "HEAD")
    assert (terminal.repo / "cart.py").read_text().endswith("# mine\n")

    press(terminal, "z", "by a new commit")
    press(terminal, "m", "taken back", 60)
    assert git(terminal.repo, "rev-parse", "HEAD") != head
    assert "# mine" not in (terminal.repo / "cart.py").read_text()
    again = git(terminal.repo, "rev-parse", "HEAD")
    press(terminal, "Z", "by moving the branch")
    press(terminal, "a", "another goal", 60)
    for _ in range(400):
        if git(terminal.repo, "rev-parse", "HEAD^", ok=(0, 128)) == again:
            break
        terminal.pump(0.05)
    assert (terminal.repo / "cart.py").read_text().endswith("# mine\n")
    assert git(terminal.repo, "status", "--porcelain") == ""
    assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize("terminal", [(80, 24)], indirect=True, ids=["80x24"])
def test_on_a_small_terminal_with_the_wrong_keys(terminal):
    terminal.wait("What should be true")
    terminal.type(GOAL + "\r")
    press(terminal, "y", "approve though red", 60)
    press(terminal, "3u", "140")
    press(terminal, "z", "Nothing was landed")
    press(terminal, "M", "That is no answer")
    press(terminal, "d", "no comment here")
    press(terminal, "2=", "two tries|another try")
    press(terminal, "b", "press b once more|one on screen")
    press(terminal, "x", "Try 2 is green", 60)
    assert b"Traceback" not in terminal.raw
