"""Candidates: every template on every suspicious line, the likeliest first."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.propose.repair.locate import Line, Suspect, names_used, scores
from core.propose.repair.source import Draft, Source
from core.propose.repair.templates import TEMPLATES
from core.propose.repair.templates.hints import Hints


@dataclass(frozen=True)
class Candidate:
    """One edit of one file."""

    source: Source
    line: int
    draft: Draft
    template: str
    score: float

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def size(self) -> int:
        """Bytes written and taken away."""
        return len(self.draft.new.encode()) + self.draft.end - self.draft.start


def candidates(
    sources: Sequence[Source], suspects: Mapping[Line, Suspect], hints: Hints
) -> list[Candidate]:
    """All candidates, sorted by score (how suspicious the line × how likely the edit).

    Ties go by place. Some may not compile, or mean nothing else: see `worth_trying`.
    """
    used = names_used(sources, suspects)
    best: dict[tuple[str, int, int, str], Candidate] = {}
    for source in sources:
        own = scores(source, suspects, used)
        for node in source.editable():
            statement = source.statement(node)
            if statement is None or not _suspicious(statement, own):
                continue
            for name, template in TEMPLATES:
                for draft in template(node, source, hints):
                    line = source.line_of(draft.start)
                    where = max(own.get(line, 0.0), own.get(statement.lineno, 0.0))
                    if where <= 0:
                        continue
                    found = Candidate(source, line, draft, name, where * draft.weight)
                    key = (source.path, draft.start, draft.end, draft.new)
                    if key not in best or best[key].score < found.score:
                        best[key] = found
    return sorted(
        best.values(), key=lambda c: (-c.score, c.path, c.line, c.draft.start, c.draft.new)
    )


def _suspicious(statement: ast.stmt, own: Mapping[int, float]) -> bool:
    lines = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    return any(line in own for line in lines)


def worth_trying(ranked: Iterable[Candidate]) -> Iterator[Candidate]:
    """Those that compile and mean something that neither the file nor an earlier one does.

    Lazy: a search mostly ends long before the last candidate.
    """
    seen: set[tuple[str, int, str]] = set()
    for candidate in ranked:
        start, end = _top_level(candidate)
        place = (candidate.path, start)
        now = _meaning(candidate.source.data[start:end])
        if now is not None:
            seen.add((*place, now))
        draft, data = candidate.draft, candidate.source.data
        after = _meaning(data[start : draft.start] + draft.new.encode() + data[draft.end : end])
        if after is not None and (*place, after) not in seen:
            seen.add((*place, after))
            yield candidate


def _top_level(candidate: Candidate) -> tuple[int, int]:
    """The bytes of the module's statement that holds the edit: enough to judge it, and small."""
    read, draft = candidate.source, candidate.draft
    for node in read.module.body:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        start, end = read.starts[first - 1], read.span(node)[1]
        if start <= draft.start and draft.end <= end:
            return start, end
    return 0, len(read.data)


def content(of_one_file: Sequence[Candidate]) -> bytes:
    """The file with the edits of candidates that do not overlap."""
    data = of_one_file[0].source.data
    for candidate in sorted(of_one_file, key=lambda c: -c.draft.start):
        draft = candidate.draft
        data = data[: draft.start] + draft.new.encode() + data[draft.end :]
    return data


def overlay(chosen: Sequence[Candidate]) -> dict[str, bytes]:
    """The files that the candidates change, with all their edits."""
    paths = sorted({candidate.path for candidate in chosen})
    return {path: content([c for c in chosen if c.path == path]) for path in paths}


def overlap(one: Candidate, two: Candidate) -> bool:
    return (
        one.path == two.path
        and one.draft.start <= two.draft.end
        and two.draft.start <= one.draft.end
    )


@functools.lru_cache(maxsize=256)
def _meaning(data: bytes) -> str | None:
    """The syntax tree as text, or None where it does not compile."""
    try:
        module = ast.parse(data)
        compile(module, "candidate", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return ast.dump(module)
