"""Lanes: what stands apart and why, and what is tests."""

from __future__ import annotations

from core import lanes
from core.protocol import Base, Change, FileChange
from core.repo.hunks import parse
from core.repo.scope import runs_later


def a_change(*files: FileChange) -> Change:
    return Change("tree", Base("commit", "base", "main"), files, "")


def test_tests_are_told_by_their_names() -> None:
    tests = [
        "test_a.py", "src/a_test.py", "tests/helpers.py", "shop/tests.py", "test/data/x.json",
        "conftest.py", "src/a.test.ts", "src/a.spec.tsx", "src/__tests__/a.js", "a-test.mjs",
        "pkg/a_test.go", "pkg/testdata/x", "tests/a.rs", "src/tests.rs", "src/test/java/A.java",
        "CartTest.java", "CartTests.kt", "Shop.Tests/Cart.cs", "CartTests.cs", "spec/a_spec.rb",
        "a_test.rb", "src/__snapshots__/a.snap", "a.ambr", "cypress/a.cy.js",
    ]  # fmt: skip
    others = [
        "latest.py", "contest.py", "src/testing.py", "attest/a.py", "src/a.ts", "protest/x.go",
        "spec/openapi.yaml", "Latest.java", "Unit.java", "manifest.json", "test", "a_test", "",
        "src/tested/a.py", "greatest.rs", "src/inspect.js",
    ]  # fmt: skip
    assert [path for path in tests if not lanes.is_test(path)] == []
    assert [path for path in others if lanes.is_test(path)] == []


def test_what_stands_apart_and_why() -> None:
    change = a_change(
        FileChange("a.py", "modified", hunks=("a1", "a2")),
        FileChange("b.py", "modified", hunks=("b1",), outside_scope=True),
        FileChange("conftest.py", "added", hunks=("c1",), runs_later=runs_later("conftest.py")),
        FileChange("tests/test_d.py", "modified", hunks=("d1", "d2"), weakens=("", "skips test_d")),
        FileChange("Makefile", "mode", hunks=("e1",), outside_scope=True, runs_later="hook",
                   weakens=("skips all",)),
        FileChange("new.py", "renamed", old_path="tests/test_old.py", hunks=("f1",)),
    )  # fmt: skip
    assert lanes.apart(change) == {
        "b1": "lies outside the step's scope",
        "c1": "runs code later (pytest runs it)",
        "d2": "skips test_d",
        "e1": "lies outside the step's scope; runs code later (hook); skips all",
    }
    assert lanes.main_hunks(change) == ("a1", "a2", "d1", "f1")
    assert lanes.test_hunks(change) == ("c1", "d1", "d2", "f1")


def test_a_patch_brings_its_lanes_along() -> None:
    patch = (
        b"diff --git a/tests/test_x.py b/tests/test_x.py\n--- a/tests/test_x.py\n"
        b"+++ b/tests/test_x.py\n@@ -1,2 +1,2 @@\n def test_x():\n-    assert f() == 1\n"
        b"+    assert f()\n"
    )
    base = {"tests/test_x.py": b"def test_x():\n    assert f() == 1\n"}
    (file,) = parse(patch, old=base.get)
    assert lanes.apart(a_change(file.change)) == {
        file.hunks[0].id: "loosens the assertion `assert f() == 1` of test_x"
    }
