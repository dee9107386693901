"""POST /register: bcrypt on the event loop, a row in PostgreSQL, an account of the stand-in for KillBill.

The environment has DATABASE, KILLBILL, POOL (connections) and ROUNDS (of bcrypt).
"""

import contextlib
import os
import uuid

import asyncpg
import bcrypt
import fastapi
import httpx
import pydantic

ROUNDS = int(os.environ["ROUNDS"])
TABLE = "CREATE TABLE IF NOT EXISTS users (id uuid PRIMARY KEY, email text NOT NULL, password bytea NOT NULL)"


class Registration(pydantic.BaseModel):
    email: str
    password: str


@contextlib.asynccontextmanager
async def lifespan(app):
    pool = int(os.environ["POOL"])
    async with (
        asyncpg.create_pool(os.environ["DATABASE"], min_size=pool, max_size=pool) as app.state.pool,
        httpx.AsyncClient(base_url=os.environ["KILLBILL"], timeout=30) as app.state.killbill,
    ):
        async with app.state.pool.acquire() as connection:
            await connection.execute(TABLE)
        yield


app = fastapi.FastAPI(lifespan=lifespan)


@app.post("/register")
async def register(registration: Registration):
    password = bcrypt.hashpw(registration.password.encode(), bcrypt.gensalt(ROUNDS))
    user = uuid.uuid4()
    async with app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute("INSERT INTO users VALUES ($1, $2, $3)", user, registration.email, password)
    answer = await app.state.killbill.post("/accounts", json={"externalKey": str(user)})
    answer.raise_for_status()
    return {"id": str(user)}


@app.get("/health")
async def health():
    return {}
