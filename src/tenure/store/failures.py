"""What the errors of the database mean to those above the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

AWAY: tuple[type[Exception], ...] = (psycopg.OperationalError, PoolTimeout)
"""The database cannot be reached, is too busy, or ended the statement; what was not committed did not happen."""


class NameTaken(Exception):
    """Another live identity of the source has this userName."""


class TryAgain(Exception):
    """The database undid the transaction because it and another one were in each other's way."""


@contextmanager
def told() -> Iterator[None]:
    """Raises NameTaken or TryAgain for the database's own errors that mean that."""
    try:
        yield
    except (errors.DeadlockDetected, errors.SerializationFailure) as failure:
        raise TryAgain from failure
    except errors.UniqueViolation as violation:
        if violation.diag.constraint_name == "identity_user_name":
            raise NameTaken from None
        raise
