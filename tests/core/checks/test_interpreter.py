"""The person's Python is found by looking; nothing of the repository runs for that."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from core.checks.interpreter import find, program_prefix
from core.checks.tools import locate
from core.errors import UsageError
from tests.fakes.sandbox import write


def program(path: Path, text: str = '#!/bin/sh\ntouch "$(dirname $0)/ran"\n') -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def venv(folder: Path) -> Path:
    write(folder, {"pyvenv.cfg": "home = /opt/py/bin\n"})
    return program(folder / "bin/python")


def test_the_order_is_configured_repository_active_path_ours(tmp_path: Path) -> None:
    repo, active, path = tmp_path / "repo", tmp_path / "active", tmp_path / "path/bin"
    environ = {"VIRTUAL_ENV": str(active), "PATH": f"{repo}/bin:{path}:relative"}
    repo.mkdir()
    program(repo / "bin/python3")
    assert find(repo, "", {"PATH": ""}).source == "the Python that Loopwright runs on"
    on_path = program(path / "python3")
    assert find(repo, "", environ).path == on_path
    in_active = venv(active)
    assert find(repo, "", environ).path == in_active
    own = venv(repo / ".venv")
    found = find(repo, "", environ)
    assert (found.path, found.virtual_env) == (own, repo / ".venv")
    assert Path("/opt/py") in found.prefixes
    assert all(repo not in p.parents for p in found.prefixes)
    other = program(repo / "tools/py/bin/python")
    assert find(repo, "tools/py/bin/python", environ).path == other
    assert find(repo, "python3", environ).path == on_path
    assert find(repo, str(active), environ).path == in_active
    with pytest.raises(UsageError, match="python9"):
        find(repo, "python9", environ)
    assert not list(tmp_path.rglob("ran"))


def test_our_own_environment_is_not_the_persons(tmp_path: Path) -> None:
    if sys.prefix == sys.base_prefix:
        pytest.skip("this Python is no virtual environment")
    environ = {"VIRTUAL_ENV": sys.prefix, "PATH": f"{sys.prefix}/bin"}
    assert find(tmp_path, "", environ).virtual_env is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_folder_of_path_that_may_not_be_entered_is_passed_over(tmp_path: Path) -> None:
    program(tmp_path / "closed/bin/python3")
    (tmp_path / "closed").chmod(0)
    try:
        found = find(tmp_path, "", {"PATH": f"{tmp_path}/closed/bin"})
        assert found.source == "the Python that Loopwright runs on"
    finally:
        (tmp_path / "closed").chmod(0o755)


@pytest.mark.parametrize("where", ["repository", "global", "variable"])
def test_a_pyenv_shim_is_followed_by_reading(tmp_path: Path, where: str) -> None:
    pyenv, repo = tmp_path / "pyenv", tmp_path / "repo"
    shim = program(pyenv / "shims/python3")
    for version in ("3.9.1", "3.11.2", "3.11.10"):
        program(pyenv / f"versions/{version}/bin/python3")
    write(pyenv, {"version": "3.9.1\n"})
    repo.mkdir()
    environ = {"PATH": str(shim.parent)}
    wanted = "3.9.1"
    if where == "repository":
        write(repo, {".python-version": "3.11\n"})
        wanted = "3.11.10"
    elif where == "variable":
        environ["PYENV_VERSION"] = wanted = "3.11.2"
    found = find(repo, "", environ)
    assert found.path == pyenv / f"versions/{wanted}/bin/python3"
    assert found.prefixes == (pyenv / f"versions/{wanted}",)
    assert not list(tmp_path.rglob("ran"))


def test_every_link_on_the_way_to_the_interpreter_is_made_visible(tmp_path: Path) -> None:
    real = program(tmp_path / "pythons/3.12.1-x/bin/python3.12")
    (tmp_path / "pythons/3.12").symlink_to("3.12.1-x")
    write(tmp_path, {"env/pyvenv.cfg": f"home = {tmp_path}/pythons/3.12/bin\n", "env/bin/x": ""})
    (tmp_path / "env/bin/python").symlink_to(tmp_path / "pythons/3.12/bin/python3.12")
    (tmp_path / "repo").mkdir()
    found = find(tmp_path / "repo", str(tmp_path / "env/bin/python"), {})
    assert found.real == real
    assert {tmp_path / "env", tmp_path / "pythons/3.12"} <= set(found.prefixes)


def test_a_program_in_the_home_folder_does_not_lay_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home/ann"
    monkeypatch.setenv("HOME", str(home))
    for path in (home / "bin/python3", home / ".local/bin/ruff"):
        assert list(program_prefix(program(path))) == [path]
    assert list(program_prefix(home / "tool/bin/x")) == [home / "tool"]


def test_the_fingerprint_changes_with_what_is_installed(tmp_path: Path) -> None:
    python = venv(tmp_path / ".venv")
    before = find(tmp_path, "", {}).fingerprint()
    assert find(tmp_path, "", {}).fingerprint() == before
    (python.parent.parent / "lib/python3.12/site-packages/x-1.dist-info").mkdir(parents=True)
    assert find(tmp_path, "", {}).fingerprint() != before


def test_tools_are_looked_for_beside_the_interpreter_first(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    environ = {"PATH": f"{repo}/bin:{tmp_path}/path/bin"}
    venv(repo / ".venv")
    program(repo / "bin/ruff")
    interpreter = find(repo, "", environ)
    assert locate("ruff", repo, interpreter, environ) is None
    outer = program(tmp_path / "path/bin/ruff")
    found = locate("ruff", repo, interpreter, environ)
    assert found is not None
    assert (found.path, found.prefixes) == (outer, (tmp_path / "path",))
    own = program(repo / ".venv/bin/ruff")
    beside = locate("ruff", repo, interpreter, environ)
    assert beside is not None
    assert beside.path == own
    python = locate("python3", repo, interpreter, environ)
    assert python is not None
    assert python.path == interpreter.path
