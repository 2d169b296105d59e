"""A pytest plugin that notes which lines of the tree each test runs.

Standard library only: on Python 3.12 and later through sys.monitoring (a line reports once per
test and costs nothing after that), before that through sys.settrace, on frames of the tree
alone. Lines run at import or collection are told under the id "".
"""

# mypy: ignore-errors
# ruff: noqa: ARG001

import sys
import threading

import loopwright_record as record
import pytest

_lines = {}
_paths = {}
_monitoring = getattr(sys, "monitoring", None)
TOOL = 4  # one of the two ids that no kind of tool has claimed


def _path(code):
    """The file of a code object as the repository names it; "" when it is none of the tree."""
    name = code.co_filename
    found = _paths.get(name)
    if found is None:
        found = "" if name.startswith("<") else record.relative(name)
        _paths[name] = found
    return found


def _on_line(code, line):
    path = _path(code)
    if path and line:
        _lines.setdefault(path, set()).add(line)
    return _monitoring.DISABLE


def _on_call(frame, event, arg):
    return _on_event if _path(frame.f_code) else None


def _on_event(frame, event, arg):
    if event == "line":
        _add(_paths[frame.f_code.co_filename], frame.f_lineno)
    return _on_event


def _add(path, line):
    if not line:  # code that the compiler made up
        return
    try:
        _lines[path].add(line)
    except KeyError:
        _lines[path] = {line}


def _begin():
    if _monitoring is not None:
        _monitoring.use_tool_id(TOOL, "loopwright")
        _monitoring.register_callback(TOOL, _monitoring.events.LINE, _on_line)
        _monitoring.set_events(TOOL, _monitoring.events.LINE)
    else:
        threading.settrace(_on_call)
        sys.settrace(_on_call)


def _flush(nodeid):
    if _lines:
        files = {path: sorted(lines) for path, lines in _lines.items() if lines}
        _lines.clear()
        record.write("cover", id=nodeid, files=files)
    if _monitoring is not None:
        _monitoring.restart_events()


def pytest_collection_finish(session):
    _flush("")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid, location):
    _lines.clear()
    if _monitoring is not None:
        _monitoring.restart_events()
    elif sys.gettrace() is None:
        sys.settrace(_on_call)


def pytest_runtest_logfinish(nodeid, location):
    _flush(record.full(nodeid))


_begin()
