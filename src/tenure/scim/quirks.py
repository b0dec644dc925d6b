"""The quirks of identity providers: what each really sends, what is done with it, and who says so.

A quirk that the standard does not know is met only where it cannot be mistaken for a request that the standard knows.
The others are in the standard, and are here because servers break on them. Each is proven for each of its providers by
a step of that provider's recorded dialogue which bears its name, in `tests/dialogues`; `docs/providers` has a page a
provider. Tests hold the three together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirk:
    """One habit of one or more providers. `sent` is what comes, `done` what we make of it; `source` is public."""

    name: str
    providers: tuple[str, ...]
    sent: str
    done: str
    source: str


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider that pushes to us. `key` names its dialogues and its page; `proven` is how far we know."""

    key: str
    name: str
    protocol: str
    signs_in_by: str
    proven: str = "recorded requests"


_ENTRA = "learn.microsoft.com/entra: use-scim-to-provision-users-and-groups"
_ENTRA_FLAG = "learn.microsoft.com/entra: application-provisioning-config-problem-scim-compatibility"
_ENTRA_ATTRIBUTES = "learn.microsoft.com/entra: customize-application-attributes"
_ENTRA_SUITE = "github.com/AzureAD/SCIMReferenceCode: the Postman suite and issues 20, 24, 112"
_OKTA = "developer.okta.com/docs: reference/scim/scim-20"
_OKTA_ONE = "developer.okta.com/docs: reference/scim/scim-11"
_OKTA_AGENT = "help.okta.com: opp-provision-scim-messages"
_ONELOGIN = "developers.onelogin.com/scim: implement-scim-api, test-your-scim"
_AUTHENTIK = "github.com/goauthentik/authentik: authentik/providers/scim/clients"
_CANAILLE = "github.com/yaal-coop/canaille: canaille/scim/client.py, casting.py"
_KEYCLOAK = "github.com/mitodl/keycloak-scim"
_GOLDFISH = "github.com/Captain-P-Goldfish/scim-for-keycloak"
_JUMPCLOUD = "jumpcloud.com/support: custom SCIM; github.com/Infisical/infisical, issue 2138"
_PING = "docs.pingidentity.com/integrations/scim: settings reference"

# fmt: off
PROVIDERS = (
    Provider("okta", "Okta", "SCIM 2.0 and 1.1: PUT, PATCH, group push", "bearer token, HTTP Basic, OAuth code"),
    Provider("entra-id", "Microsoft Entra ID", "SCIM 2.0: PATCH, in two dialects", "bearer token, OAuth client"),
    Provider("onelogin", "OneLogin", "SCIM 2.0: PUT; PATCH for groups", "bearer token"),
    Provider("oracle", "Oracle IDCS, OCI IAM", "SCIM 2.0: PUT; no groups", "bearer token, HTTP Basic, OAuth client"),
    Provider("ping", "PingFederate, PingOne", "SCIM 2.0", "bearer token, HTTP Basic, OAuth client"),
    Provider("jumpcloud", "JumpCloud", "SCIM 2.0: PUT, PATCH", "bearer token"),
    Provider("google", "Google Workspace", "SCIM 2.0, of catalogue apps; no groups", "bearer token"),
    Provider("authentik", "authentik", "SCIM 2.0: PUT; PATCH for groups", "bearer token, OAuth token"),
    Provider("canaille", "Canaille", "SCIM 2.0: PUT", "a token of its own, made with our value",
             "recorded requests; Canaille 0.3.6 itself, into the sandbox's Jira"),
    Provider("keycloak", "Keycloak, by extensions", "SCIM 2.0: PUT, PATCH", "bearer token, HTTP Basic"),
)

QUIRKS = (
    # The request
    Quirk("no-user-agent", ("entra-id", "onelogin"), "no User-Agent, or a blank one",
          "nobody is turned away for it", "github.com/goauthentik/authentik, issue 11249"),
    Quirk("closed-configuration", ("canaille",), "a ServiceProviderConfig with more in it than RFC 7643 has is refused",
          "`pagination` (RFC 9865) is left out where the estate says `announce_pagination: false`", _CANAILLE),
    Quirk("plain-json", ("okta", "onelogin", "jumpcloud", "keycloak"), "bodies as `application/json`",
          "the body decides, not its media type (RFC 7644 section 3.8)", _OKTA),
    Quirk("media-type-without-body", ("okta",), "a Content-Type on GET and DELETE",
          "passed over", "github.com/okta/okta-developer-docs: SCIMFiles/Okta-SCIM-20-SPEC-Test.json"),
    Quirk("path-case", ("entra-id",), "`/users`, and `/Users/?filter=`",
          "endpoints are found in any case, a slash too many is passed over", _ENTRA_SUITE),
    Quirk("flag-in-address", ("entra-id",), "`aadOptscim062020` in the query",
          "passed over: what was sent says which dialect it is", _ENTRA_FLAG),
    # Filters
    Quirk("random-probe", ("entra-id", "onelogin"), "a search for somebody who cannot exist, to test the connection",
          "200 and an empty list; a 404 would be taken for a broken server", _ENTRA),
    Quirk("plus-for-space", ("entra-id",), "`userName+eq+\"x\"`",
          "read as a form's query", _ENTRA_SUITE),
    Quirk("unquoted-value", ("entra-id", "authentik"), "`userName eq ann`",
          "a word is compared as the text that it is", _AUTHENTIK),
    Quirk("operator-case", ("ping",), "`userName Eq \"x\"`",
          "operators and names are read in any case (RFC 7644 section 3.4.2.2)", _PING),
    Quirk("members-probe", ("entra-id",), "`id eq \"g\" and members eq \"u\"`, also for `manager`",
          "a complex attribute is compared by its `value`, and no member is loaded", _ENTRA_SUITE),
    Quirk("seven-digits", ("entra-id",), "times with seven digits after the point",
          "read to the microsecond", _ENTRA_SUITE),
    # PATCH: how an operation is written
    Quirk("verb-case", ("entra-id",), "`Add`, `Replace`, `Remove`",
          "verbs are read in any case", _ENTRA_FLAG),
    Quirk("extra-keys", ("entra-id",), "`\"name\": \"addMember\"` in an operation",
          "passed over", _ENTRA_SUITE),
    Quirk("no-operations", ("entra-id",), "a PATCH with no operation in it",
          "nothing is changed, and that is a success", _ENTRA_SUITE),
    Quirk("dotted-key", ("entra-id",), "`\"name.givenName\"` as a key, without a path",
          "each key is read as a path", _ENTRA_FLAG),
    Quirk("qualified-key", ("entra-id",), "`\"urn:…:User:department\"` as a key, without a path",
          "each key is read as a path", _ENTRA_FLAG),
    Quirk("unqualified-name", ("entra-id",), "`manager` without the URN of its schema",
          "a name that the core schema does not have is looked for in the extensions", _ENTRA),
    Quirk("read-only-along", ("okta", "authentik", "canaille"), "`id`, `schemas`, `meta`, `groups` along with the rest",
          "passed over; a path that names one is still refused", _OKTA),
    Quirk("document-as-text", ("keycloak",), "the whole value of a PATCH as JSON in a text",
          "read, where there is no path and a text can mean nothing else", f"{_GOLDFISH}, issue 172"),
    # SCIM 1.1
    Quirk("agent-capabilities", ("okta",), "`GET /ServiceProviderConfigs`, for what its on-premises agent may do",
          "told at `/v1` by Okta's own URN; pushing passwords is not among it", _OKTA_AGENT),
    Quirk("partial-resource", ("okta",), "a PATCH that is a part of a resource",
          "at `/v1` it changes what it names, and adds to what has several values", _OKTA_ONE),
    Quirk("operation-delete", ("okta",), "`\"operation\": \"delete\"` in a member",
          "at `/v1` that member alone leaves", _OKTA_ONE),
    # Values
    Quirk("boolean-as-text", ("entra-id", "keycloak"), "`\"False\"` for `active`, `primary eq \"True\"`",
          "read as a boolean where the schema has one, and nowhere else", _ENTRA_FLAG),
    Quirk("list-for-one", ("entra-id",), "`manager` as a list of one",
          "the one counts", _ENTRA),
    Quirk("wrapped-value", ("entra-id",), "`[{\"$ref\": null, \"value\": \"Ann\"}]` for a simple attribute",
          "the `value` in it", "github.com/Azure/AzureAD-BYOA-Provisioning-Samples, issue 22"),
    Quirk("one-for-list", ("entra-id",), "one member, or its bare id, where a list belongs",
          "read as a list of one", _ENTRA_SUITE),
    Quirk("bare-reference", ("entra-id",), "`manager` as a text",
          "the text is its `value`", "github.com/Captain-P-Goldfish/SCIM-SDK, issue 686"),
    Quirk("blank-reference", ("entra-id",), "`manager` as `\"\"`",
          "the manager is cleared", _ENTRA),
    Quirk("filter-on-one", ("entra-id",), "`manager[value eq \"m1\"]`",
          "removed if it is the one", "github.com/thomaspoignant/scim-patch, issue 453"),
    Quirk("null-parts", ("entra-id", "okta"), "`\"$ref\": null`, `\"display\": null` in a member",
          "null is no value (RFC 7643 section 2.5)", _ENTRA),
    Quirk("element-made", ("entra-id",), "replace `emails[type eq \"work\"].value` of somebody who has none",
          "the element that the filter describes is made; the standard would refuse", _ENTRA_ATTRIBUTES),
    Quirk("element-emptied", ("entra-id",), "remove `emails[type eq \"work\"].value`, or replace it by null or `\"\"`",
          "the element goes, with its type: an address without an address would hide the others",
          "learn.microsoft.com/entra: clear-attribute-values"),
    Quirk("several-primary", ("entra-id",), "more than one `primary: true`",
          "the last one stays primary", "github.com/pranems/SCIMServer: docs"),
    Quirk("untyped-email", ("keycloak",), "an e-mail address without `type` and `primary`",
          "kept so; it counts as `emails.primary` when there is no other", _KEYCLOAK),
    Quirk("text-in-role", ("entra-id",), "a role whose `value` is JSON in a text",
          "kept as the text that it is", _ENTRA_ATTRIBUTES),
    Quirk("password-along", ("okta", "canaille"), "a random password, or the hash of one",
          "dropped: never kept, never sent on, never answered", _OKTA),
    # Schemas and attributes
    Quirk("foreign-schema", ("entra-id", "onelogin"), "a URN in `schemas` that SCIM does not know",
          "passed over, and never answered", _ENTRA),
    Quirk("unlisted-schema", ("entra-id",), "data of an extension that `schemas` does not list",
          "kept when we know the extension", _ENTRA),
    Quirk("unknown-attribute", ("entra-id", "okta", "onelogin"), "attributes and extensions that we do not have",
          "passed over, also in a path that names its extension; a bare name that is unknown is refused",
          _ONELOGIN),
    # Groups and lives
    Quirk("members-by-value", ("entra-id", "jumpcloud", "authentik"),
          "remove `members` with those to remove as the value",
          "those alone are removed; without a value the group is emptied", _ENTRA_FLAG),
    Quirk("member-again", ("entra-id", "jumpcloud"), "a member who is in already, or out already",
          "a success that changes nothing", _JUMPCLOUD),
    Quirk("put-without-members", ("authentik", "canaille"), "PUT of a group without the key `members`",
          "the group is empty; the gates of the estate hold it when that is too many at once", _CANAILLE),
    Quirk("id-in-create", ("keycloak",), "an `id` of theirs in a POST",
          "passed over: ids are ours (RFC 7644 section 3.3)", f"{_GOLDFISH}, issue 132"),
    Quirk("create-again", ("okta", "authentik", "keycloak"), "the same POST a second time",
          "409 `uniqueness`, and no second person", _AUTHENTIK),
    Quirk("test-twice", ("jumpcloud",), "a test person and a test group, made and deleted at each test",
          "what was deleted leaves its name free", _JUMPCLOUD),
    Quirk("born-disabled", ("ping",), "people created with `active: false`",
          "kept so: they get no access", _PING),
)
# fmt: on
