"""The errors of the SCIM door, in the one form that identity providers can read."""

from __future__ import annotations

import traceback
from collections.abc import Mapping

import orjson
import structlog
from starlette.responses import Response

from tenure.store.database import DatabaseAway

MEDIA_TYPE = "application/scim+json"
_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error"

_log = structlog.get_logger(__name__)


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


def told(problem: Exception, method: str) -> ScimError:
    """What the caller is told of whatever ended a request; what is no ScimError yet is logged."""
    if isinstance(problem, ScimError):
        return problem
    if isinstance(problem, DatabaseAway):
        _log.error("scim.database", problem=type(problem).__name__)
        return ScimError(503, "The database is busy or away; try again.", headers={"Retry-After": "5"})
    where = "".join(traceback.format_tb(problem.__traceback__))  # without its message, which may hold personal values
    _log.error("scim.failed", method=method, problem=type(problem).__name__, where=where)
    return ScimError(500, "Something went wrong here; it has been logged.")


def document(error: ScimError) -> dict[str, object]:
    """The error as JSON: `status` is text, and the schemas list holds the error schema alone."""
    body: dict[str, object] = {"schemas": [_SCHEMA], "status": str(error.status), "detail": error.detail}
    if error.scim_type:
        body["scimType"] = error.scim_type
    return body


def response(error: ScimError) -> Response:
    """The error as an HTTP answer."""
    return Response(orjson.dumps(document(error)), error.status, error.headers, MEDIA_TYPE)
