from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.propose.base import BriefFile
from core.propose.context import CHARACTERS_PER_TOKEN, pick
from core.propose.relevance import ranked
from core.protocol import TestRecord

TREE = {
    "README.md": b"read me\n",
    "src/shop/__init__.py": b"",
    "src/shop/cart.py": b"def total(): ...\n",
    "src/shop/tax.py": b"RATE = 2\n",
    "src/shop/money.py": b"x = 1\n",
    "tests/test_cart.py": b"from shop import tax\nfrom shop.cart import total\n",
    ".env": b"KEY=1\n",
    "poetry.lock": b"x\n",
    "logo.png": b"\x89PNG\x00",
}


def picked(
    goal: str = "",
    notes: tuple[str, ...] = (),
    scope: tuple[str, ...] = (),
    failing: tuple[TestRecord, ...] = (),
    budget: int = 10_000,
    tree: dict[str, bytes] = TREE,
) -> list[str]:
    files = pick(goal, notes, scope, failing, tuple(sorted(tree)), tree.get, budget)
    return [file.path for file in files]


def test_what_the_person_named_comes_first_and_notes_before_the_goal() -> None:
    got = picked("see money.py", ("look into src/shop/tax.py.",), ("README.md",))
    assert got[:3] == ["src/shop/tax.py", "src/shop/money.py", "README.md"]


def test_failures_bring_their_files_their_tests_and_what_these_import() -> None:
    test = TestRecord(
        "tests/test_cart.py::test_a",
        "failed",
        'File "/home/me/repo/src/shop/money.py", line 1\ntests/test_cart.py:2: AssertionError',
        path="tests/test_cart.py",
        line=2,
    )
    assert picked(failing=(test,))[:5] == [
        "src/shop/money.py", "tests/test_cart.py", "src/shop/cart.py", "src/shop/__init__.py",
        "src/shop/tax.py",
    ]  # fmt: skip


def test_a_scope_pattern_brings_its_files() -> None:
    assert picked(scope=("src/**/t*.py",))[0] == "src/shop/tax.py"
    assert picked("mend the cart")[0] == "src/shop/cart.py"


def test_secrets_binaries_and_locks_stay_out_unless_they_are_named() -> None:
    got = picked(scope=("**",))
    assert ".env" not in got
    assert "logo.png" not in got
    assert ".env" in picked("change .env", scope=(".env",))
    assert "poetry.lock" not in picked()


def test_a_long_file_is_shown_by_windows_around_what_failed() -> None:
    text = "".join(f"line {n}\n" for n in range(1, 3001)).encode()
    test = TestRecord("t.py::a", "failed", "big.py:1500: boom")
    [file] = pick("", (), (), (test,), ("big.py",), {"big.py": text}.get, 1000)
    assert not file.whole
    assert "line 1500\n" in file.text
    assert "left out]" in file.text
    assert len(file.text) < 3000


def test_text_is_shown_as_edits_will_match_it() -> None:
    [file] = pick("", (), (), (), ("a.py",), {"a.py": b"\xef\xbb\xbfx\r\ny\r\n"}.get, 100)
    assert file == BriefFile("a.py", "x\ny\n")


@given(
    st.dictionaries(
        st.sampled_from(["a.py", "b.py", "c/d.py", "e.md"]), st.binary(max_size=3000), max_size=4
    ),
    st.text(max_size=40),
    st.integers(0, 1500),
)
def test_the_budget_holds_and_the_choice_is_the_same_each_time(
    tree: dict[str, bytes], goal: str, budget: int
) -> None:
    test = TestRecord("a.py::x", "failed", "c/d.py:3: x")
    paths = tuple(sorted(tree))
    files = pick(goal, (), ("**",), (test,), paths, tree.get, budget)
    assert sum(len(file.text) for file in files) <= budget * CHARACTERS_PER_TOKEN
    assert files == pick(goal, (), ("**",), (test,), paths, tree.get, budget)
    assert len({file.path for file in files}) == len(files)
    for file in files:
        if file.whole:
            assert file.text == tree[file.path].decode("utf-8-sig").replace("\r\n", "\n")


def test_ranking_reads_no_more_than_the_tests() -> None:
    read: list[str] = []

    def see(path: str) -> bytes | None:
        read.append(path)
        return TREE.get(path)

    ranked("x", (), ("**",), (TestRecord("tests/test_cart.py::a", "failed"),), tuple(TREE), see)
    assert set(read) == {"tests/test_cart.py"}
