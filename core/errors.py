"""The one tree of errors. Each says what happened, what was kept, and what to do next.

LoopwrightError
├── UsageError          exit 2: an option, a goal or a configuration that cannot be used
├── Refused             exit 4: a repository or a state that we do not work in
│   └── HeldByAnother   exit 4: another workbench has this repository open
├── JournalError        exit 2: the state folder cannot be read or written
├── GitFailed           git ended with an error that nothing above expected
├── ActionFailed        a performer's problem; becomes an event, never a traceback
└── ActionCancelled     raised inside a performer whose action is no longer wanted
"""

from __future__ import annotations

from core.protocol import Problem, Usage


class LoopwrightError(Exception):
    """Base of everything that we raise on purpose; `str()` is a sentence for the person."""

    exit_code = 1


class UsageError(LoopwrightError):
    exit_code = 2


class Refused(LoopwrightError):
    exit_code = 4


class HeldByAnother(Refused):
    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(
            f"{holder} has this repository open. Nothing was changed; end that session,"
            " or look on read-only with `loopwright`."
        )


class JournalError(LoopwrightError):
    exit_code = 2


class NotNow(LoopwrightError):
    pass


class GitFailed(LoopwrightError):
    def __init__(self, argv: tuple[str, ...], code: int, stderr: str) -> None:
        self.argv, self.code, self.stderr = argv, code, stderr
        super().__init__(f"git {' '.join(argv[:3])} failed ({code}): {stderr.strip()}")


class ActionFailed(LoopwrightError):
    def __init__(self, problem: Problem, usage: Usage = Usage()) -> None:  # noqa: B008
        self.problem, self.usage = problem, usage
        super().__init__(problem.says)


class ActionCancelled(LoopwrightError):
    def __init__(self) -> None:
        super().__init__("cancelled")
