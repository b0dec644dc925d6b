"""Jira's refusals in one table; the status codes are the vendor's, the wording is unverified."""

from __future__ import annotations

# WORDING UNVERIFIED: no client may depend on these sentences. Only `name_taken`, `already_member` and `no_such_member`
# were seen in clients that others wrote against a real server; the rest says the same in our own words.
# Each entry: (field of the error, or "" for a general message; template).
TEXTS: dict[str, tuple[str, str]] = {
    "name_taken": ("username", "A user with that username already exists."),
    "name_empty": ("username", "You must specify a username."),
    "name_long": ("username", "The username must not be longer than 255 characters."),
    "name_characters": ("username", "The username must not contain the characters <, > or &."),
    "email_invalid": ("email", "You must specify a valid email address."),
    "email_empty": ("email", "You must specify an email address."),
    "email_long": ("email", "The email address must not be longer than 255 characters."),
    "display_name_empty": ("displayName", "You must specify a full name."),
    "display_name_long": ("displayName", "The full name must not be longer than 255 characters."),
    "active_invalid": ("active", "The active flag must be true or false."),
    "application_unknown": ("applicationKeys", "The application '{key}' is not installed or has no default group."),
    "licence_full": ("", "There are not enough seats left in the licence to give access to '{key}'."),
    "leads_project": ("active", "Cannot deactivate user '{name}': the user leads {what}."),
    "self_deactivation": ("active", "You cannot deactivate your own account."),
    "delete_lead": ("", "Cannot delete user '{name}': the user leads {what}."),
    "delete_content": ("", "Cannot delete user '{name}': {count} issues were reported by or are assigned to the user."),
    "delete_self": ("", "You cannot delete the account you are signed in with."),
    "no_such_user": ("", "The user named '{name}' does not exist"),
    "no_such_key": ("", "The user with the key '{key}' does not exist"),
    "user_not_named": ("", "Either the username or the key query parameter must be given."),
    "search_not_named": ("", "The username query parameter was not provided."),
    "no_such_member": ("", "Cannot add user. '{name}' does not exist"),
    "already_member": ("", "Cannot add user '{name}', user is already a member of '{group}'"),
    "not_member": ("", "Cannot remove user '{name}' from group '{group}' since user is not member of '{group}'"),
    "last_administrator": ("", "You cannot remove your own account from the only administrators' group."),
    "no_such_group": ("", "The group named '{name}' does not exist."),
    "group_empty": ("", "The group name must not be empty."),
    "group_long": ("", "The group name must not be longer than 255 characters."),
    "group_taken": ("", "A group or user with this name already exists."),
    "group_administers": ("", "Cannot delete group '{name}': no other group would administer Jira."),
    "swap_group": ("", "The group '{name}' to swap with does not exist or is the group to delete."),
    "no_pictures": ("", "There are no pictures of the type '{key}'."),
    "no_picture": ("", "The picture with the id {key} does not exist."),
    "no_column": ("", "There is no column {key}."),
    "no_preference": ("", "There is no preference '{key}'."),
    "property_missing": ("", "The property with key '{key}' does not exist."),
    "property_key": ("", "The property key must have between 1 and 255 bytes."),
    "property_value": ("", "The property value must be JSON with between 1 and 32768 bytes."),
    "user_key_missing": ("", "The userKey parameter must be given."),
    "new_owner": ("", "The new owner '{key}' does not exist."),
    "anonymizing": ("", "Another user anonymization is in progress."),
    "no_anonymization": ("", "A user anonymization task could not be found."),
    "anonymize_read_only": ("", "This user cannot be anonymized, since the directory that has them is read-only."),
    "no_such_role": ("", "The application role '{key}' does not exist."),
    "role_version": ("", "The application roles have changed since the version that was named."),
    "default_groups": ("", "The default groups of '{key}' must be among its groups."),
    "no_project_named": ("", "A project or an issue must be named."),
    "current_password": ("currentPassword", "The current password is not right."),
    "sign_in": ("", "Login failed"),
    "captcha": ("", "Login denied: a CAPTCHA has to be answered first."),
    "not_clustered": ("", "This Jira is no cluster, in which alone an anonymization can be unlocked."),
    "no_such_project_role": ("", "The project role with the id {key} does not exist."),
    "role_name": ("name", "The role must have a name that neither begins nor ends with a space."),
    "role_fields": ("", "Both the name and the description must be given, or one of them for a part of the role."),
    "role_taken": ("name", "A project role with the name '{name}' exists already."),
    "role_used": ("", "The project role '{name}' is used in permission schemes: name another one to swap it with."),
    "one_actor": ("", "Either user or group must be given, and not both."),
    "no_such_actor": ("", "There is no user or group '{name}' to be found here."),
    "no_actors": ("", "None of the users and groups that were named exists."),
    "no_such_scheme": ("", "There is no permission scheme with the id {key}."),
    "scheme_name": ("name", "The permission scheme must have a name."),
    "scheme_taken": ("name", "A permission scheme with the name '{name}' exists already."),
    "scheme_used": ("", "The permission scheme '{name}' is the default one or that of a project."),
    "no_such_permission": ("permission", "There is no project permission '{key}'."),
    "no_such_holder": ("holder", "There is no {kind} '{name}' that could hold a permission."),
    "no_such_attribute": ("", "The permission scheme has no attribute '{key}'."),
    "no_such_grant": ("", "There is no permission grant with the id {key}."),
    "granted": ("", "The permission '{key}' is granted like this already."),
    "no_such_project": ("", "No project could be found with key or id '{key}'."),
    "no_such_component": ("", "The component with id {key} does not exist."),
    "lead_unknown": ("lead", "The user '{name}' does not exist or is not active."),
    "password_empty": ("password", "You must specify a password."),
    "policy_incomplete": ("", "The username and the password must be given."),
    "forbidden": ("", "You do not have permission to perform this operation."),
    "read_only": ("", "The directory is read-only."),
    "parameter": ("", "The value '{value}' of the parameter {name} is not valid."),
    "body": ("", "The request body is not the JSON that this operation expects."),
}


class Refused(Exception):
    """Jira says no: `status` is the HTTP code, `messages` and `errors` make up the vendor's error collection."""

    def __init__(self, status: int, messages: tuple[str, ...] = (), errors: dict[str, str] | None = None) -> None:
        """Make a refusal with general messages and messages by field."""
        super().__init__(status, messages, errors)
        self.status = status
        self.messages = messages
        self.errors = errors or {}


def refused(status: int, text: str, **values: object) -> Refused:
    """Make the refusal whose wording the table keeps under `text`."""
    field, template = TEXTS[text]
    sentence = template.format(**values)
    return Refused(status, errors={field: sentence}) if field else Refused(status, (sentence,))


def refused_fields(texts: list[str]) -> Refused:
    """Make one 400 that complains about several fields at once, as Jira does when a form has several mistakes."""
    return Refused(400, errors={TEXTS[text][0]: TEXTS[text][1] for text in texts})
