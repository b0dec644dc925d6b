"""One PostgreSQL server as a child of this process: started, watched and stopped, and never left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq

START_SECONDS = 60.0
"""How long a start may take, recovery after a crash included, before it is given up."""
LEFTOVER_SECONDS = 15.0
"""How long a start waits for a server that an earlier process left behind."""
STOP_SECONDS = 30.0
"""How long a fast shutdown may take before the server is stopped without its last checkpoint."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_POLL = 0.02
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "cluster_name": "tenure",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    # A failed statement and the DETAIL of its error hold personal values; the client gets them, the log does not.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
# Without autovacuum: its process, which belongs to the superuser, keeps a database from being dropped.
_HASTY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}


class PostgresProblem(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and what to do, for a person."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's user that PostgreSQL runs as; `switch` if we are root and have to become it."""

    uid: int
    gid: int
    name: str
    switch: bool


def ends_with_us(at_death: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` for a child that gets the signal `at_death` if we end before it (Linux; elsewhere it does not).

    It runs after the child changed its user, which would have cleared the request.
    """
    owner = os.getpid()

    def bind() -> None:
        if sys.platform == "linux":
            _LIBC.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(at_death), 0, 0, 0)
        if os.getppid() != owner:
            os._exit(1)

    return bind


def spawn(
    command: Sequence[str], account: Account, *, at_death: signal.Signals, output: int, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[str]:
    """Start a program as `account`, in a session of its own, that gets the signal `at_death` if we end before it.

    Linux only sends it when the *thread* that started the child ends (prctl(2), PR_SET_PDEATHSIG), so this must be
    called from the main thread: raises RuntimeError elsewhere. Raises PostgresProblem if it cannot be started.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("the embedded PostgreSQL must be started from the main thread: it would end with any other")
    uid, gid, groups = (account.uid, account.gid, list[int]()) if account.switch else (None, None, None)
    try:
        return subprocess.Popen(  # noqa: S603 - programs of the wheel, with arguments of ours
            command, stdin=stdin, stdout=output, stderr=subprocess.STDOUT, cwd="/", env=_ENVIRONMENT, text=True,
            errors="replace",
            start_new_session=True, preexec_fn=ends_with_us(at_death), user=uid, group=gid, extra_groups=groups,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise PostgresProblem(
            f"{command[0]} cannot be started as {account.name} (uid {account.uid}): {error}. "
            "Start Tenure as an ordinary user, or use a PostgreSQL of your own with --database-url."
        ) from error


def run(command: Sequence[str], account: Account, text: str = "", seconds: float = 300.0) -> str:
    """Run a program of PostgreSQL to its end, with `text` as its input; gives its output.

    It is killed if we end before it. Raises PostgresProblem with its last lines if it fails or takes too long.
    """
    child = spawn(command, account, at_death=signal.SIGKILL, output=subprocess.PIPE, stdin=subprocess.PIPE)
    try:
        said, _ = child.communicate(text, timeout=seconds)
    except subprocess.TimeoutExpired:
        name = Path(command[0]).name
        raise PostgresProblem(f"{name} did not end within {seconds:.0f} s; is the disk busy or full?") from None
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    if child.returncode != 0 or "ERROR:" in said or "FATAL:" in said:
        raise PostgresProblem(f"{Path(command[0]).name} failed:\n{last_lines(said)}")
    return said


def last_lines(text: str, count: int = 12) -> str:
    """The end of a log, as a person wants it under an error."""
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-count:])


class Postmaster:
    """The server of one data folder. `start` and `stop` it from the main thread."""

    def __init__(self, program: Path, data: Path, sockets: Path, log: Callable[[], int], account: Account) -> None:
        """`program` is the postgres binary, `log` opens its log for appending and gives a file descriptor."""
        self._program = program
        self._data = data
        self._sockets = sockets
        self._open_log = log
        self._account = account
        self._child: subprocess.Popen[str] | None = None
        self._said = ""

    def start(self, dsn: str, *, durable: bool = True) -> None:
        """Start the server and wait until it takes connections.

        The last processes of a killed server are waited for (15 s). `durable` False gives up safety at a crash of
        the machine. Raises PostgresProblem with the end of the log.
        """
        patience = time.monotonic() + LEFTOVER_SECONDS
        settings = _SETTINGS | (_DURABLE if durable else _HASTY) | {"unix_socket_directories": str(self._sockets)}
        command = [str(self._program), "-D", str(self._data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        while not self._comes_up(command, dsn):
            # Processes of a killed server may outlive it for a moment; PostgreSQL looks for them in shared memory.
            if "pre-existing shared memory block" not in self._said or time.monotonic() > patience:
                raise PostgresProblem(f"PostgreSQL did not start on {self._data}:\n{last_lines(self._said)}")
            time.sleep(0.2)

    def _comes_up(self, command: Sequence[str], dsn: str) -> bool:
        forget_dead(self._data, self._sockets)
        log = self._open_log()
        try:
            begin = os.lseek(log, 0, os.SEEK_END)
            self._child = spawn(command, self._account, at_death=signal.SIGINT, output=log)
            deadline = time.monotonic() + START_SECONDS
            while self._child.poll() is None and time.monotonic() < deadline:
                if pq.PGconn.ping(dsn.encode()) == pq.Ping.OK:
                    return True
                time.sleep(_POLL)
            self.stop()
            self._said = os.pread(log, 1 << 20, begin).decode(errors="replace")
            return False
        finally:
            os.close(log)

    def stop(self) -> None:
        """Stop the server: a fast shutdown, and after 30 s an immediate one. Nothing happens if it does not run.

        See "Shutting Down the Server" in PostgreSQL's documentation; even the immediate one loses no commit.
        """
        if self._child is None:
            return
        for signum, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if self._child.poll() is None:
                self._child.send_signal(signum)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._child.wait(timeout=seconds)
        self._child = None


def leftover(data: Path) -> int | None:
    """The process that serves `data` now, as its postmaster.pid says, if it is alive and really a postgres there."""
    pid = _pid_in(data / "postmaster.pid")
    if pid is None or pid == os.getpid():
        return None
    words = _command_line(pid)
    if not words or Path(words[0]).name != "postgres":
        return None
    try:
        return pid if Path(f"/proc/{pid}/cwd").readlink() == data else None
    except OSError:  # another user's process, or no /proc
        return pid if str(data) in words else None


def await_leftover(data: Path, deadline: float) -> None:
    """Wait until no other server runs on `data`; one that was ours is told to stop, since its owner is gone.

    `deadline` is in seconds of time.monotonic(). Raises PostgresProblem when the server is still there then.
    """
    told = False
    while (pid := leftover(data)) is not None:
        if not told and "cluster_name=tenure" in _command_line(pid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGINT)
            told = True
        if time.monotonic() > deadline:
            raise PostgresProblem(
                f"an older PostgreSQL (process {pid}) still runs on {data}. "
                f"Stop it with `kill -INT {pid}`, wait until it is gone, and start again."
            )
        time.sleep(_POLL)


def forget_dead(data: Path, sockets: Path) -> None:
    """Take back what a dead server wrote down, so that another program with its old process number stops nobody.

    postmaster.pid must not be removed: it names the shared memory that PostgreSQL checks before it starts. It gets
    our own number instead, which PostgreSQL takes for stale, as the number of its parent.
    """
    for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (sockets / name).unlink(missing_ok=True)
    path = data / "postmaster.pid"
    if _pid_in(path) is None:
        path.unlink(missing_ok=True)
        return
    with os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "r+") as file:
        lines = file.read().splitlines(keepends=True)
        file.seek(0)
        file.write("".join([f"{os.getpid()}\n", *lines[1:]]))
        file.truncate()


def _pid_in(path: Path) -> int | None:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW)) as file:
            return abs(int(file.readline()))  # a single-user server writes a negative one
    except (OSError, ValueError):
        return None


def _command_line(pid: int) -> list[str]:
    """The words that a process was started with; none if it has ended."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return []
    ask = ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)]
    found = subprocess.run(ask, capture_output=True, text=True, timeout=10)  # noqa: S603 - a number is its argument
    return found.stdout.split()
