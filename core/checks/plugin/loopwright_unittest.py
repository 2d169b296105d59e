"""Runs unittest as `python -m unittest` would, and writes what each test did.

Usage: python loopwright_unittest.py [unittest's arguments]. Runs inside the person's
interpreter: standard library only, Python 3.8 and later. Tests are named as pytest names them.
"""

# mypy: ignore-errors
# ruff: noqa: UP031, RUF005

import os
import sys
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[0:1] = [os.getcwd()]
sys.path.append(HERE)

from loopwright_write import MAX_MESSAGE, ROOT, relative, write  # noqa: E402


def name_of(test):
    """(id, path): "tests/test_a.py::TestA::test_x" where the test's file is known."""
    if not isinstance(test, unittest.TestCase):
        return str(test), ""  # what failed around tests: "setUpClass (tests.test_a.TestA)"
    kind = type(test)
    method = getattr(test, "_testMethodName", "") or "test"
    if kind.__module__.startswith("unittest."):  # a module that could not be loaded
        path = method.replace(".", os.sep) + ".py"
        path = relative(path) if os.path.isfile(os.path.join(ROOT, path)) else ""
        return path or method, path
    file = getattr(sys.modules.get(kind.__module__), "__file__", "") or ""
    path = relative(file) if file else ""
    start = path or kind.__module__
    return "::".join([start] + kind.__qualname__.split(".") + [method]), path


def told(test, error):
    """(path, line, message, in the test): where in the tree it went wrong, in its own words."""
    kind, value, trace = error
    where, inside = ("", 0), False
    method = getattr(test, "_testMethodName", None)
    for frame in traceback.extract_tb(trace):
        inside = inside or frame.name == method
        path = relative(frame.filename)
        if path:
            where = (path, frame.lineno or 0)
    try:
        message = "".join(traceback.format_exception_only(kind, value)).strip()
    except Exception:  # noqa: BLE001 - a broken __str__ must not cost the record
        message = getattr(kind, "__name__", "error")
    return where[0], where[1], message[:MAX_MESSAGE], inside


class Result(unittest.TextTestResult):
    """Prints as unittest does, and records."""

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()
        write("start", id=name_of(test)[0])

    def addSuccess(self, test):
        super().addSuccess(test)
        self._write(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._failed(test, err, subtest)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._write(test, "skipped", message=str(reason)[:MAX_MESSAGE])

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._write(test, "skipped", expected=True)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._write(test, "failed", message="Unexpected success")

    def _failed(self, test, error, subtest=None):
        """An exception in the test itself fails it; one around it is an error of its own."""
        path, line, message, inside = told(test, error)
        if subtest is not None:
            message = "%s %s" % (subtest._subDescription(), message)
        failure = issubclass(error[0], getattr(test, "failureException", None) or AssertionError)
        when = "call" if inside or failure else "setup"
        self._write(test, "failed", when=when, message=message, path=path, line=line)

    def _write(self, test, outcome, when="call", message="", path="", line=0, expected=False):
        name, own = name_of(test)
        write(
            "test",
            id=name,
            when=when,
            outcome=outcome,
            expected=expected,
            message=message,
            path=path or own,
            line=line,
            seconds=time.monotonic() - getattr(self, "_began", time.monotonic()),
        )


class Runner(unittest.TextTestRunner):
    resultclass = Result


def main():
    write("begin", python=list(sys.version_info[:3]))
    arguments = ["python -m unittest"] + sys.argv[1:]
    sys.argv[:] = arguments
    program = unittest.main(module=None, argv=arguments, testRunner=Runner, exit=False)
    result = program.result
    code = 0 if result.wasSuccessful() else 1
    if not result.testsRun and not result.skipped and code == 0:
        code = 5
    write("end", exit=code, ran=result.testsRun)
    sys.exit(code)


if __name__ == "__main__":
    main()
