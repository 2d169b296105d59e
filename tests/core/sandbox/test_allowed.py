"""What a trusted configuration may open for a check, and nothing else with it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from core.checks.allowances import allow
from core.checks.commands import from_argv
from core.errors import UsageError
from core.protocol import CheckSpec, Isolation
from core.sandbox.environment import ignored_environment
from tests.fakes.sandbox import LANDLOCK, MOUNTED, Bench, write

CONNECT = (
    "import socket, sys\n"
    "socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5).close()\n"
    "try: open(sys.argv[2]).read()\n"
    "except OSError: print('FINE')\n"
)
COUNT = (
    "import os, sys\np = os.path.expanduser('~/.cache/tool/runs')\n"
    "n = len(open(p).read()) if os.path.exists(p) else 0\n"
    "open(p, 'a').write('x')\nprint('RUNS', n)\n"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return write(tmp_path / "home", {".cache/tool/runs": "the person's own", ".key": "secret"})


@pytest.mark.parametrize("isolate", [*MOUNTED, LANDLOCK])
@pytest.mark.parametrize("network", [True, False])
def test_the_network_is_there_only_where_it_is_allowed(
    tmp_path: Path, home: Path, isolate: Callable[[], Isolation], network: bool
) -> None:
    bench = Bench(tmp_path)
    runner = bench.runner(isolate())
    write(bench.work, {"use.py": CONNECT})
    with socket.create_server(("127.0.0.1", 0)) as server:
        argv = ("python", "use.py", str(server.getsockname()[1]), str(home / ".key"))
        spec = CheckSpec("use", argv, network=network)
        result = bench.run(runner, spec)
        server.settimeout(0)
        if network:
            server.accept()[0].close()
        else:
            with pytest.raises(BlockingIOError):
                server.accept()
    assert result.verdict == ("pass" if network else "fail"), bench.output(result)
    assert ("FINE" in bench.output(result)) == network
    other = runner.allowing(CheckSpec("use", argv, network=not network))
    assert result.environment != other.environment(argv)


@pytest.mark.parametrize("isolate", MOUNTED)
def test_a_cache_is_found_again_and_is_not_the_persons(
    tmp_path: Path, home: Path, isolate: Callable[[], Isolation]
) -> None:
    bench = Bench(tmp_path)
    runner = bench.runner(isolate())
    write(bench.work, {"use.py": COUNT})
    spec = CheckSpec("use", ("python", "use.py"), caches=("~/.cache/tool",))
    said = [bench.output(bench.run(runner, spec)) for _ in range(2)]
    assert said == ["RUNS 0\n", "RUNS 1\n"]
    assert (home / ".cache/tool/runs").read_text() == "the person's own"
    plain = bench.run(runner, from_argv(("python", "use.py")))
    assert plain.verdict == "fail"


def test_an_ignored_file_is_seen_only_when_it_is_named(tmp_path: Path) -> None:
    write(tmp_path, {".env": "KEY=1", ".env.test": "A=1", "keys/k": ""})
    (tmp_path / "link").symlink_to(tmp_path / ".env")
    ignored = [".env", ".env.test", "keys/", "link"]
    assert ignored_environment(tmp_path, ignored) == ()
    seen = ignored_environment(tmp_path, ignored, (".env.test", "keys", "link", "../x"))
    assert seen == (tmp_path / ".env.test", tmp_path / "keys")


class TestAllow:
    pytest_ = CheckSpec("pytest", ("pytest",), source="pyproject.toml")
    ruff = CheckSpec("ruff", ("ruff", "check"))

    def told(self, repo: Path, **more: tuple[str, ...]) -> tuple[CheckSpec, ...]:
        asked = {"network": (), "caches": (), **more}
        return allow((self.pytest_, self.ruff), repo=repo, source="loopwright.toml", **asked)

    def test_trust_is_asked_in_words(self, tmp_path: Path) -> None:
        first, second = self.told(tmp_path, network=("pytest",), caches=("~/.cache/uv",))
        assert first.source == "pyproject.toml; may use the network; keeps ~/.cache/uv"
        assert (first.network, second.network) == (True, False)
        assert second.source == "keeps ~/.cache/uv"

    def test_nothing_asked_changes_nothing(self, tmp_path: Path) -> None:
        assert self.told(tmp_path) == (self.pytest_, self.ruff)

    @pytest.mark.parametrize("name", ["/etc", "~", "~/", "~/../x", "a", "~root/x", "", "~/a/../.."])
    def test_a_cache_is_below_the_home(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(UsageError, match=r"loopwright\.toml: caches"):
            self.told(tmp_path, caches=(name,))

    @pytest.mark.parametrize("name", ["~/code", "~/code/shop", "~/code/shop/x"])
    def test_a_cache_is_apart_from_the_repository(self, home: Path, name: str) -> None:
        with pytest.raises(UsageError, match="apart from the repository"):
            self.told(home / "code/shop", caches=(name,))

    def test_only_checks_can_have_the_network(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="“pytset”, which is no check; the checks are pytest"):
            self.told(tmp_path, network=("pytset",))
