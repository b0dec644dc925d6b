"""The errors of the SCIM door, in the one form that identity providers can read."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/scim+json"
_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """An answer that is an error (RFC 7644 section 3.12); `detail` is a sentence that says what to do."""

    def __init__(
        self, status: int, detail: str, scim_type: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """`status` is the HTTP status, `scim_type` one of the words of RFC 7644 table 9."""
        super().__init__(detail)
        self.status, self.detail, self.scim_type, self.headers = status, detail, scim_type, headers


def invalid_value(detail: str) -> ScimError:
    """A value that the attribute cannot have."""
    return ScimError(400, detail, "invalidValue")


def invalid_filter(detail: str) -> ScimError:
    """A filter that cannot be read, or that asks for what cannot be compared."""
    return ScimError(400, detail, "invalidFilter")


def invalid_path(detail: str) -> ScimError:
    """A PATCH path that cannot be read or names nothing."""
    return ScimError(400, detail, "invalidPath")


def invalid_syntax(detail: str) -> ScimError:
    """A body that is not what the request needs."""
    return ScimError(400, detail, "invalidSyntax")


def no_target(detail: str) -> ScimError:
    """A PATCH path that selects nothing."""
    return ScimError(400, detail, "noTarget")


def mutability(detail: str) -> ScimError:
    """An attempt to change or remove what must not be."""
    return ScimError(400, detail, "mutability")


def not_found(kind: str, key: str) -> ScimError:
    """No such resource."""
    return ScimError(404, f"There is no {kind} with the id {key[:100]!r}.")


def response(error: ScimError) -> Response:
    """The error as an HTTP answer: `status` is text, and the schemas list holds the error schema alone."""
    body: dict[str, object] = {"schemas": [_SCHEMA], "status": str(error.status), "detail": error.detail}
    if error.scim_type:
        body["scimType"] = error.scim_type
    return Response(orjson.dumps(body), error.status, error.headers, MEDIA_TYPE)
