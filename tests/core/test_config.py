from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import (
    PersonConfig,
    RepositoryConfig,
    config_bytes,
    load_person,
    lowered,
    parse_person,
    read_repository,
)
from core.errors import UsageError
from core.protocol import Options

ROOT = Path("/repo")


def reader(**files: str):
    names = {name.replace("_", ".", 1): text.encode() for name, text in files.items()}
    return names.get


def loopwright(text: str) -> RepositoryConfig:
    return read_repository(ROOT, reader(loopwright_toml=text))


class TestPerson:
    def test_no_file_says_nothing(self, tmp_path: Path) -> None:
        assert load_person({"XDG_CONFIG_HOME": str(tmp_path)}) == PersonConfig()

    def test_everything_that_can_be_said(self, tmp_path: Path) -> None:
        folder = tmp_path / "loopwright"
        folder.mkdir()
        (folder / "config.toml").write_text(
            'model = "openai/gpt-4o-mini"\nlevel = "each"\nmax_iterations = 3\nbudget = 2\n'
            'sandbox = false\ninterpreter = "/usr/bin/python3"\ntheme = "light"\n'
            "store_mb = 500\n"
            '[keys]\napprove = "A"\n[prices."local/x"]\ninput = 0.5\noutput = 1\n'
            "[timeouts]\nchunk = 20\n"
        )
        found = load_person({"XDG_CONFIG_HOME": str(tmp_path)})
        assert (found.model, found.level, found.max_iterations) == ("openai/gpt-4o-mini", "each", 3)
        assert (found.budget, found.sandbox, found.theme) == (2.0, False, "light")
        assert (found.store_mb, PersonConfig().store_mb) == (500, 2000)
        assert found.keys == {"approve": "A"}
        assert found.prices["local/x"].output == 1.0
        assert (found.timeouts.chunk, found.timeouts.request) == (20.0, 900.0)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('modle = "x"', "“modle” is not a setting; did you mean “model”?"),
            ("max-iterations = 3", "did you mean “max_iterations”?"),
            ("[timeouts]\nchunks = 3", "did you mean “chunk”?"),
            ("[limits]\nmemori = 3", "did you mean “memory”?"),
            ("[limits]\nmemory = 0", ">= 1"),
            ("[prices.x]\ninput=1\noutputs = 3", "did you mean “output”?"),
            ("zzzz = 1", "known are model, level"),
            ('budget = "much"', "“budget”: expected float, got str"),
            ("budget = nan", "budget"),
            ("budget = -1", ">= 0"),
            ("max_iterations = 0", ">= 1"),
            ("store_mb = 0", ">= 1"),
            ("store_mb = 0.5", "“store_mb”: expected int, got float"),
            ('level = "fast"', "“level”: invalid enum value 'fast'"),
            ("model =", "not valid TOML"),
        ],
    )
    def test_what_is_wrong_is_named(self, text: str, says: str) -> None:
        with pytest.raises(UsageError) as caught:
            parse_person(text.encode(), "/home/me/config.toml")
        assert "/home/me/config.toml" in str(caught.value)
        assert says in str(caught.value)

    def test_a_folder_in_its_place_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "loopwright" / "config.toml").mkdir(parents=True)
        with pytest.raises(UsageError, match="cannot be read"):
            load_person({"XDG_CONFIG_HOME": str(tmp_path)})

    @given(st.binary(max_size=60))
    def test_any_bytes_are_settings_or_a_sentence(self, data: bytes) -> None:
        with contextlib.suppress(UsageError):
            parse_person(data)

    @given(
        st.dictionaries(
            st.sampled_from(PersonConfig.__struct_fields__),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3)
                ),
                max_leaves=6,
            ),
            max_size=3,
        )
    )
    def test_any_values_are_settings_or_a_sentence(self, table: dict[str, object]) -> None:
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(UsageError):
            patch.setattr(tomllib, "loads", lambda _: table)
            parse_person(b"")


class TestRepository:
    def test_nothing_is_configured(self) -> None:
        assert read_repository(ROOT, lambda _: None) == RepositoryConfig()
        assert read_repository(ROOT, reader(pyproject_toml="[tool.ruff]")) == RepositoryConfig()

    def test_both_places(self) -> None:
        text = 'checks = ["pytest -q", ["ruff", "check", "a|b"]]\nscope = ["src/**"]\n'
        own = loopwright(text)
        inside = read_repository(ROOT, reader(pyproject_toml="[tool.loopwright]\n" + text))
        assert own.checks == ("pytest -q", ("ruff", "check", "a|b"))
        assert own.scope == inside.scope == ("src/**",)
        assert own.source == "loopwright.toml"
        assert inside.source == "pyproject.toml [tool.loopwright]"

    def test_both_at_once_is_an_error(self) -> None:
        with pytest.raises(UsageError, match="Keep one"):
            read_repository(
                ROOT, reader(loopwright_toml="", pyproject_toml="[tool.loopwright]\nscope=[]")
            )

    @pytest.mark.parametrize(
        "text",
        [
            'api_base = "http://evil"',
            'api_key = "OTHER_KEY"',
            "sandbox = false",
            'model = "dear/model"',
            "trust = true",
            'approve = "green"',
            "[prices.x]\ninput = 0",
            'interpreter = "./evil"',
        ],
    )
    def test_the_persons_settings_are_refused(self, text: str) -> None:
        with pytest.raises(UsageError, match="the person's own setting"):
            loopwright(text)

    def test_source_cannot_be_forged(self) -> None:
        with pytest.raises(UsageError, match="“source” is not a setting"):
            loopwright('source = "x"')

    def test_unknown_keys_name_the_nearest(self) -> None:
        with pytest.raises(UsageError, match=r"/repo/loopwright\.toml: “check”.*“checks”"):
            loopwright('check = ["pytest"]')

    @pytest.mark.parametrize(
        "text", ["tool = 3", "[tool]\nloopwright = 3", "[tool.loopwright]\nchecks = 3", "x ="]
    )
    def test_odd_shapes(self, text: str) -> None:
        read = reader(pyproject_toml=text)
        if text == "tool = 3":
            assert read_repository(ROOT, read) == RepositoryConfig()
        else:
            with pytest.raises(UsageError, match=r"pyproject\.toml"):
                read_repository(ROOT, read)

    def test_trust_is_bound_to_what_it_says(self) -> None:
        a = config_bytes(reader(loopwright_toml='scope = ["a"]\nmax_iterations = 3'))
        b = config_bytes(reader(loopwright_toml='max_iterations = 3 # same\nscope = ["a"]'))
        c = config_bytes(reader(loopwright_toml='scope = ["b"]\nmax_iterations = 3'))
        assert a == b != c
        assert config_bytes(reader(pyproject_toml="[project]\nname='x'")) == b""
        assert config_bytes(reader(loopwright_toml="x = 2020-01-01")) != b""


class TestCaps:
    def test_they_are_lowered(self) -> None:
        found = lowered(Options(), PersonConfig(), RepositoryConfig(max_iterations=2, budget=0.1))
        assert (found.max_iterations, found.budget_usd) == (2, 0.1)

    def test_a_smaller_option_stays(self) -> None:
        given_now = Options(max_iterations=1, budget_usd=0.0)
        found = lowered(given_now, PersonConfig(), RepositoryConfig(max_iterations=2, budget=0.1))
        assert (found.max_iterations, found.budget_usd) == (1, 0.0)

    @pytest.mark.parametrize(
        ("asked", "option"),
        [({"max_iterations": 9}, "--max-iterations"), ({"budget": 1.01}, "--budget")],
    )
    def test_raising_is_an_error(self, asked: dict[str, float], option: str) -> None:
        config = RepositoryConfig(source="loopwright.toml", **asked)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=r"loopwright\.toml.*only lower") as caught:
            lowered(Options(), PersonConfig(), config)
        assert option in str(caught.value)

    def test_the_persons_own_cap_of_nothing_counts(self) -> None:
        with pytest.raises(UsageError):
            lowered(Options(budget_usd=0), PersonConfig(budget=0), RepositoryConfig(budget=0.5))
