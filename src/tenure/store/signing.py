"""The key of an installation: signs checkpoints of the chain and exports; what it signed can be checked anywhere."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

KEY_FILE = "audit-key.pem"

_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


class KeyUnusable(OSError):
    """A file that should hold a key does not; the message names it and says what to do."""


class Signer:
    """The private key in a data folder, which is where the last checkpoint is kept as well."""

    def __init__(self, folder: Path, *, make: bool = False) -> None:
        """Read DIR/audit-key.pem; with `make`, make it first if it is missing, readable for its owner alone.

        Raises KeyUnusable when there is none or it is no Ed25519 key, OSError when it cannot be read or made.
        """
        self.folder = folder
        path = folder / KEY_FILE
        if make and not path.exists():
            _make(path)
        if not path.exists():
            raise KeyUnusable(
                f"there is no {path}: the key is made by the first `tenure serve`; name its folder with --data"
            )
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyUnusable(f"{path} does not hold an Ed25519 key: put it back from a copy, or move it away")
        self._key = key
        self.id = key_id(key.public_key())
        self.public = _pem(key.public_key())

    def sign(self, statement: bytes) -> bytes:
        """The Ed25519 signature of these bytes."""
        return self._key.sign(statement)


class TrustedKeys:
    """Public keys by their id, against which signatures are checked."""

    def __init__(self, pems: Iterable[str]) -> None:
        """Raises KeyUnusable when one is not the PEM form of an Ed25519 public key."""
        self._keys: dict[str, Ed25519PublicKey] = {}
        for pem in pems:
            try:
                key = load_pem_public_key(pem.encode())
            except (ValueError, UnsupportedAlgorithm):
                key = None
            if not isinstance(key, Ed25519PublicKey):
                raise KeyUnusable("not an Ed25519 public key in PEM form")
            self._keys[key_id(key)] = key

    def problem(self, key: str, statement: bytes, signature: bytes) -> str | None:
        """What is wrong with a signature; None when it is right."""
        if key not in self._keys:
            return f"it was signed with the key {key}, which is not one of those to be trusted"
        try:
            self._keys[key].verify(signature, statement)
        except InvalidSignature:
            return "its signature is not right: it was edited"
        return None


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the 32 bytes of a public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def read_keys(path: Path) -> TrustedKeys:
    """The public keys in a file that `tenure audit key` wrote; raises KeyUnusable when there is none, or OSError."""
    try:
        found = _PEM.findall(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        found = []
    if not found:
        raise KeyUnusable(f"{path} holds no public key: `tenure audit key` prints it")
    return TrustedKeys(found)


def write_private(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a file for its owner alone, whole or not at all; without `replace` one that is there stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)
    except FileExistsError:
        pass  # another process was faster: its key is the key
    finally:
        draft.unlink(missing_ok=True)


def _make(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), replace=False)


def _pem(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
