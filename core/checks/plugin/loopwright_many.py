"""Runs tests again and again from one start: pytest is imported once, then forked.

Usage: python loopwright_many.py module|script SITE. On standard input one JSON object a line:
{"record": file, "timeout": seconds, "arguments": [pytest's]}; for each, one line of JSON on the
descriptor that LOOPWRIGHT_ANSWERS names. Between two of them our side changes the
tree. This process never imports a module of the tree, and no bytecode is kept, so each run is
of the sources as they lie there then. Standard library only.
"""

# mypy: ignore-errors
# ruff: noqa: RUF005

import contextlib
import gc
import json
import os
import signal
import sys
import time

import loopwright_start as start


def wait(child, timeout):
    """The child's exit code, or None when its time ran out. Its process group is gone then."""
    until = time.monotonic() + timeout
    pause = 0.001
    code = None
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
            break
        if time.monotonic() > until:
            break
        time.sleep(pause)
        pause = min(pause * 1.5, 0.01)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    if code is None:
        os.waitpid(child, 0)
    return code


def run_child(pytest, job):
    """In the forked child; never returns."""
    code = 3
    try:
        os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.environ["LOOPWRIGHT_RECORD"] = job["record"]
        sys.argv[:] = [pytest.__file__] + job["arguments"]
        code = int(pytest.main(["-p", "loopwright_record"] + job["arguments"]))
        record = sys.modules["loopwright_record"]
        record.write_imports()
        record.write("modules", names=others(record.relative))
    finally:
        os._exit(code)


def others(relative):
    """Modules that a run imported and that are none of the tree's."""
    names = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and not relative(file) and not name.startswith("__"):
            names.append(name)
    return [name for name in names if not name.startswith(("loopwright_", "conftest"))]


def warm_up(names):
    """Import what every run imports, so that no child has to.

    pytest would warn of a plugin that is there before it; the mark in the docstring says that
    this is wanted.
    """
    before = set(sys.modules)
    for name in names:
        try:
            __import__(name)
        except Exception:  # noqa: BLE001 - a child imports it again and shows why it fails
            continue
    for name in set(sys.modules) - before:
        module = sys.modules[name]
        try:
            module.__doc__ = (module.__doc__ or "") + "\nPYTEST_DONT_REWRITE"
        except (AttributeError, TypeError):
            continue


def tainted():
    """Whether a module of the tree came in with the others; its text must stay free to change."""
    root = os.path.realpath(os.getcwd()) + os.sep
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name == "__main__" or not isinstance(file, str):
            continue
        inside = os.path.realpath(file)
        if inside.startswith(root) and "site-packages" not in inside[len(root) :]:
            return True
    return False


def modules_told(record):
    names = []
    try:
        with open(record) as lines:
            for line in lines:
                if line.startswith("{") and '"modules"' in line:
                    names = json.loads(line).get("names") or names
    except (OSError, ValueError):
        return []
    return names


def main():
    how, site = sys.argv[1:]
    answers = int(os.environ["LOOPWRIGHT_ANSWERS"])
    cold = "LOOPWRIGHT_COLD" in os.environ
    command = [sys.executable] + sys.argv
    sys.path[0:1] = [os.getcwd()] if how == "module" else []
    pytest = start.find_pytest(site)
    sys.path.append(start.HERE)
    from _pytest.config import default_plugins

    warm_up(["_pytest." + name for name in default_plugins])
    warmed = cold
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return 0
        job = json.loads(line.decode("ascii"))
        gc.collect()
        began = time.monotonic()
        child = os.fork()
        if not child:
            os.close(answers)
            run_child(pytest, job)
        code = wait(child, job["timeout"])
        seconds = time.monotonic() - began
        if not warmed:
            warmed = True
            warm_up(modules_told(job["record"]))
            gc.freeze()
        answer = {"exit": code, "seconds": seconds}
        os.write(answers, json.dumps(answer).encode("ascii") + b"\n")
        if not cold and tainted():
            os.set_inheritable(answers, True)
            os.environ["LOOPWRIGHT_COLD"] = "1"
            os.execv(command[0], command)


if __name__ == "__main__":
    sys.exit(main())
