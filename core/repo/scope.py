"""Which paths a step may touch, and which of them run code later than the person looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache


def in_scope(path: str, scope: Sequence[str]) -> bool:
    """Whether a path matches one of the patterns; an empty scope admits every path.

    `*` and `?` stay inside a folder, `**` crosses folders, and a pattern whose last part is a
    plain name matches everything under the folder of that name.
    """
    return not scope or any(_pattern(glob).fullmatch(path) for glob in scope)


@lru_cache(maxsize=512)
def _pattern(glob: str) -> re.Pattern[str]:
    glob = glob.removeprefix("./").rstrip("/")
    if glob in ("", "."):
        return re.compile(".*", re.DOTALL)
    parts = re.findall(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|.", glob, re.DOTALL)
    regex = "".join(_piece(part) for part in parts)
    below = "" if re.search(r"[*?\[]", glob.rpartition("/")[2]) else "(?:/.*)?"
    return re.compile(regex + below, re.DOTALL)


def _piece(part: str) -> str:
    if part == "**/":
        return "(?:.*/)?"
    if part == "**":
        return ".*"
    if part == "*":
        return "[^/]*"
    if part == "?":
        return "[^/]"
    if part.startswith("[") and len(part) > 2:
        inside = part[1:-1]
        negated = inside.startswith("!")
        inner = re.sub(r"([\\^\[\]&~|])", r"\\\1", inside.removeprefix("!"))
        try:
            return re.compile(f"[{'^/' if negated else ''}{inner}]").pattern
        except re.error:
            return re.escape(part)
    return re.escape(part)


_LATER: tuple[tuple[str, str], ...] = (
    (r"\.git(attributes|modules)$", "git obeys it"),
    (r"(^|/)\.(git)?hooks/|(^|/)git-?hooks/|(^|/)\.husky/|(^|/)\.pre-commit-"
     r"|(^|/)hooks/(pre|post|prepare|commit|update)[a-z-]*$|(^|/)lefthook\.ya?ml$", "hook"),
    (
        r"^\.github/|(^|/)\.gitlab-ci|(^|/)\.circleci/|(^|/)\.travis\.yml$|(^|/)jenkinsfile$"
        r"|(^|/)azure-pipelines|(^|/)\.buildkite/|(^|/)\.ci/|^\.woodpecker|^\.drone\.yml$"
        r"|(^|/)bitbucket-pipelines\.yml$",
        "continuous integration runs it",
    ),
    (r"(^|/)\.(vscode|idea|devcontainer|cursor|claude|zed)/|(^|/)\.(envrc|editorconfig)$"
     r"|(^|/)\.vimrc$|(^|/)\.exrc$|\.code-workspace$|(^|/)\.mcp\.json$", "an editor obeys it"),
    (r"(^|/)conftest\.py$|(^|/)pytest\.ini$|(^|/)\.coveragerc$", "pytest runs it"),
    (r"(^|/)(tox\.ini|noxfile\.py|setup\.(py|cfg)|pyproject\.toml|makefile|gnumakefile|justfile"
     r"|taskfile\.ya?ml|cmakelists\.txt|build\.rs|build\.gradle(\.kts)?|settings\.gradle(\.kts)?"
     r"|gradlew|mvnw|pom\.xml|package\.json|gulpfile\.[cm]?[jt]s|rakefile|gemfile|binding\.gyp"
     r"|configure(\.ac)?|dockerfile|containerfile|(docker-)?compose\.ya?ml"
     r"|meson\.build|hatch_build\.py|\.npmrc|\.yarnrc(\.yml)?|pip\.conf)$"
     r"|\.(mk|cmake|gemspec)$", "the build runs it"),
    (r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|uv\.lock"
     r"|poetry\.lock|pdm\.lock|pylock\.(.+\.)?toml|pipfile(\.lock)?|cargo\.(lock|toml)"
     r"|go\.(sum|mod|work)|gemfile\.lock|composer\.(lock|json)|flake\.(lock|nix)"
     r"|(requirements|constraints)[^/]*\.(txt|in))$", "it says what gets installed"),
    (r"(^|/)(sitecustomize|usercustomize)\.py$|\.pth$", "Python runs it at every start"),
    (r"(^|/)(\.?loopwright\.toml|\.env(\..+)?)$", "Loopwright or the program obeys it"),
    (r"(^|/)(agents|claude|gemini)\.md$|(^|/)\.(aider|cursorrules)|copilot-instructions\.md$",
     "models obey it"),
)  # fmt: skip
_COMPILED = tuple((re.compile(regex), why) for regex, why in _LATER)


def runs_later(path: str) -> str:
    """Why a file runs code (or is obeyed) later and elsewhere; "" when it is not one of those."""
    folded = path.casefold()
    return next((why for regex, why in _COMPILED if regex.search(folded)), "")
