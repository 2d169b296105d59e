"""The bytes of three files merged: what both sides added is there, or there is no merge."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.repo.git import Git
from core.repo.merging import merge_file, relabelled

OID = "a1" * 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("merging")


LINES = [b"%d\r\n" % n for n in range(12)]


def merged(folder: Path, base: bytes, mine: bytes, new: bytes) -> bytes | None:
    result = merge_file(Git(folder), folder, base, mine, new)
    assert list(folder.iterdir()) == []
    return result


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    mine=st.binary(max_size=9).filter(lambda b: b"\0" not in b),
    new=st.binary(max_size=9).filter(lambda b: b"\0" not in b),
    end=st.booleans(),
)
def test_apart_both_are_kept_byte_for_byte(
    folder: Path, mine: bytes, new: bytes, end: bool
) -> None:
    base = b"".join(LINES) + (b"" if end else b"last\r\n")
    assert merged(folder, base, mine + b"\n" + base, base + new) == mine + b"\n" + base + new


def test_where_they_meet_and_what_is_no_text_is_not_merged(folder: Path) -> None:
    assert merged(folder, b"1\n2\n", b"1\nA\n", b"1\nB\n") is None
    assert merged(folder, b"1\0\n2\n3\n4\n", b"0\n1\0\n2\n3\n4\n", b"1\0\n2\n3\n4\n5\n") is None
    assert merged(folder, b"", b"mine\n", b"new\n") is None
    assert merged(folder, b"1\n", b"2\n", b"2\n") == b"2\n"


def test_only_markers_of_git_are_put_in_words() -> None:
    names = {OID: "your branch"}
    content = f"<<<<<<< {OID}\r\n<<<<<<< {OID}:a.py\nx <<<<<<< {OID}\n<<<< {OID}\n".encode()
    assert relabelled(content, names) == (
        f"<<<<<<< your branch\r\n<<<<<<< your branch:a.py\nx <<<<<<< {OID}\n<<<< {OID}\n".encode()
    )
