"""Landing: an approved change reaches the person's branch and files, all of it or none of it.

`prepare` writes nothing of the person's and makes the intent, which the caller journals; then
`land` works in an order that `core.repo.recovery` can finish or undo after a kill at any point:

1. objects, and a ref that keeps them;
2. new contents written aside;
3. the index lock taken, with a token in it that says whose it is;
4. a copy of the index changed; branch, files and index entries compared once more;
5. files renamed into place, the old ones kept aside;
6. the branch moved, if it is still where it was: from here on the landing is done;
7. the index renamed into place, the lock released, everything aside removed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from core.errors import ActionFailed, GitFailed, Refused
from core.protocol import Base, Change, LandingFile, LandingIntent, Moved, Problem, Tree
from core.repo import disk
from core.repo.contents import checked_out
from core.repo.entries import Entry, put_entries
from core.repo.facts import Facts, inspect, tip
from core.repo.git import object_id
from core.repo.history import contains, elsewhere, tree_of
from core.repo.moved import compare
from core.repo.recovery import go_forward, has_landed, new_entry, old_entry, roll_back
from core.repo.stage import Stage
from core.repo.touching import Touched, refused, touchable
from core.repo.uncommitted import Merged, merge_work
from core.repo.workshop import Workshop
from core.text import clean_line

LOCK_WAIT = 2.0
"""Seconds to wait for another git to release the index."""


@dataclass(frozen=True)
class Landing:
    """What landed."""

    commit: str
    base: Base
    """The base that the next step starts from."""
    paths: tuple[str, ...]
    says: str = ""
    """What the person should know; "" when there is nothing."""


def prepare(
    workshop: Workshop,
    base: Base,
    change: Change,
    message: str,
    author: str = "",
    *,
    merge: bool = False,
) -> LandingIntent | Moved:
    """Make the commit (in the workshop) and everything that recovery would need.

    The commit is the branch's tip plus what the change adds to its base; uncommitted work in
    the base never enters it. Nothing of the person's is written.

    `merge` says that uncommitted work in touched files may stay there beside the change; it
    never enters the commit either. Without it, or where not all of it merges: `Moved`.

    Raises `ActionFailed`: "empty" for a change without differences, "conflict" where it touches
    a file whose uncommitted content the base includes.
    """
    touched = touchable(workshop, base, change)
    hashes = {path: disk.digest(workshop.facts.root / path) for path in touched}
    away = compare(workshop, base, {path: old for path, (old, _) in touched.items()})
    new = {path: entry for path, (_, entry) in touched.items()}
    tree = _landed_tree(workshop, base, change, new)
    contents = checked_out(workshop, tree, new)
    work: dict[str, Merged] = {}
    if away:
        work = _work_in(workshop, base, away, touched, contents)
        if not merge or tuple(sorted(work)) != away.paths:
            return replace(away, mergeable=tuple(sorted(work)))
    commit = _commit(workshop, tree, base.commit, message, author or workshop.facts.author)
    files = (
        _file(path, old, entry, hashes[path], contents.get(path), work.get(path))
        for path, (old, entry) in touched.items()
    )
    return _intent(workshop, base, commit, files)


def prepare_move(workshop: Workshop, base: Base, change: Change, to: str) -> LandingIntent | Moved:
    """The branch moves to the commit `to`, below it or above it; files and index follow.

    What it leaves stays reachable from its reflog, and the workshop has a copy of every commit
    that was a base, so that it can come back in after a gc too.

    Raises `ActionFailed("conflict")` where `to` is neither, does not hold what the change says,
    or where the commits that would go are on another branch, a tag or a remote too.
    """
    git = workshop.git
    backward = contains(git, base.commit, to)
    if to == base.commit or not (backward or contains(git, to, base.commit)):
        raise refused("Your branch cannot be moved there: it has gone another way since.")
    if backward and (names := elsewhere(workshop.facts, base.commit, base.branch)):
        raise refused(
            f"{clean_line(names[0])} holds the commit {base.commit[:9]} too, so the branch is not"
            " moved away from it; take it back with a new commit."
        )
    touched = touchable(workshop, base, change)
    new = {path: entry for path, (_, entry) in touched.items()}
    if _landed_tree(workshop, base, change, new) != tree_of(git, to):
        raise refused(f"The commit {to[:9]} does not hold what you were shown; ask for it again.")
    hashes = {path: disk.digest(workshop.facts.root / path) for path in touched}
    if away := compare(workshop, base, {path: old for path, (old, _) in touched.items()}):
        return away
    contents = checked_out(workshop, f"{to}^{{tree}}", new)
    files = (
        _file(path, old, entry, hashes[path], contents.get(path))
        for path, (old, entry) in touched.items()
    )
    return replace(_intent(workshop, base, to, files), backward=backward)


def _landed_tree(
    workshop: Workshop, base: Base, change: Change, new: Mapping[str, Entry | None]
) -> Tree:
    """The change on the branch's tip, without the uncommitted work that its base includes."""
    if not base.dirty:
        return change.tree
    return workshop.with_entries(tree_of(workshop.git, base.commit), new)


def _work_in(
    workshop: Workshop, base: Base, away: Moved, touched: Touched, new: Mapping[str, bytes]
) -> dict[str, Merged]:
    """Uncommitted work that would merge, where nothing but files moved."""
    if tip(workshop.facts) != (base.branch, base.commit):
        return {}
    return merge_work(workshop, base.tree, {path: touched[path] for path in away.paths}, new)


def _intent(
    workshop: Workshop, base: Base, commit: str, files: Iterable[LandingFile]
) -> LandingIntent:
    token = secrets.token_hex(12)
    return LandingIntent(
        ref=f"refs/heads/{base.branch}" if base.branch else "HEAD",
        old_commit=base.commit,
        new_commit=commit,
        files=tuple(files),
        lock=token,
        stage=str(workshop.facts.git_dir / f"loopwright-{token}"),
    )


def land(workshop: Workshop, intent: LandingIntent, base: Base, change: Change) -> Landing | Moved:
    """Carry the intent out, after it was journaled. `Moved` says that nothing landed.

    Raises `ActionFailed` when it could not be written (disk full, no permission, the index
    locked by another git); then everything is as it was before.
    """
    # Filters are named in configuration, and that may have changed since the session began.
    try:
        facts = inspect(workshop.facts.root)
    except Refused as error:
        raise ActionFailed(Problem("conflict", f"Nothing landed. {error}")) from error
    stage = Stage(facts, intent)
    try:
        away = _until_the_branch_moves(workshop, stage, base)
    except (OSError, GitFailed) as error:
        if not has_landed(stage):
            roll_back(stage, certain=True)
            raise _unwritable(error) from error
        away = None
    if away:
        roll_back(stage, certain=True)
        return away
    try:
        go_forward(stage, prepared=True)
    except (OSError, GitFailed) as error:
        raise ActionFailed(
            Problem(
                "internal",
                f"The commit {intent.new_commit[:9]} is on your branch and your files are"
                f" written, but the index is not: {clean_line(str(error))}. Start Loopwright"
                " again here: it finishes the landing.",
            )
        ) from error
    paths = tuple(file.path for file in intent.files)
    late = [f.path for f in intent.files if disk.digest(facts.root / f.path) != f.new_hash]
    says = f"{clean_line(', '.join(late))} changed while it landed; your version stays."
    return Landing(
        commit=intent.new_commit,
        base=Base(intent.new_commit, change.tree, base.branch, base.dirty),
        paths=paths,
        says=says if late else "",
    )


def _until_the_branch_moves(workshop: Workshop, stage: Stage, base: Base) -> Moved | None:
    intent, facts = stage.intent, stage.facts
    _send_objects(workshop, facts, intent)
    stage.keep_objects()
    if _mine(intent) and (away := _away(workshop, intent, base)):
        return away
    stage.make(_contents_of(workshop, intent, base))
    stage.take_lock(LOCK_WAIT)
    stage.copy_index()
    put_entries(stage.git, {f.path: new_entry(f) for f in intent.files}, facts.nothing)
    if away := _away(workshop, intent, base):
        return away
    for n, file in enumerate(intent.files):
        if disk.digest(facts.root / file.path) != file.old_hash:
            return _away(workshop, intent, base) or _saved(intent, (file.path,))
        try:
            stage.put(n, file)
        except FileExistsError:
            return _saved(intent, (file.path,))
    stage.sync_folders()
    # Somebody may have written to a file in the instant before it was put aside.
    if late := tuple(f.path for n, f in enumerate(intent.files) if stage.was_written(n, f)):
        return _saved(intent, late)
    stage.refresh_index()
    try:
        stage.move_branch()
    except GitFailed:
        if away := compare(workshop, base, {}):
            return away
        raise
    return None


def _saved(intent: LandingIntent, paths: tuple[str, ...]) -> Moved:
    named = clean_line(", ".join(paths))
    return Moved(
        head=intent.old_commit, paths=paths, says=f"{named} was saved while the change landed."
    )


def _away(workshop: Workshop, intent: LandingIntent, base: Base) -> Moved | None:
    expected = {f.path: old_entry(f) for f in intent.files}
    return compare(workshop, base, expected, _mine(intent))


def _mine(intent: LandingIntent) -> dict[str, str]:
    return {f.path: f.old_hash for f in intent.files if f.merged}


def _commit(workshop: Workshop, tree: Tree, parent: str, message: str, author: str) -> str:
    env: dict[str, str] = {}
    for role, who in (("AUTHOR", author), ("COMMITTER", workshop.facts.committer)):
        match = re.fullmatch(r"(.*?) ?<([^<>]*)>", who, re.DOTALL)
        name, mail = (match[1], match[2]) if match else (who, "")
        env |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": mail}
    text = message.strip().replace("\r\n", "\n").replace("\0", "") + "\n"
    said = workshop.git.run(
        "commit-tree", object_id(tree), "-p", object_id(parent), "-F", "-",
        input=text.encode("utf-8", "replace"), env=env,
    )  # fmt: skip
    return said.decode().strip()


def _contents_of(workshop: Workshop, intent: LandingIntent, base: Base) -> dict[str, bytes]:
    """What will be written: as git would check it out, or merged again with the person's work."""
    new = {file.path: new_entry(file) for file in intent.files}
    contents = checked_out(workshop, f"{intent.new_commit}^{{tree}}", new)
    mixed = {f.path: (old_entry(f), new_entry(f)) for f in intent.files if f.merged}
    work = merge_work(workshop, base.tree, mixed, contents) if mixed else {}
    return contents | {path: merged.content for path, merged in work.items()}


def _file(
    path: str,
    old: Entry | None,
    new: Entry | None,
    old_hash: str,
    content: bytes | None,
    work: Merged | None = None,
) -> LandingFile:
    if work is not None:
        old_hash, content = disk.digest_of(work.mine), work.content
    return LandingFile(
        path=path,
        old_blob=old[1] if old else "",
        old_mode=old[0] if old else "",
        new_blob=new[1] if new else "",
        new_mode=new[0] if new else "",
        old_hash=old_hash,
        new_hash="" if content is None else disk.digest_of(content),
        merged=work is not None,
    )


def _send_objects(workshop: Workshop, facts: Facts, intent: LandingIntent) -> None:
    """Copy what is new from the workshop into the person's object store."""
    listed = workshop.git.run(
        "rev-list", "--objects", "--no-object-names", intent.new_commit, f"^{intent.old_commit}"
    )
    if not listed:
        return
    pack = workshop.git.run("pack-objects", "-q", "--stdout", input=listed)
    facts.git.having({}, (("core.fsync", "all"),)).run("unpack-objects", "-q", input=pack)


def _unwritable(error: OSError | GitFailed) -> ActionFailed:
    if isinstance(error, OSError) and error.strerror:
        why = f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    else:
        why = str(error)
    return ActionFailed(
        Problem(
            "internal",
            f"The change could not be written: {clean_line(why)}. Nothing landed and your files"
            " are as they were; make room or free the lock, then approve it again.",
        )
    )
