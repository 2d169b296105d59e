"""The workbench's one screen: puts a view together, draws it, and turns keys into acts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from core import protocol as p
from core.errors import LoopwrightError
from core.reading import Session
from core.text import clean_line
from tui import layout
from tui.commands import Command, choose
from tui.live import Live
from tui.note import WAYS, Mode, NoteInput, resting_mode, resting_words
from tui.panes import bars
from tui.panes.change import ChangePane
from tui.panes.checks import ChecksPane, verdict_line
from tui.panes.history import HistoryPane
from tui.panes.plan import PlanPane
from tui.panes.rows import Rows
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


class WorkbenchScreen(Screen[None]):
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
        self._narrow: Pane = "change"
        self._taken: dict[p.Tree, frozenset[str]] = {}
        self._shelf = Shelf(lambda: session.reader, self.read, self.redraw)
        self._gate = ""
        self._gate_at = 0.0
        self._notice: p.Notice | None = None
        self._notice_at = 0.0
        self._mode: Mode = "goal"
        self._texts: dict[Mode, str] = {}
        self._pending: Callable[[], None] | None = None
        self._plan = layout.Plan()
        self._layout_object = layout.WorkbenchLayout(lambda: self._plan)
        self.view = View(session.state, self.live, held_by=session.held_by)

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
        state = self.session.state
        self.redraw()
        if not state.goal and not self.session.held_by:
            self.write("goal")
        elif self._gate == "":
            self.focus_pane("change")
        self.set_interval(0.5, self._tick)

    # -- drawing

    def redraw(self) -> None:
        """Draws everything from the session's state as it is now."""
        self.view = self._look()
        self._gate_opened()
        self._layout()
        self._draw()
        self._layout()  # once more: drawing tells how many rows the panes would like

    def _look(self) -> View:
        state = self.session.state
        history = self._shelf.history(state)
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
            pane=self._focused(),
            writing=self._writing(),
            past=past,
            diff=self._shelf.diff(change),
            taken=self._taken.get(change.tree, at_first_taken(change)) if change else frozenset(),
            history=history,
            draft=self.draft,
            face=self.face,
            printed=self._shelf.printed(results_of(state, past)) if output else (),
        )

    def _writing(self) -> str:
        typing = self.focused is not None and self.focused.id == "note"
        return WAYS[self._mode].prompt if typing else ""

    def _focused(self) -> Pane | None:
        return self.focused.id if isinstance(self.focused, Rows) else None  # type: ignore[return-value]

    def _layout(self) -> None:
        cells = self.app.size.width
        gate = bars.gate_lines(self.view, cells, self.table, beat=int(self.view.now * 2))
        footer = bars.footer_lines(self.view, cells, self.table, self._notice)
        if self.view.pane is not None:
            self._narrow = self.view.pane
        plan = layout.Plan(
            pane=self._narrow,
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
        self.bar("tabs").show(bars.tab_lines(self._narrow, cells))
        self.bar("verdict").show([(("  ", ""), ("checks  ", "dim"), *verdict_line(view))])
        width, height = self.app.size
        least = layout.LEAST
        self.bar("small").show(
            [((f"{width}×{height} is too small; make it {least.width}×{least.height}.", "warn"),)]
        )
        for pane in layout.visible(self.app.size, self._plan):
            self.pane(pane).show(view)
        note = self.query_one(NoteInput)
        if not view.typing:
            note.placeholder = resting_words(view)
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
        note = self.query_one(NoteInput)
        if not self.view.typing or not note.value:
            self.focus_pane(PANE_AT.get(gate.kind, "change"))
        self.view = self._look()

    # -- focus and the note line

    def pane(self, name: Pane) -> Any:
        return self.get_child_by_id(name)

    def bar(self, name: str) -> bars.Bar:
        return self.get_child_by_id(name, bars.Bar)

    @property
    def focused_pane(self) -> Rows:
        return self.focused if isinstance(self.focused, Rows) else self.pane(self._narrow)

    def focus_pane(self, name: Pane) -> None:
        self._narrow = name
        self.leave_line(focus=False)
        self.set_focus(self.pane(name))

    def on_descendant_focus(self) -> None:
        self.redraw()

    def write(self, mode: Mode, text: str | None = None) -> None:
        note = self.query_one(NoteInput)
        if self.view.typing:
            self._texts[self._mode] = note.value
        self._mode = mode
        note.placeholder = WAYS[mode].placeholder
        note.value = clean_line(text) if text is not None else self._texts.get(mode, "")
        note.cursor_position = len(note.value)
        self.set_focus(note)
        self.redraw()

    def leave_line(self, *, focus: bool = True) -> bool:
        note = self.query_one(NoteInput)
        if self.focused is not note:
            return False
        self._texts[self._mode] = note.value
        if focus:
            self.set_focus(self.pane(self._narrow))
        return True

    @on(Input.Submitted, "#note")
    def _submitted(self, event: Input.Submitted) -> None:
        from tui.acts.session import typed

        mode = self._mode
        pane = self._narrow
        if typed(self, mode, event.value):
            self._texts.pop(mode, None)
            if self._mode == mode:
                event.input.value = ""
                self.set_focus(self.pane(pane))

    def on_paste(self, event: events.Paste) -> None:
        """A paste is text, wherever the focus is: it goes on the note line, unsent."""
        event.stop()
        if self.view.held_by or not event.text.strip():
            return
        self.write(resting_mode(self.view))
        self.query_one(NoteInput).put(event.text)

    @on(Rows.Chosen)
    def _clicked(self, event: Rows.Chosen) -> None:
        if event.pane.id == "history" and event.pane.has_focus:
            from tui.acts.look import show_try

            show_try(self)

    def on_click(self, event: events.Click) -> None:
        if event.widget is not None and event.widget.id == "note" and not self.view.typing:
            self.write(resting_mode(self.view))

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
