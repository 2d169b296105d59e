"""What a repository is, found by looking: nothing that it names is run, nothing is written."""

from __future__ import annotations

import getpass
import os
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import GitFailed, Refused
from core.repo.git import Config, Git, available, identity_environment, split, unfiltered
from core.text import clean_line

_COMMIT_HOOKS = (
    "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "reference-transaction",
    "post-index-change",
)  # fmt: skip
_UNDER_WAY = (
    ("MERGE_HEAD", "merge"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("sequencer", "cherry-pick or revert"),
)


@dataclass(frozen=True)
class Facts:
    """One repository as it was when `inspect` looked; paths are real (no links in them)."""

    root: Path
    """Top of the working tree."""
    git_dir: Path
    """Of this working tree; a linked worktree has its own."""
    common_dir: Path
    """The git folder that linked worktrees share."""
    object_dir: Path
    branch: str
    """Short name; "" when HEAD is detached."""
    head: str
    """The commit that HEAD is on."""
    tree: str
    object_format: str
    """"sha1" or "sha256"."""
    shallow: bool
    author: str
    """"Name <address>"."""
    committer: str
    config: Config = field(repr=False)
    filters: tuple[str, ...]
    """Filter drivers that are configured; we run none of them."""
    skips: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ref(self) -> str:
        """The ref that a landing moves."""
        return f"refs/heads/{self.branch}" if self.branch else "HEAD"

    @property
    def nothing(self) -> str:
        """The object id that stands for no object."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    @property
    def git(self) -> Git:
        """Hardened git on the person's repository; the filters it names do nothing."""
        return (
            Git(self.root)
            .at(git_dir=self.git_dir, work_tree=self.root)
            .having({}, self.config.endings + unfiltered(self.filters) + files_as_data(self))
        )


def files_as_data(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Excludes and attributes files that the person's own configuration names."""
    found = []
    for key, usual in (("core.excludesfile", "ignore"), ("core.attributesfile", "attributes")):
        path = facts.config.path(key, facts.root) or _xdg_config() / "git" / usual
        if path.is_file():
            found.append((key, str(path)))
    return tuple(found)


def inspect(path: Path) -> Facts:
    """Look at the repository that `path` is in.

    Raises `Refused`, with the reason and the next step, for what we do not work in.
    """
    available()
    start = _real_folder(path)
    plain = Git(start, trusting=True)
    git_dir, common_dir, object_format, shallow = _places(plain, start)
    root = _root(plain, start)
    _refuse_home(root)
    config = Config.read(Git(root).at(git_dir=git_dir, work_tree=root))
    git = Git(root).at(git_dir=git_dir, work_tree=root).having({}, unfiltered(config.filters))
    head, tree = _head(git, root)
    _refuse_unfinished(git, git_dir, root)
    _refuse_missing(git, config, root)
    branch = git.text("symbolic-ref", "-q", "HEAD", ok=(0, 1)).removeprefix("refs/heads/")
    author, known = _person(plain.at(git_dir=git_dir), "GIT_AUTHOR_IDENT")
    committer, _ = _person(plain.at(git_dir=git_dir), "GIT_COMMITTER_IDENT")
    return Facts(
        root=root,
        git_dir=git_dir,
        common_dir=common_dir,
        object_dir=(root / git.text("rev-parse", "--git-path", "objects")).resolve(),
        branch=branch,
        head=head,
        tree=tree,
        object_format=object_format,
        shallow=shallow,
        author=author,
        committer=committer,
        config=config,
        filters=config.filters,
        skips=_skips(config, root, common_dir),
        notes=_notes(git, config, known, author),
    )


def tip(facts: Facts) -> tuple[str, str]:
    """Branch ("" when detached) and commit that HEAD is on now."""
    git = facts.git
    branch = git.text("symbolic-ref", "-q", "HEAD", ok=(0, 1)).removeprefix("refs/heads/")
    return branch, git.text("rev-parse", "--verify", "HEAD^{commit}")


def _real_folder(path: Path) -> Path:
    try:
        start = path.expanduser().resolve(strict=True)
    except OSError as error:
        raise Refused(
            f"{path} cannot be opened ({error.strerror}). Name a folder inside a git repository."
        ) from error
    if not start.is_dir():
        start = start.parent
    _refuse_home(start)
    return start


def _refuse_home(root: Path) -> None:
    if root == Path("/"):
        raise Refused("/ is the whole machine, not a project. Name a project's own folder.")
    if root == Path.home().resolve():
        raise Refused(
            f"{root} is your home folder, not a project. Nothing was read; name a project's own"
            " folder."
        )


def _places(git: Git, start: Path) -> tuple[Path, Path, str, bool]:
    try:
        said = git.text(
            "rev-parse", "--is-bare-repository", "--is-inside-git-dir", "--absolute-git-dir",
            "--git-common-dir", "--show-object-format", "--is-shallow-repository",
        )  # fmt: skip
    except GitFailed as error:
        if "dubious ownership" in error.stderr:
            raise Refused(
                f"{start} belongs to somebody else, and git does not trust it. If you do:"
                f" git config --global --add safe.directory '{start}'"
            ) from error
        if "not a git repository" in error.stderr:
            raise Refused(
                f"{start} is not inside a git repository. Run `git init` and make a first commit"
                " there, or name a repository."
            ) from error
        raise Refused(
            f"git cannot read the repository at {start}: {clean_line(error.stderr)}."
            " Nothing was changed; repair it and try again."
        ) from error
    # Folders may hold newlines; the fields around them may not.
    bare, inside, rest = said.split("\n", 2)
    folders, object_format, shallow = rest.rsplit("\n", 2)
    if bare == "true":
        raise Refused(
            f"{start} is a bare repository: it has no files to work on. Clone it and name the"
            " clone."
        )
    if inside == "true":
        raise Refused(f"{start} is git's own folder. Name the working tree beside it.")
    if folders.count("\n") != 1:
        raise Refused(f"The path of {start} has a line break in it. Rename the folder.")
    git_dir, common_dir = folders.split("\n")
    return (
        Path(git_dir).resolve(),
        (start / common_dir).resolve(),
        object_format,
        shallow == "true",
    )


def _root(git: Git, start: Path) -> Path:
    root = Path(git.text("rev-parse", "--show-toplevel")).resolve()
    if root != start and root not in start.parents:
        raise Refused(
            f"The repository's configuration puts its files at {root}, outside {start}."
            " Name that folder."
        )
    return root


def _head(git: Git, root: Path) -> tuple[str, str]:
    try:
        return (
            git.text("rev-parse", "-q", "--verify", "HEAD^{commit}"),
            git.text("rev-parse", "-q", "--verify", "HEAD^{tree}"),
        )
    except GitFailed as error:
        raise Refused(
            f"{root} has no commit on its branch yet. Make a first commit (git add, git commit)"
            " and try again."
        ) from error


def _refuse_unfinished(git: Git, git_dir: Path, root: Path) -> None:
    for name, what in _UNDER_WAY:
        if (git_dir / name).exists():
            raise Refused(
                f"A {what} is under way in {root}. Nothing was changed; finish it or abort it"
                f" (git status says how), then try again."
            )
    if unmerged := git.names("ls-files", "-z", "-u"):
        path = clean_line(unmerged[0].partition("\t")[2])
        raise Refused(
            f"The index of {root} has unmerged entries ({path}). Resolve them, then try again."
        )


def _refuse_missing(git: Git, config: Config, root: Path) -> None:
    partial = config.get("extensions.partialclone") or any(
        re.fullmatch(r"remote\..*\.promisor", key, re.DOTALL) for key, _ in config.values
    )
    if not partial:
        return
    listing = git.run("rev-list", "--objects", "--missing=print", "HEAD^{tree}")
    if missing := sum(line.startswith(b"?") for line in listing.split(b"\n")):
        raise Refused(
            f"{root} is a partial clone, and {missing} objects of its current commit were never"
            " fetched. Run `git fetch --refetch` with the filter removed, or clone it whole."
        )


def _person(git: Git, which: str) -> tuple[str, bool]:
    """ "Name <address>", and whether git knew it."""
    try:
        said = git.having(identity_environment()).text("var", which)
        return re.sub(r" \d+ [+-]\d{4}$", "", said), True
    except GitFailed:
        try:
            login = getpass.getuser()
        except (KeyError, OSError):
            login = "someone"
        return f"{login} <{login}@{socket.gethostname() or 'localhost'}>", False


def _skips(config: Config, root: Path, common_dir: Path) -> tuple[str, ...]:
    hooks = config.path("core.hookspath", root) or common_dir / "hooks"
    skips = [
        f"hook {name}"
        for name in _COMMIT_HOOKS
        if (hooks / name).is_file() and os.access(hooks / name, os.X_OK)
    ]
    if config.is_true("commit.gpgsign"):
        skips.append("commit signing")
    return tuple(skips)


def _notes(git: Git, config: Config, known: bool, author: str) -> tuple[str, ...]:
    notes = []
    if not known:
        notes.append(
            f"git knows no name for you: commits will carry {clean_line(author)}."
            " Set user.name and user.email to change that."
        )
    if any(line.startswith("160000 ") for line in split(git.run("ls-files", "-z", "-s"))):
        notes.append("Submodules: their folders are empty in the workshop and cannot be changed.")
    if config.filters and _uses_filters(git):
        names = clean_line(", ".join(config.filters))
        notes.append(
            f"Filters ({names}) are not run: files behind them are pointers in the workshop and"
            " cannot be changed."
        )
    if config.is_true("core.sparsecheckout"):
        notes.append(
            "Sparse checkout: the workshop holds every file; a change to one that you have not"
            " checked out does not land."
        )
    return tuple(notes)


def _uses_filters(git: Git) -> bool:
    # Attribute files sit anywhere, so this asks for a glob where paths are literal elsewhere.
    code, _ = git.status(
        "grep", "-q", "--cached", "-F", "-e", "filter=", "--", ":(glob)**/.gitattributes",
        env={"GIT_LITERAL_PATHSPECS": "0"}, ok=(0, 1),
    )  # fmt: skip
    return code == 0


def _xdg_config() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
