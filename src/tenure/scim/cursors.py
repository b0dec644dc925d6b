"""Cursors: positions in a list, sealed so that nobody else can read or make one (RFC 9865 sections 2 and 6.2)."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenure.scim.errors import ScimError
from tenure.store.paging import Position

TIMEOUT = timedelta(hours=1)
"""How long a cursor is good for: the count that it carries on from the first page should not grow old."""
PURPOSE = "scim cursor"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: beside a position among the resources of one kind, `kind` being its place among all.

    `total` is what was counted for the first page, `count` the size of the pages.
    """

    kind: int
    position: Position
    backward: bool
    total: int
    count: int


class CursorSeal:
    """Seals and opens the cursors of one query."""

    def __init__(self, key: bytes, query: Any, now: datetime) -> None:
        """`key` is the installation's; `query` is whatever must be the same for every page, `now` the time."""
        self._cipher, self._query, self._now = AESGCM(key), orjson.dumps(query), now

    def seal(self, cursor: Cursor) -> str:
        """The cursor as a text of unreserved characters."""
        position = cursor.position
        said = [self._now.timestamp(), cursor.kind, position.key, position.id]
        said += [cursor.backward, cursor.total, cursor.count]
        nonce = secrets.token_bytes(_NONCE)
        return _written(nonce + self._cipher.encrypt(nonce, orjson.dumps(said), self._query))

    def open(self, text: str) -> Cursor:
        """The cursor that we sealed for this query. Raises ScimError: 400 invalidCursor or expiredCursor."""
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            if _written(sealed) != text:  # the decoder passes over what it does not know
                raise ValueError(text)
            said = orjson.loads(self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], self._query))
        except (ValueError, InvalidTag):
            told = "The cursor is not one that was given for this query; begin again with an empty cursor."
            raise ScimError(400, told, "invalidCursor") from None
        made, kind, key, one, backward, total, count = said
        if self._now.timestamp() - made > TIMEOUT.total_seconds():
            raise ScimError(400, "The cursor has expired; begin again with an empty cursor.", "expiredCursor")
        return Cursor(kind, Position(key, UUID(one)), backward, total, count)


def _written(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
