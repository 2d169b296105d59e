"""Long texts are stored as they come, and no secret of theirs is."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import JournalError
from core.journal import Journal, texts
from core.journal.blobs import Blobs
from core.propose.redact import Redactor

SECRETS = {"A_KEY": "sk-0123456789", "PEM_SECRET": "--begin\nAAAABBBB\nCCCC--end"}
PARTS = st.lists(st.sampled_from([*SECRETS.values(), "ä", "\n", "some words ", "--begin\n"]))


@given(PARTS, st.integers(1, 40))
def test_a_text_in_pieces_is_redacted_as_the_whole_is(parts: list[str], size: int) -> None:
    class Kept:
        data = b""

        def write(self, data: bytes) -> None:
            self.data += data

        def done(self) -> str:
            return ""

        def drop(self) -> None: ...

    text, kept = "".join(parts), Kept()
    with mock.patch.object(texts, "_BLOCK", 60), mock.patch.object(texts, "_HELD", 30):
        data = text.encode()
        writing = texts.TextWriting(kept, Redactor(SECRETS))  # type: ignore[arg-type]
        for at in range(0, len(data), size):
            writing.write(data[at : at + size])
        writing.done()
    assert kept.data.decode() == Redactor(SECRETS)(text)


def test_what_was_written_in_pieces_is_what_was_put_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    writing = journal.writing_text()
    for n in range(100_000):
        writing.write(b"line %d\n" % n)
    ref = writing.done()
    writing.drop()
    assert ref == journal.put_text("".join(f"line {n}\n" for n in range(100_000)))
    assert journal.blobs.get(ref).endswith(b"line 99999\n")
    journal.close()


def test_a_dropped_text_leaves_nothing_and_a_full_disk_is_told(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    writing = blobs.writing()
    writing.write(b"some")
    assert [ref for ref, _ in blobs.stored()] == [""]
    writing.drop()
    assert list(blobs.stored()) == []
    left = blobs.writing()  # as by a kill
    blobs.sweep(())
    assert list(blobs.stored()) == []
    left.drop()
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be written"):
        Blobs(tmp_path / "file").writing()
    full = blobs.writing()
    full._file.close()
    full._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    with pytest.raises(JournalError, match="No space left"):
        full.write(b"some")
