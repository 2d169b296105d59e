"""The `loopwright` command. Loads a screen only when one opens."""

from __future__ import annotations

import difflib
import os
import signal
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn

import msgspec

from core import __version__
from core.config import PersonConfig, Settings, load_person
from core.errors import HeldByAnother, LoopwrightError, UsageError
from core.protocol import AnyDelta, Entry, Options, StartGoal
from core.reading import Session
from tui import arguments, headless
from tui.answers import Approve


def main(argv: Sequence[str]) -> int:
    """Carries out one command line; returns its exit code. Never lets a traceback out."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="replace"
            )  # a terminal that knows no “✓” still shows the rest
    sys.excepthook = _own_fault
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGHUP, _terminated)
    request: Namespace | None = None
    try:
        request = arguments.parse(argv)
        code = _COMMANDS[request.command](request)
        if sys.stdout is not None:
            sys.stdout.flush()
    except LoopwrightError as error:
        headless.say(f"loopwright: {error}")
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone: nothing is wrong with a list that was cut short.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1 if request is not None and request.command in ("run", "demo", "verify") else 0
    except KeyboardInterrupt:
        headless.say("Interrupted. What was recorded is kept; `loopwright resume` goes on from it.")
        return 130
    return code


def _workbench(request: Namespace) -> int:
    if request.version:
        headless.write(f"loopwright {__version__}")
        return 0
    if request.path and request.repo:
        raise UsageError("The repository is named twice; give PATH or --repo, not both.")
    return _open_screen(_settings(request, _folder(request.path or request.repo)), request.goal)


def _open_screen(settings: Settings, goal: str) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        raise UsageError(
            "The workbench needs a terminal, and this is none. Without one, use"
            " `loopwright run GOAL --approve green|never`."
        )
    from tui.app import Workbench
    from tui.bridge import Bridge
    from tui.commands import TABLE
    from tui.opening import Opening

    _refuse_unknown_keys(settings.person, [c.id for c in TABLE])
    bridge = Bridge()
    session = Opening(
        lambda: _opened(settings, bridge.sink), bridge.nudge, resumes=bool(settings.resume)
    )
    try:
        if goal.strip():
            session.submit(StartGoal(goal))
        person = settings.person
        app = Workbench(session, bridge, theme_name=person.theme or "dark", keys=person.keys)
        app.run()
        if session.failed is not None:
            raise session.failed
        return app.return_code or 0
    finally:
        session.close()


def _opened(settings: Settings, sink: Callable[[Entry | AnyDelta], None]) -> Session:
    """The session, live or read-only. Imported late: only the thread that opens it may wait."""
    from core.session import ReadOnlySession, open_session

    cautious = settings.person.level is None and not settings.own
    try:
        return open_session(settings, sink, cautious_first=cautious)
    except HeldByAnother as error:
        return ReadOnlySession(settings, sink, error.holder)


def _refuse_unknown_keys(person: PersonConfig, known: Sequence[str]) -> None:
    for name in person.keys:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean “{near[0]}”?" if near else f"known are {', '.join(known)}."
            raise UsageError(f"Your configuration [keys]: “{name}” is no command; {hint}")


def _run(request: Namespace) -> int:
    goal = request.goal.strip()
    if not goal:
        raise UsageError("The goal is empty; say what should be true afterwards.")
    headless.require_answers(request.approve, terminal=headless.can_ask())
    return _reach(_settings(request, _folder(request.repo)), goal, request.approve, request.json)


def _reach(settings: Settings, goal: str, approve: Approve, as_json: bool) -> int:
    from core.session import open_session

    return headless.run(lambda sink: open_session(settings, sink), goal, approve, as_json=as_json)


def _demo(request: Namespace) -> int:
    import tempfile

    from core.demo import make

    screen = not request.headless and sys.stdin.isatty() and sys.stdout.isatty()
    folder = make.make(Path(tempfile.mkdtemp(prefix="loopwright-demo-")) / "slotbook")
    settings = Settings(
        repo=folder,
        env=dict(os.environ),
        person=load_person(os.environ),
        proposer=_proposer(request),
        own=True,
    )
    headless.write(f"The demo's repository lies in {folder}")
    if screen:
        return _open_screen(settings, make.GOAL)
    return _reach(settings, make.GOAL, "green", as_json=False)


def _resume(request: Namespace) -> int:
    settings = msgspec.structs.replace(
        _recorded(request), person=load_person(os.environ), resume=request.session or "latest"
    )
    return _open_screen(settings, "")


def _recorded(request: Namespace) -> Settings:
    return Settings(repo=_folder(request.repo), env=dict(os.environ))


def _log(request: Namespace) -> int:
    from tui.listing import log, search

    if request.search.strip():
        return search(_recorded(request), request.search, as_json=request.json)
    return log(_recorded(request), as_json=request.json)


def _show(request: Namespace) -> int:
    from tui.listing import show, show_session

    settings = _recorded(request)
    if isinstance(request.which, str):
        if request.session or request.patch:
            raise UsageError("`show SESSION` takes no --session and no --patch; name a try, too.")
        return show_session(settings, request.which)
    return show(settings, request.which, request.session, patch=request.patch)


def _verify(request: Namespace) -> int:
    from core.verify import verify

    person = load_person(os.environ)
    options = Options(
        trust_for_run=request.trust,
        allow_unsandboxed=request.no_sandbox or not person.sandbox,
    )
    repo = _folder(request.repo)
    settings = Settings(repo=repo, env=dict(os.environ), options=options, person=person)
    found = verify(settings, request.rev, headless.show_progress)
    if request.json:
        headless.write_json(found)
        return 0 if found.holds else 1
    headless.write(f"commit {found.commit[:10]}: {found.subject}")
    marks = {"holds": "✓", "fails": "✗", "unknown": "?"}
    for f in found.findings:
        headless.write(f"{marks[f.standing]} {f.claim}{f' · {f.why}' if f.why else ''}")
    counts = Counter[str](f.standing for f in found.findings)
    words = {"holds": "hold", "fails": "do not", "unknown": "are not known"}
    headless.write(", ".join(f"{counts[k]} {words[k]}" for k in words if counts[k]) + ".")
    return 0 if found.holds else 1


def _report(request: Namespace) -> int:
    from tui.reporting import write_report

    return write_report(
        _recorded(request), request.session, request.form, request.output, force=request.force
    )


def _gc(request: Namespace) -> int:
    from core.session import root_of
    from tui.collecting import gc

    root = None if request.all else root_of(_folder(request.repo))
    return gc(os.environ, root, keep_days=request.keep_days, dry_run=request.dry_run)


def _doctor(request: Namespace) -> int:
    from core.doctor import examine

    rows = examine(_folder(request.repo), dict(os.environ))
    marks = {"ok": "✓", "warn": "!", "bad": "✗"}
    width = max(len(row.what) for row in rows)
    for row in rows:
        headless.write(f"{marks[row.state]} {row.what:<{width}}  {row.says}")
    return next((row.code for row in rows if row.state == "bad"), 0)


_COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "workbench": _workbench,
    "run": _run,
    "demo": _demo,
    "resume": _resume,
    "log": _log,
    "show": _show,
    "report": _report,
    "gc": _gc,
    "verify": _verify,
    "doctor": _doctor,
}


def _settings(request: Namespace, repo: Path) -> Settings:
    person = load_person(os.environ)
    return Settings(
        repo=repo,
        env=dict(os.environ),
        options=_options(request, person),
        person=person,
        proposer=_proposer(request),
    )


def _options(request: Namespace, person: PersonConfig) -> Options:
    """What was given on the command line, else what the person configured, else the default."""
    usual = Options()
    tries, money = request.max_iterations, request.budget
    if tries is None:
        tries = person.max_iterations or usual.max_iterations
    if money is None:
        money = usual.budget_usd if person.budget is None else person.budget
    return Options(
        level=person.level or usual.level,
        with_plan=not request.no_plan,
        include_dirty=request.include_dirty,
        max_iterations=tries,
        budget_usd=money,
        trust_for_run=request.trust,
        allow_unsandboxed=request.no_sandbox or not person.sandbox,
        checks=tuple(request.checks),
        warm=person.warm and not request.cold,
        first_failure=person.first_failure or request.first_failure,
    )


def _proposer(request: Namespace) -> str:
    if request.model:
        return f"model:{request.model}"
    kind, _, file = request.proposer.partition(":")
    if kind == "script" and file:
        path = Path(file).expanduser().absolute()
        if not path.is_file():
            raise UsageError(f"The script {path} is not there; name a file after “script:”.")
        return f"script:{path}"
    if request.proposer not in ("", "repair"):
        raise UsageError(
            f"“{request.proposer}” is no proposer; give repair or script:FILE, or name a model"
            " with --model."
        )
    return str(request.proposer)


def _folder(path: str) -> Path:
    """The folder that was named, or the current one. Raises `UsageError`."""
    try:
        folder = (Path.cwd() / path).absolute()
        there, is_folder = os.path.lexists(folder), folder.is_dir()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path or 'The current folder'} cannot be used ({error}).") from error
    if is_folder:
        return folder
    if there:
        raise UsageError(f"{path} is not a folder; name a repository's folder.")
    near = difflib.get_close_matches(path, arguments.COMMANDS, n=1)
    hint = f" A command comes first: `loopwright {near[0]} …`." if near else ""
    raise UsageError(f"There is no folder {path}.{hint}")


def _terminated(number: int, _: FrameType | None) -> NoReturn:
    """Leaves like an interrupt does: what runs is ended, and the terminal restored."""
    raise SystemExit(128 + number)


def _own_fault(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Our own mistakes: one sentence on the terminal, and the whole story in a file."""
    import tempfile
    import traceback

    story = "".join(traceback.format_exception(kind, error, trace))
    with tempfile.NamedTemporaryFile(
        "w", prefix="loopwright-fault-", suffix=".txt", delete=False, errors="replace"
    ) as file:
        file.write(story)
    headless.say(
        f"loopwright: a fault of our own ({kind.__name__}: {error}). What was recorded is kept;"
        f" the details are in {file.name}."
    )
