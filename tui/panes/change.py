"""The change: the proposer's reasons, then every hunk, each taken or left by the person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from textual import on
from textual.content import Content
from textual.geometry import Region

from core import protocol as p
from core.lanes import apart
from core.message import hunks_in_words
from core.state import Iteration
from core.text import clean, decode
from tui.paint import Line
from tui.panes import diffs, selecting
from tui.panes.arrange import GIVEN, DiffRow, Kind, Layout, Wish, arrange
from tui.panes.diffs import Brush, Painter
from tui.panes.reasons import change_head, streamed
from tui.panes.rows import Rows
from tui.taking import in_words
from tui.view import View

SPLIT_FROM = 140
"""Columns of the terminal from which old and new fit side by side."""
CONTEXT = (0, 1, GIVEN, 10, 30, 100, 1_000_000)
"""Lines of context around a hunk, step by step; the last is the whole file."""
SIDEWAYS = 8


class ChangePane(Rows):
    title = "3 change"
    wraps = False

    def __init__(self, **how: object) -> None:
        super().__init__(id="change", **how)  # type: ignore[arg-type]
        self.rows: list[DiffRow] = []
        self.files: tuple[p.FileDiff, ...] = ()
        self.wish = Wish()
        self.begun = -1
        """The row at which a selection of lines was begun; -1 where there is none."""
        self._painter = Painter(())
        self._brush = Brush()
        self._body: list[DiffRow] = []
        self._heads = 0
        """Rows above the first file."""
        self._made_of: tuple[Layout, Wish] = (Layout(()), self.wish)
        self._tree = ""

    # -- rows

    def remake(self, view: View, cells: int) -> int:
        streaming = streamed(view)
        self.following = bool(streaming)
        tree = view.change.tree if view.change else ""
        files = () if streaming or view.diff is None else view.diff
        at = self._here()
        if files is not self.files:
            self.files, self._painter = files, Painter(files)
            self.wish = replace(self.wish, context={}, listed=False)
            at = None if tree != self._tree else at
        wish = replace(self.wish, split=self.side_by_side)
        made_of = self._layout_of(view, cells)
        changed = (made_of, wish) != self._made_of
        if changed:
            self._body, self._made_of = arrange(made_of, wish), (made_of, wish)
            self.begun = -1
        self._brush = Brush(
            cells=cells,
            split=wish.split,
            shift=self._brush.shift if wish.split else 0,
            taking=view.taken,
            choosing=made_of.choosing,
            reasons=made_of.reasons,
            colours=not self.app.no_color,
        )
        head = [DiffRow("text", drawn=row) for row in change_head(view, cells, streaming)]
        head += [DiffRow("text")] if head and self._body else []
        moved, self._heads = len(head) - self._heads, len(head)
        self.rows = [*head, *self._body]
        self._keep_place(tree, at, changed, moved)
        return len(self.rows)

    def _layout_of(self, view: View, cells: int) -> Layout:
        n = view.shown.n if view.shown else 0
        return Layout(
            files=self.files,
            reasons=apart(view.change) if view.change and self.files else {},
            breaks=broken_by(view.shown),
            comments=tuple(c for c in view.state.comments if c.iteration == n and c.path),
            contents=dict(self._painter.contents),
            cells=cells,
            choosing=may_choose(view),
        )

    def _here(self) -> DiffRow | None:
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def _keep_place(self, tree: p.Tree, at: DiffRow | None, changed: bool, moved: int) -> None:
        """The cursor stays on what it was on, however the rows were made anew."""
        if tree != self._tree:
            self._tree, self.cursor, self.begun = tree, 0, -1
            if not self.following:
                self.scroll_home(animate=False, immediate=True)
        elif changed and at is not None and at.file >= 0:
            self.cursor = nearest(self.rows, at)
            self.call_after_refresh(lambda: self.to(self.cursor))
        elif moved:
            self.cursor += moved
        if self.rows and not self.stops(max(0, min(self.cursor, len(self.rows) - 1))):
            first = next((y for y in range(len(self.rows)) if self.stops(y)), 0)
            self.cursor = max(self.cursor, first)

    def row(self, y: int) -> Line:
        return self._painter.paint(self.rows[y], self._brush, y in self.selected)

    def text(self, y: int) -> str:
        row = self.rows[y]
        return self._painter.text(row)

    def stops(self, y: int) -> bool:
        return not self.files or self.rows[y].kind not in ("text", "comment")

    def widest(self) -> int:
        return self._width if self._brush.split else max(self._width, self._painter.widest)

    def text_under_cursor(self) -> str:
        if not self.rows:
            return ""
        ys = self.selected or range(self.cursor, self.cursor + 1)
        return "\n".join(self.text(y) for y in ys)

    # -- what the cursor is on

    @property
    def selected(self) -> range:
        """Rows between the beginning of the selection and the cursor; empty without one."""
        if self.begun < 0:
            return range(0)
        return range(min(self.begun, self.cursor), max(self.begun, self.cursor) + 1)

    def hunk(self) -> str:
        """Id of the hunk under the cursor; "" for none."""
        here = self._here()
        return selecting.hunk_id(self.files, here) if here else ""

    def hunks_here(self) -> tuple[str, ...]:
        """The hunk under the cursor; on a file's own row, all of that file."""
        here = self._here()
        if here is None or here.file < 0:
            return ()
        return (self.hunk(),) if here.hunk >= 0 else self.files[here.file].change.hunks

    def lines_here(self) -> list[tuple[p.Hunk, frozenset[int]]]:
        """The changed lines that are selected, hunk by hunk."""
        return selecting.places(self.files, (self.rows[y] for y in self.selected))

    def range_here(self) -> selecting.Range | None:
        """What a comment would be about: the selected lines, the line under the cursor, or the
        changed lines of the hunk whose heading it is on."""
        here = self._here()
        if here is None or not self.files:
            return None
        rows = [self.rows[y] for y in self.selected] or [here]
        if rows == [here] and here.kind == "hunk":
            mine = (r for r in self._body if (r.file, r.hunk) == (here.file, here.hunk))
            rows = [r for r in mine if r.kind == "line" and r.old != r.new]
        rows = [row for row in rows if row.file == here.file]
        return selecting.line_range(self.files, rows, self._painter.contents)

    def place(self) -> tuple[str, int]:
        """Path and line under the cursor; the first file's where the cursor is on none."""
        here = self._here()
        if here is None or not self.files:
            return "", 0
        path, at = selecting.line_at(self.files, here)
        return (path, at) if path else (self.files[0].change.path, 1)

    # -- moving

    def to(self, y: int) -> None:
        super().to(y)
        end = self.cursor + 1
        while end < len(self.rows) and self.rows[end].kind == "comment":
            end += 1
        if end > self.cursor + 1:  # what was said of a line is seen with it
            said = Region(0, self.cursor, 1, end - self.cursor)
            self.scroll_to_region(said, animate=False, x_axis=False, force=True)

    def go_to(self, path: str, at: int) -> bool:
        y = selecting.find_line(self.files, self.rows, path, at)
        if y >= 0:
            self.to(y)
        return y >= 0

    def cmd_hunk_next(self) -> None:
        self._seek("hunk", range(self.cursor + 1, len(self.rows)))

    def cmd_hunk_previous(self) -> None:
        self._seek("hunk", range(self.cursor - 1, -1, -1))

    def cmd_file_next(self) -> None:
        self._seek("file", range(self.cursor + 1, len(self.rows)))

    def cmd_file_previous(self) -> None:
        self._seek("file", range(self.cursor - 1, -1, -1))

    def _seek(self, kind: Kind, where: Iterable[int]) -> None:
        found = next((y for y in where if self.rows[y].kind == kind), None)
        if found is not None:
            self.to(found)

    def jump(self) -> bool:
        """From the list of files to the file; False where the cursor is on no list."""
        here = self._here()
        if here is not None and here.kind == "more":
            self.wish = replace(self.wish, listed=True)
            self._remake()
            return True
        if here is None or here.kind != "index":
            return False
        self._seek("file", (y for y, r in enumerate(self.rows) if r.file == here.file))
        return True

    @on(Rows.Chosen)
    def _clicked(self) -> None:
        self.jump()

    def cmd_left(self) -> None:
        self._sideways(-SIDEWAYS) if self._brush.split else super().cmd_left()

    def cmd_right(self) -> None:
        self._sideways(SIDEWAYS) if self._brush.split else super().cmd_right()

    def _sideways(self, by: int) -> None:
        most = max(0, self._painter.widest - self._width // 2)
        self._brush = replace(self._brush, shift=max(0, min(most, self._brush.shift + by)))
        self.repaint()

    # -- how it is shown

    @property
    def side_by_side(self) -> bool:
        return self.wish.split and self.app.size.width >= SPLIT_FROM

    def show_as(self, wish: Wish) -> None:
        self.wish = wish
        self._remake()

    def context_here(self, by: int) -> tuple[str, int] | None:
        """Path and lines of context that the file under the cursor would have, one step on."""
        here = self._here()
        if here is None or here.file < 0:
            return None
        path = self.files[here.file].change.path
        at = CONTEXT.index(self.wish.context.get(path, GIVEN)) + by
        return path, CONTEXT[max(0, min(at, len(CONTEXT) - 1))]

    def knows(self, path: str) -> bool:
        return path in self._painter.contents

    def know(self, path: str, content: bytes) -> None:
        """Keeps a file of the change, to show more of it."""
        lines = clean(decode(content)).split("\n")
        self._painter.know(path, lines[:-1] if lines and not lines[-1] else lines)

    def give_context(self, path: str, lines: int) -> None:
        self.show_as(replace(self.wish, context={**self.wish.context, path: lines}))

    def toggle_selection(self) -> None:
        self.begun = self.cursor if self.begun < 0 else -1
        self.repaint()

    def heading(self, view: View) -> tuple[Content, Content]:
        change = view.change
        if view.past is not None:
            title = Content.assemble(
                self.title, "  ", (f"try {view.past.n}, as it was: esc for the present", "bold")
            )
        else:
            title = Content(self.title)
        if change is None or streamed(view):
            return title, Content("")
        parts = [what_is_shown(view), diffs.totals(change)]
        if may_choose(view):
            parts.append(in_words(view.taken, change.hunk_ids))
        parts.append("blanks hidden" if self.wish.space else "")
        parts.append(f"base {change.base.commit[:7]}")
        return title, Content(" · ".join(part for part in parts if part))


def nearest(rows: Sequence[DiffRow], at: DiffRow) -> int:
    """The row that shows what `at` shows, or comes next to it."""
    best, least = 0, None
    for y, row in enumerate(rows):
        if row.file != at.file or (row.kind == "index") != (at.kind == "index"):
            continue
        far = (
            abs(row.hunk - at.hunk),
            row.kind != at.kind,
            min(abs(row.old - at.old), abs(row.new - at.new)),
            abs(row.new - at.new),
        )
        if least is None or far < least:
            best, least = y, far
    return best


def may_choose(view: View) -> bool:
    """Whether hunks can be taken and left: an approval is asked, of the change on screen."""
    gate = view.gate
    return (
        view.past is None
        and gate is not None
        and "approve" in gate.allows
        and (gate.kind != "plan")
    )


def what_is_shown(view: View) -> str:
    gate = view.gate
    if view.past is None and gate is not None and gate.undo is not None:
        return f"{'redo' if gate.undo.redo else 'undo'} of {gate.undo.commit[:7]}"
    return f"try {view.shown.n}" if view.shown else ""


def broken_by(it: Iteration | None) -> dict[str, str]:
    """Hunk id → what it breaks, in words."""
    found: dict[str, list[str]] = {}
    for one in it.blames or () if it is not None else ():
        others = hunks_in_words(one.hunks, it.change) if len(one.hunks) > 1 and it else ""
        for hunk in one.hunks:
            says = f"{one.test} ({others} together)" if others else one.test
            found.setdefault(hunk, []).append(says)
    return {hunk: f"breaks {', '.join(tests)}" for hunk, tests in found.items()}
