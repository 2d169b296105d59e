"""Bad input: a sentence that names the next step, the documented exit code, nothing written."""

from __future__ import annotations

import os

import pytest

from core.sandbox import landlock
from tests.fakes.command import make_person, sentences
from tests.fakes.repos import git, make_repo, snapshot
from tests.fakes.sandbox import under_landlock
from tests.fakes.stage import clean_environment, shop

RUN = ("run", "make it work", "--approve", "green", "--proposer", "repair")


@pytest.fixture
def person(tmp_path):
    return make_person(tmp_path / "home")


def refused(person, cwd, argv, code, *words, env=None, **more):
    """Runs it; the folder must stay as it was, down to the bytes of its git folder."""
    before = snapshot(cwd, objects=True)
    said = person.loopwright(*argv, cwd=cwd, env=person.environment(env), **more)
    assert said.code == code, said.err
    text = " ".join(sentences(said))
    assert len(text) < 700
    for word in words:
        assert word in text
    assert snapshot(cwd, objects=True) == before


class TestRepositories:
    def test_none(self, person, tmp_path):
        (tmp_path / "plain").mkdir()
        refused(person, tmp_path / "plain", RUN, 4, "git")

    def test_bare(self, person, tmp_path):
        git(tmp_path, "init", "-q", "--bare", "bare.git")
        refused(person, tmp_path / "bare.git", RUN, 4, "bare")

    def test_unborn_branch(self, person, tmp_path):
        refused(person, make_repo(tmp_path / "new", {}, commit=False), RUN, 4, "commit")

    def test_home(self, person):
        refused(person, make_repo(person.home, {"a": "b"}), RUN, 4, "home")

    def test_merge_under_way(self, person, tmp_path):
        repo = shop(tmp_path / "shop")
        (repo / ".git" / "MERGE_HEAD").write_text(git(repo, "rev-parse", "HEAD") + "\n")
        refused(person, repo, RUN, 4, "merge")

    def test_no_git(self, person, tmp_path):
        (tmp_path / "empty").mkdir()
        refused(person, shop(tmp_path / "shop"), RUN, 4, "install git",
                env={"PATH": str(tmp_path / "empty")})  # fmt: skip

    def test_no_such_folder(self, person, tmp_path):
        refused(person, tmp_path, ("run", "x", "--approve", "never", "--repo", "nope"), 2, "nope")
        refused(person, tmp_path, ("dmeo",), 2, "no folder dmeo", "`loopwright demo")
        (tmp_path / "file").write_text("")
        refused(person, tmp_path, ("log", "--repo", "file"), 2, "not a folder")

    def test_untrusted(self, person, tmp_path):
        refused(person, shop(tmp_path / "shop"), RUN, 4, "--trust", "pytest")

    def test_unsandboxed(self, person, tmp_path):
        if not landlock.version():
            pytest.skip("no Landlock, by which the other sandboxes are taken away")
        refused(person, shop(tmp_path / "shop"), (*RUN, "--trust"), 4, "--no-sandbox",
                preexec_fn=under_landlock(16))  # fmt: skip


class TestState:
    def test_a_file_where_the_state_folder_should_be(self, person, tmp_path):
        (person.home / "state").write_text("")
        refused(person, shop(tmp_path / "shop"), RUN, 2, "XDG_STATE_HOME")

    def test_inside_the_repository(self, person, tmp_path):
        repo = shop(tmp_path / "shop")
        refused(person, repo, RUN, 2, "inside the repository", env={"XDG_STATE_HOME": str(repo)})

    @pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
    def test_read_only(self, person, tmp_path):
        (person.home / "state").mkdir(mode=0o500)
        refused(person, shop(tmp_path / "shop"), RUN, 2, "XDG_STATE_HOME")

    @pytest.mark.parametrize("command", ["log", "show", "resume"])
    def test_nothing_recorded_yet(self, person, tmp_path, command):
        repo = shop(tmp_path / "shop")
        said = person.loopwright(command, cwd=repo)
        assert said.code in (2, 4)
        assert sentences(said)


class TestUsage:
    @pytest.mark.parametrize(
        ("argv", "words"),
        [
            (("run", "  ", "--approve", "green"), ("goal is empty",)),
            (("run", "x"), ("--approve green", "--approve never")),
            (("run", "x", "--approve", "green", "--proposer", "magic"), ("“magic”", "repair")),
            (("run", "x", "--approve", "green", "--proposer", "script:no"), ("no is not there",)),
            ((), ("needs a terminal", "loopwright run")),
            (("resume",), ("needs a terminal",)),
            ((".", "--repo", "."), ("named twice",)),
            (("run", "x", "--approve", "green", "--budget", "lots"), ("--budget",)),
        ],
    )
    def test_options(self, person, tmp_path, argv, words):
        refused(person, shop(tmp_path / "shop"), argv, 2, *words)

    def test_a_check_that_needs_a_shell(self, person, tmp_path):
        argv = (*RUN, "--trust", "--check", "pytest -q | tee log")
        refused(person, shop(tmp_path / "shop"), argv, 2, "shell")

    def test_no_checks(self, person, tmp_path):
        repo = make_repo(tmp_path / "plain", {"README": "nothing to check\n"})
        for more in ((), ("--trust",)):
            refused(person, repo, (*RUN, *more), 2, "--check")


class TestConfiguration:
    def test_the_persons(self, person, tmp_path):
        file = person.home / "config" / "loopwright" / "config.toml"
        file.parent.mkdir(parents=True)
        repo = shop(tmp_path / "shop")
        for text, word in (("modle = 'x'", "“model”"), ("model =", "TOML"), ("theme = 1", "theme")):
            file.write_text(text)
            refused(person, repo, RUN, 2, str(file), word)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("checs = []", ("“checks”",)),
            ("api_base = 'http://x'", ("the person's own",)),
            ("sandbox = false", ("the person's own",)),
            ("max_iterations = 100", ("only lower",)),
            ("scope =", ("TOML",)),
        ],
    )
    def test_the_repositorys(self, person, tmp_path, text, words):
        repo = shop(tmp_path / "shop", {"loopwright.toml": text})
        refused(person, repo, (*RUN, "--trust"), 2, "loopwright.toml", *words)


def test_another_holds_it(person, tmp_path):
    from core import protocol as p
    from tests.fakes.stage import Stage

    repo = shop(tmp_path / "shop")
    held = Stage(repo, person.home, options=p.Options())
    try:
        refused(person, repo, RUN, 4, "has this repository open")
    finally:
        held.close()


def test_our_own_fault_is_a_sentence_and_a_file(person, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Breaks:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tui.listing': raise ZeroDivisionError('by a bug')\n"
        "sys.meta_path.insert(0, Breaks())\n"
    )
    env = {**clean_environment(person.home), "PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    said = person.loopwright("log", cwd=shop(tmp_path / "shop"), env=env)
    assert said.code == 1
    assert "fault of our own (ZeroDivisionError: by a bug)" in " ".join(sentences(said))
    (story,) = tmp_path.glob("loopwright-fault-*.txt")
    assert "Traceback" in story.read_text()
