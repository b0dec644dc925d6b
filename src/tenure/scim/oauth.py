"""The token endpoint of a source: an OAuth client shows its secret there, and gets a short-lived access token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, unquote_plus

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tenure.engine.delivery import PushSource
from tenure.model.access import Credential, CredentialKind
from tenure.model.secret import Secret
from tenure.scim.call import caller, has_secret_in_address, read_body
from tenure.scim.doorkeeper import BASIC_CHALLENGE, Doorkeeper
from tenure.scim.errors import ScimError
from tenure.scim.tokens import access_token, basic

LIFETIME = timedelta(hours=1)
LONGEST_FORM = 16 * 1024
_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM = "application/x-www-form-urlencoded"
_NAMES = {401: "invalid_client", 429: "temporarily_unavailable"}
"""What our refusals are called in OAuth's words; any other is `invalid_request`."""


class _Refused(Exception):
    """An error answer of the token endpoint (RFC 6749 section 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


async def token(request: Request, source: PushSource, doorkeeper: Doorkeeper) -> Response:
    """POST /scim/<source>/oauth2/token (RFC 6749 sections 3.2 and 4.4).

    There are no scopes: a token opens its source's door, whatever scope was asked for.
    """
    if request.method != "POST":
        return _error(405, "invalid_request", "The token endpoint takes POST alone.", {"Allow": "POST"})
    try:
        form = await _form(request)
        if not form.get("grant_type"):
            raise _Refused("invalid_request", "grant_type is missing; it is client_credentials here.")
        offer, known = await doorkeeper.admit(source, _offers(request, form), caller(request))
        if form["grant_type"] != "client_credentials":
            raise _Refused("unsupported_grant_type", "The grant type here is client_credentials.")
    except _Refused as refused:
        return _error(400, refused.error, refused.description)
    except ScimError as error:
        headers = {"WWW-Authenticate": BASIC_CHALLENGE} if error.status == 401 else error.headers or {}
        return _error(error.status, _NAMES.get(error.status, "invalid_request"), error.detail, headers)
    now = doorkeeper.clock.now()
    ends_at = now + LIFETIME if known.expires_at is None else min(now + LIFETIME, known.expires_at)
    body = {
        "access_token": access_token(offer, known, ends_at),
        "token_type": "Bearer",
        "expires_in": int((ends_at - now).total_seconds()),
    }
    return Response(orjson.dumps(body), 200, _NOT_KEPT, "application/json")


async def _form(request: Request) -> Mapping[str, str]:
    """The parameters in the body, of which each may be there once; an empty one is as none (section 3.2)."""
    if has_secret_in_address(request):
        raise _Refused("invalid_request", "A secret does not belong in the address; send it in a header or the body.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _Refused("invalid_request", f"The body has to be {_FORM}.")
    raw = await read_body(request, LONGEST_FORM)
    pairs = [pair for pair in parse_qsl(raw.decode("utf-8", "replace")) if pair[1]]
    form = dict(pairs)
    if len(form) < len(pairs):
        raise _Refused("invalid_request", "A parameter is there twice; send each once.")
    return form


def _offers(request: Request, form: Mapping[str, str]) -> tuple[Credential, ...]:
    """What the client offers, in a header or in the body (RFC 6749 section 2.3.1); nothing when it offers nothing.

    In a header, id and secret are form-encoded; many clients leave that out, so either reading counts.
    """
    header, login, secret = request.headers.get("authorization"), form.get("client_id"), form.get("client_secret")
    if not header:
        return (_client(login, secret),) if login and secret else ()
    if secret is not None:
        raise _Refused("invalid_request", "The secret came in a header and in the body; send it once.")
    scheme, _, rest = header.strip().partition(" ")
    pair = basic(rest) if scheme.lower() == "basic" else None
    if pair is None:
        return ()
    both = (_client(unquote_plus(pair[0]), unquote_plus(pair[1])), _client(*pair))
    if login is not None and login not in (both[0].login, both[1].login):
        raise _Refused("invalid_request", "client_id in the body is another one than in the header.")
    return tuple(dict.fromkeys(both))


def _client(login: str, secret: str) -> Credential:
    return Credential(CredentialKind.CLIENT, Secret(secret), login)


def _error(status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"error": error, "error_description": description}
    return Response(orjson.dumps(body), status, {**_NOT_KEPT, **(headers or {})}, "application/json")
