"""A pytest plugin that writes what each test did, line by line, to a file.

Runs inside the person's interpreter: standard library only, Python 3.8 and later, any pytest
from 5 on. `loopwright_write` says where the file is and what is watched beside.
"""

# mypy: ignore-errors
# ruff: noqa: ARG001

import json
import os
import sys

import pytest
from loopwright_write import MAX_MESSAGE, relative, write, write_imports

__all__ = ["relative", "write", "write_imports"]

SINGLE = bool(os.environ.get("LOOPWRIGHT_SINGLE"))

_is_worker = False
_prefix = ""


def full(nodeid):
    """A test id that means the same from the repository's root, wherever pytest's root is."""
    return _prefix + "/" + nodeid if _prefix and nodeid else nodeid


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests(early_config):
    """In a trial, coverage plugins of the person's stay off: two tracers do not get along."""
    if SINGLE:
        early_config.known_args_namespace.no_cov = True
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_cmdline_main(config):
    """A trial runs in one process: workers would cost more than they save."""
    if SINGLE and getattr(config.option, "numprocesses", None):
        config.option.numprocesses = 0
    yield


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    global _is_worker, _prefix
    _is_worker = hasattr(config, "workerinput")
    _prefix = relative(getattr(config, "rootpath", None) or config.rootdir)
    if not _is_worker:
        write("begin", pytest=pytest.__version__, python=list(sys.version_info[:3]))


OWN_ORDER = ("randomly", "random-order", "order", "ordering", "dependency", "reverse")
"""What stands after "pytest-" in the names of plugins that settle the order themselves."""


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_collection_modifyitems(session, config, items):
    """The tests that failed last time come first, and the rest stays in its order."""
    before = list(items)
    yield
    first = _first()
    if not first or orders_itself(config, before, items):
        return
    items.sort(key=lambda item: full(item.nodeid) not in first)


def _first():
    try:
        with open(os.environ.get("LOOPWRIGHT_FIRST") or os.devnull) as file:
            return set(json.loads(file.read() or "[]"))
    except (OSError, ValueError):
        return set()


def orders_itself(config, before, after):
    """Whether the repository, or an option of pytest's, says in which order tests run."""
    option = config.option
    if any(getattr(option, name, None) for name in ("failedfirst", "lf", "newfirst", "stepwise")):
        return True
    if getattr(option, "numprocesses", None) or hasattr(config, "workerinput"):
        return True
    names = {dist.project_name for _, dist in config.pluginmanager.list_plugin_distinfo()}
    if names.intersection("pytest-" + name for name in OWN_ORDER):
        return True
    for plugin in config.pluginmanager.get_plugins():
        file = os.path.basename(getattr(plugin, "__file__", None) or "")
        if file == "conftest.py" and hasattr(plugin, "pytest_collection_modifyitems"):
            left = set(after)
            return [item for item in before if item in left] != list(after)
    return False


def pytest_collection_finish(session):
    if not _is_worker:
        write("collected", total=len(session.items))


def pytest_collectreport(report):
    if _is_worker or report.passed:
        return
    path, line, message = _told(report)
    write(
        "test",
        id=full(report.nodeid) or "collection",
        when="collect",
        outcome=report.outcome,
        message=message,
        path=path or relative(full(report.nodeid).split("::")[0]),
        line=line,
        seconds=0.0,
    )


def pytest_runtest_logstart(nodeid, location):
    if not _is_worker:
        write("start", id=full(nodeid))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    try:
        report = outcome.get_result()
    except Exception:  # noqa: BLE001 - another plugin's fault, shown by pytest itself
        return
    if call.excinfo is None or report.outcome != "failed":
        return
    try:
        report.loopwright = _failure(call.excinfo)
    except Exception:  # noqa: BLE001 - a broken __repr__ must not cost the record
        return


def _failure(excinfo):
    """Innermost frame inside the tree, and the error in its own words."""
    where = ("", 0)
    for entry in excinfo.traceback:
        path = relative(entry.path)
        if path:
            where = (path, entry.lineno + 1)
    message = excinfo.exconly(tryshort=True)
    return {"path": where[0], "line": where[1], "message": message[:MAX_MESSAGE]}


def pytest_runtest_logreport(report):
    if _is_worker or report.outcome == "rerun":
        return
    path, line, message = _told(report)
    if not path:
        path = relative(full(report.location[0])) if report.location else ""
        line = (report.location[1] or 0) + 1 if report.location else 0
    write(
        "test",
        id=full(report.nodeid),
        when=report.when,
        outcome=report.outcome,
        expected=hasattr(report, "wasxfail"),
        message=message,
        path=path,
        line=line,
        seconds=getattr(report, "duration", 0.0),
    )


def _told(report):
    """(path, line, message) of a failure or skip, as far as the report tells."""
    own = getattr(report, "loopwright", None)
    if isinstance(own, dict):
        return own.get("path", ""), own.get("line", 0), own.get("message", "")
    if report.passed:
        return "", 0, ""
    told = report.longrepr
    if isinstance(told, tuple) and len(told) == 3:
        return relative(told[0]), told[1] or 0, str(told[2])[:MAX_MESSAGE]
    crash = getattr(told, "reprcrash", None)
    if crash is not None:
        return relative(crash.path), crash.lineno, str(crash.message)[:MAX_MESSAGE]
    return "", 0, _last_words(str(told))


def _last_words(text):
    """The lines of a collection error that say what went wrong ("E   …"), or its last lines."""
    lines = text.splitlines()
    errors = [line[1:].strip() for line in lines if line.startswith("E ")]
    return "\n".join((errors or lines)[-12:])[-MAX_MESSAGE:]


def pytest_sessionfinish(session, exitstatus):
    if not _is_worker:
        write(
            "end",
            exit=int(exitstatus),
            ran=session.testscollected,
            failed=session.testsfailed,
            stopped=bool(session.shouldfail),
        )
