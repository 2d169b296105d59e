"""Looking around: panes, faces, search, files, themes, help. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.text import clean
from tui.acts.desk import Desk
from tui.theme import CYCLE
from tui.view import PANES, Pane


def to_pane(name: Pane) -> Callable[[Desk], None]:
    return lambda desk: desk.focus_pane(name)


def next_pane(by: int) -> Callable[[Desk], None]:
    def act(desk: Desk) -> None:
        now = desk.view.pane
        at = PANES.index(now) + by if now else 0
        desk.focus_pane(PANES[at % len(PANES)])

    return act


def full(desk: Desk) -> None:
    desk.full = not desk.full
    desk.redraw()


def theme(desk: Desk) -> None:
    now = desk.app.theme
    at = CYCLE.index(now) + 1 if now in CYCLE else 0
    desk.app.theme = CYCLE[at % len(CYCLE)]


def palette(desk: Desk) -> None:
    desk.app.action_command_palette()


def help_page(desk: Desk) -> None:
    from tui.screens.help import HelpScreen

    desk.app.push_screen(HelpScreen(desk.app.commands))


def search(desk: Desk) -> None:
    desk.write("search", desk.focused_pane.needle)


def search_next(desk: Desk) -> None:
    pane = desk.focused_pane
    if not pane.needle:
        desk.say("Nothing is searched for; / begins a search.", "warning")
    elif not pane.find(pane.needle):
        desk.say(f"“{pane.needle}” is not in this pane.", "warning")


def copy(desk: Desk) -> None:
    text = desk.app.screen.get_selected_text() or desk.focused_pane.text_under_cursor()
    desk.app.copy_to_clipboard(clean(text))
    desk.say("Copied.")


def whole(desk: Desk) -> None:
    """The file under the cursor, whole, as the change leaves it."""
    change = desk.view.change
    path, line = desk.pane("change").place()
    if change is None or not path:
        return
    reader, files = desk.session.reader, desk.view.diff or ()

    def opened(content: bytes | None) -> None:
        from tui.screens.file import FileScreen

        if content is None:
            desk.say(f"{path} does not exist in this change.", "warning")
            return
        diff = next((f for f in files if f.change.path == path), None)
        desk.app.push_screen(FileScreen(path, content, diff, line))

    desk.read(lambda: reader.file(change.tree, path), opened)


def open_file(desk: Desk) -> None:
    """The person's own file at the line under the cursor, in their editor."""
    path, line = desk.pane("change").place()
    own = Path(desk.view.state.repository) / path
    if not path or not own.is_file():
        desk.say(f"{path or 'That'} is not in your files yet; v shows it whole.", "warning")
        return
    desk.app.open_in_editor(own, line)


def face(desk: Desk) -> None:
    desk.face = "output" if desk.face == "problems" else "problems"
    desk.redraw()


def go(desk: Desk) -> None:
    """From a problem to its line: in the change, else in the person's editor."""
    path, line = desk.pane("checks").place()
    if not path:
        desk.say("This row names no file.", "warning")
        return
    if desk.pane("change").go_to(path, line):
        desk.focus_pane("change")
        return
    own = Path(desk.view.state.repository) / path
    if own.is_file():
        desk.app.open_in_editor(own, line)
    else:
        desk.say(f"{path}:{line} is neither in the change nor in your files.", "warning")
