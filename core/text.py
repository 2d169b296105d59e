"""The sanitiser: text from outside is data, and can neither drive a terminal nor hide.

Controls, bidirectional overrides, zero-width characters and lone surrogates become visible
marks (CVE-2021-42574 and terminal escape injection). Newline and tab stay.
"""

from __future__ import annotations

import re

_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1 controls but tab and newline
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\u2028\u2029\ud800-\udfff\U000e0000-\U000e0fff"
)
_UNSAFE = re.compile(f"[{_HIDDEN}]")
_SGR = re.compile(r"\x1b\[[0-9;:]{0,64}m")
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|[\]PX^_][^\x07\x1b\n]{0,65536}(?:\x07|\x1b\\)?|[ -/]?[0-~])"
)
_PICTURES = {0x7F: "␡", 0xFEFF: "‹BOM›"}


def _mark(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in _PICTURES:
        return _PICTURES[code]
    return chr(0x2400 + code) if code < 0x20 else f"‹U+{code:04X}›"


def clean(text: str) -> str:
    """Text that is safe on any terminal: nothing hidden, nothing obeyed. Idempotent."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_mark, text.replace("\r\n", "\n"))


def clean_line(text: str) -> str:
    """`clean`, on one line: newlines and tabs become spaces (names, titles, sentences)."""
    return " ".join(clean(text).split())


def clean_output(text: str) -> str:
    """Cleans what a tool printed, keeping its colours (SGR) and nothing else of its escapes.

    Other well-formed escape sequences are dropped, since tools emit them for cursor and title;
    malformed ones are marked like any control. A carriage return starts the line again.
    """
    if text.isascii() and text.isprintable():
        return text
    parts: list[str] = []
    end = 0
    for match in _SGR.finditer(text):
        parts.append(_plain_output(text[end : match.start()]))
        parts.append(match.group())
        end = match.end()
    parts.append(_plain_output(text[end:]))
    return "".join(parts)


def _plain_output(text: str) -> str:
    text = _ESCAPE.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _UNSAFE.sub(_mark, text)


def strip_colours(text: str) -> str:
    """Removes the SGR sequences that `clean_output` keeps."""
    return _SGR.sub("", text)


def decode(data: bytes) -> str:
    """Bytes of unknown origin as text; what is no UTF-8 shows as U+FFFD."""
    return data.decode("utf-8", errors="replace")


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with the middle left out and said so."""
    if len(text) <= limit:
        return text
    half = max(0, (limit - 24) // 2)
    return f"{text[:half]} … {len(text) - 2 * half} left out … {text[len(text) - half :]}"
