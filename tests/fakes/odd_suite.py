"""A small suite that does everything odd that suites do, and files that end their run suddenly."""

from __future__ import annotations

CONFTEST = """
import atexit, os, sys, pytest

SEEN = []
atexit.register(lambda: os.write(1, b"the very end\\n"))

def pytest_configure(config):
    config.addinivalue_line("markers", "odd: one of these")

def pytest_generate_tests(metafunc):
    if "made" in metafunc.fixturenames:
        metafunc.parametrize("made", [1, 2, 3])

@pytest.fixture(scope="session")
def once():
    SEEN.append("once")
    yield len(SEEN)
    sys.__stdout__.write("session over\\n")

@pytest.fixture(params=["x", "y"], scope="module")
def each(request):
    return request.param

class Item(pytest.Item):
    def runtest(self):
        assert self.name != "bad.odd"

    def reportinfo(self):
        return self.path, 0, self.name

class File(pytest.File):
    def collect(self):
        yield Item.from_parent(self, name=self.path.name)

def pytest_collect_file(parent, file_path):
    if file_path.suffix == ".odd":
        return File.from_parent(parent, path=file_path)
"""

TESTS = """
import os, pathlib, random, subprocess, sys, threading, time, unittest, warnings
import pytest, lib

@pytest.mark.parametrize("a,b", [(1, 1), (1, 2), pytest.param(1, 3, marks=pytest.mark.xfail)])
def test_pairs(a, b):
    assert a == b

def test_made(made):
    assert made != 2

def test_once(once):
    assert once == 1

def test_once_more(once):
    assert once == 1

def test_each(each):
    assert each == "x"

def test_env(monkeypatch, tmp_path):
    monkeypatch.setenv("ODD", "1")
    monkeypatch.chdir(tmp_path)
    assert os.getcwd() == str(tmp_path)
    out = subprocess.run([sys.executable, "-c", "import os; print(os.environ['ODD'])"],
                         capture_output=True, text=True)
    assert out.stdout == "1\\n"

def test_cwd_and_files():
    assert pathlib.Path("lib.py").read_text().startswith("import")
    assert "lib.py" in os.listdir()

def test_descriptors():
    assert sorted(map(int, os.listdir("/proc/self/fd"))) == 0

def test_modules():
    assert " ".join(sorted(sys.modules)) == ""

def test_path():
    assert sys.path == []

def test_arguments():
    assert [os.path.basename(a) for a in sys.argv[:1]] == []

def test_environment():
    assert sorted(os.environ) == []

def test_main():
    import __main__
    assert (os.path.basename(__main__.__file__), __main__.__name__, sorted(vars(__main__))) == 0

def test_flags():
    assert (sys.flags, sys.gettrace(), sys.getprofile(), threading.active_count()) == 0

def test_process():
    assert (os.getppid() == os.getpgrp(), os.getsid(0) == os.getpid(), os.umask(0o22)) == 0

def test_machinery():
    found = [type(f).__name__ for f in sys.meta_path] + [f.__name__ for f in sys.path_hooks]
    assert found == 0

def test_filters():
    assert [f[:3] for f in warnings.filters] == 0

def test_random():
    assert 0 <= random.random() < 1

def test_capsys(capsys):
    print("out")
    assert capsys.readouterr().out == "out\\n"

def test_capfd(capfd):
    os.write(1, b"low")
    os.system("echo lower")
    assert capfd.readouterr().out == "lowlower\\n"

def test_stdin():
    with open("/dev/stdin", "rb") as file:
        assert file.read(10) == b""

def test_prints():
    print("told", flush=True)
    os.write(2, b"told below\\n")
    assert False, "after printing"

def test_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(1))
    thread.start()
    thread.join()
    assert found == [1]

def test_thread_that_raises():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()

def test_warns():
    warnings.warn("odd", UserWarning)

def test_module_tricks(monkeypatch):
    monkeypatch.setitem(sys.modules, "json.tool", None)
    with pytest.raises(ImportError):
        import json.tool

def test_spawn():
    import multiprocessing
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(lib.double, [2]) == [5]

def test_forked():
    import multiprocessing
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.map(lib.double, [2]) == [4]

def test_forgets(monkeypatch):
    monkeypatch.delitem(sys.modules, "lib")
    import lib as again
    assert again is not lib

def test_fails_deep():
    lib.fail()

def test_skips():
    pytest.skip("odd")

@pytest.fixture
def broken():
    raise OSError("broken")

def test_broken(broken):
    pass

def test_cache(request):
    request.config.cache.set("odd/x", 1)

def test_ids(record_property, request):
    record_property("a", 1)
    assert request.node.nodeid == ""

class TestOld(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.n = 1

    def test_unit(self):
        self.assertEqual(self.n, 1)

    def test_subs(self):
        for n in range(2):
            with self.subTest(n=n):
                self.assertEqual(n, 0)

    @unittest.expectedFailure
    def test_meant(self):
        self.fail()
"""

LIB = '''import os


def double(n):
    """
    >>> double(2)
    4
    >>> double(3)
    7
    """
    return 2 * n


def fail():
    raise KeyError("deep")


if __name__ == "__main__":
    print(double(len(os.name)))
'''

MAIN = """
import runpy, subprocess, sys

def test_as_main(capsys):
    runpy.run_module("lib", run_name="__main__")
    assert capsys.readouterr().out.strip().isdigit()

def test_as_command():
    assert subprocess.run([sys.executable, "-m", "lib"]).returncode == 0
"""

ODD = {
    "conftest.py": CONFTEST,
    "lib.py": LIB,
    "test_odd.py": TESTS,
    "test_main.py": MAIN,
    "bad.odd": "",
    "good.odd": "",
    "sub/conftest.py": "import pytest\n\n@pytest.fixture\ndef once():\n    return 'own'\n",
    "sub/test_sub.py": "def test_own(once):\n    assert once == 'own'\n",
}
"""Files of a tree. What is compared with 0, "" or [] fails, so that its message is compared."""

UNREADABLE = {
    "test_broken.py": "import nothing_of_that_name\n",
    "test_syntax.py": "def test(:\n",
}
"""Files whose collection fails."""

_BODY = "import ctypes, os, pytest, signal, sys, threading, time\n\ndef test_a():\n    {}\n"
SUDDEN = {
    name: _BODY.format(does)
    for name, does in {
        "_exit": "os._exit(0)",
        "_exit 3": "os._exit(3)",
        "abort": "os.abort()",
        "segfault": "ctypes.string_at(0)",
        "kill": "os.kill(os.getpid(), signal.SIGKILL)",
        "sys.exit": "sys.exit(4)",
        "pytest.exit": "pytest.exit('enough', 7)",
        "interrupt": "raise KeyboardInterrupt",
        "deaf sleep": "signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)",
        "lingering thread": "threading.Thread(target=time.sleep, args=(0.3,)).start()",
    }.items()
}
"""What a test does → the file that it is in."""
