"""How things look: two themes of our own, the terminal's own palette, and the named styles."""

from __future__ import annotations

from rich.style import Style
from textual.theme import Theme

from tui.paint import Styles

DARK = Theme(
    name="loopwright-dark",
    primary="#8caaee",
    secondary="#99d1db",
    accent="#8caaee",
    success="#a6d189",
    warning="#e5c890",
    error="#e78284",
    foreground="#c6d0f5",
    background="#1e1f2e",
    surface="#1e1f2e",
    panel="#292b3d",
    dark=True,
    variables={
        "lw-dim": "#9298b3",
        "lw-faint": "#565b78",
        "lw-add": "#243b32",
        "lw-add-word": "#315747",
        "lw-del": "#432a35",
        "lw-del-word": "#673846",
        "lw-syn-keyword": "#dcc3f7",
        "lw-syn-string": "#c3e3b0",
        "lw-syn-number": "#f7c9a8",
        "lw-syn-comment": "#c0c6e0",
        "lw-syn-name": "#b5d0ff",
        "lw-syn-type": "#f0dba8",
        "lw-cursor": "#383b55",
        "lw-chip": "#8caaee",
        "lw-chip-text": "#1a1b28",
        "border": "#8caaee",
        "border-blurred": "#484c68",
        "footer-background": "#191a27",
    },
)

LIGHT = Theme(
    name="loopwright-light",
    primary="#1e50b8",
    secondary="#0b6f80",
    accent="#1e50b8",
    success="#28701f",
    warning="#8a5400",
    error="#b3162f",
    foreground="#24273a",
    background="#f7f7fa",
    surface="#f7f7fa",
    panel="#e6e8f0",
    dark=False,
    variables={
        "lw-dim": "#5a6080",
        "lw-faint": "#a2a7bd",
        "lw-add": "#d9f2d5",
        "lw-add-word": "#abdfa3",
        "lw-del": "#fbdfe2",
        "lw-del-word": "#f3b4bb",
        "lw-syn-keyword": "#6b1f9e",
        "lw-syn-string": "#1c5216",
        "lw-syn-number": "#7a3500",
        "lw-syn-comment": "#474c63",
        "lw-syn-name": "#173c8f",
        "lw-syn-type": "#5c4300",
        "lw-cursor": "#d5dcf2",
        "lw-chip": "#1e50b8",
        "lw-chip-text": "#ffffff",
        "border": "#1e50b8",
        "border-blurred": "#b7bccf",
        "footer-background": "#e6e8f0",
    },
)

CYCLE = (DARK.name, LIGHT.name, "ansi-dark")
"""What the theme key goes through; the last is the terminal's own palette."""


SYNTAX = ("keyword", "string", "number", "comment", "name", "type")
"""Kinds of code that look each in their way."""


def styles(theme: Theme) -> Styles:
    if theme.ansi:
        return Styles({**_shapes(), **_ansi()})
    look = theme.variables

    def var(name: str, fallback: str | None) -> str:
        return look.get(name) or fallback or "default"

    fore = var("", theme.foreground)
    dim = var("lw-dim", theme.foreground)
    chip_text = var("lw-chip-text", theme.background)
    return Styles(
        {
            **_shapes(),
            "plain": Style(color=fore),
            "dim": Style(color=dim),
            "faint": Style(color=var("lw-faint", dim)),
            "ok": Style(color=var("", theme.success)),
            "bad": Style(color=var("", theme.error)),
            "warn": Style(color=var("", theme.warning)),
            "accent": Style(color=var("", theme.primary)),
            "chip": Style(color=chip_text, bgcolor=var("lw-chip", theme.primary), bold=True),
            "off": Style(color=dim, bgcolor=var("lw-cursor", theme.panel)),
            "add": Style(bgcolor=var("lw-add", None)),
            "add-word": Style(bgcolor=var("lw-add-word", None)),
            "del": Style(bgcolor=var("lw-del", None)),
            "del-word": Style(bgcolor=var("lw-del-word", None)),
            "cursor": Style(bgcolor=var("lw-cursor", theme.panel)),
            "match": Style(color=chip_text, bgcolor=var("", theme.warning)),
            **{f"syn-{kind}": Style(color=look.get(f"lw-syn-{kind}")) for kind in SYNTAX},
            "syn-comment": Style(color=look.get("lw-syn-comment"), italic=True),
        }
    )


def _shapes() -> dict[str, Style]:
    return {
        "": Style.null(),
        "strong": Style(bold=True),
        "italic": Style(italic=True),
        "under": Style(underline=True),
        "struck": Style(strike=True),
        # The colours of tools, out of the terminal's palette.
        **{f"ansi{n}": Style(color=f"color({n})") for n in range(16)},
        # Black and white would vanish on a theme of that colour.
        **{f"ansi{n}": Style.null() for n in (0, 7, 15)},
    }


def _ansi() -> dict[str, Style]:
    return {
        "plain": Style.null(),
        "dim": Style(color="bright_black"),
        "faint": Style(color="bright_black"),
        "ok": Style(color="green"),
        "bad": Style(color="red"),
        "warn": Style(color="yellow"),
        "accent": Style(color="blue"),
        "chip": Style(color="black", bgcolor="blue", bold=True),
        "off": Style(color="bright_black"),
        "add": Style(color="green"),
        "add-word": Style(color="green", bold=True, underline=True),
        "del": Style(color="red"),
        "del-word": Style(color="red", bold=True, underline=True),
        "cursor": Style(reverse=True),
        "match": Style(reverse=True, bold=True),
        # Added and removed lines keep their own colour, which has no other ground to stand on.
        "syn-keyword": Style(bold=True),
        "syn-string": Style(color="cyan"),
        "syn-number": Style(color="cyan"),
        "syn-comment": Style(color="bright_black", italic=True),
        "syn-name": Style(color="blue"),
        "syn-type": Style(color="magenta"),
    }
