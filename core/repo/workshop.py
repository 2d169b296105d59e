"""The workshop: a private copy of the repository in which proposals are built and checked.

    folder/work     the main room: what checks run in
    folder/labs/*   further rooms, for searches that try many trees
    folder/tmp      indexes and files in the making

Trees are made out of blobs without touching any folder; a room then checks a tree out.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.errors import ActionFailed, GitFailed
from core.protocol import Base, Conflict, Problem, ProblemKind, Tree
from core.repo.alternates import object_stores
from core.repo.entries import FILE_MODES, Entry, entries, put_entries
from core.repo.facts import Facts, tip
from core.repo.git import Git, object_id
from core.repo.including import dirty_tree
from core.repo.merging import merge_commits, relabelled, renamed
from core.repo.objects import Blobs
from core.repo.owning import own_commit, own_objects, refs_of
from core.repo.paths import check_entries, check_name, parents
from core.repo.room import Room, remove
from core.text import clean_line

_LISTINGS = 4
_VERSION = "1"
# Better hunk headers than git's default; the person's own attributes still win.
_LANGUAGES = {
    "py": "python", "rs": "rust", "go": "golang", "java": "java", "rb": "ruby", "c": "cpp",
    "h": "cpp", "cc": "cpp", "cpp": "cpp", "hpp": "cpp", "md": "markdown", "php": "php",
    "ex": "elixir", "exs": "elixir", "cs": "csharp", "css": "css", "kt": "kotlin",
}  # fmt: skip


class Workshop:
    """Made by `Workshop.open`. Safe to use from several threads; each room is used by one."""

    def __init__(self, folder: Path, facts: Facts) -> None:
        self.folder = folder
        self.facts = facts
        self._tmp = folder / "tmp"
        self._borrowed = object_stores(facts.object_dir)
        self.room = Room(folder / "work", facts, self._borrowed)
        self._labs: dict[str, Room] = {}
        self._lock = threading.Lock()
        self.git = self.room.git
        self._blobs = Blobs(self.git)
        self._listings: dict[Tree, dict[str, Entry]] = {}
        self.work = self.room.work
        self.git_dir = self.room.git_dir

    @classmethod
    def open(cls, folder: Path, facts: Facts) -> Workshop:
        """Make the workshop in a folder of ours, or take up the one that is there.

        One that is damaged, of another format, or whose base was pruned is made again.
        """
        folder = folder.resolve()
        shop = cls(folder, facts)
        mark = folder / "format"
        wanted = f"{_VERSION} {facts.object_format} {facts.object_dir}"
        if folder.exists() and (not mark.is_file() or mark.read_text() != wanted):
            remove(folder)
        try:
            shop._set_up()
        except (GitFailed, OSError):
            remove(folder)
            shop._set_up()
        mark.write_text(wanted)
        return shop

    def _set_up(self) -> None:
        for folder in (self.folder, self.folder / "empty", self._tmp):
            folder.mkdir(parents=True, exist_ok=True)
        remove(self._tmp)
        self._tmp.mkdir()
        (self._tmp.parent / "attributes").write_text(
            "".join(f"*.{ending} diff={name}\n" for ending, name in _LANGUAGES.items())
        )
        self.room.make()
        own_commit(self.git, self.folder / "owned", self._follow()[0])

    # The base

    def base(self, *, include_dirty: bool = False) -> Base:
        """HEAD of the person's branch as it is now; with `include_dirty`, what their files hold.

        Also brings the workshop's own HEAD, branches and tags up to date.
        """
        head, branch = self._follow()
        own_commit(self.git, self.folder / "owned", head)
        tree = self.git.text("rev-parse", f"{head}^{{tree}}")
        if not include_dirty:
            return Base(commit=head, tree=tree, branch=branch)
        with self.temporary("index") as index:
            whole = dirty_tree(self.facts, tree, index, self.git_dir / "objects")
        own_objects(self.git, [whole, f"^{tree}"])
        dirty = self.git.names("diff-tree", "-r", "-z", "--no-renames", "--name-only", tree, whole)
        return Base(commit=head, tree=whole, branch=branch, dirty=dirty)

    def _follow(self) -> tuple[str, str]:
        """Bring HEAD, branches and tags of every room up to date; returns commit and branch."""
        branch, head = tip(self.facts)
        refs = refs_of(self.facts)
        for room in (self.room, *self._labs.values()):
            room.set_refs(head, branch, refs)
        return head, branch

    # Trees

    def build(
        self,
        base_tree: Tree,
        files: Mapping[str, bytes | None],
        modes: Mapping[str, str] | None = None,
    ) -> Tree:
        """The tree that these contents (None deletes) make out of a tree; no folder changes.

        Contents are blobs, byte for byte as `read` gives them. A file keeps its mode unless
        `modes` names another ("100644" or "100755").

        Raises `ActionFailed("refused path")` for names that no change may carry, for links and
        submodules and anything below them, and `ActionFailed("not found")` for deleting what is
        not there.
        """
        for path in files:
            check_name(path)
        if any(mode not in FILE_MODES for mode in (modes or {}).values()):
            raise ValueError(f"modes are {' or '.join(FILE_MODES)}")
        held = check_entries(self.git, base_tree, files, self.facts.filters)
        _check_clashes(files)
        missing = [p for p, content in files.items() if content is None and p not in held]
        if missing:
            raise _problem("not found", f"There is no {clean_line(missing[0])} to delete")
        kept = [path for path, content in files.items() if content is not None]
        blobs = self._write([content for content in files.values() if content is not None])
        new: dict[str, Entry | None] = {p: None for p, c in files.items() if c is None}
        for path, blob in zip(kept, blobs, strict=True):
            mode = (modes or {}).get(path) or held.get(path, ("100644", ""))[0]
            new[path] = (mode, blob)
        return self.with_entries(base_tree, new)

    def with_entries(self, tree: Tree, new: Mapping[str, Entry | None]) -> Tree:
        """A tree with other entries (None: none) at some paths."""
        with self._index_of(tree) as git:
            put_entries(git, new, self.facts.nothing)
            return git.text("write-tree")

    def apply(self, base_tree: Tree, patch: bytes, *, recount: bool = False) -> Tree:
        """The tree that a patch of ours (`diff`, `hunks.subset`) makes out of a tree.

        `recount` does not take the hunks' counts at their word: a person edited them.

        Raises `ActionFailed("conflict")` where it does not fit.
        """
        if not patch:
            return base_tree
        with self._index_of(base_tree) as git:
            try:
                argv = ["apply", "--cached", "--binary", "--whitespace=nowarn"]
                git.run(*argv, *(["--recount"] if recount else []), "-", input=patch)
            except GitFailed as error:
                raise _problem(
                    "conflict", f"The hunks do not fit: {clean_line(error.stderr)}"
                ) from error
            return git.text("write-tree")

    def rebase(
        self,
        change_base: Tree,
        change_tree: Tree,
        new_base_tree: Tree,
        *,
        theirs: str = "the change",
    ) -> Tree | Conflict:
        """The change from `change_base` to `change_tree`, put on another base, merged three ways.

        Where both sides changed the same: a `Conflict` whose tree holds both, between markers
        that say "your branch" (the new base) and `theirs`. Of a file that one side deletes
        it holds the other side's; of a binary one, the new base's.
        """
        # This git merges commits only, so each tree gets one. Their dates are fixed: same
        # trees, same objects.
        root = self._commit(change_base)
        ours, other = self._commit(new_base_tree, root), self._commit(change_tree, root)
        tree, paths = merge_commits(self._bare(), ours, other)
        return self._in_words(tree, paths, {ours: "your branch", other: theirs}) if paths else tree

    def _in_words(self, tree: Tree, paths: tuple[str, ...], sides: Mapping[str, str]) -> Conflict:
        """A conflict whose markers and names say in words which side is which."""
        held = {
            path: entry
            for path, entry in entries(self.git, tree, paths).items()
            if entry[0] in FILE_MODES
        }
        blobs = self._write([relabelled(self._blobs.get(oid), sides) for _, oid in held.values()])
        new: dict[str, Entry | None] = dict.fromkeys(held)
        for (path, (mode, _)), blob in zip(held.items(), blobs, strict=True):
            new[renamed(path, sides)] = (mode, blob)
        named = tuple(sorted({renamed(path, sides) for path in paths}))
        return Conflict(self.with_entries(tree, new), named)

    # Reading

    def holds(self, tree: Tree) -> bool:
        """Whether the tree is here; one made before the workshop was made again is not."""
        return self.git.status("cat-file", "-e", object_id(tree), ok=(0, 1, 128))[0] == 0

    def read(self, tree: Tree, path: str) -> bytes | None:
        """A file's bytes as git holds them; None where the tree has no ordinary file."""
        entry = self.listing(tree).get(path)
        if entry is None or entry[0] not in FILE_MODES:
            return None
        return self._blobs.get(entry[1])

    def paths(self, tree: Tree) -> tuple[str, ...]:
        """Every ordinary file of a tree: no links, no submodules."""
        return tuple(path for path, (mode, _) in self.listing(tree).items() if mode in FILE_MODES)

    def listing(self, tree: Tree) -> dict[str, Entry]:
        """Mode and object of every path of a tree, links and submodules included.

        The last few are remembered: a tree never changes. Do not change the answer.
        """
        if tree in self._listings:
            return self._listings[tree]
        found: dict[str, Entry] = {}
        for line in self.git.names("ls-tree", "-r", "-z", "--full-tree", object_id(tree)):
            meta, _, path = line.partition("\t")
            mode, _, oid = meta.split(" ")
            found[path] = (mode, oid)
        while len(self._listings) >= _LISTINGS:
            del self._listings[next(iter(self._listings))]
        self._listings[tree] = found
        return found

    def close(self) -> None:
        """Let go of processes; safe to call twice."""
        self._blobs.close()

    def diff(self, a: Tree, b: Tree) -> bytes:
        """The patch from one tree to another, as `core.repo.hunks` reads it."""
        if a == b:
            return b""
        return self._bare().run(
            "diff-tree", "-r", "-p", "-M", "--full-index", "--binary", "--no-ext-diff",
            "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/",
            object_id(a), object_id(b),
        )  # fmt: skip

    # Rooms

    def checkout(self, tree: Tree) -> None:
        self.room.checkout(tree)

    def rewritten(self, tree: Tree) -> tuple[str, ...]:
        return self.room.rewritten(tree)

    def restore(self, tree: Tree) -> None:
        self.room.restore(tree)

    def lab(self, name: str) -> Room:
        """Another room on the same objects, to be checked out and used apart from the main one."""
        with self._lock:
            if name not in self._labs:
                own = self.git_dir / "objects"
                room = Room(self.folder / "labs" / name, self.facts, (own, *self._borrowed))
                room.make()
                self._labs[name] = room
                self._follow()
            return self._labs[name]

    # Plumbing

    def _bare(self) -> Git:
        """git that sees no working tree, so that no file's attributes can hide a difference."""
        bare = (("core.bare", "true"), ("core.attributesFile", str(self.folder / "attributes")))
        return Git(self.folder / "empty").at(git_dir=self.git_dir).having(
            {"GIT_INDEX_FILE": str(self.folder / "empty" / "index")}, bare
        )  # fmt: skip

    def _write(self, contents: list[bytes]) -> list[str]:
        """Blob ids of contents, written as they are."""
        with self.temporary("blobs") as stem:
            files = [stem.with_name(f"{stem.name}.{n}") for n in range(len(contents))]
            try:
                for file, content in zip(files, contents, strict=True):
                    file.write_bytes(content)
                listed = "\n".join(str(file) for file in files).encode() + b"\n"
                argv = ("hash-object", "-w", "--no-filters", "--stdin-paths")
                return self._bare().run(*argv, input=listed).decode().split() if files else []
            finally:
                for file in files:
                    file.unlink(missing_ok=True)

    @contextmanager
    def _index_of(self, tree: Tree) -> Iterator[Git]:
        with self.temporary("index") as index:
            # Nearly always the same tree as last time: copying its index costs nothing.
            ready = self._tmp / f"ready-{object_id(tree)}"
            git = self.git.having({"GIT_INDEX_FILE": str(index)})
            try:
                shutil.copyfile(ready, index)
            except FileNotFoundError:
                git.run("read-tree", tree)
                self._keep_ready(index, ready)
            yield git

    def _keep_ready(self, index: Path, ready: Path) -> None:
        aside = index.with_name(f"{index.name}.ready")
        shutil.copyfile(index, aside)
        for old in self._tmp.glob("ready-*"):
            old.unlink(missing_ok=True)
        os.replace(aside, ready)

    @contextmanager
    def temporary(self, kind: str) -> Iterator[Path]:
        """A fresh path of ours for a file in the making."""
        path = self._tmp / f"{kind}-{secrets.token_hex(8)}"
        try:
            yield path
        finally:
            for left in (path, path.with_name(path.name + ".lock")):
                left.unlink(missing_ok=True)

    def _commit(self, tree: Tree, *parents: str) -> str:
        who = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "w"), ("EMAIL", "w"), ("DATE", "@0 +0000"))
        }
        listed = [part for parent in parents for part in ("-p", parent)]
        said = self.git.run("commit-tree", object_id(tree), *listed, env=who)
        return said.decode().strip()


def borrows_from(folder: Path) -> Path | None:
    """The object store of the repository that a workshop's folder was made for, if it says so."""
    try:
        _, _, objects = (folder / "format").read_text().split(" ", 2)
    except (OSError, ValueError):
        return None
    return Path(objects)


def _check_clashes(files: Mapping[str, bytes | None]) -> None:
    """A file cannot be where another file of the same change wants a folder."""
    there = {path for path, content in files.items() if content is not None}
    for path in there:
        if not there.isdisjoint(parents(path)):
            raise _problem("refused path", f"{clean_line(path)} is below a file of this change")


def _problem(kind: ProblemKind, says: str) -> ActionFailed:
    return ActionFailed(Problem(kind, f"{says}. Nothing was applied.", retry=True))
