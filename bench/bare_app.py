"""A bare handler that does what no durable SCIM server can avoid, and nothing else: the limit to be held against.

A create is parsed, stored with its audit entry and its mark in one transaction, and answered; there is no schema, no
authentication, no error form. Runs as: DSN=... uvicorn bare_app:app
"""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from psycopg import AsyncConnection, errors
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TABLES = """
CREATE TABLE IF NOT EXISTS person (id uuid PRIMARY KEY, name text NOT NULL UNIQUE, document jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, document jsonb NOT NULL);
CREATE TABLE IF NOT EXISTS mark (person uuid PRIMARY KEY);
"""


async def _configure(connection: AsyncConnection) -> None:
    connection.prepare_threshold = 0


pool = AsyncConnectionPool(os.environ["DSN"], min_size=8, max_size=8, open=False, configure=_configure)


def _answer(document: object, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, media_type="application/scim+json")


async def create(request: Request) -> Response:
    """Store one person: three inserts, one transaction, one round of the pipeline."""
    document = orjson.loads(await request.body())
    name = document.get("userName")
    if not isinstance(name, str):
        return Response(status_code=400)
    key = uuid.uuid4()
    entry = orjson.dumps({"what": "created", "id": str(key)}).decode()
    text = orjson.dumps(document).decode()
    try:
        async with pool.connection() as connection, connection.pipeline():
            await connection.execute("INSERT INTO person VALUES (%s, %s, %s)", (key, name.lower(), text))
            await connection.execute("INSERT INTO entry (document) VALUES (%s)", (entry,))
            await connection.execute("INSERT INTO mark VALUES (%s) ON CONFLICT DO NOTHING", (key,))
    except errors.UniqueViolation:
        return Response(status_code=409)
    return _answer({**document, "id": str(key), "meta": {"resourceType": "User"}}, 201)


async def read(request: Request) -> Response:
    """Answer one person by id."""
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT document FROM person WHERE id = %s", (request.path_params["id"],))
        row = await cursor.fetchone()
    return _answer({**row[0], "id": request.path_params["id"]}) if row else Response(status_code=404)


async def find(request: Request) -> Response:
    """Answer the person whose userName the filter names."""
    name = request.query_params["filter"].split('"')[1].lower()
    async with pool.connection() as connection:
        cursor = await connection.execute("SELECT id, document FROM person WHERE name = %s", (name,))
        rows = await cursor.fetchall()
    return _answer({"totalResults": len(rows), "Resources": [{**row, "id": str(key)} for key, row in rows]})


@asynccontextmanager
async def _life(_: Starlette) -> AsyncIterator[None]:
    await pool.open(wait=True)
    async with pool.connection() as connection:
        await connection.execute(TABLES, prepare=False)
    yield
    await pool.close()


app = Starlette(
    routes=[
        Route("/Users", create, methods=["POST"]),
        Route("/Users", find, methods=["GET"]),
        Route("/Users/{id}", read),
    ],
    lifespan=_life,
)
