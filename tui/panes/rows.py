"""The one widget behind all four panes: rows, drawn only where they are seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from tui.paint import BLANK, Line, Styles, plain, strip
from tui.view import View

STRIPS_KEPT = 2_000


class Rows(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor. A pane subclasses it, and says what its rows are and how one looks."""

    ALLOW_SELECT = True
    BINDINGS: ClassVar[list[Any]] = []
    title = ""
    wraps = True
    """Whether its rows are made to the pane's width (else they scroll sideways)."""

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, pane: Rows) -> None:
            self.pane = pane
            super().__init__()

    def __init__(self, *, id: str, styles: Callable[[], Styles]) -> None:
        super().__init__(id=id)
        self.look = styles
        self.cursor = 0
        self.following = False
        """Whether the view stays at the end when rows come."""
        self.view: View | None = None
        self.needle = ""
        self._count = 0
        self._width = 0
        self._strips: LRUCache[tuple[int, bool], Strip] = LRUCache(STRIPS_KEPT)
        self._base: Style | None = None
        """The pane's own style, kept: to find it costs more than to draw a row."""

    def row(self, y: int) -> Line:
        """How row `y` looks."""
        raise NotImplementedError

    def text(self, y: int) -> str:
        """What row `y` says, for search and copying."""
        return plain(self.row(y))

    def stops(self, y: int) -> bool:  # noqa: ARG002
        """Whether the cursor may stand on row `y`."""
        return True

    def remake(self, view: View, cells: int) -> int:
        """Makes the rows for a view and a width; answers how many there are."""
        raise NotImplementedError

    def heading(self, view: View) -> tuple[Content, Content]:  # noqa: ARG002
        """Title and subtitle on the border."""
        return Content(self.title), Content("")

    def widest(self) -> int:
        """Cells of the widest row, where rows scroll sideways."""
        return 0

    def show(self, view: View) -> None:
        """Draws itself anew from a view."""
        self.view = view
        self._remake()
        self.border_title, self.border_subtitle = self.heading(view)

    def _remake(self) -> None:
        if self.view is None or not self.size.width:
            return
        cells = self.scrollable_content_region.width or self.size.width
        self._width = cells
        self._count = self.remake(self.view, cells)
        self.cursor = max(0, min(self.cursor, self._count - 1))
        wide = cells if self.wraps else max(self.widest(), 1)
        self.virtual_size = Size(wide, self._count)
        self.repaint()
        if self.following:
            self.cursor = max(0, self._count - 1)
            self.scroll_to(y=self._count, animate=False, force=True)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._count

    def repaint(self) -> None:
        self._forget()
        self.refresh()

    def _forget(self) -> None:
        self._strips.clear()
        self._base = None

    def on_resize(self) -> None:
        cells = self.scrollable_content_region.width
        if cells != self._width:
            self._remake()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._forget()

    # -- drawing

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        at = top + y
        wide = self.size.width
        if self._base is None:
            self._base = self.rich_style
        base = self._base
        if at >= self._count:
            return Strip.blank(wide, base)
        lit = self.has_focus and at == self.cursor and self.stops(at)
        made = self._strip(at, base, lit)
        if lit:
            base += self.look().get("cursor")
        shown = made.crop_extend(left, left + wide, base)
        edge = self.scrollable_content_region.width or wide
        if not self.wraps and made.cell_length > left + edge:
            more = Segment("›", base + self.look().get("warn"))  # there is more to the right
            shown = Strip.join([shown.crop(0, edge - 1), Strip([more]), shown.crop(edge)])
        return shown.apply_offsets(left, at)

    def _strip(self, at: int, base: Style, lit: bool) -> Strip:
        selection = self.text_selection
        key = (at, lit)
        if selection is None and key in self._strips:
            return self._strips[key]
        look = self.look()
        spans = self.row(at)
        if self.needle:
            spans = mark(spans, self.needle)
        made = strip(spans, look, base)
        if lit:
            made = _under(made, look.get("cursor"))
        if selection is None:
            self._strips[key] = made
        elif (span := selection.get_span(at)) is not None:
            made = _selected(made, span, self.selection_style.rich_style)
        return made

    @property
    def selection_style(self) -> Any:
        return self.screen.get_visual_style("screen--selection")

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        start = selection.start.y if selection.start else 0
        end = selection.end.y if selection.end else self._count - 1
        # Rows before it only have to be counted: most of a long diff is never painted.
        rows = (plain(self.row(y)) if y >= start else "" for y in range(min(end + 1, self._count)))
        text = "\n".join(rows)
        return selection.extract(text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:  # noqa: ARG002
        self.repaint()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()  # its rows look as before, but for the one under the cursor

    # -- moving

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self.following = False
        super()._on_mouse_scroll_up(event)

    def to(self, y: int) -> None:
        """Puts the cursor on row `y`, or the nearest that it may stand on, and shows it."""
        if not self._count:
            return
        down = y >= self.cursor
        y = max(0, min(y, self._count - 1))
        found = self._stop(y, 1 if down else -1)
        if found is None:
            found = self._stop(y, -1 if down else 1)
        if found is not None:
            self.cursor = found
        self.following = False
        top = 0 if found is None or not self._stop_before(found) else self.cursor
        self.scroll_to_region(
            Region(0, min(top, y), 1, abs(top - y) + 1), animate=False, x_axis=False, force=True
        )
        self.repaint()

    def _stop(self, y: int, step: int) -> int | None:
        while 0 <= y < self._count:
            if self.stops(y):
                return y
            y += step
        return None

    def _stop_before(self, y: int) -> bool:
        return self._stop(y - 1, -1) is not None

    def cmd_down(self) -> None:
        self.to(self.cursor + 1)

    def cmd_up(self) -> None:
        self.to(self.cursor - 1)

    def cmd_page_down(self) -> None:
        self.to(self.cursor + max(1, self.size.height - 1))

    def cmd_page_up(self) -> None:
        self.to(self.cursor - max(1, self.size.height - 1))

    def cmd_home(self) -> None:
        self.to(0)

    def cmd_end(self) -> None:
        self.to(self._count - 1)

    def cmd_left(self) -> None:
        self.scroll_to(x=max(0, self.scroll_offset.x - 8), animate=False, force=True)

    def cmd_right(self) -> None:
        self.scroll_to(x=self.scroll_offset.x + 8, animate=False, force=True)

    def find(self, needle: str, *, onward: bool = True) -> bool:
        """Marks `needle` everywhere and goes to its next row; False when there is none."""
        self.needle = needle
        self.repaint()
        if not needle:
            return True
        low = needle.casefold()
        rows: Sequence[int] = range(self._count)
        start = self.cursor + (1 if onward else 0)
        for y in (*rows[start:], *rows[:start]):
            if low in self.text(y).casefold():
                self.to(y)
                return True
        return False

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        if inside is not None:
            y = inside.y + self.scroll_offset.y
            if y < self._count:
                self.cursor = y if self.stops(y) else self.cursor
                self.repaint()
                self.post_message(self.Chosen(self))

    def text_under_cursor(self) -> str:
        return self.text(self.cursor) if self._count else ""


def mark(spans: Line, needle: str) -> Line:
    """The line with every occurrence of `needle` (any case) marked as a match."""
    text, low = plain(spans), needle.casefold()
    if low not in text.casefold() or len(text) != len(text.casefold()):
        return spans
    places = []
    at = text.casefold().find(low)
    while at >= 0:
        places.append((at, at + len(low)))
        at = text.casefold().find(low, at + len(low))
    return restyle(spans, places, "match")


def restyle(spans: Line, places: Sequence[tuple[int, int]], style: str) -> Line:
    """The line with `style` added at these ranges of characters."""
    cuts = sorted({c for place in places for c in place})
    out: list[tuple[str, str]] = []
    at = 0
    for text, old in plain_spans(spans):
        inner = [c - at for c in cuts if at < c < at + len(text)]
        for start, end in zip([0, *inner], [*inner, len(text)], strict=True):
            inside = any(a <= at + start < b for a, b in places)
            out.append((text[start:end], f"{old} {style}" if inside else old))
        at += len(text)
    return tuple(out)


def plain_spans(spans: Line) -> Line:
    from tui.paint import safe

    return tuple((safe(text), style) for text, style in spans)


def _under(made: Strip, style: Style) -> Strip:
    """The strip on the cursor's background, its own foreground kept."""
    return Strip([Segment(s.text, (s.style or Style.null()) + style) for s in made])


def _selected(made: Strip, span: tuple[int, int], style: Style) -> Strip:
    start, end = span
    text = made.text
    end = len(text) if end == -1 else end
    a, b = cell_len(text[:start]), cell_len(text[:end])
    head, body, tail = made.crop(0, a), made.crop(a, b), made.crop(b)
    lit = Strip([Segment(s.text, (s.style or Style.null()) + style) for s in body])
    return Strip.join([head, lit, tail])


EMPTY: Line = BLANK
