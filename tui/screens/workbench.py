"""The workbench's one screen: puts a view together, draws it, and turns keys into acts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Literal, TypeVar

from textual import events, on
from textual.app import ComposeResult

from core import protocol as p
from core.errors import LoopwrightError
from core.reading import Session
from core.text import clean_line
from tui import layout
from tui.commands import Command, choose
from tui.live import Live
from tui.note import NoteInput
from tui.opening import opening
from tui.panes import bars
from tui.panes.change import ChangePane
from tui.panes.checks import ChecksPane, verdict_line
from tui.panes.history import HistoryPane
from tui.panes.plan import PlanPane
from tui.panes.rows import Rows
from tui.screens.writing import WritingScreen
from tui.shelf import Shelf
from tui.view import Pane, View, at_first_taken, results_of

T = TypeVar("T")
DEAF = 0.3
"""Seconds after a question opens in which no key answers it."""
ONE_BREATH = 0.04
"""Seconds in which a second key says that the first one was part of a paste."""
NOTICE = 8.0
"""Seconds that a notice stays, if nothing is pressed."""
ALL_IT_GETS = 1_000
PANE_AT: dict[p.GateKind, Pane] = {"plan": "plan"}


class WorkbenchScreen(WritingScreen):
    AUTO_FOCUS = ""
    BINDINGS = []

    def __init__(self, session: Session, table: tuple[Command, ...]) -> None:
        super().__init__()
        self.session = session
        self.table = table
        self.live = Live()
        self.past_n = 0
        self.full = False
        self.face: Literal["problems", "output"] = "problems"
        self.draft: p.Plan | None = None
        self.narrow = "change"
        self._taken: dict[p.Tree, frozenset[str]] = {}
        self._shelf = Shelf(lambda: session.reader, self.read, self.redraw)
        self._gate = ""
        self._gate_at = 0.0
        self._notice: p.Notice | None = None
        self._notice_at = 0.0
        self._pending: Callable[[], None] | None = None
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

    def _look(self) -> View:
        state = self.session.state
        history = () if opening(self.session) else self._shelf.history(state)
        past = next((i for i in history if i.n == self.past_n), None) if self.past_n else None
        shown = past or state.iteration
        change = shown.change if shown else None
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
            taken=self._taken.get(change.tree, at_first_taken(change)) if change else frozenset(),
            history=history,
            draft=self.draft,
            face=self.face,
            printed=self._shelf.printed(results_of(state, past)) if output else (),
        )

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
        if plan != self._plan:
            self._plan = plan
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
        self._layout()

    @on(Rows.Chosen)
    def _clicked(self, event: Rows.Chosen) -> None:
        if event.pane.id == "history" and event.pane.has_focus:
            from tui.acts.look import show_try

            show_try(self)

    # -- keys

    def on_key(self, event: events.Key) -> None:
        if self.view.typing and event.key not in ("escape", "tab", "shift+tab"):
            return  # the note line's own
        event.stop()
        key = event.character if event.is_printable and event.character else event.key
        if event.key == "space":
            key = "space"
        if self._pending is not None:
            self._pending = None
            self.say("That looked like pasted text; nothing was decided.", "warning")
            return
        self._notice = None
        self.view = self._look()  # the focus may have moved since it was drawn
        command, why = choose(key, self.view, self.table)
        if command is None:
            if why:
                self.say(why, "warning")
            else:
                self.redraw()
            return
        if command.where == "gate" and self._too_soon():
            self.say("The question has only just opened; read it, then press again.", "warning")
            return
        self.run_command(command)

    def _too_soon(self) -> bool:
        return bool(self.app.monotonic() - self._gate_at < DEAF)  # type: ignore[attr-defined]

    def run_command(self, command: Command) -> None:
        """Carries a command out, or says why it does not apply."""
        from tui.acts import ACTS

        why = command.applies(self.view)
        if why:
            self.say(why, "warning")
            return
        act = ACTS.get(command.id)
        if act is not None:
            act(self)
            return
        own = getattr(self.focused_pane, "cmd_" + command.id.partition(".")[2], None)
        if own is None:
            own = getattr(self.pane("change"), "cmd_" + command.id.partition(".")[2])
        own()

    # -- what acts may do

    def submit(self, command: p.AnyCommand) -> None:
        self.session.submit(command)

    def decide(self, kind: p.DecisionKind, gate: p.Gate | None = None, **fields: Any) -> None:
        from tui.acts.gate import decision

        gate = gate or self.view.gate
        if gate is not None:
            self.submit(decision(gate, kind, **fields))

    def decide_by_key(self, kind: p.DecisionKind, **fields: Any) -> None:
        gate = self.view.gate

        def settled() -> None:
            if self._pending is settled:
                self._pending = None
                self.decide(kind, gate=gate, **fields)

        self._pending = settled
        self.set_timer(ONE_BREATH, settled)

    def say(self, says: str, level: Literal["info", "warning", "error"] = "info") -> None:
        self._notice = p.Notice(level, says)
        self._notice_at = self.app.monotonic()  # type: ignore[attr-defined]
        self.redraw()

    def set_taken(self, tree: p.Tree, hunks: frozenset[str]) -> None:
        self._taken[tree] = hunks
        self.redraw()

    def read(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        async def reading() -> None:
            try:
                found = await self.app.off_thread(work)  # type: ignore[attr-defined]
            except LoopwrightError as error:
                self.say(str(error), "error")
                return
            then(found)

        self.start(reading())

    def start(self, work: Awaitable[Any]) -> None:
        self.run_worker(work, exit_on_error=True)
