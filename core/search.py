"""Searching what was recorded: goals, notes, paths, tests, comments and commits. Pure.

Words are looked for anywhere in a text, whatever their case. A try is found when each word is
in one of its own texts or in its goal, and at least one is in its own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal, TypeAlias

from core import protocol as p
from core.comments import place
from core.state import Iteration
from core.text import clean_line

Kind = Literal["goal", "note", "comment", "path", "test", "commit"]
Text: TypeAlias = tuple[Kind, str]
SHOWN = 100
"""Characters of an excerpt."""


class Found(p.Value, frozen=True):
    session: str
    goal: str
    iteration: int
    """0 for a goal itself, and for what belongs to no try."""
    kind: Kind
    excerpt: str
    """Cleaned, on one line, with the first word that was found in it."""
    at: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class Said:
    """What a session's events say beside its tries."""

    goals: tuple[tuple[float, str], ...] = ()
    comments: tuple[tuple[float, p.Comment], ...] = ()
    undone: tuple[tuple[float, str], ...] = ()
    """Commits that undos and redos made."""

    def goal_at(self, at: float) -> str:
        """The goal that was being reached for then."""
        n = bisect_right(self.goals, at, key=lambda said: said[0])
        return self.goals[n - 1][1] if n else ""


def terms(words: str) -> tuple[str, ...]:
    """The words to look for; () finds nothing."""
    return tuple(dict.fromkeys(words.casefold().split()))


def said(entries: Iterable[p.Entry]) -> Said:
    """Reads only goals, comments and undos; other events may be left out."""
    goals, undone = [], []
    comments: dict[str, tuple[float, p.Comment]] = {}
    for entry in entries:
        match entry.event:
            case p.GoalSet(goal=goal):
                goals.append((entry.at, goal))
            case p.CommentAdded(comment=comment):
                comments[comment.id] = (entry.at, comment)
            case p.CommentDropped(id=id_):
                comments.pop(id_, None)
            case p.TakenBack(commit=commit):
                undone.append((entry.at, commit))
            case _:
                pass
    return Said(tuple(goals), tuple(comments.values()), tuple(undone))


def look(
    session: str,
    heard: Said,
    tries: Iterable[Iteration],
    wanted: tuple[str, ...],
    limit: int,
) -> tuple[Found, ...]:
    """At most `limit` places in one session that hold the words, newest first.

    `tries` come newest first too, and no more of them are taken than are needed.
    """
    if not wanted:
        return ()
    hits = (_in_try(session, heard, it, wanted) for it in tries)
    of_tries = islice((hit for hit in hits if hit is not None), limit)
    found = sorted((*_beside(session, heard, wanted), *of_tries), key=lambda f: -f.at)
    return tuple(found[:limit])


def _beside(session: str, heard: Said, wanted: tuple[str, ...]) -> Iterator[Found]:
    """Goals, and what belongs to no try."""
    for at, goal in heard.goals:
        if hit := _best([("goal", goal)], wanted):
            yield Found(session, clean_line(goal), 0, *hit, at)
    loose: list[tuple[float, Text]] = [(at, ("commit", commit)) for at, commit in heard.undone]
    loose += [(at, ("comment", _of_comment(c))) for at, c in heard.comments if not c.iteration]
    for at, text in loose:
        goal = heard.goal_at(at)
        if hit := _best([text], wanted, goal):
            yield Found(session, clean_line(goal), 0, *hit, at)


def _in_try(session: str, heard: Said, it: Iteration, wanted: tuple[str, ...]) -> Found | None:
    goal = heard.goal_at(it.started)
    own: list[Text] = [
        ("comment", _of_comment(c)) for _, c in heard.comments if c.iteration == it.n
    ]
    hit = _best([*_texts(it), *own], wanted, goal)
    if hit is None:
        return None
    return Found(session, clean_line(goal), it.n, *hit, it.ended or it.started)


def _texts(it: Iteration) -> Iterator[Text]:
    for note in it.notes:
        yield "note", note
    if it.change is not None:
        for file in it.change.files:
            yield "path", file.path
            if file.old_path:
                yield "path", file.old_path
    for test in dict.fromkeys(_tests(it)):
        yield "test", test
    if it.commit:
        yield "commit", it.commit


def _tests(it: Iteration) -> Iterator[str]:
    for result in it.results:
        yield from (t.id for t in result.failing)
    if it.verdict is not None:
        v = it.verdict
        yield from chain(v.fixed, v.new, v.left, v.before, v.lost, v.added)
    if it.red is not None:
        yield from chain(it.red.shown, it.red.idle)
    if it.needs is not None:
        yield from it.needs.tests


def _of_comment(comment: p.Comment) -> str:
    return f"{place(comment)}: {comment.text}"


def _best(texts: list[Text], wanted: tuple[str, ...], goal: str = "") -> tuple[Kind, str] | None:
    """The text that holds most of the words, if each is in one of them or in the goal."""
    left = {w for w in wanted if w not in goal.casefold()} if goal else set(wanted)
    best, most = None, 0
    for kind, text in texts:
        folded = text.casefold()
        here = [w for w in wanted if w in folded]
        left.difference_update(here)
        if len(here) > most:
            best, most = (kind, text, here[0]), len(here)
    if best is None or left:
        return None
    kind, text, word = best
    return kind, _excerpt(text, word)


def _excerpt(text: str, word: str) -> str:
    line = clean_line(text)
    if len(line) <= SHOWN:
        return line
    start = max(0, min(line.casefold().find(word) - SHOWN // 3, len(line) - SHOWN))
    end = start + SHOWN
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"
