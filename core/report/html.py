"""A report as one HTML page: no script, nothing from elsewhere, everything escaped.

Its own policy forbids all but its own style, so that not even a mistake here could load or run
anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from html import escape
from typing import assert_never

from core.report.blocks import Block, Heading, Inline, Items, Mono, Para, Patch, Quote
from core.text import clean, clean_line

MARK = "<!-- a report by loopwright -->"
STYLE = """
:root { color-scheme: light dark; --line: #8884; --add: #2da44e26; --cut: #cf222e26; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: anywhere; }
h2 { border-top: 1px solid var(--line); padding-top: 1.5rem; margin-top: 2.5rem; }
h3 { margin-top: 2rem; }
h4 { margin: 1rem 0 .25rem; font-size: .9rem; opacity: .75; }
code, pre { font: .85rem/1.45 ui-monospace, monospace; }
blockquote { margin: .5rem 0; padding: .1rem 1rem; border-left: 3px solid var(--line);
  white-space: pre-wrap; }
blockquote cite { display: block; font-size: .85rem; opacity: .75; }
details, figure { border: 1px solid var(--line); border-radius: 6px; margin: .75rem 0; }
summary, figcaption { padding: .35rem .75rem; }
summary { cursor: pointer; }
pre { margin: 0; padding: .25rem 0; overflow-x: auto; border-top: 1px solid var(--line); }
pre span { display: block; padding: 0 .75rem; min-height: 1.45em; }
.add { background: var(--add); } .cut { background: var(--cut); } .at { opacity: .6; }
"""


def to_html(title: str, blocks: Iterable[Block]) -> str:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = [
        "<!doctype html>",
        MARK,
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(clean_line(title))}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
    ]
    body = (line for block in blocks for line in _block(block))
    return "\n".join([*head, *body, "</body>", "</html>"]) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield f"<h{level}>{escape(clean_line(text))}</h{level}>"
        case Para(text):
            yield f"<p>{_inline(text)}</p>"
        case Items(items):
            yield "<ul>"
            yield from (f"<li>{_inline(item)}</li>" for item in items)
            yield "</ul>"
        case Quote(by, text):
            cite = f"<cite>{escape(clean_line(by))}</cite>" if by else ""
            yield f"<blockquote>{cite}{escape(clean(text.strip()))}</blockquote>"
        case Patch():
            yield from _patch(block)
        case _:
            assert_never(block)


def _patch(patch: Patch) -> Iterator[str]:
    name = f"<code>{escape(clean_line(patch.path))}</code> {escape(clean_line(patch.says))}"
    if patch.folded:
        yield f"<details><summary>{name}</summary>"
    else:
        yield f"<figure><figcaption>{name}</figcaption>"
    if patch.hunks:
        lines = []
        for header, hunk in patch.hunks:
            lines.append(f'<span class="at">{escape(clean_line(header))}</span>')
            for line in hunk:
                kind = {"+": ' class="add"', "-": ' class="cut"'}.get(line.kind, "")
                lines.append(f"<span{kind}>{escape(line.kind + clean(line.text))}</span>")
        yield f"<pre>{''.join(lines)}</pre>"
    yield "</details>" if patch.folded else "</figure>"


def _inline(text: Inline) -> str:
    return "".join(
        f"<code>{escape(clean_line(part.text))}</code>"
        if isinstance(part, Mono)
        else escape(_spaced(part))
        for part in text
    )


def _spaced(text: str) -> str:
    """Cleaned on one line; the spaces at its ends stay, since other parts are beside it."""
    line = clean_line(text)
    start = " " if text[:1].isspace() else ""
    return f"{start}{line}{' ' if line and text[-1:].isspace() else ''}"
