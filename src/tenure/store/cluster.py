"""The files of an embedded PostgreSQL: its binaries, its data, its socket and its password."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

from psycopg.conninfo import make_conninfo

from tenure.store.postmaster import Account, PostgresProblem, forget_dead, run
from tenure.store.programs import MAJOR, Progress, account_for, let_enter, not_usable, programs_for, require_entry

_LONGEST_SOCKET = 100  # bytes; sockaddr_un holds 104 on macOS and 108 on Linux
_LARGEST_LOG = 10 * 1024 * 1024
_ACCESS = "# Written by Tenure: one role, by password, over the Unix socket.\nlocal all tenure scram-sha-256\n"


class Cluster:
    """Where everything is under one data folder. Who changes it holds the folder's lock."""

    def __init__(self, folder: Path) -> None:
        """Take `folder`, which is made if it is missing. Raises PostgresProblem if it cannot be used."""
        self.folder = _open_folder(folder)
        self.data = self.folder / f"pg{MAJOR}"
        self.sockets = _socket_folder(self.folder)
        self.passfile = self.folder / "pgpass"

    @property
    def dsn(self) -> str:
        """The connection string. It names the password's file and not the password, so it may stand in a command."""
        return make_conninfo(
            host=str(self.sockets), port=5432, user="tenure", dbname="tenure", passfile=str(self.passfile),
            require_auth="scram-sha-256",
        )  # fmt: skip

    def private(self, name: str) -> int:
        """Open a file of the folder that only its owner may read, made if missing; gives a file descriptor.

        Raises PostgresProblem when the folder belongs to another user.
        """
        try:
            descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            _give_to_owner(self.folder, descriptor)
        except OSError as error:
            raise PostgresProblem(not_usable(self.folder, error)) from error
        return descriptor

    def open_log(self) -> int:
        """Open the server's log for appending, after putting one of more than 10 MB aside."""
        path = self.folder / "log" / "postgres.log"
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700)
            _give_to_owner(self.folder, path.parent)
        if path.exists() and path.stat().st_size > _LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        return self.private("log/postgres.log")

    def prepare(self, progress: Progress) -> tuple[Path, Account]:
        """Make everything that a server needs and that is not there yet; gives its binary and its user.

        What an interrupted first start left is removed. Raises PostgresProblem: another version's data, a folder
        that PostgreSQL's user may not enter, a user that the system does not know.
        """
        account = account_for(self.folder, self.data)
        _refuse_other_versions(self.folder, self.data)
        let_enter(self.folder, account)
        binaries = programs_for(self.folder, account, progress)
        _make_sockets(self.sockets, account)
        known = self.passfile.exists()
        password = self._password()
        if not self.data.exists():
            progress("Making the database, once")
            self._initialise(binaries, account, password)
        elif not known:
            progress("The file with the database's password was gone: setting a new one")
            forget_dead(self.data, self.sockets)
            _as_superuser(binaries, self.data, account, f"ALTER ROLE tenure PASSWORD '{password}'\n")
        return binaries / "postgres", account

    def _password(self) -> str:
        if self.passfile.exists():
            return self.passfile.read_text().strip().rpartition(":")[2]
        password = secrets.token_urlsafe(24)
        draft = self.folder / "pgpass.new"
        draft.unlink(missing_ok=True)
        with os.fdopen(self.private(draft.name), "w") as file:
            file.write(f"*:*:*:tenure:{password}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.passfile)
        return password

    def _initialise(self, binaries: Path, account: Account, password: str) -> None:
        """Build beside and rename at the end, when all is on disk: a folder with the final name is whole."""
        require_entry(account)
        draft = self.data.with_suffix(".tmp")
        _remove(draft)
        draft.mkdir(mode=0o700)
        if account.switch:
            os.chown(draft, account.uid, account.gid)
        initdb = [str(binaries / "initdb"), "-D", str(draft)]
        form = ["--encoding=UTF8", "--locale=C", "--data-checksums", "--username=postgres", "--auth=reject"]
        run([*initdb, *form, "--no-sync", "--no-instructions"], account)
        with os.fdopen(os.open(draft / "pg_hba.conf", os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "w") as file:
            file.write(_ACCESS)
        role = f"CREATE ROLE tenure LOGIN CREATEDB PASSWORD '{password}'\nCREATE DATABASE tenure OWNER tenure\n"
        _as_superuser(binaries, draft, account, role)
        run([*initdb, "--sync-only"], account)
        draft.rename(self.data)
        _sync(self.folder)


def _open_folder(folder: Path) -> Path:
    folder = Path(os.path.realpath(folder))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0 and folder.stat().st_uid == 0 and not any(folder.iterdir()):
            # An empty folder becomes ours: PostgreSQL's user may pass through it, and list nothing.
            folder.chmod(folder.stat().st_mode & 0o7777 | 0o011)
    except OSError as error:
        raise PostgresProblem(not_usable(folder, error)) from error
    return folder


def _give_to_owner(folder: Path, file: int | Path) -> None:
    """What root makes in another user's folder must stay usable for that user."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def _socket_folder(folder: Path) -> Path:
    """DIR/run, or one with a name made of DIR in /tmp where a socket's path would be too long for the system.

    Not in TMPDIR, which may be another one for the next command. Commas would separate addresses.
    """
    own = folder / "run"
    if len(os.fsencode(own / ".s.PGSQL.5432")) <= _LONGEST_SOCKET and not set(str(own)) & set(',"'):
        return own
    short = Path("/tmp") if os.access("/tmp", os.W_OK) else Path(tempfile.gettempdir())  # noqa: S108
    return short / f"tenure-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]}"


def _make_sockets(sockets: Path, account: Account) -> None:
    """Make the folder of the socket, for PostgreSQL's user alone; in /tmp somebody else may have been faster."""
    try:
        sockets.mkdir(mode=0o700)
        if account.switch:
            os.chown(sockets, account.uid, account.gid)
    except FileExistsError:
        found = sockets.lstat()
        if not sockets.is_dir() or sockets.is_symlink() or found.st_uid != account.uid or found.st_mode & 0o077:
            raise PostgresProblem(
                f"{sockets} must be a folder of {account.name} (uid {account.uid}) with mode 0700, and is not. "
                "If it is not in use, remove it and start again."
            ) from None


def _refuse_other_versions(folder: Path, data: Path) -> None:
    found = {path.parent: path.read_text().strip() for path in folder.glob("pg*/PG_VERSION")}
    found.pop(folder / f"pg{MAJOR}.tmp", None)
    if data.exists():
        if found.get(data) == str(MAJOR):
            return
        if data not in found:
            raise PostgresProblem(f"{data} is not a data folder of PostgreSQL: move it away, or name another --data")
    if found:
        place, version = max(found.items())
        raise PostgresProblem(
            f"{place} holds data of PostgreSQL {version}; this version of Tenure runs PostgreSQL {MAJOR}. Nothing was "
            f"changed: keep the folder. Either run the version of Tenure that made it, or carry the data over: start "
            f"PostgreSQL {version} on it, write it with `pg_dump -Fc`, start this Tenure once on a new --data folder, "
            "and read it with `pg_restore --clean --if-exists`."
        )


def _remove(draft: Path) -> None:
    """Remove what an interrupted first start left; its last process may still write there for a moment."""
    deadline = time.monotonic() + 5.0
    while draft.exists():
        try:
            shutil.rmtree(draft)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _as_superuser(binaries: Path, data: Path, account: Account, statements: str) -> None:
    """Run statements, one a line, without a server: nobody can sign in as the superuser."""
    require_entry(account)
    run([str(binaries / "postgres"), "--single", "-D", str(data), "template1"], account, statements)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
