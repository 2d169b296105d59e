"""Performers carry actions out; everything that touches the world happens in them."""

from __future__ import annotations

from typing import assert_never

from core import protocol as p
from core.context import Context
from core.performers import (
    building,
    causes,
    checking,
    explaining,
    landing,
    proposing,
    survey,
    undoing,
)
from core.performers.site import Site
from core.state import State


def perform(site: Site, action: p.AnyAction, state: State, context: Context) -> p.AnyEvent | None:
    """Carries out one action and returns the event that reports it."""
    match action:
        case p.TakeSurvey():
            return survey.take_survey(site, action, state, context)
        case p.KeepTrust():
            return survey.keep_trust(site, action)
        case p.RunCheck():
            return checking.check(site, action, state, context)
        case p.RunAgain():
            return causes.run_again(site, action, context)
        case p.FindBlame():
            return causes.find_blame(site, action, context)
        case p.MakePlan():
            return proposing.make_plan(site, action, state, context)
        case p.Propose():
            return proposing.propose(site, action, state, context)
        case p.Build():
            return building.build(site, action, state, context)
        case p.Judge():
            return checking.judge_change(site, action, state)
        case p.ShowRed():
            return explaining.show_red(site, action, state, context)
        case p.FindNeeded():
            return explaining.find_needed(site, action, state, context)
        case p.Land():
            return landing.land(site, action, state, context)
        case p.PlanUndo():
            return undoing.plan(site, action, state)
        case p.TakeBack():
            return undoing.take_back(site, action, state, context)
        case p.Watch():
            landing.watch(site, action, context)
            return None
        case p.OpenGate() | p.Finish() | p.SkipStep():
            return None  # the engine carries these out on the spot
        case _:
            assert_never(action)
