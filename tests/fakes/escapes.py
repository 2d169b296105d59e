"""Attempts to get out of a sandbox. Each is a script that a check runs; `t` is what it was told.

A script prints what it could read, and ESCAPED for what leaves no other trace outside.
"""

from __future__ import annotations

from dataclasses import dataclass

PREAMBLE = r"""
import contextlib, ctypes, json, os, signal, socket, subprocess, sys, time
t = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
def say(data):
    print(data.decode("latin-1") if isinstance(data, bytes) else data, flush=True)
def read(path, size=1 << 16):
    with contextlib.suppress(OSError), open(path, "rb") as f:
        say(f.read(size))
def put(path, how="w"):
    with contextlib.suppress(OSError), open(path, how) as f:
        f.write(t["mark"])
def tries(*calls):
    for call in calls:
        with contextlib.suppress(OSError):
            call()
def root_of_a_new_namespace():
    CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x20000
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS):
        return
    put_in = lambda p, s: open(p, "w").write(s)
    tries(lambda: put_in("/proc/self/uid_map", "0 %d 1" % uid),
          lambda: put_in("/proc/self/setgroups", "deny"),
          lambda: put_in("/proc/self/gid_map", "0 %d 1" % gid))
def mount(source, target, kind, flags):
    return libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, None)
def stay():
    code = "import signal, time; signal.signal(1, signal.SIG_IGN); time.sleep(600)"
    os.execv(sys.executable, [sys.executable, "-c", code, "left-" + t["mark"]])
"""


@dataclass(frozen=True)
class Escape:
    name: str
    script: str
    opens: str = "anyone"
    """Who gets out with it where there is no sandbox: "anyone", "root", or "nobody" where that
    cannot be tried on a machine in use, or is held by something else than a sandbox."""


ESCAPES = (
    # Writing
    Escape("write to the repository", "put(t['repo'] + '/own.py', 'a')\nput(t['repo'] + '/new')"),
    Escape("write to the home", "put(t['home'] + '/.bashrc')"),
    Escape("write beside the workshop", "put(t['shared'] + '/new')"),
    Escape("write where everybody may", "for m in t['marks'][:3]: put(m)"),
    Escape("write where the system is", "for m in t['marks'][3:]: put(m)", "root"),
    Escape("append to the journal", "put(t['state'] + '/journal.db', 'a')"),
    Escape("delete the keys", "for k in t['keys']: tries(lambda: os.unlink(k))"),
    Escape("write a hook", "put(t['work'] + '/../git/hooks/post-commit')\n"
        "put('.git/hooks/post-commit')"),
    Escape("write the git configuration", "for p in (t['work'] + '/../git', '.git'):\n"
        "    put(p + '/config', 'a')"),
    Escape("exchange .git", "tries(lambda: os.rename('.git', 'old'), lambda: os.mkdir('.git'))\n"
        "for p in (t['work'] + '/../git', 'old'): put(p + '/config', 'a')"),
    Escape("write into the environment", "put(t['repo'] + '/.venv/lib/site.py')"),
    Escape("change modes and times", "for k in t['keys']:\n"
        "    tries(lambda: os.chmod(k, 0o777), lambda: os.utime(k, (1, 1)))"),
    Escape("rename the workshop", "for p in (os.getcwd(), t['work'], t['repo']):\n"
        "    tries(lambda: os.rename(p, p + 'x'))"),
    # Reading
    *(
        Escape(f"read {name}", f"for k in t['keys']:\n    if {part!r} in k: read(k)")
        for name, part in (
            ("ssh keys", ".ssh"), ("aws credentials", ".aws"), ("the token of gh", "/gh/"),
            ("keyrings", "keyrings"), ("the repository's .env", ".env"), ("the journal", "journal"),
        )
    ),
    Escape("list the home", "tries(lambda: '.ssh' in os.listdir(t['home']) and say('ESCAPED'))"),
    Escape("read the engine's environment", "for p in ('self', 1, os.getppid(), t['victim']):\n"
        "    read('/proc/%s/environ' % p)"),
    Escape("read anybody's environment", "for p in os.listdir('/proc'):\n"
        "    read('/proc/%s/environ' % p)"),
    Escape("look through another's root", "for p in (1, os.getppid(), t['victim'], t['engine']):\n"
        "    for k in t['keys']:\n"
        "        for way in ('root', 'cwd'): read('/proc/%d/%s%s' % (p, way, k))"),
    Escape("see the engine", "tries(lambda: os.stat('/proc/%d' % t['victim']) and say('ESCAPED'))"),
    Escape("read what others may not", "n = 0\nfor at, dirs, files in os.walk('/etc'):\n"
        "    for f in files:\n"
        "        p = os.path.join(at, f)\n"
        "        with contextlib.suppress(OSError):\n"
        "            hidden = not os.stat(p).st_mode & 4 or not os.stat(at).st_mode & 1\n"
        "            if hidden and open(p, 'rb').read(): say('ESCAPED ' + p)", "root"),
    Escape("inherited descriptors", "for n in range(3, 1024):\n"
        "    tries(lambda: say(os.pread(n, 4096, 0)))", "nobody"),
    # Links
    Escape("write through a link", "os.symlink(t['home'], 'way')\nput('way/.bashrc')"),
    Escape("read through a link", "os.symlink(t['keys'][0], 'key')\nread('key')"),
    Escape("link a key in", "tries(lambda: os.link(t['keys'][0], 'key'))"),
    Escape("swap a link", "os.mkdir('d')\nif os.fork():\n"
        "    until = time.time() + 0.2\n"
        "    while time.time() < until: put('way/.bashrc')\n"
        "else:\n"
        "    until = time.time() + 0.2\n"
        "    while time.time() < until:\n"
        "        for to in ('d', t['home']):\n"
        "            os.symlink(to, 'new'); os.rename('new', 'way')\n"
        "    os._exit(0)", "nobody"),
    # Processes
    Escape("kill the engine", "tries(lambda: os.kill(t['victim'], signal.SIGKILL))"),
    Escape("trace the engine", "if libc.ptrace(16, t['victim'], 0, 0) == 0:\n"
        "    os.waitpid(t['victim'], 0x40000000); say('ESCAPED')"),
    Escape("leave a daemon", "if not os.fork():\n"
        "    os.setsid()\n"
        "    if not os.fork(): stay()\n"
        "    os._exit(0)\n"
        "os.wait()", "nobody"),
    Escape("leave a process deaf to hangups", "if not os.fork():\n"
        "    signal.signal(signal.SIGHUP, signal.SIG_IGN); os.setpgid(0, 0); stay()\n"
        "time.sleep(0.05)", "nobody"),
    # Other programs
    Escape("connect over TCP", "s = socket.socket(); s.settimeout(1)\n"
        "tries(lambda: s.connect(('127.0.0.1', t['tcp'])))"),
    Escape("send over UDP", "tries(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
        ".sendto(b'x', ('127.0.0.1', t['udp'])))"),
    Escape("ask a name server", "q = bytes.fromhex('1234010000010000000000000161016200000100'"
        "'01')\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "tries(lambda: s.connect(('127.0.0.1', t['udp'])), lambda: s.send(q))"),
    Escape("connect to a Unix socket", "tries(lambda: socket.socket(socket.AF_UNIX)"
        ".connect(t['unix']))"),
    Escape("connect to an abstract socket", "tries(lambda: socket.socket(socket.AF_UNIX)"
        ".connect('\\0' + t['abstract']))"),
    Escape("attach shared memory", "libc.shmat.restype = ctypes.c_void_p\n"
        "at = libc.shmat(t['shm'], None, 0)\n"
        "if at and at != 2 ** 64 - 1: say(ctypes.string_at(at, 64))"),
    Escape("read the kernel's keyring", "nr = {'x86_64': 250, 'aarch64': 219}[os.uname().machine]\n"
        "key = libc.syscall(nr, 10, -3, b'user', t['mark'].encode(), 0)\n"
        "room = ctypes.create_string_buffer(64)\n"
        "if key > 0: libc.syscall(nr, 11, key, room, 64)\n"
        "say(room.value)"),
    Escape("type into the terminal", "import fcntl\n"
        "for p in ('/dev/tty', t['tty']):\n"
        "    with contextlib.suppress(OSError), open(p, 'wb', 0) as f:\n"
        "        f.write(b'typed'); fcntl.ioctl(f, 0x5412, b'x')"),
    # The kernel
    Escape("mount in a new namespace", "root_of_a_new_namespace()\n"
        "for p in ('/', '/etc', '/usr', t['repo'] + '/.git', t['repo'] + '/.venv', '/tmp'):\n"
        "    mount('none', p, None, 0x1020)\n"
        "for m in t['marks'][3:]: put(m)\n"
        "put(t['repo'] + '/.git/hooks/post-commit'); put(t['repo'] + '/.venv/lib/site.py')\n"
        "tries(lambda: os.mkdir('p'))\n"
        "mount('proc', 'p', 'proc', 0); read('p/%d/environ' % t['victim'])\n"
        "libc.umount2(t['home'].encode(), 2); libc.umount2(b'/tmp', 2)\n"
        "for k in t['keys']: read(k)", "root"),
    Escape("leave a new root", "root_of_a_new_namespace()\n"
        "os.mkdir('cell'); tries(lambda: os.chroot('cell'))\n"
        "for _ in range(64): tries(lambda: os.chdir('..'))\n"
        "tries(lambda: os.chroot('.'))\n"
        "for k in t['keys']: read(k)"),
    Escape("use programs that make root", "for argv in (['sudo', '-n'], ['su', '-c']):\n"
        "    with contextlib.suppress(OSError):\n"
        "        do = 'touch ' + t['marks'][3]\n"
        "        subprocess.run([*argv, *([do] if argv[0] == 'su' else do.split())],\n"
        "            stdin=subprocess.DEVNULL, timeout=5)", "root"),
    Escape("open devices", "for p in ('vda', 'sda', 'nvme0n1', 'mem', 'kmsg'):\n"
        "    for way in (os.O_RDONLY, os.O_WRONLY):\n"
        "        tries(lambda: os.open('/dev/' + p, way | os.O_NONBLOCK) and say('ESCAPED'))",
        "root"),
    Escape("make a device", "tries(lambda: os.mknod('disk', 0o60600, os.makedev(254, 0)),\n"
        "    lambda: os.read(os.open('disk', os.O_RDONLY), 512) and say('ESCAPED'))", "nobody"),
    Escape("set a kernel parameter", "for p in ('kernel/core_pattern', 'vm/swappiness'):\n"
        "    with contextlib.suppress(OSError):\n"
        "        now = open('/proc/sys/' + p).read()\n"
        "        with open('/proc/sys/' + p, 'w') as f: f.write(now)\n"
        "        say('ESCAPED')", "root"),
    Escape("make a control group", "for c in ('', '/unified', '/pids', '/memory'):\n"
        "    p = '/sys/fs/cgroup%s/loopwright-%s' % (c, t['mark'])\n"
        "    tries(lambda: (os.mkdir(p), os.rmdir(p), say('ESCAPED')))", "nobody"),
    Escape("change the host's name", "libc.sethostname(b'taken', 5)", "nobody"),
    Escape("set the clock", "with contextlib.suppress(OSError):\n"
        "    time.clock_settime(time.CLOCK_REALTIME, time.time()); say('ESCAPED')", "nobody"),
    Escape("load a kernel module", "nr = {'x86_64': 313, 'aarch64': 273}[os.uname().machine]\n"
        "libc.syscall(nr, 0, b'', 0)\n"
        "if ctypes.get_errno() not in (1, 38): say('ESCAPED')", "nobody"),
)  # fmt: skip
"""`open devices` and the like speak of what the machine has; where it has none, none is opened."""
