"""Surveys a repository: what would run, with what, and whether the person trusts it.

Nothing of the repository is run or obeyed here; its configuration is read as data.
"""

from __future__ import annotations

from msgspec.structs import replace

from core import protocol as p
from core.checks import interpreter, tools
from core.checks.allowances import allow
from core.checks.commands import from_argv, from_command, named_apart
from core.checks.deciding import deciding
from core.checks.discovery import discover
from core.config import config_bytes, lowered, read_repository
from core.context import Context
from core.performers.site import Site
from core.repo.facts import inspect
from core.sandbox.probe import probe, unsandboxed
from core.state import State
from core.text import clean_line
from core.trust import is_trusted, remember, trust_hash


def take_survey(site: Site, action: p.TakeSurvey, state: State, context: Context) -> p.Surveyed:
    if not site.fresh:
        site.look_again(inspect(site.facts.root))
    site.fresh = False
    context.check()
    workshop, settings = site.workshop, site.settings
    base = workshop.base(include_dirty=state.options.include_dirty)

    def read(path: str) -> bytes | None:
        return workshop.read(base.tree, path)

    site.config = read_repository(site.facts.root, read)
    lower = lowered(state.options, settings.person, site.config)
    python = interpreter.find(
        site.facts.root, settings.interpreter or settings.person.interpreter, settings.env
    )
    checks = checks_of(site, base.tree, python, state.options.checks)
    unwanted = state.options.allow_unsandboxed
    isolation = unsandboxed() if unwanted else probe()
    site.furnish(python, isolation)
    config = config_bytes(read) + deciding(checks, read)
    trusting = trust_hash(site.facts.root, checks, config, str(python.path), isolation)
    return p.Surveyed(
        action.id,
        p.Survey(
            base=base,
            checks=checks,
            isolation=isolation,
            interpreter=f"{python.path} ({python.source})",
            author=site.facts.author,
            trust_hash=trusting,
            trusted=settings.own or is_trusted(settings.env, site.facts.root, trusting),
            skips=site.facts.skips,
            notes=(*site.facts.notes, *_seen(site.config.see)),
            max_iterations=lower.max_iterations if site.config.max_iterations else None,
            budget_usd=lower.budget_usd if site.config.budget is not None else None,
        ),
    )


def _seen(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return ()
    shown = ", ".join(map(clean_line, names))
    return (f"Checks may read {shown}, which git ignores, because the configuration says so.",)


def checks_of(
    site: Site, tree: p.Tree, python: interpreter.Interpreter, asked: tuple[str, ...] = ()
) -> tuple[p.CheckSpec, ...]:
    """The checks of a tree: those asked for, else as the configuration at hand or its files say,
    with what the configuration lets them do more."""
    return allow(
        _checks(site, tree, python, asked),
        network=site.config.network,
        caches=site.config.caches,
        repo=site.facts.root,
        source=site.config.source,
    )


def _checks(
    site: Site, tree: p.Tree, python: interpreter.Interpreter, asked: tuple[str, ...]
) -> tuple[p.CheckSpec, ...]:
    timeout = site.settings.person.timeouts.check
    given, source = asked or site.config.checks, "--check"
    if not asked:
        source = site.config.source
    if given:
        return named_apart([_given(words, source, timeout) for words in given])
    workshop = site.workshop
    found = discover(
        workshop.paths(tree),
        lambda path: workshop.read(tree, path),
        lambda name: tools.installed(name, site.facts.root, python),
    )
    return tuple(replace(c, timeout=timeout) for c in found)


def _given(words: str | tuple[str, ...], source: str, timeout: float) -> p.CheckSpec:
    if isinstance(words, str):
        return from_command(words, source=source, timeout=timeout)
    return from_argv(words, source=source, timeout=timeout)


def keep_trust(site: Site, action: p.KeepTrust) -> p.TrustKept:
    remember(site.settings.env, site.facts.root, action.trust_hash)
    return p.TrustKept(action.id)
