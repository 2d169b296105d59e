"""The change: the proposer's reasons, then every hunk, each taken or left by the person."""

from __future__ import annotations

from textual.content import Content

from core import protocol as p
from core.text import clean, clean_line
from tui.paint import Line, line, wrap
from tui.panes import diffs
from tui.panes.conflicts import conflict_face
from tui.panes.diffs import DiffRow
from tui.panes.faces import moved_face, plan_face, trust_face, undo_face, welcome_face
from tui.panes.rows import Rows
from tui.view import View, doing

REASONS_UP_TO = 4_000
STREAM_ROWS = 400


class ChangePane(Rows):
    title = "3 change"
    wraps = False

    def __init__(self, **how: object) -> None:
        super().__init__(id="change", **how)  # type: ignore[arg-type]
        self.rows: list[DiffRow] = []
        self.files: tuple[p.FileDiff, ...] = ()
        self._body: list[DiffRow] = []
        self._numbers = 3
        self._widest = 0
        self._tree = ""

    def remake(self, view: View, cells: int) -> int:
        streaming = streamed(view)
        self.following = bool(streaming)
        tree = view.change.tree if view.change else ""
        files = () if streaming or view.diff is None else view.diff
        if files is not self.files:
            self.files = files
            self._numbers = diffs.number_width(files)
            self._widest = diffs.widest(files, self._numbers)
            self._body = diffs.diff_rows(files)
        head = [DiffRow("text", drawn=row) for row in change_head(view, cells, streaming)]
        body = self._body
        self.rows = [*head, *([DiffRow("text")] if head and body else []), *body]
        if tree != self._tree:
            self._tree = tree
            self.cursor = 0
            if not self.following:
                self.scroll_home(animate=False, immediate=True)
        if self.rows and not self.stops(min(self.cursor, len(self.rows) - 1)):
            first = next((y for y in range(len(self.rows)) if self.stops(y)), 0)
            self.cursor = max(self.cursor, first)
        return len(self.rows)

    def row(self, y: int) -> Line:
        row = self.rows[y]
        if row.kind == "text" or self.view is None:
            return row.drawn
        diff = self.files[row.file]
        if row.kind == "file":
            return diffs.paint_file(diff, self._width)
        if row.kind == "lane":
            return diffs.paint_lane(diff.change, may_choose(self.view))
        taken = diffs.hunk_id(self.files, row) in self.view.taken
        choosing = may_choose(self.view)
        if row.kind == "hunk":
            return diffs.paint_hunk(diff, row, taken, choosing)
        return diffs.paint_line(diff, row, self._numbers, choosing and not taken)

    def stops(self, y: int) -> bool:
        return not self.files or self.rows[y].kind != "text"

    def widest(self) -> int:
        return max(self._width, self._widest)

    def hunk(self) -> str:
        """Id of the hunk under the cursor; "" for none."""
        return diffs.hunk_id(self.files, self.rows[self.cursor]) if self.rows else ""

    def hunks_here(self) -> tuple[str, ...]:
        """The hunk under the cursor; on a file's own row, all of that file."""
        if not self.rows:
            return ()
        row = self.rows[self.cursor]
        if row.kind in ("file", "lane"):
            return self.files[row.file].change.hunks
        return tuple(h for h in (self.hunk(),) if h)

    def place(self) -> tuple[str, int]:
        """Path and line under the cursor; the first file's where the cursor is on none."""
        if not self.rows or not self.files:
            return "", 0
        path, at = diffs.file_line(self.files, self.rows[self.cursor])
        return (path, at) if path else (self.files[0].change.path, 1)

    def range_here(self) -> tuple[str, int, int, bool, str] | None:
        """Path, first and last line, whether they are the base's, and the lines themselves."""
        if not self.rows or self.rows[self.cursor].kind != "line":
            return None
        row = self.rows[self.cursor]
        entry = self.files[row.file].hunks[row.hunk].lines[row.at]
        old = entry.kind == "-"
        at = entry.old if old else entry.new
        return self.files[row.file].change.path, at, at, old, entry.text

    def go_to(self, path: str, at: int) -> bool:
        y = diffs.find_line(self.files, self.rows, path, at)
        if y >= 0:
            self.to(y)
        return y >= 0

    def cmd_hunk_next(self) -> None:
        self._hunk(range(self.cursor + 1, len(self.rows)))

    def cmd_hunk_previous(self) -> None:
        self._hunk(range(self.cursor - 1, -1, -1))

    def _hunk(self, where: range) -> None:
        found = next((y for y in where if self.rows[y].kind == "hunk"), None)
        if found is not None:
            self.to(found)

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
            every = change.hunk_ids
            parts.append(f"{len(view.taken & set(every))} of {len(every)} hunks taken")
        parts.append(f"base {change.base.commit[:7]}")
        return title, Content(" · ".join(part for part in parts if part))


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


def streamed(view: View) -> str:
    """What the proposer has written so far of a reply that is not finished."""
    if view.past is not None:
        return ""
    for action in view.state.inflight:
        if isinstance(action, p.Propose | p.MakePlan):
            return view.live.streamed.get(action.id, "") or "…"
    return ""


def change_head(view: View, cells: int, streaming: str) -> list[Line]:
    """Everything above the first hunk."""
    if streaming:
        return _streaming(view, cells, streaming)
    gate, it = view.gate, view.shown
    if view.past is None and gate is not None:
        if gate.kind == "trust":
            return trust_face(view, cells)
        if gate.kind == "plan":
            return plan_face(view, cells)
        if gate.moved is not None:
            return [*moved_face(gate.moved, cells), line(), *_reasons(view, cells)]
        if gate.undo is not None:
            return undo_face(view, gate.undo, cells)
        if gate.conflict is not None:
            advice = "Settle it in your editor (e), or say how it should be (r)."
            return conflict_face(gate.conflict, view.marked, cells, advice)
    if it is None:
        return welcome_face(view, cells)
    return _reasons(view, cells)


def _streaming(view: View, cells: int, text: str) -> list[Line]:
    notes = [
        row for note in view.state.notes
        for row in wrap(f"queued for the next request: “{clean_line(note)}”", cells, "warn italic")
    ]  # fmt: skip
    if text == "…":
        who = view.working
        says = f"{doing(who, view.state.choice.name)}…" if who else "…"
        return [*wrap(says, cells, "dim"), *notes]
    return [*wrap(text, cells)[-STREAM_ROWS:], *notes]


def _reasons(view: View, cells: int) -> list[Line]:
    it = view.shown
    if it is None:
        return []
    rows: list[Line] = []
    if it.problem is not None:
        rows += wrap(f"No change came of this try: {it.problem.says}", cells, "warn")
    match it.origin:
        case p.Subset(of=of):
            rows += wrap(f"The part that you took of try {of}, checked by itself.", cells, "dim")
        case p.Edited(of=of):
            rows += wrap(f"Try {of} as you edited it.", cells, "dim")
        case p.Rebuilt(of=of):
            rows += wrap(f"Try {of}, put on the base as it is now.", cells, "dim")
        case p.Again(of=of):
            rows += wrap(f"Try {of} once more, for another decision than then.", cells, "dim")
        case _:
            pass
    if it.reply is not None and it.reply.reasons.strip():
        rows += wrap(clean(it.reply.reasons.strip())[:REASONS_UP_TO], cells)
    if it.change is not None and view.diff is None:
        rows.append(line(("Reading the change…", "dim")))
    if it.change is not None and view.diff == ():
        rows += wrap("The change is empty: it leaves every file as it was.", cells, "dim")
    if not rows and view.working is not None and view.past is None:
        rows = wrap(f"{doing(view.working, view.state.choice.name)}…", cells, "dim")
    return rows
