"""Crowd's refusals in one table: the reasons and status codes are the vendor's, the wording is unverified."""

from __future__ import annotations

# WORDING UNVERIFIED, save for `wrong_password`, which clients of others quote.
# Each entry: status; reason; sentence.
TEXTS: dict[str, tuple[int, str, str]] = {
    "no_such_user": (404, "USER_NOT_FOUND", "User <{name}> does not exist"),
    "no_such_group": (404, "GROUP_NOT_FOUND", "Group <{name}> does not exist"),
    "no_such_membership": (404, "MEMBERSHIP_NOT_FOUND", "<{member}> is not a direct member of <{group}>"),
    "unknown_member": (400, "USER_NOT_FOUND", "User <{name}> does not exist"),
    "unknown_group": (400, "GROUP_NOT_FOUND", "Group <{name}> does not exist"),
    "already_member": (409, "MEMBERSHIP_ALREADY_EXISTS", "<{member}> is a direct member of <{group}> already"),
    "circle": (400, "INVALID_MEMBERSHIP", "<{member}> cannot be put into <{group}>: that would be a circle"),
    "user_name_taken": (400, "INVALID_USER", "User <{name}> exists already"),
    "user_name": (400, "INVALID_USER", "A username has 1 to 255 characters and no white space at its ends"),
    "user_field": (400, "INVALID_USER", "The value of {field} is longer than 255 characters"),
    "group_name_taken": (400, "INVALID_GROUP", "Group <{name}> exists already"),
    "group_name": (400, "INVALID_GROUP", "A group's name has 1 to 255 characters and no white space at its ends"),
    "group_type": (400, "INVALID_GROUP", "The type of a group must be GROUP"),
    "names_differ": (400, "ILLEGAL_ARGUMENT", "The name in the body, <{given}>, is not <{name}>"),
    "no_password": (400, "INVALID_CREDENTIAL", "The password must not be empty"),
    "attribute": (400, "ILLEGAL_ARGUMENT", "An attribute needs a name of 1 to 255 characters and values that fit"),
    "wrong_password": (400, "INVALID_USER_AUTHENTICATION", "Failed to authenticate principal, password was invalid"),
    "unknown_principal": (400, "USER_NOT_FOUND", "User <{name}> does not exist"),
    "inactive": (400, "INACTIVE_ACCOUNT", "Account with name <{name}> is inactive"),
    "no_such_session": (404, "INVALID_SSO_TOKEN", "Token does not validate."),
    "no_such_address": (400, "INVALID_EMAIL", "No user has the email address <{email}>"),
    "event_token": (410, "EVENT_TOKEN_EXPIRED", "The event token is not known any more"),
    "no_permission": (403, "APPLICATION_PERMISSION_DENIED", "The application may not do this in the directory"),
    "parameter": (400, "ILLEGAL_ARGUMENT", "The value '{value}' of the parameter {name} is not valid."),
    "body": (400, "ILLEGAL_ARGUMENT", "The request body is not what this operation expects."),
    "missing": (400, "ILLEGAL_ARGUMENT", "The parameter {name} must be given."),
    "restriction": (400, "ILLEGAL_ARGUMENT", "The search restriction cannot be read."),
    "entity_type": (400, "ILLEGAL_ARGUMENT", "entity-type must be user or group"),
}


class Refused(Exception):
    """Crowd says no: an HTTP status with the reason that its clients decide on, and a sentence."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        """Make a refusal."""
        super().__init__(status, reason, message)
        self.status = status
        self.reason = reason
        self.message = message


def refused(text: str, **values: object) -> Refused:
    """Make the refusal that the table keeps under `text`."""
    status, reason, sentence = TEXTS[text]
    return Refused(status, reason, sentence.format(**values))
