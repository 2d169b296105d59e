from __future__ import annotations

from pathlib import Path

import pytest

from core import protocol as p
from core import replay
from core.errors import JournalError
from tests.fakes.shop import Shop
from tui.screenshots import PICTURES, draw

FOLDER = Path(__file__).parents[2] / "screenshots"


def test_a_recording_survives_the_disk(tmp_path: Path) -> None:
    session = Shop().to("green")
    kept = replay.capture(session.entries, session)
    assert kept.diffs == session.recording.diffs
    assert kept.files == session.recording.files
    replay.save(kept, tmp_path / "x.json")
    assert replay.load(tmp_path / "x.json") == kept
    again = replay.Replay(replay.load(tmp_path / "x.json"))
    assert again.state == session.state
    assert again.reader.iterations() == session.reader.iterations()
    change = session.state.iteration.change
    assert again.reader.diff(change) == session.reader.diff(change)
    result = session.state.iteration.results[0]
    assert again.reader.output(result) == session.reader.output(result)


def test_it_winds_to_any_entry() -> None:
    session = Shop().to("green")
    recording = session.as_recording()
    where = replay.gates(recording)
    assert set(where) == {"trust", "plan", "result"}
    for kind, seq in where.items():
        state = replay.Replay(recording, seq).state
        assert state.gate is not None
        assert state.gate.kind == kind
        assert state.seq == seq
    assert replay.Replay(recording, where["result"]).state.iteration.n == 2


def test_a_replay_answers_nothing() -> None:
    one = replay.Replay(Shop().to("green").as_recording())
    before = one.state
    one.submit(p.Cancel())
    one.close()
    assert one.state is before


def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{]")
    for name in ("x.json", "none.json"):
        with pytest.raises(JournalError, match="not a recorded session"):
            replay.load(tmp_path / name)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
async def test_the_pictures_are_true(picture: object) -> None:
    """The committed pictures are what the app draws from the committed recordings today."""
    recording = replay.load(FOLDER / "journals" / f"{picture.journal}.json")
    drawn = await draw(picture, recording)
    committed = (FOLDER / f"{picture.name}.svg").read_text(encoding="utf-8")
    assert drawn == committed, "run `python -m tui.screenshots` and look at what it drew"
