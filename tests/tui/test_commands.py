from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest
from msgspec.structs import replace

from core import gates
from core import protocol as p
from core.state import Approval
from tests.fakes.shop import Shop
from tui.acts import ACTS
from tui.commands import TABLE, allowed, candidates, choose, hints, remapped
from tui.panes.change import ChangePane
from tui.screens.help import help_text
from tui.taking import Taking, at_first
from tui.view import PANES, View


def view_of(shop: Shop, **fields: object) -> View:
    it = shop.state.iteration
    change = it.change if it else None
    fields.setdefault("taken", at_first(change) if change else Taking())
    fields.setdefault("diff", shop.reader.diff(change) if change else None)
    return View(shop.state, held_by=shop.held_by, **fields)  # type: ignore[arg-type]


def test_ids_are_unique() -> None:
    assert [i for i, n in Counter(c.id for c in TABLE).items() if n > 1] == []


def test_every_command_does_something() -> None:
    own = {f"rows.{n[4:]}" for n in dir(ChangePane) if n.startswith("cmd_")}
    own |= {f"change.{n[4:]}" for n in dir(ChangePane) if n.startswith("cmd_")}
    ids = {c.id for c in TABLE}
    assert ids - set(ACTS) <= own
    assert set(ACTS) <= ids


@pytest.mark.parametrize("where", [*PANES, "rows", "global"])
def test_no_two_commands_share_a_key_in_one_place(where: str) -> None:
    keys = Counter(k for c in TABLE if c.where == where for k in c.keys)
    assert [k for k, n in keys.items() if n > 1] == []


def test_every_decision_has_a_key() -> None:
    assert {c.decision for c in TABLE if c.decision} == set(get_args(p.DecisionKind))


def test_no_gate_gives_one_key_two_meanings() -> None:
    s = Shop().to("red").state
    assert s.iteration is not None
    assert s.iteration.change is not None
    assert s.iteration.verdict is not None
    change, verdict = s.iteration.change, s.iteration.verdict
    every = [
        gates.trust(s), gates.plan(s, s.plan or p.Plan(())), gates.run(s, change),
        gates.result(s, change, verdict), gates.stuck(s, "x"), gates.stuck(s, "x", cap=True),
        gates.stuck(replace(s, iteration=replace(s.iteration, verdict=None)), "x"),
        gates.moved(s, p.Moved("abc")),
        gates.moved(replace(s, refused=Approval(1, "")), p.Moved("abc", ("a",), "", ("a",))),
        gates.undo(s, p.UndoPlan("abc", change=change, move_to="def")),
        gates.undo(s, p.UndoPlan("abc")),
    ]  # fmt: skip
    for gate in every:
        keys = Counter(k for c in allowed(gate) for k in c.keys)
        assert [k for k, n in keys.items() if n > 1] == [], gate.kind
        assert {c.decision for c in allowed(gate)} == set(gate.allows)


def test_a_gate_goes_before_the_pane_and_the_pane_before_the_rest() -> None:
    trust = view_of(Shop().to("trust"), pane="change")
    assert choose("y", trust)[0].id == "gate.trust"  # type: ignore[union-attr]
    result = view_of(Shop().to("green"), pane="change")
    assert choose("y", result)[0].id == "rows.copy"  # type: ignore[union-attr]
    assert choose("e", result)[0].id == "gate.edit"  # type: ignore[union-attr]
    plan = view_of(Shop().to("plan"), pane="plan")
    assert choose("e", plan)[0].id == "plan.edit"  # type: ignore[union-attr]
    assert choose("J", plan)[0].id == "plan.down"  # type: ignore[union-attr]
    assert choose("J", result)[0].id == "change.hunk_next"  # type: ignore[union-attr]


def test_a_key_that_does_not_apply_says_why() -> None:
    shop = Shop()
    for key, words in {
        "a": "Nothing is asked",
        "ctrl+c": "Nothing is running",
        "U": "queued",
    }.items():
        command, why = choose(key, view_of(shop, pane="change"))
        assert command is None
        assert words in why
    assert choose("ä", view_of(shop, pane="change")) == (None, "")
    command, why = choose("n", view_of(Shop().to("plan"), pane="plan"))
    assert command is None
    assert "a approve the plan" in why


def test_read_only_decides_nothing() -> None:
    shop = Shop().to("green")
    shop.held_by = "pid 7 on ada"
    view = view_of(shop, pane="change")
    for command in TABLE:
        if command.where == "gate":
            assert "pid 7 on ada" in command.applies(view)
    assert choose("space", view)[1].startswith("pid 7")


def test_the_past_decides_nothing() -> None:
    shop = Shop().to("green")
    view = view_of(shop, pane="change", past=shop.reader.iterations()[0])
    for command in allowed(shop.state.gate or p.Gate("", "result", "", ())):
        assert "esc" in command.applies(view)


def test_approving_nothing_is_no_answer() -> None:
    view = view_of(Shop().to("green"), taken=Taking())
    assert "No hunk is taken" in choose("a", view)[1]


def test_the_footer_shows_what_applies_here() -> None:
    ids = [c.id for c in hints(view_of(Shop().to("green"), pane="change"))]
    assert "change.take" in ids
    assert "plan.add" not in ids
    assert "change.take" not in [c.id for c in hints(view_of(Shop(), pane="change"))]


def test_keys_can_be_remapped() -> None:
    table = remapped({"gate.next": "z"})
    view = view_of(Shop().to("red"), pane="change")
    assert choose("z", view, table)[0].id == "gate.next"  # type: ignore[union-attr]
    assert not [c for c in candidates("n", view, table) if c.where == "gate"]


def test_help_names_every_command() -> None:
    text = help_text(TABLE).plain
    assert [c.id for c in TABLE if c.title not in text] == []
