"""What a gate guards: the classes of change that a person may have to decide on, and how their changes are known."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum

from tenure.model.change import Change, RenameAccount, encode


class GateClass(StrEnum):
    """What a change takes away, or what about it only a person can know. A group's own gate is `group:<name>`.

    Those before `ADOPTIONS`, and `OUT_OF_SCOPE` where the estate lets it through, are counted: so many people may pass
    in a window of time. The others ask a person each time.
    """

    ADMINISTRATORS = "administrators"  # loses the right to administer
    LICENCES = "licences"  # loses the last group that gives a licence
    LEAVERS = "leavers"  # loses the account
    LOSERS = "losers"  # loses a group
    RENAMES = "renames"  # the account gets another name
    EMAILS = "emails"  # the account gets another e-mail address
    ADOPTIONS = "adoptions"  # an account that was there is to be taken over, or there is doubt whose it is
    OUT_OF_SCOPE = "out_of_scope"  # active, and no longer in the target's scope
    GROUPS = "groups"  # a group that was there is to be joined
    PERSONS = "persons"  # the source's own identifier of a linked person changed
    OTHER_WRITERS = "other_writers"  # somebody keeps setting the value back
    ERASURES = "erasures"  # the account is to be anonymised or deleted
    IDLE = "idle"  # takes a seat of a licence, and has not come for long
    READINGS = "readings"  # a reading shows far less than the one before


GROUP = "group:"
"""Begins the class of the gate of one group: at most half of its members leave it unasked."""


def digest_of(change: Change) -> str:
    """What a decision about a change is bound to: the SHA-256 of all that it says, in hexadecimal.

    Of a rename that is the name in the end, whatever way it takes there.
    """
    said = encode(change)
    if isinstance(change, RenameAccount):
        said["name"] = said.pop("towards") or change.name
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
