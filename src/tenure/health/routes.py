"""`/metrics` and `/readyz`: open to whoever reaches them, and without the name of any person."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenure.health.metrics import Metrics
from tenure.health.ready import Pulse, as_json, readiness
from tenure.store.database import Database

_FRESH = {"Cache-Control": "no-store"}


def build(database: Database, metrics: Metrics, pulse: Pulse) -> list[Route]:
    """The routes, to be mounted at the root of the site."""

    async def numbers(request: Request) -> Response:
        body, media_type = await metrics.exposition(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": media_type, **_FRESH})

    async def readyz(request: Request) -> Response:
        told = as_json(await readiness(database, pulse))
        return JSONResponse(told, 200 if told["ready"] else 503, _FRESH)

    return [Route("/metrics", numbers), Route("/readyz", readyz)]
