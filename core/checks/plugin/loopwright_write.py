"""Writes what a recorder sees, line by line, to a file; shared by the recorders.

Runs inside the person's interpreter: standard library only, Python 3.8 and later. Each record
is appended as it happens, so that a killed run still tells its story. The file's path comes in
LOOPWRIGHT_RECORD, the folder of the tree in LOOPWRIGHT_ROOT, and with LOOPWRIGHT_FOREIGN every
source read from that folder is watched for too.
"""

# mypy: ignore-errors

import atexit
import json
import os
import sys

MAX_MESSAGE = 4000
ROOT = os.path.realpath(os.environ.get("LOOPWRIGHT_ROOT") or os.getcwd())
FOREIGN = os.environ.get("LOOPWRIGHT_FOREIGN", "")
SOURCES = (".py", ".pyc", ".pyi", ".so", ".pyd")

_file = os.environ.get("LOOPWRIGHT_RECORD", "")
_owner = os.getpid()
_read = set()


def write(kind, **fields):
    """Append one record; a failure to write is not the tests' business."""
    if not _file:
        return
    fields["kind"] = kind
    try:
        line = json.dumps(fields, ensure_ascii=True) + "\n"
        handle = os.open(_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode("ascii"))
        finally:
            os.close(handle)
    except (OSError, TypeError, ValueError):
        return


def relative(path):
    """A path of the tree as the repository names it; "" for anything else."""
    try:
        real = os.path.realpath(os.path.join(ROOT, str(path)))
    except (OSError, ValueError):
        return ""
    if not real.startswith(ROOT + os.sep):
        return ""
    inside = real[len(ROOT) + 1 :].replace(os.sep, "/")
    return "" if "/site-packages/" in "/" + inside else inside


def _watch(event, args):
    if event == "open" and args and isinstance(args[0], str):
        path = args[0]
        if path.startswith(FOREIGN) and path.endswith(SOURCES):
            _read.add(path)


if FOREIGN:
    sys.addaudithook(_watch)


def write_imports():
    """Which files of interest this process imported: those under the foreign folder."""
    if os.getpid() != _owner or not FOREIGN:
        return
    files = set(_read)
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if isinstance(name, str):
            files.add(name)
    real = {os.path.realpath(name) for name in files}
    write("imports", files=sorted(f for f in real if f.startswith(FOREIGN + os.sep))[:500])


atexit.register(write_imports)
