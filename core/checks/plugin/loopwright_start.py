"""Starts pytest as its command or `python -m pytest` would, with our recorder in it.

Usage: python loopwright_start.py module|script SITE [pytest arguments]. SITE is a folder that
holds a pytest to use where this interpreter has none, or "". With LOOPWRIGHT_GO it is started
before it is needed, and waits (see `loopwright_wait`). Standard library only; the syntax is old
on purpose, so that an old Python can still say that it is too old.
"""

# mypy: ignore-errors
# ruff: noqa: UP031, UP036, RUF005

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def cannot(says):
    path = os.environ.get("LOOPWRIGHT_RECORD")
    if path:
        with open(path, "a") as out:
            out.write(json.dumps({"kind": "cannot", "says": says}) + "\n")
    sys.stderr.write(says + "\n")
    sys.exit(4)


def find_pytest(site):
    """This interpreter's pytest, else the lent one."""
    version = "%d.%d" % sys.version_info[:2]
    if sys.version_info < (3, 8):
        cannot("Python %s is too old for the test recorder, which needs 3.8 or later." % version)
    try:
        import pytest
    except ImportError as error:
        if getattr(error, "name", None) not in ("pytest", None) or not site:
            cannot("pytest cannot be imported by Python %s: %s" % (version, error))
    else:
        return pytest
    sys.path.append(site)
    try:
        import pytest
    except (ImportError, SyntaxError) as error:
        cannot(
            "Python %s has no pytest, and ours does not fit it (%s). Install pytest for"
            " that Python." % (version, error)
        )
    return pytest


def main():
    how, site, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    sys.path[0:1] = [os.getcwd()] if how == "module" else []
    pytest = find_pytest(site)
    sys.path.append(HERE)
    if "LOOPWRIGHT_GO" in os.environ:
        import loopwright_wait

        loopwright_wait.wait()
        del sys.modules["loopwright_wait"], loopwright_wait
    sys.argv[:] = [pytest.__file__] + arguments
    sys.exit(pytest.main(["-p", "loopwright_record"] + arguments))


if __name__ == "__main__":
    main()
