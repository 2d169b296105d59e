"""The checks: what they say of exactly the change on screen, as problems or as they print it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text
from textual.content import Content

from core import protocol as p
from core.compare import compare
from core.state import result_for
from core.text import clean_line, clean_output
from tui.live import Output
from tui.paint import Line, fit, line, wrap
from tui.panes.rows import Rows
from tui.view import View, minutes, results_of

NAMES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """A row of the problems face; with a path, enter goes there."""

    drawn: Line
    path: str = ""
    line: int = 0


class ChecksPane(Rows):
    title = "4 checks"

    def __init__(self, **how: object) -> None:
        super().__init__(id="checks", **how)  # type: ignore[arg-type]
        self.problems: list[Problem] = []
        self.printed: Sequence[str] = ()
        """Lines of a finished check's output, as the journal keeps it."""
        self.output: Output | None = None
        """Output of the check that runs now, or ran last."""
        self._on_output = False
        self._run = ""
        """What the output on screen is of."""
        self._about = ""

    def remake(self, view: View, cells: int) -> int:
        self._on_output = view.face == "output"
        self.printed = view.printed
        self.output = live_output(view)
        if self._on_output:
            run = running.id if (running := running_check(view)) else view.face
            if run != self._run:
                self._run, self.following = run, self.output is not None
            elif self.cursor >= self._count - 1 and self.output is not None:
                self.following = True
            return len(self._lines())
        self.following, self._run = False, ""
        self.problems = problem_rows(view, cells)
        about = f"{view.shown.n if view.shown else 0}"
        if about != self._about:
            self._about, self.cursor = about, 0
            self.scroll_home(animate=False, immediate=True)
        return len(self.problems)

    def _lines(self) -> Sequence[str]:
        return self.output.lines if self.output is not None else self.printed

    def row(self, y: int) -> Line:
        if not self._on_output:
            return self.problems[y].drawn
        lines = self._lines()
        return coloured(lines[y]) if y < len(lines) else ()

    def place(self) -> tuple[str, int]:
        """Path and line that the row under the cursor tells of."""
        if self._on_output or not self.problems:
            return "", 0
        at = self.problems[self.cursor]
        return at.path, at.line

    def heading(self, view: View) -> tuple[Content, Content]:
        head = verdict_line(view)
        title = Content.assemble(self.title, *(("  ", "") if head else ()), *_content(head))
        face = view.face
        faces = Content.assemble(
            ("problems", "bold" if face == "problems" else "dim"),
            " · ",
            ("output", "bold" if face == "output" else "dim"),
            ("  o", "dim"),
        )
        return title, faces


def _content(spans: Line) -> list[str | tuple[str, str]]:
    tones = {"ok": "$text-success", "bad": "$text-error", "warn": "$text-warning"}
    return [(text, tones.get(style, "")) for text, style in spans]


def running_check(view: View) -> p.RunCheck | None:
    if view.past is not None:
        return None
    return next((a for a in view.state.inflight if isinstance(a, p.RunCheck)), None)


def live_output(view: View) -> Output | None:
    running = running_check(view)
    return view.live.output.get(running.id, Output()) if running is not None else None


def verdict_line(view: View) -> Line:
    """All checks in one line: "pytest ✗ 1 of 14 · ruff ✓ · 2.1 s"."""
    spans: list[tuple[str, str]] = []
    have = results_of(view.state, view.past)
    running = running_check(view)
    for check in view.state.checks:
        if spans:
            spans.append((" · ", ""))
        result = result_for(have, check.name)
        spans.append((f"{clean_line(check.name)} ", ""))
        if running is not None and running.check.name == check.name:
            spans.append(("▶", "warn"))
        elif result is None:
            spans.append(("…", ""))
        else:
            spans.append(short(result))
    if have and view.shown is None:
        spans.insert(0, ("base: ", ""))
    if have:
        spans.append((f" · {sum(r.seconds for r in have):.1f} s", ""))
    return tuple(spans)


def short(result: p.CheckResult) -> tuple[str, str]:
    """A verdict in a sign and a number."""
    bad = result.counts.get("failed", 0) + result.counts.get("error", 0)
    total = sum(result.counts.values())
    if result.verdict == "pass":
        return (f"✓ {result.counts.get('passed', 0)}" if total else "✓"), "ok"
    if result.verdict == "fail":
        if bad:
            return f"✗ {bad} of {total}", "bad"
        return (f"✗ {len(result.diagnostics)}" if result.diagnostics else "✗"), "bad"
    return f"! {result.verdict}", "warn"


def problem_rows(view: View, cells: int) -> list[Problem]:
    have = results_of(view.state, view.past)
    rows: list[Problem] = []
    running = running_check(view)
    if running is not None:
        rows.append(Problem(_running(view, running)))
    if not view.state.checks and view.state.survey is not None:
        says = "No checks run here, so nothing but your eyes judges a change."
        rows += [Problem(row) for row in wrap(says, cells, "warn")]
    if not have:
        says = "The evidence for a change appears here."
        return rows or [Problem(row) for row in wrap(says, cells, "dim")]
    verdict = view.shown.verdict if view.shown else None
    if verdict is not None:
        tone = {"green": "ok", "worse": "bad"}.get(verdict.kind, "warn")
        rows += [Problem(row) for row in wrap(clean_line(verdict.says), cells, tone)]
    elif view.shown is None:
        rows.append(Problem(line(("On the base, before any change:", "dim"))))
    shown: set[str] = set()
    records = {t.id: t for r in have for t in r.failing}
    found = {d: _told(d) for r in have for d in r.diagnostics}
    places = {told: d for d, told in found.items()}
    if verdict is not None:
        for word, names, tone in (
            ("new", (*verdict.new, *verdict.lost), "bad"),
            ("left", verdict.left, "warn"),
            ("fixed", verdict.fixed, "ok"),
            ("before", verdict.before, "dim"),
        ):
            for name in names[:NAMES_SHOWN]:
                if name not in shown:
                    shown.add(name)
                    lost = name in verdict.lost
                    rows += _test(word, name, records.get(name), tone, cells, lost=lost)
                    if name in places:
                        at = places[name]
                        rows[-1] = Problem(rows[-1].drawn, at.path, at.line)
    rows += _found_out(view, cells)
    for result in have:
        rows += _of_check(result, shown, cells)
    rows.append(Problem(_facts(have, cells)))
    return rows


def _found_out(view: View, cells: int) -> list[Problem]:
    """What the tests that it adds show, and what it does against the one that it goes on from."""
    it = view.shown
    if it is None:
        return []
    rows: list[Problem] = []
    if it.red is not None:
        for word, names, tone, why in (
            ("red", it.red.shown, "ok", "fails without the change, passes with it: evidence"),
            ("idle", it.red.idle, "warn", "passes without the change too: no evidence"),
        ):
            for name in names[:NAMES_SHOWN]:
                rows.append(Problem(line((f"{word:<7}", tone), (fit(name, cells - 7), ""))))
                rows.append(Problem(line((" " * 7, ""), (fit(why, cells - 7), "dim"))))
    before = next((i for i in view.history if i.n == it.parent and i.n != it.n), None)
    if before is not None and before.verdict is not None and it.verdict is not None:
        found = compare(before, it)
        for word, names, tone in (("fixed", found.fixed, "ok"), ("broke", found.broke, "bad")):
            if names:
                few = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
                says = f"against try {before.n}: {word} {clean_line(few)}"
                rows += [Problem(row) for row in wrap(says, cells, tone)]
    return rows


def _running(view: View, running: p.RunCheck) -> Line:
    progress = view.live.progress.get(running.id)
    since = view.live.started.get(running.id)
    spans: list[tuple[str, str]] = [("▶ ", "warn"), (clean_line(running.check.name), "strong")]
    spans.append(
        (f" runs on {f'try {running.iteration}' if running.iteration else 'the base'}", "")
    )
    if since is not None and view.now - since >= 0.5:
        spans.append((f"  {minutes(view.now - since)}", "dim"))
    if progress is not None:
        spans.append((f"  {clean_line(progress.says)}", "dim"))
    return (*spans, ("   o: output", "dim"))


def _test(
    word: str, name: str, record: p.TestRecord | None, tone: str, cells: int, *, lost: bool = False
) -> list[Problem]:
    path, at = (record.path, record.line) if record else ("", 0)
    head = (f"{word:<7}", tone)
    rows = [Problem(line(head, (fit(name, cells - 7), "")), path, at)]
    if lost:
        rows.append(Problem(line(("       passed on the base and did not run here", "dim"))))
    if record is not None and record.message:
        message = clean_line(record.message.strip().split("\n")[0])
        where = f"{record.path}:{record.line}  " if record.path else ""
        rows += [Problem(row, path, at) for row in wrap(where + message, cells, "dim", " " * 7)[:3]]
    return rows


def _of_check(result: p.CheckResult, shown: set[str], cells: int) -> list[Problem]:
    """What a check says that the verdict did not name already."""
    rows: list[Problem] = []
    if result.verdict not in ("pass", "fail"):
        says = f"{result.check}: {result.verdict}. {result.says}".strip()
        rows += [Problem(row) for row in wrap(clean_line(says), cells, "warn")]
    for test in result.failing:
        if test.id not in shown:
            rows += _test("failed", test.id, test, "bad", cells)
    for d in (d for d in result.diagnostics if _told(d) not in shown):
        where = f"{d.path}:{d.line}" + (f":{d.column}" if d.column else "")
        tone = "bad" if d.severity == "error" else "warn"
        text = f"{where}  {d.code} {d.message}".replace("  ", " ", 0)
        spans = line((f"{result.check:<7}", tone), (fit(clean_line(text), cells - 7), ""))
        rows.append(Problem(spans, d.path, d.line))
    return rows


def _told(d: p.Diagnostic) -> str:
    """A finding as verdicts name it."""
    code = f" [{d.code}]" if d.code else ""
    return f"{d.path}:{d.line}: {d.message}{code}"


def _facts(have: tuple[p.CheckResult, ...], cells: int) -> Line:
    seconds = " · ".join(f"{clean_line(r.check)} {r.seconds:.1f} s" for r in have)
    kinds = " ".join(sorted({clean_line(r.isolation) for r in have if r.isolation}))
    trees = " ".join(sorted({r.tree[:7] for r in have}))
    parts = (seconds, kinds, f"on tree {trees}")
    return line((fit(" · ".join(x for x in parts if x), cells), "dim"))


def coloured(text: str) -> Line:
    """A line that a tool printed, its sixteen colours kept and nothing else of its escapes."""
    text = clean_output(text)
    if "\x1b" not in text:
        return line((text.expandtabs(8), ""))
    parsed = Text.from_ansi(text)
    spans: list[tuple[str, str]] = []
    whole = parsed.plain
    cuts = sorted({0, len(whole), *(c for s in parsed.spans for c in (s.start, s.end))})
    for start, end in pairwise(cuts):
        names = [_names(s.style) for s in parsed.spans if s.start <= start and s.end >= end]
        spans.append((whole[start:end], " ".join(n for n in names if n)))
    return tuple(spans)


def _names(style: object) -> str:
    """A tool's style in our names: colour, bold, italic, underline. Nothing that can hide text."""
    from rich.color import ColorSystem
    from rich.style import Style

    if not isinstance(style, Style):
        return ""
    names = [
        n
        for n, on in (("strong", style.bold), ("italic", style.italic), ("under", style.underline))
        if on
    ]
    if style.dim:
        names.append("dim")
    if style.color is not None and not style.color.is_default:
        number = style.color.downgrade(ColorSystem.STANDARD).number
        if number is not None:
            names.append(f"ansi{number}")
    return " ".join(names)
