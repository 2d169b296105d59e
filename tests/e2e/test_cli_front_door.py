"""The command finds its own packages in any repository, however it was installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.fakes.command import HOUSE, Person, make_person
from tests.fakes.repos import git
from tests.fakes.sandbox import needs_sandbox
from tests.fakes.stage import CART, change, shop, write_script

FOREIGN = "raise RuntimeError('this is the repository\\'s own package')\n"
THEIRS = {
    f"{name}/__init__.py": FOREIGN for name in ("core", "tui", "msgspec", "textual", "git")
} | {"core/protocol.py": FOREIGN, "tui/cli.py": FOREIGN}


def install(prefix: Path, *, editable: bool) -> list[str]:
    """An environment that holds us; what we depend on comes from the one that runs the tests."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(prefix)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(prefix), "platbase": str(prefix)}))
    pth = [sysconfig.get_path("purelib")]
    if editable:
        pth.insert(0, str(HOUSE))
    else:
        for name in ("core", "tui"):
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(HOUSE / name, site / name, ignore=ignore)
        shutil.copy(HOUSE / "loopwright.py", site)
    (site / "ours.pth").write_text("\n".join(pth) + "\n")
    script = prefix / "bin" / "loopwright"
    script.write_text("import sys\nfrom loopwright import main\nsys.exit(main())\n")
    return [str(prefix / "bin" / "python"), str(script)]


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return make_person(tmp_path / "home")


def said(
    person: Person, argv: list[str], cwd: Path, **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=cwd,
        env=person.environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
    )


@pytest.mark.parametrize("path", [".", "", "absolute", "both"])
@pytest.mark.parametrize("editable", [False, True], ids=["installed", "editable"])
def test_a_repository_with_our_names(
    person: Person, tmp_path: Path, editable: bool, path: str
) -> None:
    repo = shop(tmp_path / "shop", THEIRS)
    value = {"absolute": str(repo), "both": f".{os.pathsep}{repo}"}.get(path, path)
    python, script = install(tmp_path / "env", editable=editable)
    for argv in ([python, script], [python, "-m", "loopwright"]):
        found = said(person, [*argv, "doctor"], repo, PYTHONPATH=value)
        assert found.returncode == 0, found.stderr
        assert "a core and a tui of its own" in found.stdout


@needs_sandbox
def test_a_whole_run_there(person: Person, tmp_path: Path) -> None:
    from core.edits.format import Replace

    line = next(x for x in CART.splitlines() if "+ 0.01" in x)
    right = change("So.", Replace("cart.py", line + "\n", line.replace(" + 0.01", "") + "\n"))
    script = write_script(tmp_path / "script.jsonl", [right])
    ours = {k: "" for k in THEIRS if k.startswith(("core", "tui"))}
    repo = shop(tmp_path / "shop", ours)
    door = install(tmp_path / "env", editable=False)
    argv = ["run", "total", "--approve", "green", "--proposer", f"script:{script}", "--trust"]
    found = said(person, [*door, *argv, "--no-plan"], repo, PYTHONPATH=".")
    assert found.returncode == 0, found.stdout + found.stderr
    assert git(repo, "rev-list", "--count", "HEAD") == "2"


def test_a_foreign_core_that_is_loaded_already(person: Person, tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("THEIRS = True\n")
    code = (
        "import sys, core, core as theirs\n"
        "assert core.THEIRS\n"
        f"sys.path.insert(0, {str(HOUSE)!r})\n"
        "import loopwright\n"
        "sys.argv = ['loopwright', '--version']\n"
        "assert loopwright.main() == 0\n"
        "import core\n"
        "assert core is not theirs and not hasattr(core, 'THEIRS')\n"
    )
    found = said(person, [sys.executable, "-c", code], tmp_path, PYTHONPATH=".")
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("loopwright ")


def test_the_demo_without_a_screen(person: Person, tmp_path: Path) -> None:
    found = said(
        person,
        [sys.executable, str(HOUSE / "loopwright.py"), "demo"],
        person.home,
        TMPDIR=str(tmp_path),
        OPENAI_API_KEY="sk-not-to-be-spent",
    )
    assert found.returncode == 0, found.stdout + found.stderr
    (repo,) = tmp_path.glob("loopwright-demo-*/slotbook")
    assert str(repo) in found.stdout
    assert "landed" in found.stdout
    assert "sk-not" not in found.stdout
    assert "Assisted-by" in git(repo, "log", "-1", "--format=%B")
    assert git(repo, "status", "--porcelain") == ""
