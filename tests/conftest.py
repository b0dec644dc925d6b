"""A PostgreSQL for the tests of one process, and a fresh migrated database for each test that asks for one."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import stamina
import structlog
from hypothesis import HealthCheck, settings
from psycopg import sql

from tenure.store.embedded import EmbeddedPostgres
from tenure.store.migrate import upgrade

settings.register_profile("fast", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))
stamina.set_testing(True, attempts=3, cap=True)
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # logged lines can be captured, not printed

_numbers = itertools.count(1)
_PREFIX = "tenure-tests-"
_ROOM = 2 << 30  # bytes


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones: what is left at the end is short, so that no process of the tests idles."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def _in_memory() -> str | None:
    """A folder in memory, where the system has one that is large enough: a new database is a thousand files.

    What a test run that was killed has left there is removed.
    """
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        return None
    for lock in shared.glob(f"{_PREFIX}*/data/tenure.lock"):
        with contextlib.suppress(OSError), lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent.parent, ignore_errors=True)
    found = os.statvfs(shared)
    return None if found.f_flag & os.ST_NOEXEC or found.f_bavail * found.f_frsize < _ROOM else str(shared)


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The connection string of this process's server, to its maintenance database."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_in_memory()))
    folder.chmod(0o755)  # as root, PostgreSQL runs as another user
    try:
        with EmbeddedPostgres(folder / "data", role="serve", durable=False) as postgres:
            with psycopg.connect(postgres.dsn, autocommit=True) as connection:
                connection.execute("CREATE DATABASE migrated")
                connection.execute("SET scram_iterations = 1")  # the password again: half of what a connection costs
                connection.execute(sql.SQL("ALTER ROLE tenure PASSWORD {}").format(connection.info.password))
            upgrade(postgres.dsn.replace("dbname=tenure", "dbname=migrated"))
            yield postgres.dsn
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_database(postgres_dsn: str) -> Iterator[Callable[..., str]]:
    """Makes databases for one test; each call gives the connection string of a new one.

    It is a copy of the database named, or an empty one.
    """
    names: list[str] = []

    def make(template: str = "migrated") -> str:
        names.append(f"test{next(_numbers)}")
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {names[-1]} TEMPLATE {template} STRATEGY file_copy".encode())
        return postgres_dsn.replace("dbname=tenure", f"dbname={names[-1]}")

    yield make
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        for name in names:
            try:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            except psycopg.errors.InsufficientPrivilege:  # autovacuum is in it, which only goes when nothing is forced
                connection.execute(f"DROP DATABASE {name}".encode())


@pytest.fixture
def database(make_database: Callable[..., str]) -> str:
    """The connection string of a fresh, migrated, empty database."""
    return make_database()
