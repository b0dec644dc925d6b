"""Bitbucket's refusals in one table; the status codes are the vendor's, the wording is unverified."""

from __future__ import annotations

# WORDING UNVERIFIED, and so are the names of exceptions, save for those that clients of others quote:
# NoSuchUserException, AuthorisationException, IncorrectPasswordAuthenticationException.
# Each entry: status; the field that the message is about, or ""; name of the exception below com.atlassian.bitbucket,
# or ""; sentence.
TEXTS: dict[str, tuple[int, str, str, str]] = {
    "not_signed_in": (401, "", "AuthorisationException", "You are not permitted to access this resource"),
    "wrong_password": (
        401,
        "",
        "auth.IncorrectPasswordAuthenticationException",
        "Invalid username or password.",
    ),
    "not_permitted": (401, "", "AuthorisationException", "You are not permitted to access this resource"),
    "higher_account": (401, "", "AuthorisationException", "{name} has higher permissions than you"),
    "captcha": (403, "", "", "CAPTCHA required: sign in in a browser"),
    "read_only": (403, "", "ForbiddenException", "The directory that {name} lives in is read-only"),
    "no_such_user": (404, "", "user.NoSuchUserException", "No such user: {name}"),
    "no_such_slug": (404, "", "user.NoSuchUserException", "User {name} does not exist."),
    "no_such_group": (404, "", "user.NoSuchGroupException", "Group {name} does not exist."),
    "no_such_project": (404, "", "project.NoSuchProjectException", "Project {name} does not exist."),
    "no_such_repository": (404, "", "repository.NoSuchRepositoryException", "Repository {name} does not exist."),
    "no_such_key": (404, "", "NoSuchEntityException", "There is no key {name}"),
    "no_such_token": (404, "", "NoSuchEntityException", "There is no access token {name}"),
    "user_taken": (409, "name", "IntegrityException", "A user with the name {name} exists already"),
    "group_taken": (409, "name", "IntegrityException", "A group with the name {name} exists already"),
    "name": (400, "name", "", "A name has 1 to 255 characters and no white space at its ends"),
    "display_name": (400, "displayName", "", "A display name has 1 to 255 characters"),
    "email": (400, "email", "", "An e-mail address has 1 to 255 characters, one of them an @"),
    "no_password": (400, "password", "", "The password must not be empty"),
    "passwords_differ": (400, "passwordConfirm", "", "The passwords are not the same"),
    "old_password": (400, "oldPassword", "auth.IncorrectPasswordAuthenticationException", "The password is wrong"),
    "no_mail_server": (400, "notify", "", "Nobody can be notified: there is no mail server"),
    "self_deletion": (409, "", "IntegrityException", "You cannot delete yourself"),
    "own_level": (409, "", "IntegrityException", "This would lower your own permissions"),
    "higher_level": (409, "", "IntegrityException", "{name} has higher permissions than you"),
    "higher_delete": (403, "", "ForbiddenException", "{name} has higher permissions than you"),
    "higher_grant": (401, "", "AuthorisationException", "You cannot grant what you do not have"),
    "licence_full": (403, "", "license.LicenseLimitException", "This would exceed the users that the license covers"),
    "not_deleted": (409, "", "IntegrityException", "{name} is a user who was not deleted"),
    "no_name": (400, "name", "", "The name must be given"),
    "no_context": (400, "context", "", "The context must be given"),
    "no_such_permission": (400, "permission", "NoSuchPermissionException", "{name} is no permission here"),
    "allow": (400, "allow", "", "It must be said with allow=true or allow=false what is to be done"),
    "setting": (400, "", "", "A setting is true or false, a number or a text"),
    "nobody_named": (400, "", "", "Neither users nor groups were given"),
    "key_taken": (409, "", "IntegrityException", "The key exists already"),
    "access_key_taken": (400, "key", "", "The key opens this already, or is somebody's own"),
    "key_text": (400, "text", "", "This is no key"),
    "token_request": (400, "", "", "A token needs a name and permissions that exist"),
    "no_such_reviewers": (404, "", "NoSuchEntityException", "There is no reviewer group {name}"),
    "reviewers_name": (400, "name", "", "The name of a reviewer group has 1 to 50 characters"),
    "reviewers_taken": (409, "name", "IntegrityException", "A reviewer group with the name {name} exists already"),
    "no_such_restriction": (404, "", "NoSuchEntityException", "There is no restriction {name}"),
    "restriction_type": (400, "type", "", "This is no type of restriction"),
    "matcher": (400, "matcher", "", "The matcher needs an id and a type that exists"),
    "rate": (400, "", "", "Limits have a positive capacity and fillRate, unless the users are whitelisted"),
    "no_limits": (404, "", "NoSuchEntityException", "{name} has no limits of their own"),
    "parameter": (400, "", "", "The value '{value}' of the parameter {name} is not valid."),
    "body": (400, "", "", "The request body is not what this operation expects."),
    "unknown_field": (400, "", "", 'Unrecognized field "{name}", not marked as ignorable'),
}


class Refused(Exception):
    """Bitbucket says no: an HTTP status and the one row of its list of errors."""

    def __init__(self, status: int, context: str | None, message: str, exception: str | None) -> None:
        """Make a refusal."""
        super().__init__(status, context, message, exception)
        self.status = status
        self.row = {"context": context, "message": message, "exceptionName": exception}


def refused(text: str, **values: object) -> Refused:
    """Make the refusal that the table keeps under `text`."""
    status, context, exception, sentence = TEXTS[text]
    name = f"com.atlassian.bitbucket.{exception}" if exception else None
    return Refused(status, context or None, sentence.format(**values), name)
