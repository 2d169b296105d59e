"""Checks are found by reading, and given ones are split without a shell."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.checks.commands import from_argv, from_command, named_apart
from core.checks.discovery import CONFIGURATION, discover
from core.errors import UsageError


def found(files: dict[str, str]) -> list[tuple[str, ...]]:
    specs = discover(files, lambda p: files[p].encode() if p in files else None)
    return [(s.name, " ".join(s.argv), s.source) for s in specs]


PYTEST = "python -m pytest"


@pytest.mark.parametrize(
    ("files", "specs"),
    [
        ({}, []),
        ({"a.py": ""}, []),
        ({"pyproject.toml": "[tool.pytest.ini_options]\n"},
         [("pytest", PYTEST, "pyproject.toml [tool.pytest]")]),
        ({"pytest.ini": ""}, [("pytest", PYTEST, "pytest.ini")]),
        ({"tox.ini": "[pytest]\n"}, [("pytest", PYTEST, "tox.ini [pytest]")]),
        ({"tox.ini": "[tox]\n"}, []),
        ({"setup.cfg": "[tool:pytest]\n"}, [("pytest", PYTEST, "setup.cfg [tool:pytest]")]),
        ({"tests/test_a.py": ""}, [("pytest", PYTEST, "test files, such as tests/test_a.py")]),
        ({"pkg/a_test.py": ""}, [("pytest", PYTEST, "test files, such as pkg/a_test.py")]),
        ({"node_modules/x/test_a.py": ""}, []),
        ({"tests/data.py": ""}, []),
        ({"ruff.toml": ""}, [("ruff", "ruff check .", "ruff.toml")]),
        ({"pyproject.toml": "[tool.ruff.lint]\nselect = []\n"},
         [("ruff", "ruff check .", "pyproject.toml [tool.ruff]")]),
        ({"mypy.ini": "[mypy]\nfiles = a.py\n"}, [("mypy", "mypy", "mypy.ini")]),
        ({"mypy.ini": "[mypy]\n", "src/a/__init__.py": ""}, [("mypy", "mypy src", "mypy.ini")]),
        ({"setup.cfg": "[mypy]\n", "a/__init__.py": "", "tests/__init__.py": ""},
         [("mypy", "mypy a", "setup.cfg [mypy]")]),
        ({"pyproject.toml": "[tool.mypy]\npackages = ['a']\n"},
         [("mypy", "mypy", "pyproject.toml [tool.mypy]")]),
        ({"pyproject.toml": "[tool.mypy]\n"}, [("mypy", "mypy .", "pyproject.toml [tool.mypy]")]),
        ({"pyproject.toml": "tool = 'x'\n"}, []),
        ({"pyproject.toml": "[[[["}, []),
        ({"setup.cfg": "no section\n", "tox.ini": "\x00[[["}, []),
    ],
)  # fmt: skip
def test_checks_follow_from_the_configuration(
    files: dict[str, str], specs: list[tuple[str, ...]]
) -> None:
    assert found(files) == specs


@given(st.dictionaries(st.sampled_from(CONFIGURATION), st.binary(max_size=200)))
def test_no_configuration_breaks_discovery(files: dict[str, bytes]) -> None:
    discover(files, files.get)


@pytest.mark.parametrize(
    ("text", "name", "reader"),
    [
        ("ruff check .", "ruff", "ruff"),
        ("pytest -q 'tests/a b'", "pytest", "pytest"),
        ("python -m pytest -x", "pytest", "pytest"),
        ("python3.12 -m pytest", "pytest", "pytest"),
        (".venv/bin/python -m pytest", "pytest", "pytest"),
        ("py.test", "pytest", "pytest"),
        ("python -m mypy src", "mypy", "mypy"),
        ("./scripts/check.sh --all", "check.sh", "plain"),
        ("python tools/lint.py", "lint.py", "plain"),
        ("make test", "make", "plain"),
        ("pytest -k 'a and not (b > 1)'", "pytest", "pytest"),
        ('pytest -k "a; b"', "pytest", "pytest"),
    ],
)
def test_commands_are_split_and_their_tool_is_known(text: str, name: str, reader: str) -> None:
    spec = from_command(text)
    assert (spec.name, spec.reader, spec.source) == (name, reader, "--check")
    assert list(spec.argv) == shlex.split(text)


@pytest.mark.parametrize(
    "text",
    [
        "a && b", "a; b", "a | b", "a > f", "a < f", "a $(b)", "a `b`", "a $HOME", 'a "$(b)"',
        'a "`b`"', "a\nb", "X=1 pytest", "a 'b", "", "   ", "''",
    ],
)  # fmt: skip
def test_what_only_a_shell_could_do_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        from_command(text)
    assert "Nothing was run" in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        spec = from_command(text)
    except UsageError:
        return
    assert spec.argv
    assert spec.name


def test_equal_names_are_told_apart() -> None:
    specs = named_apart([from_argv(["pytest", p]) for p in ("a", "b", "c")])
    assert [s.name for s in specs] == ["pytest", "pytest 2", "pytest 3"]
