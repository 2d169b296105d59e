"""Holds a pytest back that was started before its run was wanted, and sees that it may go on.

A run that waited must be the run that a start at this moment would be. So nothing is imported
ahead but what pytest imports of itself whatever it is told, and at the word on the pipe that
LOOPWRIGHT_GO names the surroundings are looked at again: where anything differs that a start
looks at, the process ends, says why in the file "declined" beside that pipe, and our side
starts another. Else it leaves the file "began" there. Standard library only.
"""

# mypy: ignore-errors

import importlib
import os
import sys

ROOT = os.path.realpath(os.environ.get("LOOPWRIGHT_ROOT") or os.getcwd())
AT_START = ("sitecustomize", "usercustomize")
"""Modules that an interpreter imports where there are any."""


def wait():
    """Return when the run may begin; does not return where it may not."""
    go, mounts = os.environ.pop("LOOPWRIGHT_GO"), os.environ.pop("LOOPWRIGHT_MOUNTS")
    folder = os.path.dirname(go)
    import_ahead()
    if ours():
        end(folder, "declined", f"modules of the tree ({ours()}) come in with pytest")
    before = surroundings(mounts)
    mark(folder, "ready", "")
    with open(go, "rb") as told:
        word = told.readline()
    if not word:
        os._exit(0)
    if surroundings(mounts) != before:
        end(folder, "declined", "folders that the interpreter found at its start have changed")
    hidden = shadowed()
    if hidden:
        end(folder, "declined", f"the tree has a module of its own called {hidden}")
    importlib.invalidate_caches()
    sys.path_importer_cache.clear()
    mark(folder, "began", "")


def import_ahead():
    from _pytest.config import default_plugins

    for name in default_plugins:
        try:
            __import__("_pytest." + name)
        except ImportError:
            continue  # pytest says it in its own way when the run begins


def inside(path):
    real = os.path.realpath(path or os.getcwd())
    within = real == ROOT or real.startswith(ROOT + os.sep)
    return within and "site-packages" not in real[len(ROOT) :].split(os.sep)


def ours():
    """Names of modules of the tree that were imported already; "" when there are none."""
    names = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name != "__main__" and isinstance(file, str) and inside(file):
            names.append(name)
    return ", ".join(sorted(names)[:3])


def shadowed():
    """A module that was imported already, and that the tree would give now; "" for none."""
    known = {name.partition(".")[0] for name in sys.modules}.union(AT_START)
    for folder in filter(inside, sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.partition(".")[0] in known:
                return name.partition(".")[0]
    return ""


def surroundings(mounts):
    """What a start looks at: the folder itself, what is mounted in it, and paths of .pth files."""
    paths = [os.getcwd()] + [path for path in mounts.split(os.pathsep) if path]
    found = [(path, _id(path)) for path in paths]
    for folder in sys.path:
        if "-packages" not in folder or not os.path.isdir(folder):
            continue
        for name in sorted(os.listdir(folder)):
            if name.endswith(".pth"):
                found += _named(folder, name)
    return found


def _id(path):
    try:
        told = os.stat(path)
    except OSError:
        return None
    return told.st_dev, told.st_ino


def _named(folder, name):
    try:
        with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as lines:
            texts = [line.rstrip() for line in lines]
    except OSError:
        return [(name, None)]
    found = []
    for text in texts:
        path = os.path.join(folder, text)
        if text and not text.startswith(("#", "import ", "import\t")):
            found.append((path, os.path.exists(path)))
        else:
            found.append((text, None))
    return found


def mark(folder, name, says):
    with open(os.path.join(folder, name), "w", encoding="utf-8", errors="replace") as out:
        out.write(says + "\n")


def end(folder, name, says):
    mark(folder, name, says)
    os._exit(0)
