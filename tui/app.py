"""The app around the workbench: theme, title, bell, editor, and an orderly end."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath
from typing import Any, ClassVar, TypeVar

from textual.app import App, SuspendNotSupported
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from core.reading import Session
from core.text import clean, clean_line
from tui import theme
from tui.bridge import Bridge
from tui.commands import TABLE, remapped
from tui.editor import EditorFailed, edit_bytes, editor_argv, run_editor
from tui.opening import Opening
from tui.paint import Styles
from tui.screens.workbench import WorkbenchScreen
from tui.view import View

T = TypeVar("T")
FRAME = 1 / 30
CLOSING = 5.0
"""Seconds that closing the session may take before the screen goes anyway."""


class Woken(Message):
    """The bridge has something for the screen."""


class Workbench(App[None]):
    """The workbench on a session. Make the `Bridge` first and hand its `sink` to the session."""

    CSS_PATH: ClassVar[Any] = [PurePath(__file__).parent / "styles" / "workbench.tcss"]
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[Any] = [
        Binding("ctrl+c", "act('global.cancel')", show=False, priority=True),
        Binding("ctrl+q", "act('global.quit')", show=False, priority=True),
        Binding("ctrl+p", "command_palette", show=False, priority=True),
    ]
    TITLE = "loopwright"

    def __init__(
        self,
        session: Session,
        bridge: Bridge,
        *,
        theme_name: str = theme.DARK.name,
        keys: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.session, self.bridge = session, bridge
        self.clock, self.monotonic = clock, monotonic
        self.env = os.environ if env is None else env
        self.commands = remapped(keys or {}, TABLE)
        self.register_theme(theme.DARK)
        self.register_theme(theme.LIGHT)
        names = {"dark": theme.DARK.name, "light": theme.LIGHT.name, "terminal": "ansi-dark"}
        self.theme = names.get(theme_name, theme_name)
        self._look: tuple[str, Styles] | None = None
        self._called = ""
        self._title = ""
        self._frame_at = 0.0
        self._leaving = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="reader")

    def get_default_screen(self) -> Screen[Any]:
        return WorkbenchScreen(self.session, self.commands)

    @property
    def desk(self) -> WorkbenchScreen:
        """The workbench's screen, also beneath a dialog."""
        return next(s for s in self.screen_stack if isinstance(s, WorkbenchScreen))

    def look(self) -> Styles:
        """Named styles in the theme of the moment."""
        if self._look is None or self._look[0] != self.theme:
            self._look = (self.theme, theme.styles(self.current_theme))
        return self._look[1]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {**theme.DARK.variables, **super().get_theme_variable_defaults()}

    # -- frames

    def on_mount(self) -> None:
        self.bridge.attach(self._wake)
        if isinstance(self.session, Opening):
            # Its imports would hold the first frame up, wherever they run.
            self.call_after_refresh(self.session.start)
        if self._driver is not None and not self.is_headless:
            self._driver.write("\x1b[22;0t")  # keeps the terminal's title, for the end
            # What the start made stays to the end: the collector need not look at it on each page.
            self.call_after_refresh(gc.freeze)

    def _wake(self) -> None:
        self.post_message(Woken())

    def on_woken(self) -> None:
        """At most one frame in `FRAME` seconds, however often the engine speaks."""
        wait = self._frame_at + FRAME - time.monotonic()
        if wait > 0:
            self.set_timer(wait, self._take_frame)
        else:
            self._take_frame()

    def _take_frame(self) -> None:
        self._frame_at = time.monotonic()
        if isinstance(self.session, Opening) and self.session.failed is not None:
            self.exit()
        elif not any(isinstance(s, WorkbenchScreen) for s in self.screen_stack):
            return  # a frame that was asked for before the screen went
        elif self.desk.arrived():
            self.set_timer(FRAME, self._take_frame)

    async def off_thread(self, work: Callable[[], T]) -> T:
        """Runs what may touch the disk, away from the screen."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    # -- title and bell

    def called(self, view: View) -> None:
        """Title and bell say when the person is waited for."""
        gate = view.gate.id if view.gate else ""
        if gate and gate != self._called and not view.held_by:
            self.bell()
        self._called = gate
        name = PurePath(view.state.repository).name
        mark = "● " if gate else ""
        title = clean_line(f"{mark}{name} – loopwright" if name else "loopwright")[:120]
        if title != self._title and self._driver is not None and not self.is_headless:
            self._title = title
            self._driver.write(f"\x1b]0;{title}\x07")

    # -- commands

    def action_act(self, ident: str) -> None:
        command = next(c for c in self.commands if c.id == ident)
        if ident == "global.cancel" and command.applies(self.desk.view):
            selected = self.screen.get_selected_text()
            if selected:
                self.copy_to_clipboard(clean(selected))
                self.desk.say("Copied.")
                return
        self.desk.run_command(command)

    def action_command_palette(self) -> None:
        from tui.screens.palette import open_palette

        open_palette(self)

    # -- the person's editor

    async def edit(self, path: str, content: bytes, line: int = 0) -> bytes | None:
        """The person's version of a file, or None when they dropped it."""
        argv = editor_argv(self.env)
        if argv:
            try:
                with self.suspend():
                    return edit_bytes(argv, path, content, line)
            except EditorFailed as error:
                self.desk.say(str(error), "error")
                return None
            except SuspendNotSupported:
                pass
        return await self._edit_here(path, content, line)

    async def _edit_here(self, path: str, content: bytes, line: int) -> bytes | None:
        from tui.screens.text import TextScreen

        text = editable(content)
        if text is None:
            says = f"{path} is no plain text for the built-in editor; set $EDITOR to edit it."
            self.desk.say(says, "warning")
            return None
        answer = await self.push_screen_wait(TextScreen(path, text, line))
        return None if answer is None else answer.encode()

    def open_in_editor(self, path: Path, line: int) -> None:
        """Opens one of the person's own files."""
        argv = editor_argv(self.env)
        if not argv:
            self.desk.say("No $EDITOR is set; v shows the file whole.", "warning")
            return
        try:
            with self.suspend():
                run_editor(argv, path, line)
        except EditorFailed as error:
            self.desk.say(str(error), "error")
        except SuspendNotSupported:
            self.desk.say("This terminal cannot be given to an editor.", "warning")

    # -- the end

    def leave(self) -> None:
        """Closes the session on a thread of its own, then the screen."""
        if self._leaving:
            self.exit()
            return
        self._leaving = True
        self.desk.say("Closing; the session can be resumed…")
        threading.Thread(target=self._close, name="closing", daemon=True).start()
        self.set_timer(CLOSING, self.exit)

    def _close(self) -> None:
        try:
            self.session.close()
        finally:
            self.call_later(self.exit)

    def on_unmount(self) -> None:
        self.bridge.detach()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._driver is not None and not self.is_headless:
            self._driver.write("\x1b[23;0t")


def editable(content: bytes) -> str | None:
    """The content as text that an editor on screen gives back byte for byte, else None."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    unix = text.replace("\r\n", "\n")
    mixed = "\r" in unix or ("\r\n" in text and "\n" in text.replace("\r\n", ""))
    return None if mixed or clean(unix) != unix else text
