"""The workbench's one screen: puts a view together, draws it, and turns keys into acts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Literal, TypeVar

from textual import on
from textual.app import ComposeResult

from core import protocol as p
from core.errors import LoopwrightError
from core.reading import Session
from core.text import clean_line
from tui import layout
from tui.commands import Command
from tui.live import Live
from tui.note import NoteInput
from tui.opening import opening
from tui.panes import bars
from tui.panes.change import ChangePane
from tui.panes.checks import ChecksPane, verdict_line
from tui.panes.history import HistoryPane
from tui.panes.plan import PlanPane
from tui.panes.rows import Rows
from tui.screens.deciding import DecidingScreen
from tui.shelf import Shelf
from tui.taking import Taking, at_first
from tui.view import Pane, View, results_of

T = TypeVar("T")
NOTICE = 8.0
"""Seconds that a notice stays, if nothing is pressed."""
ALL_IT_GETS = 1_000
PANE_AT: dict[p.GateKind, Pane] = {"plan": "plan"}


class WorkbenchScreen(DecidingScreen):
    AUTO_FOCUS = ""
    BINDINGS = []

    def __init__(self, session: Session, table: tuple[Command, ...]) -> None:
        super().__init__(table)
        self.session = session
        self.live = Live()
        self.past_n = 0
        self.full = False
        self.face: Literal["problems", "output"] = "problems"
        self.draft: p.Plan | None = None
        self.drafts: dict[tuple[str, str], bytes] = {}
        self.commented: p.Comment | None = None
        self.narrow = "change"
        self._taken: dict[p.Tree, Taking] = {}
        self._shelf = Shelf(lambda: session.reader, self.read, self.redraw)
        self._gate = ""
        self._notice: p.Notice | None = None
        self._notice_at = 0.0
        self._plan = layout.Plan()
        self._layout_object = layout.WorkbenchLayout(lambda: self._plan)
        self.view = View(session.state, self.live, held_by=session.held_by)
        self._drawn: tuple[Pane, ...] = ()
        self._placed: str | None = None
        """For which stage of the opening the focus was placed."""

    @property
    def layout(self) -> layout.WorkbenchLayout:
        return self._layout_object

    def compose(self) -> ComposeResult:
        look = self.app.look  # type: ignore[attr-defined]
        yield bars.Bar(id="small", styles=look)
        yield bars.Bar(id="status", styles=look)
        yield bars.Bar(id="tabs", styles=look)
        yield PlanPane(styles=look)
        yield HistoryPane(styles=look)
        yield ChangePane(styles=look)
        yield ChecksPane(styles=look)
        yield bars.Bar(id="verdict", styles=look)
        yield bars.Bar(id="gate", styles=look)
        yield NoteInput(id="note", select_on_focus=False)
        yield bars.Bar(id="footer", styles=look)

    def on_mount(self) -> None:
        self.redraw()
        self.set_interval(0.5, self._tick)

    def _first_focus(self) -> None:
        """The goal line while there is no goal to work at, else what there is to see."""
        view = self.view
        before, self._placed = self._placed, view.opening
        if view.opening == "again" or (before == "new" and not view.held_by):
            return  # nothing to say yet; or the person may have gone elsewhere meanwhile
        if not view.state.goal and not view.held_by:
            self.write("goal")
        elif self._gate == "":
            self.focus_pane("change")

    # -- drawing

    def redraw(self) -> None:
        """Draws everything from the session's state as it is now."""
        self.view = self._look()
        self._gate_opened()
        self.narrow = self.view.pane or self.narrow
        self._draw()
        self._layout()  # after it: drawing tells how many rows the panes would like
        if self._placed != self.view.opening:
            self._first_focus()

    def look_again(self) -> None:
        self.view = self._look()

    def drop_notice(self) -> None:
        self._notice = None

    def _look(self) -> View:
        state = self.session.state
        history = () if opening(self.session) else self._shelf.history(state)
        past = next((i for i in history if i.n == self.past_n), None) if self.past_n else None
        change = View(state, past=past).change
        conflict = state.gate.conflict if state.gate and past is None else None
        if state.gate is None or state.gate.kind != "plan":
            self.draft = None
        output = self.face == "output"
        return View(
            state=state,
            live=self.live,
            now=self.app.clock(),  # type: ignore[attr-defined]
            held_by=clean_line(self.session.held_by),
            opening=opening(self.session),
            pane=self._focused(),
            writing=self.writing,
            past=past,
            diff=self._shelf.diff(change),
            taken=self._taking(change) if change else Taking(),
            history=history,
            marked=self._shelf.marked(conflict) if conflict else None,
            draft=self.draft,
            face=self.face,
            printed=self._shelf.printed(results_of(state, past)) if output else (),
        )

    def _taking(self, change: p.Change) -> Taking:
        if change.tree not in self._taken:
            self._taken[change.tree] = at_first(change)
        return self._taken[change.tree]

    def _focused(self) -> Pane | None:
        return self.focused.id if isinstance(self.focused, Rows) else None  # type: ignore[return-value]

    def _on_screen(self) -> tuple[Pane, ...]:
        return layout.visible(self.app.size, layout.Plan(pane=self.narrow, full=self.full))

    def _layout(self) -> None:
        cells = self.app.size.width
        gate = bars.gate_lines(self.view, cells, self.table, beat=int(self.view.now * 2))
        footer = bars.footer_lines(self.view, cells, self.table, self._notice)
        plan = layout.Plan(
            pane=self.narrow,
            full=self.full,
            gate=max(1, min(len(gate), self.app.size.height // 3)),
            footer=max(1, len(footer)),
            plan=max(4, self.pane("plan").count),
            checks=ALL_IT_GETS if self.face == "output" else self.pane("checks").count,
        )
        size, before = self.app.size, self._plan
        self._plan = plan
        if layout.regions(size, plan) != layout.regions(size, before):
            self.bar("status").refresh(layout=True)  # a child's: that clears the arrangement
        self.bar("gate").show(gate[: plan.gate - 2] + gate[-2:] if len(gate) > plan.gate else gate)
        self.bar("footer").show(footer)

    def _draw(self) -> None:
        view, cells = self.view, self.app.size.width
        self.bar("status").show(bars.status_lines(view, cells))
        self.bar("tabs").show(bars.tab_lines(self.narrow, cells))
        self.bar("verdict").show([(("  ", ""), ("checks  ", "dim"), *verdict_line(view))])
        width, height = self.app.size
        least = layout.LEAST
        self.bar("small").show(
            [((f"{width}×{height} is too small; make it {least.width}×{least.height}.", "warn"),)]
        )
        self._drawn = self._on_screen()
        for pane in self._drawn:
            self.pane(pane).show(view)
        self.rest_line()
        self.app.called(view)  # type: ignore[attr-defined]

    def _tick(self) -> None:
        """Times go on while something runs; a notice goes when it was there long enough."""
        if self._notice is not None and self.app.monotonic() - self._notice_at > NOTICE:  # type: ignore[attr-defined]
            self._notice = None
            self.redraw()
        elif self.view.working is not None:
            self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    # -- what arrives

    def arrived(self) -> bool:
        """Takes a frame from the bridge; True when more waits."""
        frame = self.app.bridge.frame()  # type: ignore[attr-defined]
        self.live.take(frame)
        for notice in frame.notices:
            self.say(notice.says, notice.level)
        only_lines = not (frame.entries or frame.streamed or frame.progress or frame.notices)
        if only_lines and self.session.state is self.view.state:
            if self.face == "output":
                self.pane("checks").show(self.view)
        else:
            self.redraw()
        return bool(frame.more)

    def _gate_opened(self) -> None:
        gate = self.view.gate
        ident = gate.id if gate else ""
        if ident == self._gate:
            return
        self._gate = ident
        self._pending = None
        if gate is None:
            return
        self._gate_at = self.app.monotonic()  # type: ignore[attr-defined]
        self.past_n, self.face = 0, "problems"
        if not self.view.typing or not self.note.value:
            self.focus_pane(PANE_AT.get(gate.kind, "change"))
        self.view = self._look()

    # -- focus

    def bar(self, name: str) -> bars.Bar:
        return self.get_child_by_id(name, bars.Bar)

    @property
    def focused_pane(self) -> Rows:
        return self.focused if isinstance(self.focused, Rows) else self.pane(self.narrow)

    def focus_pane(self, name: Pane) -> None:
        self.narrow = name
        self.leave_line(focus=False)
        self.set_focus(self.pane(name))

    def on_descendant_focus(self) -> None:
        """Draws what depends on the focus, and that alone: panes draw their own frame."""
        self.view = replace(self.view, pane=self._focused(), writing=self.writing)
        self.narrow = self.view.pane or self.narrow
        if self._on_screen() == self._drawn:
            self.rest_line()
        else:
            self._draw()
            self.refresh()
        self._layout()

    @on(Rows.Chosen)
    def _clicked(self, event: Rows.Chosen) -> None:
        if event.pane.id == "history" and event.pane.has_focus:
            from tui.acts.history import show_try

            show_try(self)

    # -- what acts may do

    def submit(self, command: p.AnyCommand) -> None:
        self.session.submit(command)
        if self.view.opening:
            self.redraw()  # nothing is said of it yet: it waits

    def say(self, says: str, level: Literal["info", "warning", "error"] = "info") -> None:
        self._notice = p.Notice(level, says)
        self._notice_at = self.app.monotonic()  # type: ignore[attr-defined]
        self.redraw()

    def set_taken(self, tree: p.Tree, taken: Taking) -> None:
        self._taken[tree] = taken
        self.redraw()

    def read(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        async def reading() -> None:
            try:
                found = await self.read_now(work)
            except LoopwrightError as error:
                self.say(str(error), "error")
                return
            then(found)

        self.start(reading())

    async def read_now(self, work: Callable[[], T]) -> T:
        found: T = await self.app.off_thread(work)  # type: ignore[attr-defined]
        return found

    def start(self, work: Awaitable[Any]) -> None:
        self.run_worker(work, exit_on_error=True)
