"""The command line as data: what was asked for, or a sentence that says what is wrong with it."""

from __future__ import annotations

import argparse
import difflib
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from core.errors import UsageError

ABOUT = "A terminal workbench in which a person and a model work on one repository, try by try."

KEEP_DAYS = 90
"""How long a session that ended is kept, where `gc` is not told."""

EXITS = """\
exit codes:
  0    reached: landed, ready under --approve never, or already green
  1    not reached
  2    usage or configuration, a wrong key and an unknown model too
  3    stopped at a cap (tries or money)
  4    refused: not a repository, unsupported, untrusted, or held by another
  130  interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in a sentence, instead of printing its usage and exiting."""

    def error(self, message: str) -> NoReturn:
        hint = ""
        if message.startswith("unrecognized arguments: "):
            word = message.removeprefix("unrecognized arguments: ").split()[0]
            near = difflib.get_close_matches(word, self._option_string_actions, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(f"{message[:1].upper()}{message[1:]}{hint}. See `{self.prog} --help`.")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The request, with `command` one of `COMMANDS` or "workbench".

    Raises `UsageError`; `--help` and `--version` print and raise `SystemExit(0)`.
    """
    command = argv[0] if argv and argv[0] in COMMANDS else "workbench"
    parser = _parser(command)
    words = list(argv) if command == "workbench" else list(argv[1:])
    if command == "workbench" and any(word in ("-h", "--help") for word in words):
        sys.stdout.write(full_help())
        raise SystemExit(0)
    found = parser.parse_intermixed_args(words)
    found.command = command
    return found


def full_help() -> str:
    """Every command with every option."""
    parts = [_parser("workbench").format_help().rstrip()]
    for name, (about, _) in COMMANDS.items():
        text = _parser(name).format_help()
        usage, _, rest = text.partition("\n\n")
        options = rest.partition("\n\n")[2]
        usage = usage.removeprefix("usage: ").replace("\n       ", "\n")
        parts.append(f"{usage}\n  {about}\n\n{options.rstrip()}")
    parts.append(EXITS.rstrip())
    return "\n\n\n".join(parts) + "\n"


def _parser(command: str) -> _Parser:
    prog = "loopwright" if command == "workbench" else f"loopwright {command}"
    about = ABOUT if command == "workbench" else COMMANDS[command][0]
    parser = _Parser(
        prog=prog,
        description=about,
        allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=30, width=100),
    )
    fill = _workbench if command == "workbench" else COMMANDS[command][1]
    fill(parser)
    return parser


def _workbench(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", default="", metavar="PATH",
        help="the repository (default: here); one named like a command is ./demo",
    )  # fmt: skip
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    parser.add_argument("--goal", default="", metavar="TEXT", help="begin with this goal")
    _options(parser)


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("goal", metavar="GOAL", help="what should be true afterwards")
    _options(parser)
    parser.add_argument(
        "--approve", choices=("ask", "green", "never"), default="ask",
        help="who answers: you, on a terminal (ask, the default); approve what is green and wholly"
        " inside its scope (green); leave it ready and land nothing (never)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one event a line, as JSON")


def _options(parser: argparse.ArgumentParser) -> None:
    """What `run` and the workbench share."""
    add = parser.add_argument
    _repo(parser)
    add("--no-plan", action="store_true", help="make the goal the only step")
    add(
        "--include-dirty", action="store_true",
        help="begin from your uncommitted content too; it never enters a commit",
    )  # fmt: skip
    _proposers(parser)
    add(
        "--check", action="append", default=[], metavar="CMD", dest="checks",
        help="a command that judges changes, instead of those found; may be given again",
    )  # fmt: skip
    add(
        "--max-iterations", type=_count, metavar="N",
        help="stop after N tries (default: 8)",
    )  # fmt: skip
    add("--budget", type=_dollars, metavar="USD", help="spend at most this (default: 1.00)")
    add("--cold", action="store_true", help="start pytest anew for each run of the tests")
    add(
        "--first-failure", action="store_true",
        help="stop tests at their first failure: quicker, and never green",
    )  # fmt: skip
    _trusting(parser)


def _trusting(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--trust", action="store_true", help="trust the check commands, for this run")
    add(
        "--no-sandbox", action="store_true",
        help="run trusted checks without a sandbox, with all that you may do",
    )  # fmt: skip


def _proposers(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", default="", metavar="NAME", help="a model, as litellm names it")
    which.add_argument(
        "--proposer", default="", metavar="repair|script:FILE",
        help="the built-in search, or replies from a file",
    )  # fmt: skip


def _repo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", default="", metavar="PATH", help="the repository (default: here)")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--headless", action="store_true", help="without a screen (as where there is no terminal)"
    )
    _proposers(parser)


def _log(parser: argparse.ArgumentParser) -> None:
    _repo(parser)
    parser.add_argument(
        "--search", default="", metavar="WORDS",
        help="where all these words are: goals, notes, comments, paths, tests, commits",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="print one session (or place) a line, as JSON"
    )


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "which", nargs="?", type=_try_or_session, default=0, metavar="N|SESSION",
        help="which try (default: newest), or the ledger of a session: for each step what must"
        " hold, which run showed it, on which tree, and when",
    )  # fmt: skip
    parser.add_argument("--session", default="", metavar="ID", help="of which session")
    parser.add_argument("--patch", action="store_true", help="its patch alone, for `git apply`")
    _repo(parser)


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "rev", nargs="?", default="HEAD", metavar="REV", help="the commit (default: HEAD)"
    )
    _repo(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    _trusting(parser)
    parser.epilog = (
        "Reads the lines of evidence in the commit's message, compares tree, parent, files and"
        " commands with what the repository holds, and runs the checks again on the commit and on"
        " its parent, in a private copy. Prints each claim with ✓ (holds), ✗ (does not) or ? (not"
        " known, and why). Exits with 0 when every claim holds, 1 when one does not or is not"
        " known, 2 for a commit that is none of Loopwright's, 4 when its commands are not trusted."
    )


def _resume(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "session", nargs="?", default="", metavar="SESSION", help="which (default: the newest)"
    )
    _repo(parser)


def _report(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("session", nargs="?", default="", metavar="SESSION", help="which (default: the newest)")
    add(
        "--output", default="-", metavar="FOLDER|-",
        help="write it into this folder, or print it (-, the default)",
    )  # fmt: skip
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--html", dest="form", action="store_const", const="html", default="",
        help="as one page of HTML (the default in a folder)",
    )  # fmt: skip
    form.add_argument(
        "--markdown", dest="form", action="store_const", const="markdown", default="",
        help="as Markdown (the default when printed)",
    )  # fmt: skip
    add("--force", action="store_true", help="replace a file there that is no report of ours")
    _repo(parser)


def _gc(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--keep-days", type=_days, default=KEEP_DAYS, metavar="N",
        help="keep sessions that were touched in the last N days (default: %(default)s)",
    )  # fmt: skip
    add("--dry-run", action="store_true", help="say what would be freed, and free nothing")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--all", action="store_true",
        help="of every repository; what is left of repositories that are no more, too",
    )  # fmt: skip
    where.add_argument("--repo", default="", metavar="PATH", help="the repository (default: here)")


def _doctor(parser: argparse.ArgumentParser) -> None:
    _repo(parser)


COMMANDS: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "demo": ("Fix a bug in a small repository of our own, made for you to try it on.", _demo),
    "run": ("Reach a goal without a screen.", _run),
    "log": ("List the sessions and tries in this repository.", _log),
    "show": ("Show one try: what was proposed, and what the checks said of it.", _show),
    "report": ("Tell a whole session on one page, for others to read.", _report),
    "verify": ("Run a landed commit's evidence again, and say what still holds.", _verify),
    "resume": ("Go on with a session.", _resume),
    "gc": ("Free what old sessions take; those that are not ended always stay.", _gc),
    "doctor": ("Say what was found here, and what would be used.", _doctor),
}


def _try_or_session(text: str) -> int | str:
    """Sessions are named by their day, which has more digits than any try."""
    return _count(text) if len(text) <= 5 else text


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10000")
    return int(text)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) > 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of days")
    return int(text)


def _dollars(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of dollars, like 0.50")
    return amount
