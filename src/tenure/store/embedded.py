"""The embedded PostgreSQL of one data folder: `tenure serve` runs it, other commands join it or run it themselves."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal

import psycopg

from tenure.store.cluster import Cluster
from tenure.store.postmaster import LEFTOVER_SECONDS, START_SECONDS, PostgresProblem, Postmaster, await_leftover
from tenure.store.programs import Progress, not_usable

__all__ = ["EmbeddedPostgres", "PostgresProblem", "Role", "connect_or_start"]

Role = Literal["serve", "command"]

_POLL = 0.05
_SURE = 4  # looks at the lock's text before it is believed: an owner writes it just after it has the lock
_SERVE_WAITS = 30.0
_COMMAND_WAITS = START_SECONDS + LEFTOVER_SECONDS


class EmbeddedPostgres:
    """A context manager that gives a running PostgreSQL: use it in the main thread and read `dsn` inside.

    One process at a time owns the data folder, by flock(2) on DIR/tenure.lock, and its server ends with it, even
    after a SIGKILL. A `serve` must be the owner, and is refused while another serves. A `command` joins the owner's
    server, or becomes the owner until it ends.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        role: Role,
        progress: Progress | None = None,
        durable: bool = True,
        patience: float = 10.0,
    ) -> None:
        """Nothing happens before the block is entered.

        `progress` is called with a sentence before whatever takes longer. `durable` False turns fsync off: for tests
        only, since a crash of the machine destroys the data. `patience` is how many seconds an owner that ends waits
        for commands that still use its server.
        """
        self._data_dir = data_dir
        self._role = role
        self._progress: Progress = progress or (lambda _: None)
        self._durable = durable
        self._patience = patience
        self._dsn: str | None = None
        self._held: list[int] = []
        self._postmaster: Postmaster | None = None

    @property
    def dsn(self) -> str:
        """The libpq connection string of the database `tenure`; it holds no password, only the name of its file."""
        if self._dsn is None:
            raise RuntimeError("EmbeddedPostgres has an address only inside its `with` block")
        return self._dsn

    @property
    def owner(self) -> bool:
        """Whether this process started the server, and stops it."""
        return self._postmaster is not None

    def __enter__(self) -> EmbeddedPostgres:
        """Start the server or join the running one. Raises PostgresProblem, with what to do, when neither works."""
        cluster = Cluster(self._data_dir)
        lock = cluster.private("tenure.lock")
        self._held.append(lock)
        try:
            if self._become_owner(cluster, lock):
                self._start(cluster)
            self._dsn = cluster.dsn
        except OSError as error:
            self._end()
            raise PostgresProblem(not_usable(cluster.folder, error)) from error
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server if it is ours, once nobody uses it or patience has ended; leave it otherwise."""
        self._end()

    def _become_owner(self, cluster: Cluster, lock: int) -> bool:
        """Take the lock (True), or join the server of the process that has it (False)."""
        looks = 0
        deadline = time.monotonic() + (_SERVE_WAITS if self._role == "serve" else _COMMAND_WAITS)
        while not _locked(cluster, lock, fcntl.LOCK_EX):
            looks += 1
            holder, _, role = os.pread(lock, 64, 0).decode().strip().partition(" ")
            late = time.monotonic() > deadline
            if self._role == "serve" and (late or (role == "serve" and looks >= _SURE)):
                raise PostgresProblem(_refusal(cluster.folder, holder, role))
            if self._role == "command" and self._join(cluster):
                return False
            if late:
                raise PostgresProblem(
                    f"the process {holder} holds {cluster.folder}, and its PostgreSQL does not answer. If it is stuck, "
                    f"stop it (kill {holder}) and try again; {cluster.folder}/log/postgres.log may say why."
                )
            if looks == _SURE:
                self._progress(f"Waiting for the process {holder}, which uses {cluster.folder}")
            time.sleep(_POLL)
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()} {self._role}\n".encode())
        return True

    def _join(self, cluster: Cluster) -> bool:
        """Be counted as a user of the running server, if it takes connections and is not about to stop."""
        users = cluster.private("tenure.users")
        if _locked(cluster, users, fcntl.LOCK_SH) and _answers(cluster.dsn):
            self._held.append(users)
            return True
        os.close(users)
        return False

    def _start(self, cluster: Cluster) -> None:
        self._held.append(cluster.private("tenure.users"))
        await_leftover(cluster.data, time.monotonic() + LEFTOVER_SECONDS)
        program, account = cluster.prepare(self._progress)
        postmaster = Postmaster(program, cluster.data, cluster.sockets, cluster.open_log, account)
        self._postmaster = postmaster
        postmaster.start(cluster.dsn, durable=self._durable)
        try:
            psycopg.connect(cluster.dsn, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            raise PostgresProblem(
                f"PostgreSQL runs on {cluster.data}, but does not let us in: {error}\nIf {cluster.passfile} is not the "
                "one that belongs to these data, remove it and start again: a new one will be made."
            ) from error

    def _end(self) -> None:
        try:
            if self._postmaster is not None:
                self._await_users()
                self._postmaster.stop()
        finally:
            if self._postmaster is not None:
                self._postmaster.stop()  # again if waiting was interrupted; it does nothing twice
                os.ftruncate(self._held[0], 0)
            self._postmaster = None
            self._dsn = None
            while self._held:
                os.close(self._held.pop())

    def _await_users(self) -> None:
        deadline = time.monotonic() + self._patience
        while self._dsn is not None and time.monotonic() < deadline:
            try:
                fcntl.flock(self._held[1], fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                time.sleep(_POLL)


def connect_or_start(data_dir: Path, progress: Callable[[str], None] | None = None) -> EmbeddedPostgres:
    """The database of a data folder, for a command: `with connect_or_start(folder) as postgres: ... postgres.dsn`.

    It is the running server's if one runs, else one that is started for the length of the block.
    """
    return EmbeddedPostgres(data_dir, role="command", progress=progress)


def _locked(cluster: Cluster, descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise PostgresProblem(
            f"{cluster.folder} cannot be locked ({error.strerror}): its file system has no file locks. "
            "Name a folder on a local disk with --data, or use a PostgreSQL of your own with --database-url."
        ) from error
    return True


def _answers(dsn: str) -> bool:
    if psycopg.pq.PGconn.ping(dsn.encode()) != psycopg.pq.Ping.OK:
        return False
    try:
        psycopg.connect(dsn, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def _refusal(folder: Path, holder: str, role: str) -> str:
    if role == "serve":
        return (
            f"Tenure already serves {folder} (process {holder}). Stop that one first (kill {holder}), or give this one "
            "another --data folder. For more processes, use --workers, or `tenure worker`."
        )
    return (
        f"a command of Tenure (process {holder}) uses {folder} and has not ended within {_SERVE_WAITS:.0f} s. "
        f"Let it end, or stop it (kill {holder}), and start again."
    )
