"""Pictures of the real app, out of recorded sessions: `python -m tui.screenshots [FOLDER]`.

Reads FOLDER/journals/*.json and writes FOLDER/*.svg; FOLDER is `screenshots` unless given. The
clock stands at the recording's last entry and the cursor does not blink, so that the same
recording gives the same bytes.
"""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from core import replay
from core.text import clean
from tui.app import Workbench
from tui.bridge import Bridge
from tui.note import NoteInput

WIDE, NARROW, SIDE_BY_SIDE = (120, 40), (80, 24), (160, 45)


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    gate: str
    """The gate (or "comment") that the recording is wound to."""
    size: tuple[int, int] = WIDE
    theme: str = "dark"
    keys: tuple[str, ...] = ()
    journal: str = "shop"


PICTURES = (
    Picture("workbench", "result"),
    Picture("plan-gate", "plan"),
    Picture("trust-gate", "trust"),
    Picture("help", "result", keys=("?",)),
    Picture("narrow", "result", size=NARROW),
    Picture("light", "result", theme="light"),
    Picture("review", "comment", size=(160, 45), keys=("u", "J"), journal="review"),
    Picture("compare", "result", keys=("2", "k", "=")),
    Picture("undo", "undo", journal="review"),
)


async def draw(picture: Picture, recording: replay.Recording) -> str:
    """The picture as SVG. Raises `KeyError` when the recording has no such gate."""
    session = replay.Replay(recording, replay.gates(recording)[picture.gate])
    bridge = Bridge()
    app = Workbench(
        session,
        bridge,
        theme_name=picture.theme,
        env={},
        clock=lambda: session.state.at,
        monotonic=lambda: 0.0,
    )
    async with app.run_test(size=picture.size) as pilot:
        app.desk.query_one(NoteInput).cursor_blink = False
        change = session.state.iteration and session.state.iteration.change
        while change and app.desk.view.diff is None:
            await pilot.pause()
        await pilot.press(*picture.keys)
        await pilot.pause()
        name = clean(Path(session.state.repository).name)
        return standalone(app.export_screenshot(title=f"loopwright · {name}"))


def standalone(svg: str) -> str:
    """The picture without the fonts that it would fetch from elsewhere."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)


def main(folder: Path) -> int:
    recordings = {path.stem: replay.load(path) for path in (folder / "journals").glob("*.json")}
    missing = 0
    for picture in PICTURES:
        recording = recordings.get(picture.journal)
        if recording is None or picture.gate not in replay.gates(recording):
            missing += 1
            sys.stderr.write(
                f"{folder}/journals/{picture.journal}.json has no {picture.gate} gate\n"
            )
            continue
        svg = asyncio.run(draw(picture, recording))
        (folder / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
        sys.stdout.write(f"{folder / picture.name}.svg\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")))
