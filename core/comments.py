"""The person's comments on lines, as the words of a note to the proposer. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from core.protocol import Comment

QUOTED = 12
"""Lines of code that one comment quotes."""


def in_words(note: str, comments: Iterable[Comment]) -> str:
    """The note, then each comment with its place and the lines that it is about."""
    parts = [note.strip()] if note.strip() else []
    parts += [_one(c) for c in sorted(comments, key=lambda c: (c.path, c.line, c.id))]
    return "\n\n".join(parts)


def place(comment: Comment) -> str:
    """ "cart.py:12-14", "cart.py:9 as it was", "step 2 of the plan"."""
    if not comment.path:
        return f"step {comment.line} of the plan"
    lines = f"{comment.line}-{comment.end}" if comment.end > comment.line else f"{comment.line}"
    return f"{comment.path}:{lines}{' as it was' if comment.old else ''}"


def _one(comment: Comment) -> str:
    quoted = comment.quote.split("\n") if comment.quote else []
    lines = [f"> {line}" for line in quoted[:QUOTED]]
    if len(quoted) > QUOTED:
        lines.append(f"> … {len(quoted) - QUOTED} more lines")
    return "\n".join([f"On {place(comment)}:", *lines, comment.text.strip()])
