"""What reading a row costs with FastAPI alone: no token, no grant, no tag, no limit, no log. The measure of `bench.sharing`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, Response


@asynccontextmanager
async def _pool(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=8) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_pool)


@app.get("/licences/{number:path}")
async def read(number: str) -> Response:
    """The row as JSON, as PostgreSQL writes it."""
    statement = "select doc::text from shared_record where dataset = 'licences' and key = $1"
    return Response(await app.state.pool.fetchval(statement, number), media_type="application/json")
