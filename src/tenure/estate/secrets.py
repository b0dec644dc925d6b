"""Secrets stand in an estate as references, `{env: NAME}` or `{file: PATH}`; here they become values in memory."""

from __future__ import annotations

import re
import stat
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tenure.model.secret import Secret

LARGEST = 64 * 1024
UNSET = Secret("not-set")
"""What stands for a secret that cannot be read, while the rest of the estate is checked."""

REFERENCE = "write {env: NAME} to take it from an environment variable, or {file: PATH}"


class NotAReference(Exception):
    """What stands where a reference belongs is none; the message never shows it."""


class NotResolved(Exception):
    """The reference is right, but there is nothing behind it now."""


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where references lead: the environment, and the folder that relative paths start from."""

    environment: Mapping[str, str]
    folder: Path

    def resolve(self, reference: Any) -> Secret:
        """The secret behind a reference, without the line end that files and shells leave.

        Raises NotAReference or NotResolved, in words that do not show a secret.
        """
        if not isinstance(reference, Mapping) or len(reference) != 1:
            raise NotAReference("a secret does not stand in the estate itself")
        ((kind, name),) = reference.items()
        if kind not in ("env", "file") or not isinstance(name, str) or not name:
            raise NotAReference("this is not a reference to a secret")
        value = self._from_environment(name) if kind == "env" else self._from_file(name)
        value = value.rstrip("\r\n")
        if not value:
            raise NotResolved(f"{'the environment variable' if kind == 'env' else 'the file'} {name} is empty")
        return Secret(value)

    def _from_environment(self, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise NotAReference("env: is followed by the name of an environment variable (letters, digits, _)")
        if name not in self.environment:
            raise NotResolved(f"the environment variable {name} is not set")
        return self.environment[name]

    def _from_file(self, name: str) -> str:
        try:
            path = self.folder / name
            if not stat.S_ISREG(path.stat().st_mode):
                raise NotResolved(f"{path} is not a file")
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "the path is not valid"
            raise NotResolved(f"the file {name} cannot be read: {why}") from None
        if len(content) > LARGEST:
            raise NotResolved(f"the file {name} is larger than {LARGEST // 1024} KiB")
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise NotResolved(f"the file {name} is not a text in UTF-8") from None


def secret_paths(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Where in the settings of a connector secrets stand; `*` is each element of a list."""
    for name, info in model.model_fields.items():
        key = info.alias or name
        for kind in members(info.annotation):
            if kind is Secret:
                yield (key,)
            elif typing.get_origin(kind) is tuple and Secret in typing.get_args(kind):
                yield (key, "*")
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from ((key, *below) for below in secret_paths(kind))


def members(annotation: Any) -> tuple[Any, ...]:
    """The types that a union is made of; one that is none is its own."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(kind for part in typing.get_args(annotation) for kind in members(part))
    return (annotation,)
