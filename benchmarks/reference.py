"""What ours is compared with: a bare Flask application beside it, under the same server settings.

Three routes: a constant; one indexed SELECT; one INSERT and COMMIT. The last two exist twice: with SQLAlchemy, as any
route of a Flask application on this stack would be written; and with the database's bare driver, a connection per
thread, which is the most that Python can get out of the machine.

    python -m benchmarks.reference CONFIG      (the same configuration file as the application's)
"""

import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from frontoffice import config, serving
from frontoffice.config import Config
from frontoffice.db import SQLITE_PRAGMAS, Database, Turns
from frontoffice.vault import Vault

ROWS = 100_000


class Base(DeclarativeBase):
    """Not the application's own: the table is none of its tables."""


class Plain(Base):
    """The table of the reference."""

    __tablename__ = "plain"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    amount: Mapped[int]


def prepare(url: str) -> None:
    """Make the table, with rows to be found."""
    connection = connect(url)
    is_sqlite = isinstance(connection, sqlite3.Connection)
    number = "INTEGER PRIMARY KEY" if is_sqlite else "bigserial PRIMARY KEY"
    connection.execute(f"CREATE TABLE plain (id {number}, code text UNIQUE, name text, amount integer)")
    cursor = connection.cursor()
    mark = "?" if is_sqlite else "%s"
    cursor.executemany(
        f"INSERT INTO plain (code, name, amount) VALUES ({mark}, {mark}, {mark})",  # noqa: S608 (marks)
        ((f"code-{number}", "Maria Muster", number) for number in range(ROWS)),
    )
    connection.commit()
    connection.execute("ANALYZE plain")
    connection.commit()
    connection.close()


def create_app(url: str) -> Flask:
    """The routes."""
    app = Flask("reference")
    database = Database(_beside(url), Vault(["a reference keeps no secrets, but needs a key"]), pool_size=6)

    @app.get("/constant")
    def constant() -> ResponseReturnValue:
        return jsonify({"answer": "constant"})

    @app.get("/row/<code>")
    def row(code: str) -> ResponseReturnValue:
        with database.read() as session:
            found = session.scalars(select(Plain).where(Plain.code == code)).one()
            return jsonify(id=found.id, code=found.code, name=found.name, amount=found.amount)

    @app.post("/rows")
    def insert() -> ResponseReturnValue:
        body = request.get_json()
        with database.write() as session:
            session.add(Plain(code=body["code"], name=body["name"], amount=body["amount"]))
        return jsonify({"code": body["code"]}), 201

    _add_bare_routes(app, url)
    return app


def _add_bare_routes(app: Flask, url: str) -> None:
    kept = threading.local()
    is_sqlite = url.startswith("sqlite")
    mark = "?" if is_sqlite else "%s"
    find = f"SELECT id, code, name, amount FROM plain WHERE code = {mark}"  # noqa: S608 (marks)
    add = f"INSERT INTO plain (code, name, amount) VALUES ({mark}, {mark}, {mark})"  # noqa: S608 (marks)
    turns = Turns()

    def connection() -> Any:
        if not hasattr(kept, "connection"):
            kept.connection = connect(url)
            if not is_sqlite:
                kept.connection.autocommit = True
        return kept.connection

    @app.get("/bare/row/<code>")
    def bare_row(code: str) -> ResponseReturnValue:
        found = connection().execute(find, (code,)).fetchone()
        return jsonify(dict(zip(("id", "code", "name", "amount"), found, strict=True)))

    @app.post("/bare/rows")
    def bare_insert() -> ResponseReturnValue:
        body = request.get_json()
        values = (body["code"], body["name"], body["amount"])
        if is_sqlite:
            with turns:  # without it some writers wait for seconds
                connection().execute("BEGIN IMMEDIATE")
                connection().execute(add, values)
                connection().commit()
        else:
            with connection().transaction():
                connection().execute(add, values)
        return jsonify({"code": body["code"]}), 201


def _beside(url: str) -> str:
    """The reference's database: on SQLite a file of its own, so that it has a queue of writers of its own."""
    return f"{url}-reference" if url.startswith("sqlite") else url


def connect(url: str) -> Any:
    """A connection of the driver, durable like the application's own."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(make_url(_beside(url)).database), isolation_level=None)
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection
    return psycopg.connect(url)


class _Reference(serving.Server):
    def __init__(self, settings: Config, processes: int, make: Callable[[str], Flask]) -> None:
        super().__init__(settings, processes, pool_size=0)
        self._url = settings.database.url
        self._make = make

    def load(self) -> Flask:
        return self._make(self._url)


def serve(make: Callable[[str], Flask]) -> None:
    """Serve what `make` makes for the database of the configuration file that the command line names."""
    settings = config.load(Path(sys.argv[1]))
    _Reference(settings, serving.processes_for(settings, 2), make).run()


if __name__ == "__main__":
    serve(create_app)
