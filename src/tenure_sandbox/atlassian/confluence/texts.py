"""Confluence's refusals in one table; the status codes are the vendor's, the wording is unverified."""

from __future__ import annotations

# WORDING UNVERIFIED: no client may depend on these sentences, which are our own. Each entry: (status code, template).
TEXTS: dict[str, tuple[int, str]] = {
    "name_empty": (400, "The username must not be blank."),
    "name_long": (400, "The username must not be longer than 255 characters."),
    "name_characters": (400, "The username must not contain white space or any of \\ , + < > ' \"."),
    "name_case": (400, "The username must not contain upper case characters."),
    "name_anonymous": (400, "The name anonymous is reserved."),
    "full_name_empty": (400, "The full name must not be blank."),
    "full_name_characters": (400, "The full name must not contain < or >."),
    "full_name_long": (400, "The full name must not be longer than 255 characters."),
    "email_empty": (400, "The email address must not be blank."),
    "email_invalid": (400, "The email address is not valid."),
    "password_empty": (400, "The password must not be blank."),
    "password_and_mail": (400, "A password must not be given when the user is notified by email."),
    "name_taken": (409, "A user named '{name}' exists already."),
    "no_seats": (402, "No more users can be created: the licence has no seat left."),
    "no_such_user": (404, "No user with the username '{name}' was found."),
    "no_such_key": (404, "No user with the key '{key}' was found."),
    "user_not_named": (404, "No user was named: give a key or a username."),
    "not_updated": (400, "The user '{name}' cannot be updated: there is no such user."),
    "no_such_group": (404, "No group with the name '{name}' was found."),
    "group_empty": (400, "The name of the group must not be blank."),
    "group_long": (400, "The name of the group must not be longer than 255 characters."),
    "group_taken": (409, "A group named '{name}' exists already."),
    "last_administrators": (400, "The group '{name}' cannot be deleted: no other group administers Confluence."),
    "no_such_space": (404, "No space with the key '{key}' was found."),
    "no_such_task": (404, "No long task with the id '{id}' was found."),
    "operation": (400, "'{operation}' is not a permission that can be set here."),
    "too_many": (400, "Permissions of at most 40 users and groups can be set at once."),
    "wrong_password": (403, "The current password is wrong."),
    "signed_out": (401, "You are not signed in."),
    "not_signed_in": (403, "You must sign in to use Confluence."),
    "forbidden": (403, "You do not have the permission to do this."),
    "read_only": (403, "The user directory is read-only."),
    "parameter": (400, "The value '{value}' of the parameter {name} is not valid."),
    "body": (400, "The request body is not the JSON that this operation expects."),
}
REASONS = {400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found"}


class Refused(Exception):
    """Confluence says no: the status code and the message of the vendor's error document."""

    def __init__(self, status: int, message: str) -> None:
        """Make a refusal."""
        super().__init__(status, message)
        self.status = status
        self.message = message

    def document(self) -> dict[str, object]:
        """The vendor's error document (RestError); what stands in `data` besides its names is a guess."""
        allowed = self.status not in (401, 403)
        data = {"authorized": allowed, "valid": allowed, "allowedInReadOnlyMode": True, "errors": []}
        reason = REASONS.get(self.status, "Conflict")
        told = {"statusCode": self.status, "data": {**data, "successful": False}}
        return {**told, "message": self.message, "reason": reason}


def refused(text: str, **values: object) -> Refused:
    """Make the refusal whose code and wording the table keeps under `text`."""
    status, template = TEXTS[text]
    return Refused(status, template.format(**values))
