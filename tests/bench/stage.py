"""Sessions as the product opens them, with the time at which everything was told."""

from __future__ import annotations

import re
import sys
import time
import venv
from collections.abc import Callable, Mapping
from pathlib import Path

from core import protocol as p
from core.checks.runner import lent
from core.config import Settings
from core.session import open_session
from core.state import State
from tests.fakes.driver import Told, Watcher
from tests.fakes.stage import clean_environment


class Listener(Watcher):
    """Keeps when each delta came (epoch); entries carry their own time."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[float, p.AnyDelta]] = []

    def __call__(self, item: p.Entry | p.AnyDelta) -> None:
        if not isinstance(item, p.Entry):
            self.came.append((time.time(), item))
        super().__call__(item)


class Timed(Told):
    """A live session, surveyed and so warm."""

    def __init__(
        self,
        repo: Path,
        home: Path,
        proposer: str,
        python: str,
        env: Mapping[str, str] | None = None,
        **options: object,
    ) -> None:
        self.watcher: Listener = Listener()
        settings = Settings(
            repo=repo,
            env={**clean_environment(home), **(env or {})},
            options=p.Options(with_plan=False, trust_for_run=True, max_iterations=100, **options),  # type: ignore[arg-type]
            proposer=proposer,
            interpreter=python,
        )
        self.session = open_session(settings, self.watcher)
        self.watcher.wait(lambda: self.state.survey)

    @property
    def state(self) -> State:
        return self.session.state

    def submit(self, command: p.AnyCommand) -> None:
        self.session.submit(command)

    def __enter__(self) -> Timed:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def at(self, wanted: Callable[[p.AnyEvent], bool]) -> list[float]:
        """When the events came that are wanted."""
        return [e.at for e in self.watcher.entries if wanted(e.event)]

    def reported(self, action: str, kind: type[p.Event]) -> float:
        """When the action reported this; the last time, where it did more than once."""
        return self.at(lambda e: isinstance(e, kind) and getattr(e, "action", "") == action)[-1]

    def started(self, action: str) -> float:
        return self.at(lambda e: isinstance(e, p.Started) and e.action.id == action)[-1]

    def printed(self, action: str, pattern: str) -> str:
        """What a check printed of that pattern's first group."""
        for _, delta in self.watcher.came:
            if isinstance(delta, p.Output) and delta.action == action:
                for line in delta.lines:
                    if found := re.search(pattern, line):
                        return found.group(1)
        raise LookupError(f"{action} printed nothing like {pattern}")


def python_with_pytest(folder: Path) -> str:
    """A Python that has pytest and nothing else, as a person's virtual environment might."""
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for source in lent():
        (folder / "lib" / version / "site-packages" / source.name).symlink_to(source)
    return str(folder / "bin" / "python")
