"""Undo and redo of landings in real repositories: what stays, what goes, what is refused."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.errors import ActionFailed
from core.protocol import LandingIntent, Moved, UndoPlan
from core.repo import stage
from core.repo.facts import inspect
from core.repo.landing import Landing, land, prepare, prepare_move
from core.repo.recovery import recover
from core.repo.undo import message, plan_undo
from tests.fakes.landings import Bench, make_bench, open_bench
from tests.fakes.repos import git, make_repo, snapshot, write


def numbered(**new: str) -> bytes:
    """Fifty lines, some of them others: `l7="seven"`."""
    return b"".join(f"{new.get(f'l{n}', n)}\n".encode() for n in range(50))


def fresh(bench: Bench, *, include_dirty: bool = False) -> Bench:
    return Bench(bench.repo, bench.shop, bench.shop.base(include_dirty=include_dirty))


def put(
    bench: Bench,
    files: Mapping[str, bytes | None],
    subject: str = "step",
    modes: Mapping[str, str] | None = None,
) -> str:
    """Land a change on the branch as it is now; returns its commit."""
    now = fresh(bench)
    change = now.change(files, modes)
    intent = prepare(now.shop, now.base, change, subject)
    assert isinstance(intent, LandingIntent)
    assert isinstance(land(now.shop, intent, now.base, change), Landing)
    return intent.new_commit


def plan(bench: Bench, commit: str, *, redo: bool = False, by: str = "") -> UndoPlan:
    """The plan on the branch as it is now; nothing of the person's is written for it."""
    now = fresh(bench)
    before = snapshot(bench.repo, objects=True)
    found = plan_undo(now.shop, now.base, commit, redo=redo, by=by, describe=now.as_change)
    assert snapshot(bench.repo, objects=True) == before
    assert (found.commit, found.redo) == (commit, redo)
    assert (found.change is None) == bool(found.says)
    return found


def prepared(bench: Bench, planned: UndoPlan, *, move: bool = False) -> LandingIntent | Moved:
    assert planned.change is not None
    base = planned.change.base
    if move:
        return prepare_move(bench.shop, base, planned.change, planned.move_to)
    return prepare(bench.shop, base, planned.change, message(bench.shop, planned))


def carried_out(bench: Bench, planned: UndoPlan, *, move: bool = False) -> str:
    """Do it; returns the commit that the branch is on then."""
    intent = prepared(bench, planned, move=move)
    assert isinstance(intent, LandingIntent), intent
    assert planned.change is not None
    done = land(bench.shop, intent, planned.change.base, planned.change)
    assert isinstance(done, Landing), done
    assert git(bench.repo, "rev-parse", "HEAD") == done.commit == intent.new_commit
    assert done.base == bench.shop.base()
    assert not [n for n in snapshot(bench.repo) if "loopwright" in n or n.endswith(".lock")]
    git(bench.repo, "fsck", "--connectivity-only", "--no-dangling")
    return done.commit


def refused(bench: Bench, planned: UndoPlan, *, move: bool = False) -> Moved:
    before = snapshot(bench.repo, objects=True)
    away = prepared(bench, planned, move=move)
    assert isinstance(away, Moved)
    assert snapshot(bench.repo, objects=True) == before
    return away


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return make_bench(tmp_path, {"n": numbered(), "other": "o\n", "run.sh": "echo\n"})


def five(bench: Bench) -> list[str]:
    """Five landings, each on a line of its own, the third in a second file too."""
    commits, said = [], {}
    for n in range(1, 6):
        said[f"l{n * 8}"] = f"step {n}"
        more = {"three.py": b"3\n", "other": b"third\n"} if n == 3 else {}
        commits.append(put(bench, {"n": numbered(**said), **more}, f"step {n}"))
    return commits


def test_the_third_of_five_goes_and_the_others_stay_exactly(bench: Bench) -> None:
    commits = five(bench)
    planned = plan(bench, commits[2])
    assert planned.change is not None
    assert [f.path for f in planned.change.files] == ["n", "other", "three.py"]
    assert planned.move_to == ""
    done = carried_out(bench, planned)
    assert (bench.repo / "n").read_bytes() == numbered(
        l8="step 1", l16="step 2", l32="step 4", l40="step 5"
    )
    assert (bench.repo / "other").read_bytes() == b"o\n"
    assert not (bench.repo / "three.py").exists()
    assert git(bench.repo, "status", "--porcelain") == ""
    assert git(bench.repo, "rev-parse", "HEAD^") == commits[-1]
    assert git(bench.repo, "log", "-1", "--format=%B", done) == (
        f'Revert "step 3"\n\nThis takes back commit {commits[2]}.'
    )
    assert plan(bench, commits[2]).says.startswith("Nothing would change")


def test_what_later_commits_build_on_is_shown_and_nothing_is_written(bench: Bench) -> None:
    first = put(bench, {"n": numbered(l9="mine"), "other": b"x\n"})
    put(bench, {"n": numbered(l9="again")})
    planned = plan(bench, first)
    assert planned.change is None
    assert planned.conflict is not None
    assert planned.conflict.paths == ("n",)
    assert "n since" in planned.says
    held = bench.shop.read(planned.conflict.tree, "n") or b""
    assert b"<<<<<<< your branch\nagain\n=======\n9\n>>>>>>> without " in held


def test_the_persons_own_commits_in_between_stay(bench: Bench) -> None:
    first = put(bench, {"n": numbered(l9="ours"), "sub/new.py": b"1\n"})
    write(bench.repo, {"n": numbered(l9="ours", l30="theirs"), "their.py": "t\n"})
    git(bench.repo, "mv", "other", "renamed")
    git(bench.repo, "add", "-A")
    git(bench.repo, "commit", "-qm", "theirs")
    planned = plan(bench, first)
    assert planned.move_to == ""
    carried_out(bench, planned)
    assert (bench.repo / "n").read_bytes() == numbered(l30="theirs")
    assert not (bench.repo / "sub").exists()
    assert (bench.repo / "their.py").exists()
    assert git(bench.repo, "ls-files") == "n\nrenamed\nrun.sh\ntheir.py"


def test_other_dirty_files_stay_and_the_same_file_is_refused_by_name(bench: Bench) -> None:
    first = put(bench, {"n": numbered(l9="ours")})
    write(bench.repo, {"other": "dirty\n", "run.sh": "staged\n", "untracked": b"\0u"})
    git(bench.repo, "add", "run.sh")
    before = {name: (bench.repo / name).read_bytes() for name in ("other", "run.sh", "untracked")}
    status = git(bench.repo, "status", "--porcelain")
    for move in (False, True):
        write(bench.repo, {"n": numbered(l9="ours", l40="unsaved")})
        planned = plan(bench, first)
        assert refused(bench, planned, move=move).paths == ("n",)
        write(bench.repo, {"n": numbered(l9="ours")})
        top = carried_out(bench, planned, move=move)
        assert {name: (bench.repo / name).read_bytes() for name in before} == before
        assert git(bench.repo, "status", "--porcelain") == status
        if not move:
            carried_out(bench, plan(bench, top), move=True)
            assert git(bench.repo, "rev-parse", "HEAD") == first


def test_work_that_the_base_includes_is_kept_apart(bench: Bench) -> None:
    first = put(bench, {"n": numbered(l9="ours")})
    write(bench.repo, {"other": "dirty\n"})
    now = fresh(bench, include_dirty=True)
    planned = plan_undo(now.shop, now.base, first, describe=now.as_change)
    assert planned.change is not None
    for move in (False, True):
        intent = prepared(bench, planned, move=move)
        assert isinstance(intent, LandingIntent)
        assert git(bench.repo, "status", "--porcelain") == " M other"
    assert isinstance(land(now.shop, intent, now.base, planned.change), Landing)
    assert git(bench.repo, "status", "--porcelain") == " M other"
    assert (bench.repo / "n").read_bytes() == numbered()
    second = put(bench, {"n": numbered(l9="ours")})
    write(bench.repo, {"n": numbered(l9="ours", l40="unsaved")})
    now = fresh(bench, include_dirty=True)
    mixed = plan_undo(now.shop, now.base, second, describe=now.as_change)
    assert mixed.change is None
    assert mixed.says.startswith("n: holds uncommitted work")


def test_the_branch_moves_back_and_forward_again(bench: Bench) -> None:
    start = put(bench, {"other": b"kept\n"})
    files = {"n": numbered(l9="ours"), "deep/new.py": b"n\n", "other": None}
    commit = put(bench, files, "the step", {"n": "100755"})
    new = git(bench.repo, "ls-files", "-s")
    planned = plan(bench, commit)
    assert planned.move_to == start
    assert carried_out(bench, planned, move=True) == start
    assert (bench.repo / "n").read_bytes() == numbered()
    assert not os.access(bench.repo / "n", os.X_OK)
    assert (bench.repo / "other").read_bytes() == b"kept\n"
    assert not (bench.repo / "deep").exists()
    assert git(bench.repo, "status", "--porcelain") == ""
    assert git(bench.repo, "diff-files") == ""
    assert git(bench.repo, "reflog", "-1", "--format=%gs") == "loopwright: take back the step"
    # Even a gc that forgets all reflogs cannot take a redo away.
    git(bench.repo, "reflog", "expire", "--expire=all", "--all")
    git(bench.repo, "gc", "-q", "--prune=now")
    assert git(bench.repo, "cat-file", "-t", commit, ok=(0, 128)) == ""
    again = plan(bench, commit, redo=True)
    assert again.move_to == commit
    assert carried_out(bench, again, move=True) == commit
    assert git(bench.repo, "ls-files", "-s") == new
    assert git(bench.repo, "status", "--porcelain") == ""
    assert os.access(bench.repo / "n", os.X_OK)
    assert plan(bench, commit, redo=True).says.startswith("Nothing would change")


def test_moved_back_and_other_work_since_it_comes_back_as_a_commit(bench: Bench) -> None:
    commit = put(bench, {"n": numbered(l9="ours")}, "the step")
    carried_out(bench, plan(bench, commit), move=True)
    put(bench, {"n": numbered(l40="later")})
    again = plan(bench, commit, redo=True)
    assert again.move_to == ""
    top = carried_out(bench, again)
    assert (bench.repo / "n").read_bytes() == numbered(l9="ours", l40="later")
    assert git(bench.repo, "log", "-1", "--format=%B", top) == (
        f'Reapply "the step"\n\nThis brings back commit {commit}.'
    )


def test_redo_takes_the_undo_back_and_an_undo_of_an_undo_does_too(bench: Bench) -> None:
    commit = put(bench, {"n": numbered(l9="ours"), "new": b"\n"}, "the step")
    by = carried_out(bench, plan(bench, commit))
    put(bench, {"n": numbered(l40="later")})
    later = git(bench.repo, "rev-parse", "HEAD")
    again = plan(bench, commit, redo=True, by=by)
    assert again.move_to == ""
    redone = carried_out(bench, again)
    assert (bench.repo / "n").read_bytes() == numbered(l9="ours", l40="later")
    git(bench.repo, "reset", "-q", "--hard", later)
    back = carried_out(bench, plan(bench, by))
    assert git(bench.repo, "rev-parse", f"{back}^{{tree}}") == git(
        bench.repo, "rev-parse", f"{redone}^{{tree}}"
    )
    assert git(bench.repo, "log", "-1", "--format=%B") == (
        f'Reapply "the step"\n\nThis takes back commit {by}.'
    )
    # And once more the other way round.
    carried_out(bench, plan(bench, back))
    assert (bench.repo / "n").read_bytes() == numbered(l40="later")


def test_a_redo_whose_undo_the_person_dropped_has_nothing_to_do(bench: Bench) -> None:
    commit = put(bench, {"n": numbered(l9="ours")})
    by = carried_out(bench, plan(bench, commit))
    git(bench.repo, "reset", "-q", "--hard", commit)
    assert plan(bench, commit, redo=True, by=by).says.startswith("Nothing would change")


HOLDERS = [
    ("remote", ("update-ref", "refs/remotes/origin/main")),
    ("tag", ("tag", "v1")),
    ("note on it", ("tag", "-a", "-m", "x", "v1")),
    ("branch", ("branch", "copy")),
]


@pytest.mark.parametrize("argv", [h[1] for h in HOLDERS], ids=[h[0] for h in HOLDERS])
def test_what_others_hold_is_not_moved_away_from(bench: Bench, argv: tuple[str, ...]) -> None:
    commit = put(bench, {"n": numbered(l9="ours")})
    planned = plan(bench, commit)
    assert planned.move_to
    git(bench.repo, *argv, commit)
    assert plan(bench, commit).move_to == ""
    before = snapshot(bench.repo, objects=True)
    with pytest.raises(ActionFailed, match="new commit"):
        prepared(bench, planned, move=True)
    assert snapshot(bench.repo, objects=True) == before
    carried_out(bench, planned)
    assert (bench.repo / "n").read_bytes() == numbered()


def test_a_stash_or_a_ref_below_does_not_hold_it(bench: Bench) -> None:
    git(bench.repo, "tag", "below")
    commit = put(bench, {"n": numbered(l9="ours")})
    write(bench.repo, {"other": "later\n"})
    git(bench.repo, "stash", "-q")
    assert plan(bench, commit).move_to


@pytest.mark.parametrize("way", ["amend", "branch", "reset"])
def test_a_commit_that_left_the_history_is_said_plainly(bench: Bench, way: str) -> None:
    first = git(bench.repo, "rev-parse", "HEAD")
    commit = put(bench, {"n": numbered(l9="ours")})
    if way == "amend":
        git(bench.repo, "commit", "-q", "--amend", "-m", "mine now")
    elif way == "branch":
        git(bench.repo, "checkout", "-q", "-b", "side", first)
    else:
        git(bench.repo, "reset", "-q", "--hard", first)
    says = plan(bench, commit).says
    assert "no longer in the history of" in says
    assert ("side" if way == "branch" else "main") in says


def test_a_commit_that_is_gone_altogether_is_said_plainly(bench: Bench) -> None:
    assert "no longer in the repository" in plan(bench, "12" * 20).says
    assert "no longer in the repository" in plan(bench, "12" * 20, redo=True).says


def test_the_first_commit_and_merges_are_refused(bench: Bench) -> None:
    assert "nothing before it" in plan(bench, bench.base.commit).says
    git(bench.repo, "checkout", "-qb", "side")
    put(bench, {"other": b"side\n"})
    git(bench.repo, "checkout", "-q", "main")
    git(bench.repo, "merge", "-q", "--no-ff", "--no-edit", "side")
    assert "is a merge" in plan(bench, git(bench.repo, "rev-parse", "HEAD")).says


def test_renames_modes_and_deletions_are_taken_back(bench: Bench) -> None:
    commit = put(
        bench,
        {"n": None, "sub/n": numbered(), "run.sh": b"echo\n", "other": None},
        modes={"run.sh": "100755"},
    )
    put(bench, {"sub/n": numbered(l40="later")})
    carried_out(bench, plan(bench, commit))
    assert (bench.repo / "n").read_bytes() == numbered(l40="later")
    assert git(bench.repo, "ls-files") == "n\nother\nrun.sh"
    assert not os.access(bench.repo / "run.sh", os.X_OK)
    assert git(bench.repo, "status", "--porcelain") == ""


def test_a_file_that_was_deleted_since_is_a_conflict_by_name(bench: Bench) -> None:
    commit = put(bench, {"n": numbered(l9="ours")})
    put(bench, {"n": None})
    planned = plan(bench, commit)
    assert planned.conflict is not None
    assert planned.conflict.paths == ("n",)


def test_line_endings_follow_the_persons_rules(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"n": numbered(), "kept": b"1\r\n2\r\n"})
    git(repo, "config", "core.autocrlf", "true")
    (repo / "n").unlink()
    git(repo, "checkout", "-q", "n")
    bench = open_bench(tmp_path, repo)
    original = (repo / "n").read_bytes()
    assert b"\r\n" in original
    first = put(bench, {"n": numbered(l9="ours"), "kept": b"1\r\n3\r\n"})
    changed = (repo / "n").read_bytes()
    second = carried_out(bench, plan(bench, first))
    assert (repo / "n").read_bytes() == original
    assert (repo / "kept").read_bytes() == b"1\r\n2\r\n"
    carried_out(bench, plan(bench, second), move=True)
    assert (repo / "n").read_bytes() == changed
    carried_out(bench, plan(bench, first), move=True)
    assert (repo / "n").read_bytes() == original
    assert git(repo, "status", "--porcelain") == ""


IN_THE_WAY = [
    ("staged", "n", lambda r: (write(r, {"n": "s\n"}), git(r, "add", "n"))),
    ("staged, file as it was", "n", lambda r: git(r, "rm", "-q", "--cached", "n")),
    ("untracked", "other", lambda r: write(r, {"other": "theirs\n"})),
    ("folder", "other", lambda r: write(r, {"other/x": "theirs\n"})),
    ("deleted", "new.py", lambda r: (r / "new.py").unlink()),
]


@pytest.mark.parametrize(
    ("path", "act"), [w[1:] for w in IN_THE_WAY], ids=[w[0] for w in IN_THE_WAY]
)
def test_what_is_in_the_way_of_a_move_is_named_and_kept(
    bench: Bench, path: str, act: object
) -> None:
    commit = put(bench, {"n": numbered(l9="ours"), "other": None, "new.py": b"n\n"})
    planned = plan(bench, commit)
    intent = prepared(bench, planned, move=True)
    assert isinstance(intent, LandingIntent)
    assert planned.change is not None
    assert callable(act)
    act(bench.repo)
    assert refused(bench, planned, move=True).paths == (path,)
    before = snapshot(bench.repo)
    away = land(bench.shop, intent, planned.change.base, planned.change)
    assert isinstance(away, Moved)
    assert away.paths == (path,)
    assert snapshot(bench.repo) == before


def test_a_branch_that_went_on_is_not_moved(bench: Bench) -> None:
    commit = put(bench, {"n": numbered(l9="ours")})
    planned = plan(bench, commit)
    intent = prepared(bench, planned, move=True)
    assert isinstance(intent, LandingIntent)
    assert planned.change is not None
    git(bench.repo, "commit", "-q", "--allow-empty", "-m", "theirs")
    refused(bench, planned, move=True)
    before = snapshot(bench.repo)
    assert isinstance(land(bench.shop, intent, planned.change.base, planned.change), Moved)
    assert snapshot(bench.repo) == before


def test_a_move_to_anywhere_else_is_refused(bench: Bench) -> None:
    first = bench.base.commit
    put(bench, {"other": b"1\n"})
    commit = put(bench, {"n": numbered(l9="ours")})
    planned = plan(bench, commit)
    assert planned.change is not None
    side = git(bench.repo, "commit-tree", "-m", "x", f"{commit}^^{{tree}}")
    for to in (first, commit, side):
        with pytest.raises(ActionFailed, match=r"moved there|not hold"):
            prepare_move(bench.shop, planned.change.base, planned.change, to)


def test_detached_linked_and_sha256(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"n": numbered()})
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "loose"))
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    make_repo(tmp_path / "wide", {"n": numbered()}, object_format="sha256")
    for name in ("loose", "linked", "wide"):
        bench = open_bench(tmp_path / f"w-{name}", tmp_path / name)
        commit = put(bench, {"n": numbered(l9="ours")})
        planned = plan(bench, commit)
        assert carried_out(bench, planned, move=True) == planned.move_to
        again = plan(bench, commit, redo=True)
        assert carried_out(bench, again, move=True) == commit
        carried_out(bench, plan(bench, commit))
        assert (bench.repo / "n").read_bytes() == numbered()
        assert git(bench.repo, "status", "--porcelain") == ""


def killed(bench: Bench, planned: UndoPlan, at: str) -> LandingIntent:
    """Carry out a move in a child that ends before a step of it."""
    intent = prepared(bench, planned, move=True)
    assert isinstance(intent, LandingIntent)
    assert planned.change is not None
    pid = os.fork()
    if pid == 0:
        setattr(stage.Stage, at, lambda _: os._exit(9))
        land(bench.shop, intent, planned.change.base, planned.change)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    return intent


def test_an_amend_after_a_kill_is_not_taken_for_the_move(bench: Bench) -> None:
    commit = put(bench, {"n": numbered(l9="ours"), "other": None})
    intent = killed(bench, plan(bench, commit), "move_branch")
    assert (bench.repo / "n").read_bytes() == numbered()
    (bench.repo / ".git/index.lock").unlink()
    git(bench.repo, "commit", "-q", "--amend", "-m", "reworded")
    head = git(bench.repo, "rev-parse", "HEAD")
    told = recover(inspect(bench.repo), intent)
    assert (told.outcome, told.commit) == ("old", head)
    assert (bench.repo / "n").read_bytes() == numbered(l9="ours")
    assert git(bench.repo, "status", "--porcelain") == ""


def test_commits_on_top_after_a_kill_do_not_hide_the_move(bench: Bench) -> None:
    commit = put(bench, {"n": numbered(l9="ours"), "other": None})
    planned = plan(bench, commit)
    intent = killed(bench, planned, "finish_index")
    top = git(bench.repo, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "theirs")
    git(bench.repo, "update-ref", "refs/heads/main", top)
    told = recover(inspect(bench.repo), intent)
    assert (told.outcome, told.commit) == ("new", top)
    assert git(bench.repo, "status", "--porcelain") == ""
    assert recover(inspect(bench.repo), intent) == told
