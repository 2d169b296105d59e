"""Whatever a message says: every claim gets an answer, and nothing of it is run unasked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core import protocol as p
from core import statement
from core.checks.discovery import discover
from core.confirm import Shown, of_commit, of_lines, of_runs, plan
from core.statement import Ran, Statement

TREE, PARENT = "1" * 40, "2" * 40
FOUND = discover(["tests/test_a.py", "ruff.toml"], {"ruff.toml": b""}.get)
PYTEST, RUFF = FOUND
LINES = statement.lines(
    Statement(
        TREE,
        PARENT,
        ran=(Ran("pytest", "pass", "1 passed", "python -m pytest"), Ran("ruff", "pass")),
        names={"fixes": statement.names(["t"]), "file": statement.names(["gone a.py"])},
        before=2,
        despite="x",
    )
)
WORDS = [
    *LINES, "- ran pytest: pass by --check: rm -rf /", "- ran x: pass by: [\"x\"", "- fixes",
    "- asks \"x to pass", "- fixes 99999999999999999999 more, sha256 0123456789abcdef",
    "- file x", "- tree 1, made from commit 2", "Evidence:", "", "- ran rm: pass by: rm -rf /",
    "- ran rm 99999: pass by --check: rm -rf /", "- ran pytest: pass by: {3 words, sha256 00}",
    "- ran \"\\ud800\": pass", "- ran pytest: 1 passed (void) by --check: PATH=x pytest",
]  # fmt: skip
lines = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=30)), max_size=12)


def evidence(verdict: p.CheckVerdict, outcome: p.Outcome):
    tests = (p.TestRecord("t", outcome),)
    result = p.CheckResult("pytest", TREE, verdict, counts={outcome: 1}, failing=tests)
    return {"pytest": (result, p.Records(tests))}


evidences = st.sampled_from(
    [{}, evidence("pass", "passed"), evidence("fail", "failed"), evidence("error", "error")]
)


@given(lines, evidences, st.none() | evidences, st.none() | evidences)
def test_every_message_gets_an_answer(found, now, base, alone):
    said = statement.read("\n".join(["Evidence:", *found]))
    planned = plan(said, FOUND, FOUND)
    findings = [
        *of_commit(said, TREE, (PARENT,), {"a.py": None}),
        *(one.finding for one in planned),
        *of_runs(said, planned, Shown(now, base, alone)),
        *of_lines(said),
    ]
    assert findings
    claimed = {text for names in said.names.values() for text in names.shown}
    assert len(findings) >= len(said.ran) + len(claimed - set(said.of("file").shown))
    for one in planned:
        # What is run is the repository's own, or was marked as given by hand.
        assert one.spec in (None, PYTEST, RUFF) or one.ran.given


def test_a_command_that_is_not_the_repositorys_is_not_run():
    said = Statement(TREE, PARENT, ran=(Ran("rm", "pass", "", "rm -rf /"),))
    (one, *rest) = plan(said, FOUND, FOUND)
    assert one.spec is None
    assert one.finding.standing == "fails"
    assert [r.spec for r in rest] == [PYTEST, RUFF]  # which the message should have named
    assert {r.finding.standing for r in rest} == {"unknown"}


def test_no_checks_is_no_evidence():
    (one,) = plan(statement.read("\n".join(statement.lines(Statement(TREE, PARENT)))), (), ())
    assert one.spec is None
    assert "nothing shows that it works" in one.finding.why


def test_of_many_files_the_last_is_looked_at_too():
    every = {f"f{n:03}": "a" * 40 for n in range(statement.MOST_FILES + 5)}
    labels = [statement.file_label(path, blob) for path, blob in every.items()]
    said = Statement(TREE, PARENT, names={"file": statement.names(labels, statement.MOST_FILES)})
    read = statement.read("\n".join(statement.lines(said)))
    assert {f.standing for f in of_commit(read, TREE, (PARENT,), every)} == {"holds"}
    every["f034"] = "b" * 40
    (wrong,) = (f for f in of_commit(read, TREE, (PARENT,), every) if f.standing == "fails")
    assert wrong.why == "the 5 more are not those checked"
