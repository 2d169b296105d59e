from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import places
from core.errors import JournalError, UsageError
from core.protocol import CheckSpec, Isolation
from core.trust import KEPT_FOR_EACH, is_trusted, remember, trust_hash

PYTEST = CheckSpec("pytest", ("pytest", "-q"), "pytest", "pyproject.toml")
HOUSE = Path(__file__).parents[2]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}


def store(env: dict[str, str]) -> Path:
    return places.state_home(env) / "trust.json"


class TestHash:
    usual = (Path("/r"), (PYTEST,), b"", "/usr/bin/python3", Isolation("bubblewrap"))

    @pytest.mark.parametrize(
        ("at", "other"),
        [
            (0, Path("/other")),
            (1, ()),
            (1, (CheckSpec("pytest", ("pytest", "-q", "-x"), "pytest"),)),
            (1, (CheckSpec("pytest", ("pytest", "-q"), "pytest", timeout=9.0),)),
            (1, (CheckSpec("pytest", ("pytest", "-q"), "pytest", network=True),)),
            (1, (CheckSpec("pytest", ("pytest", "-q"), "pytest", caches=("~/.cache/uv",)),)),
            (2, b"x"),
            (3, "/repo/.venv/bin/python"),
            (4, Isolation("none")),
        ],
    )
    def test_everything_that_would_run_or_be_obeyed_counts(self, at: int, other: object) -> None:
        changed = list(self.usual)
        changed[at] = other  # type: ignore[call-overload]
        assert trust_hash(*self.usual) != trust_hash(*changed)  # type: ignore[arg-type]

    def test_how_it_was_found_does_not(self) -> None:
        elsewhere = CheckSpec("pytest", ("pytest", "-q"), "pytest", "--check")
        changed = (self.usual[0], (elsewhere,), *self.usual[2:])
        assert trust_hash(*self.usual) == trust_hash(*changed)  # type: ignore[arg-type]
        assert len(trust_hash(*self.usual)) == 64

    def test_words_cannot_move_between_arguments(self) -> None:
        one = trust_hash(Path("/r"), (CheckSpec("a", ("x y",)),), b"", "", Isolation("none"))
        two = trust_hash(Path("/r"), (CheckSpec("a", ("x", "y")),), b"", "", Isolation("none"))
        assert one != two


class TestStore:
    def test_it_is_remembered_by_real_path(self, env: dict[str, str], tmp_path: Path) -> None:
        repo, link = tmp_path / "repo", tmp_path / "link"
        repo.mkdir()
        link.symlink_to(repo)
        assert not is_trusted(env, repo, "a" * 64)
        remember(env, link, "a" * 64)
        assert is_trusted(env, repo, "a" * 64)
        assert is_trusted(env, link, "a" * 64)
        assert not is_trusted(env, repo, "b" * 64)
        assert not is_trusted(env, tmp_path, "a" * 64)
        assert store(env).stat().st_mode & 0o777 == 0o600
        assert store(env).parent.stat().st_mode & 0o777 == 0o700

    def test_only_the_newest_are_kept(self, env: dict[str, str], tmp_path: Path) -> None:
        for n in range(KEPT_FOR_EACH + 3):
            remember(env, tmp_path, str(n))
        assert not is_trusted(env, tmp_path, "2")
        assert is_trusted(env, tmp_path, "3")

    @pytest.mark.parametrize("data", [b"{", b"[]", b'{"repositories": 3}', b"\xff", b""])
    def test_a_damaged_store_trusts_nothing(
        self, env: dict[str, str], tmp_path: Path, data: bytes
    ) -> None:
        remember(env, tmp_path, "a")
        store(env).write_bytes(data)
        for use in (is_trusted, remember):
            with pytest.raises(JournalError, match="Nothing was trusted"):
                use(env, tmp_path, "a")
        assert store(env).read_bytes() == data

    def test_a_newer_store_is_left_alone(self, env: dict[str, str], tmp_path: Path) -> None:
        remember(env, tmp_path, "a")
        store(env).write_text('{"version": 2, "repositories": {}}')
        with pytest.raises(JournalError, match="newer"):
            remember(env, tmp_path, "b")

    def test_several_at_once_lose_nothing(self, env: dict[str, str], tmp_path: Path) -> None:
        code = (
            "import sys, os; from pathlib import Path; from core.trust import remember\n"
            "_, root, name = sys.argv\n"
            "for n in range(10): remember(dict(os.environ), Path(root), f'{name}-{n}')"
        )
        children = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(tmp_path), str(i)],
                env={**env, "PYTHONPATH": str(HOUSE)},
            )
            for i in range(3)
        ]
        assert [child.wait(60) for child in children] == [0, 0, 0]
        assert all(is_trusted(env, tmp_path, f"{i}-{n}") for i in range(3) for n in range(10))

    def test_a_full_disk_keeps_the_old_one(
        self, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        remember(env, tmp_path, "a")

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(JournalError, match="No space left"):
            remember(env, tmp_path, "b")
        monkeypatch.undo()
        assert is_trusted(env, tmp_path, "a")
        assert not is_trusted(env, tmp_path, "b")
        assert sorted(p.name for p in store(env).parent.iterdir()) == ["trust.json", "trust.lock"]


class TestPlaces:
    def test_xdg_and_its_defaults(self) -> None:
        env = {"HOME": "/home/me"}
        assert places.state_home(env) == Path("/home/me/.local/state/loopwright")
        assert places.config_home(env) == Path("/home/me/.config/loopwright")
        assert places.state_home({**env, "XDG_STATE_HOME": "/s"}) == Path("/s/loopwright")
        relative = {**env, "XDG_STATE_HOME": "s"}
        assert places.state_home(relative) == Path("/home/me/.local/state/loopwright")

    def test_keys_are_readable_and_unique(self, tmp_path: Path) -> None:
        a, b = tmp_path / "a" / "my shop", tmp_path / "b" / "my shop"
        assert places.repository_key(a).startswith("my-shop-")
        assert places.repository_key(a) != places.repository_key(b)
        assert places.repository_key(Path("/")).startswith("root-")
        assert places.repository_key(tmp_path / "…").startswith("root-")

    def test_the_folder_is_private(self, env: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "repo").mkdir()
        folder = places.repository_folder(env, tmp_path / "repo")
        assert folder.is_dir()
        for part in (folder, folder.parent, folder.parent.parent):
            assert part.stat().st_mode & 0o777 == 0o700

    def test_it_never_lies_in_the_repository(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="inside the repository"):
            places.repository_folder({"XDG_STATE_HOME": str(tmp_path / ".state")}, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_a_file_in_the_way_is_said(self, env: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "state").write_text("")
        (tmp_path / "repo").mkdir()
        with pytest.raises(JournalError, match="cannot be used"):
            places.repository_folder(env, tmp_path / "repo")

    @pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
    def test_a_read_only_folder_is_said(self, env: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "state").mkdir(mode=0o500)
        with pytest.raises(JournalError, match="cannot be used"):
            places.repository_folder(env, tmp_path / "repo")
