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

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import ActionFailed, GitFailed, Refused
from core.protocol import Base, Change, LandingFile, LandingIntent, Moved, Problem, Tree
from core.repo import disk
from core.repo.entries import FILE_MODES, Entry, entries, put_entries
from core.repo.facts import Facts, inspect
from core.repo.git import object_id
from core.repo.moved import compare
from core.repo.paths import parents
from core.repo.recovery import go_forward, has_landed, new_entry, old_entry, roll_back
from core.repo.stage import Stage
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

    Raises `ActionFailed`: "empty" for a change without differences, "conflict" where it touches
    a file whose uncommitted content the base includes.
    """
    touched = _touched(workshop, base.tree, change.tree)
    if not touched:
        raise ActionFailed(Problem("empty", "The change is empty: there is nothing to land."))
    if mixed := _overlap(touched, base.dirty):
        raise ActionFailed(
            Problem(
                "conflict",
                f"{clean_line(', '.join(mixed))}: the change touches what also holds uncommitted"
                " work of yours, and a commit cannot tell them apart. Nothing landed; commit or"
                " put aside your work there, then rebuild the change.",
            )
        )
    hashes = {path: disk.digest(workshop.facts.root / path) for path in touched}
    if away := compare(workshop, base, {path: old for path, (old, _) in touched.items()}):
        return away
    new = {path: entry for path, (_, entry) in touched.items()}
    tip_tree = workshop.git.text("rev-parse", f"{object_id(base.commit)}^{{tree}}")
    tree = workshop.with_entries(tip_tree, new) if base.dirty else change.tree
    commit = _commit(workshop, tree, base.commit, message, author or workshop.facts.author)
    contents = _contents(workshop, tree, new)
    token = secrets.token_hex(12)
    return LandingIntent(
        ref=f"refs/heads/{base.branch}" if base.branch else "HEAD",
        old_commit=base.commit,
        new_commit=commit,
        files=tuple(
            _file(path, old, entry, hashes[path], contents.get(path))
            for path, (old, entry) in touched.items()
        ),
        lock=token,
        stage=str(workshop.facts.git_dir / f"loopwright-{token}"),
    )


def prepare_move(workshop: Workshop, base: Base, change: Change, to: str) -> LandingIntent | Moved:
    """The branch goes back to the commit `to`, and the files with it."""
    raise ActionFailed(Problem("internal", "The branch cannot be moved yet."))


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
    stage.make(_contents_of(workshop, intent))
    stage.take_lock(LOCK_WAIT)
    stage.copy_index()
    put_entries(stage.git, {f.path: new_entry(f) for f in intent.files}, facts.nothing)
    if away := compare(workshop, base, _expected(intent)):
        return away
    for n, file in enumerate(intent.files):
        if disk.digest(facts.root / file.path) != file.old_hash:
            return compare(workshop, base, _expected(intent)) or _saved(intent, (file.path,))
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


def _expected(intent: LandingIntent) -> dict[str, Entry | None]:
    return {f.path: old_entry(f) for f in intent.files}


def _touched(
    workshop: Workshop, base: Tree, tree: Tree
) -> dict[str, tuple[Entry | None, Entry | None]]:
    """Old and new entry of every path that differs."""
    listing = workshop.git.names(
        "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev",
        object_id(base), object_id(tree),
    )  # fmt: skip
    found: dict[str, tuple[Entry | None, Entry | None]] = {}
    for meta, path in zip(listing[::2], listing[1::2], strict=True):
        old_mode, new_mode, old, new, _ = meta.removeprefix(":").split(" ")
        pair = tuple(
            None if mode == "000000" else (mode, oid)
            for mode, oid in ((old_mode, old), (new_mode, new))
        )
        if any(entry and entry[0] not in FILE_MODES for entry in pair):
            raise ActionFailed(
                Problem("refused path", f"{clean_line(path)} is a link or a submodule. Nothing"
                        " landed; leave it out of the change.")
            )  # fmt: skip
        found[path] = (pair[0], pair[1])
    return found


def _overlap(touched: Mapping[str, object], dirty: tuple[str, ...]) -> list[str]:
    """Dirty paths that are touched, or are in the way of one that is."""
    lies_under = {parent for path in touched for parent in parents(path)}
    return [
        path
        for path in dirty
        if path in touched or path in lies_under or any(p in touched for p in parents(path))
    ]


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


def _contents_of(workshop: Workshop, intent: LandingIntent) -> dict[str, bytes]:
    new = {file.path: new_entry(file) for file in intent.files}
    return _contents(workshop, f"{intent.new_commit}^{{tree}}", new)


def _contents(workshop: Workshop, tree: str, new: Mapping[str, Entry | None]) -> dict[str, bytes]:
    """The bytes that git would check out: blobs under the person's line ending rules."""
    tree = workshop.git.text("rev-parse", tree)
    wanted = {path: entry for path, entry in new.items() if entry}
    rules = {f"{above}.gitattributes" for path in new for above in _folders(path)}
    # The person's attributes as they lie there, unless the change brings its own.
    apart = any(path.rpartition("/")[2] == ".gitattributes" for path in new)
    root = workshop.folder / "empty" if apart else workshop.facts.root
    with workshop.temporary("index") as index:
        git = workshop.room.looking_at(root, index)
        held = entries(workshop.git, tree, rules)
        put_entries(git, {**held, **wanted}, workshop.facts.nothing)
        folder = index.with_name(index.name + ".out")
        names = b"".join(os.fsencode(path) + b"\0" for path in wanted)
        try:
            git.run("checkout-index", "-z", "--stdin", f"--prefix={folder}/", input=names)
            return {path: (folder / path).read_bytes() for path in wanted}
        finally:
            disk.remove_tree(folder)


def _folders(path: str) -> tuple[str, ...]:
    return ("", *(f"{parent}/" for parent in parents(path)))


def _file(
    path: str, old: Entry | None, new: Entry | None, old_hash: str, content: bytes | None
) -> LandingFile:
    return LandingFile(
        path=path,
        old_blob=old[1] if old else "",
        old_mode=old[0] if old else "",
        new_blob=new[1] if new else "",
        new_mode=new[0] if new else "",
        old_hash=old_hash,
        new_hash="" if content is None else disk.digest_of(content),
    )


def _send_objects(workshop: Workshop, facts: Facts, intent: LandingIntent) -> None:
    """Copy what is new from the workshop into the person's object store."""
    listed = workshop.git.run(
        "rev-list", "--objects", "--no-object-names", intent.new_commit, f"^{intent.old_commit}"
    )
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
