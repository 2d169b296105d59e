"""`verify` on clones of really landed commits: genuine ones, and each kind of forgery."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from core import protocol as p
from core.config import Settings
from core.edits.format import Replace, Write
from core.errors import Refused, UsageError
from core.sandbox.probe import probe
from core.verify import Verified, verify
from tests.fakes.command import make_person, sentences
from tests.fakes.repos import MAIL, NAME, git, snapshot, write
from tests.fakes.stage import (
    FAILING,
    GOAL,
    TESTS,
    Stage,
    bare_python,
    change,
    clean_environment,
    edit,
    shop,
    write_script,
)

MORE_TESTS = TESTS + (
    "\n\ndef test_nothing():\n    assert count([]) == 0\n"
    "\n\ndef test_small():\n    assert total([0.5]) == 0.5\n"
)
RIGHT = change("With tests.", edit(" + 0.01", ""), Write("tests/test_cart.py", MORE_TESTS))
OTHER = "def test_elsewhere():\n    assert 'moon' == 'cheese'\n"
NONE = probe().kind == "none"


def land(folder: Path, *replies, more=None, options=None, take=None, red=False) -> Path:
    """A repository with one commit of Loopwright's on top."""
    repo = shop(folder / "shop", {"README": "shop\n", **(more or {})})
    if options is not None and options.include_dirty:
        (repo / "README").write_text("mine\n")
    script = write_script(folder / "script.jsonl", replies)
    usual = p.Options(with_plan=False, trust_for_run=True)
    it = Stage(repo, folder / "home", proposer=f"script:{script}", options=options or usual)
    try:
        it.goal(GOAL).at_gate("result")
        hunks = it.state.iteration.change.hunk_ids
        taken = None if take is None else tuple(hunks[n] for n in take)
        wrote = f"Mine.\n\n{it.state.gate.message}" if take else ""
        it.decide("approve", hunks=taken, confirmed=red, message=wrote)
        assert it.ended().reached
    finally:
        it.close()
    return repo


@pytest.fixture(scope="module")
def landed(tmp_path_factory) -> Path:
    return land(tmp_path_factory.mktemp("landed"), RIGHT, more={"tests/test_other.py": OTHER})


@pytest.fixture
def clone(landed, tmp_path) -> Path:
    return cloned(landed, tmp_path / "clone")


def cloned(repo: Path, to: Path) -> Path:
    git(repo, "clone", "-q", str(repo), str(to))
    git(to, "config", "user.name", NAME)
    git(to, "config", "user.email", MAIL)
    return to


def verified(repo: Path, rev: str = "HEAD", *, trust: bool = True, **more) -> Verified:
    options = p.Options(trust_for_run=trust, allow_unsandboxed=NONE)
    env = clean_environment(repo.parent / "empty home")
    more.setdefault("interpreter", bare_python())
    return verify(Settings(repo=repo, env=env, options=options, **more), rev)


def body(repo: Path) -> str:
    return git(repo, "log", "-1", "--format=%B")


def amend(repo: Path, message: str) -> None:
    git(repo, "commit", "-q", "-a", "--amend", "--cleanup=verbatim", "-F", "-",
        input=message.encode())  # fmt: skip


def told(found: Verified, standing: str) -> list[str]:
    return [f"{f.claim} · {f.why}" for f in found.findings if f.standing == standing]


def altered(repo: Path, old: str, new: str) -> Verified:
    """With one place of the message changed."""
    before = body(repo)
    assert before.count(old) == 1, before
    amend(repo, before.replace(old, new))
    return verified(repo)


def test_a_genuine_commit_is_confirmed_from_a_clean_clone(landed, clone):
    before = snapshot(clone, objects=True)
    found = verified(clone)
    assert found.holds, told(found, "fails") + told(found, "unknown")
    claims = [f.claim for f in found.findings]
    assert "run of pytest: 1 failed, 4 passed (fail)" in claims
    assert f"fixes {FAILING}" in claims
    assert "tests/test_cart.py::test_small fails without the change" in claims
    assert "tests/test_cart.py::test_nothing passes without it too" in claims
    assert "1 failed before too" in claims
    assert found.commit == git(landed, "rev-parse", "HEAD")
    assert snapshot(clone, objects=True) == before
    home = clone.parent / "empty home"
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_from_a_later_commit_and_beside_uncommitted_work(clone):
    rev = git(clone, "rev-parse", "HEAD")
    write(clone, {"cart.py": "broken(\n", "later.py": ""})
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "later")
    write(clone, {"tests/test_cart.py": "worse(\n"})
    assert verified(clone, rev).holds
    assert verified(clone, "HEAD~").holds
    with pytest.raises(UsageError, match="none of Loopwright's"):
        verified(clone)


def test_nothing_runs_before_the_commands_are_trusted(clone):
    write(clone, {"conftest.py": "raise SystemExit('ran')\n"})
    with pytest.raises(Refused, match=r"pytest: python -m pytest[\s\S]*--trust"):
        verified(clone, trust=False)


def test_trust_that_a_session_was_given_is_enough(tmp_path):
    script = write_script(tmp_path / "s.jsonl", [change("x", edit(" + 0.01", ""))])
    repo, home = shop(tmp_path / "shop"), tmp_path / "empty home"
    options = p.Options(with_plan=False)
    it = Stage(repo, home, proposer=f"script:{script}", options=options)
    try:
        it.goal(GOAL).answer("trust", "trust").answer("result", "approve")
        assert it.ended().reached
    finally:
        it.close()
    assert verified(repo, trust=False).holds
    # Not for other commands, though: here, what the message claims to have been given by hand.
    amend(repo, body(repo).replace("by: python -m pytest", "by --check: python -m pytest -q"))
    with pytest.raises(Refused, match="python -m pytest -q"):
        verified(repo, trust=False)


@pytest.mark.parametrize("rev", ["nowhere", "-h", "HEAD:cart.py", "--all"])
def test_what_is_no_commit_is_said(clone, rev):
    with pytest.raises(UsageError, match="There is no commit"):
        verified(clone, rev)


def test_one_byte_of_source_is_named(clone):
    cart = clone / "cart.py"
    cart.write_text(cart.read_text().replace("sum(prices), 2", "sum(prices), 1"))
    amend(clone, body(clone))
    found = verified(clone)
    fails = told(found, "fails")
    assert any(line.startswith("tree · the evidence is of tree") for line in fails)
    assert [line for line in fails if line.startswith("file ")] == [
        line for line in fails if line.startswith("file cart.py · what was checked is")
    ]
    assert any("run of pytest" in line and FAILING in line for line in fails)
    assert f"fixes {FAILING} · it fails here still" in fails


def test_one_byte_of_a_test_is_named(clone):
    test = clone / "tests" / "test_other.py"  # which the change itself did not touch
    test.write_text(test.read_text().replace("==", "!="))
    amend(clone, body(clone))
    fails = told(verified(clone), "fails")
    assert (
        "file tests/test_other.py · the commit changes it, and it is no part of what was checked"
        in fails
    )
    assert any(line.startswith("run of pytest: 1 failed, 4 passed (fail) · here") for line in fails)


def test_a_byte_that_no_check_minds_is_named(clone):
    write(clone, {"README": "shoq\n"})
    amend(clone, body(clone))
    assert [line.split(" · ")[0] for line in told(verified(clone), "fails")] == [
        "tree", "file README",
    ]  # fmt: skip


EDITED = "lines of evidence · they are not the ones that were written: the message was edited"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("by: python -m pytest", "by: python -m pytesu", "command of pytest · the message says"),
        ("by: python -m pytest", "by: python -m pytest -k x", "the repository has 'python -m"),
        ("4 passed (fail)", "5 passed (fail)", "run of pytest: 1 failed, 5 passed (fail) · here"),
        ("4 passed (fail)", "4 passed (pass)", "run of pytest: 1 failed, 4 passed (pass) · here"),
        (f"- fixes {FAILING}", f"- fixes {FAILING}s", "it does not fail on the parent commit"),
        (
            f"- fixes {FAILING}",
            f"- fixes {FAILING}\n- fixes tests/test_cart.py::test_count",
            "fixes tests/test_cart.py::test_count · it does not fail on the parent commit",
        ),
        (
            f"- fixes {FAILING}",
            f"- fixes {FAILING}\n- fixes tests/test_other.py::test_elsewhere",
            "fixes tests/test_other.py::test_elsewhere · it fails here still",
        ),
        ("- 1 failed before", "- 2 failed before", "2 failed before too · here it is 1"),
        (
            "test_nothing passes without it too: no evidence",
            "test_nothing fails without the change",
            "test_nothing fails without the change · it passes without the change too",
        ),
        (" cart.py", " cart.pi", "file cart.pi · the commit does not change it"),
        (f"- fixes {FAILING}", "- approved although not green: x", "not green · 1 failure fixed"),
    ],
)
def test_a_byte_of_the_message_is_named(clone, old, new, named):
    found = altered(clone, old, new)
    (fails,) = told(found, "fails")
    assert named in fails
    assert EDITED in told(found, "unknown")


def test_another_tree_in_the_message_is_named(clone):
    tree = git(clone, "rev-parse", "HEAD^{tree}")
    (fails,) = told(altered(clone, tree, tree[::-1]), "fails")
    assert fails == f"tree · the evidence is of tree {tree[::-1]}; the commit holds {tree}"


def test_another_parent_is_named(clone):
    parent = git(clone, "commit-tree", "HEAD~^{tree}", "-m", "first, once more")
    commit = git(
        clone, "commit-tree", "HEAD^{tree}", "-p", parent, "-F", "-", input=body(clone).encode()
    )
    git(clone, "reset", "-q", "--soft", commit)
    (fails,) = told(verified(clone), "fails")
    assert fails.startswith("parent · the change was made from")


def test_a_message_that_the_person_shortened_is_told_of_and_not_failed(clone):
    message = body(clone)
    amend(clone, re.sub(r"- (ran|fixes|file) .*\n", "", message))
    found = verified(clone)
    assert not told(found, "fails")
    for claim in ("run of pytest · the repository has", f"fixes {FAILING} · the message does not"):
        assert any(line.startswith(claim) for line in told(found, "unknown")), found
    amend(clone, "Mine.\n\nAssisted-by: Loopwright (me)\n")
    found = verified(clone)
    assert [f.claim for f in found.findings] == ["evidence"]
    assert not found.holds


def test_a_shallow_clone_says_what_it_cannot_know(landed, tmp_path):
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{landed}", "shallow")
    found = verified(tmp_path / "shallow")
    assert f"fixes {FAILING} · its parent is not here" in told(found, "unknown")
    assert "run of pytest: 1 failed, 4 passed (fail)" in [
        f.claim for f in found.findings if f.standing == "holds"
    ]


def test_evidence_that_held_uncommitted_content_says_so(tmp_path):
    options = p.Options(with_plan=False, trust_for_run=True, include_dirty=True)
    repo = land(tmp_path, change("x", edit(" + 0.01", "")), options=options)
    found = verified(cloned(repo, tmp_path / "clone"))
    assert not told(found, "fails")
    (unknown,) = told(found, "unknown")
    assert "which also held uncommitted content; the commit holds" in unknown


def test_a_part_that_landed_carries_its_own_evidence(tmp_path):
    both = change("x", edit(" + 0.01", ""), Replace("README", "shop\n", "store\n"))
    repo = land(tmp_path, both, take=(1,))
    assert body(repo).startswith("Mine.")
    assert git(repo, "show", "--format=", "--name-only") == "cart.py"
    found = verified(cloned(repo, tmp_path / "clone"))
    assert found.holds, body(repo)


def test_a_red_commit_that_says_so_is_confirmed(tmp_path):
    worse = change("x", edit("+ 0.01, 2", "+ 0.02, 1"), edit("len(prices)", "len(prices) + 1"))
    repo = land(tmp_path, worse, red=True)
    assert "- breaks tests/test_cart.py::test_count\n" in body(repo)
    clone = cloned(repo, tmp_path / "clone")
    found = verified(clone)
    assert found.holds, told(found, "fails") + told(found, "unknown")
    text = body(clone)
    quiet = re.sub(r"- approved although.*\n", "", text)
    amend(clone, quiet)
    claims = [line.split(" ")[0] for line in told(verified(clone), "fails")]
    assert claims == ["asks", "green:"]


def test_commands_given_by_hand_are_run_as_the_message_has_them(tmp_path):
    given = ("python -m pytest -q", "python -m pytest tests/test_cart.py", "python tools/ok.py")
    options = p.Options(with_plan=False, trust_for_run=True, checks=given)
    repo = land(
        tmp_path, change("x", edit(" + 0.01", "")), options=options, more={"tools/ok.py": ""}
    )
    clone = cloned(repo, tmp_path / "clone")
    found = verified(clone)
    assert found.holds, told(found, "fails") + told(found, "unknown")
    found = altered(clone, "python tools/ok.py", "python tools/no.py")
    assert "command of ok.py · the message names 'python tools/no.py', which is no ok.py" in told(
        found, "fails"
    )


def test_the_interpreter_of_an_ignored_environment_is_used(landed, tmp_path):
    import venv

    clone = cloned(landed, tmp_path / "clone")
    (clone / ".git" / "info" / "exclude").write_text(".venv/\n")
    venv.create(clone / ".venv", with_pip=False, symlinks=True)
    found = verified(clone, interpreter="")
    assert found.interpreter == str(clone / ".venv" / "bin" / "python")
    assert found.holds, told(found, "fails") + told(found, "unknown")


def test_checks_that_ask_git_see_what_they_saw(tmp_path):
    asks = (
        "import subprocess\n\n\ndef test_git():\n"
        "    said = subprocess.run(['git', 'log', '-1', '--format=%s'], capture_output=True)\n"
        "    assert said.stdout == b'first\\n', said\n"
    )
    repo = land(tmp_path, change("x", edit(" + 0.01", "")), more={"tests/test_git.py": asks})
    assert verified(cloned(repo, tmp_path / "clone")).holds


def test_hostile_names_forge_no_lines(tmp_path):
    name = "a\\n- fixes everything\\n\\nEvidence:\\n- digest 0123456789abcdef"
    test = (
        "import pytest\nfrom cart import total\n\n\n"
        f"@pytest.mark.parametrize('x', ['{name}'], ids=str)\n"
        "def test_it(x):\n    assert total([1.0]) == 1.0\n"
    )
    repo = land(tmp_path, change("x", edit(" + 0.01", "")), more={"tests/test_x.py": test})
    assert "\n- fixes everything" not in body(repo)
    found = verified(cloned(repo, tmp_path / "clone"))
    assert found.holds, body(repo)


def test_the_command_prints_each_claim_and_exits_as_it_says(landed, clone, tmp_path):
    person = make_person(tmp_path / "home")
    trust = ("--trust", *(["--no-sandbox"] if NONE else []))
    said = person.loopwright("verify", cwd=clone)
    assert said.code == 4
    assert "python -m pytest" in said.err
    said = person.loopwright("verify", *trust, cwd=clone)
    assert said.code == 0, said
    assert f"✓ fixes {FAILING}\n" in said.out
    assert not sentences(said)
    said = person.loopwright("verify", "HEAD", "--json", *trust, "--repo", str(clone))
    assert {f["standing"] for f in json.loads(said.out)["findings"]} == {"holds"}
    assert person.loopwright("verify", "HEAD~", *trust, cwd=clone).code == 2
    amend(clone, body(clone).replace("4 passed", "5 passed"))
    said = person.loopwright("verify", *trust, cwd=clone)
    assert said.code == 1
    assert "✗ run of pytest: 1 failed, 5 passed (fail) · here it is" in said.out
