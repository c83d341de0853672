"""What calling is compared with: a bare Flask route that takes one waiting row, whichever no other has just locked.

    python -m benchmarks.line_reference CONFIG      (the same configuration file as the application's)

On PostgreSQL one UPDATE with SKIP LOCKED; on SQLite one UPDATE in its turn. The other routes are those of `reference`.
"""

import threading
from typing import Any

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from benchmarks import reference
from frontoffice.db import Turns

_FIRST = "SELECT id FROM plain_line WHERE state = 'waiting' ORDER BY arrived LIMIT 1"
_TAKE = "UPDATE plain_line SET state = 'called', counter = {mark} WHERE id = ({first}) RETURNING number"


def prepare(url: str, waiting: int) -> None:
    """Make the table, empty; and put so many in line."""
    connection = reference.connect(url)
    number = "INTEGER PRIMARY KEY" if _is_sqlite(url) else "bigserial PRIMARY KEY"
    connection.execute(
        f"CREATE TABLE plain_line (id {number}, number text, state text, counter integer, arrived integer)"
    )
    connection.execute("CREATE INDEX plain_line_state ON plain_line (state, arrived)")
    connection.commit()
    connection.close()
    fill(url, waiting)


def fill(url: str, waiting: int) -> None:
    """Let nobody be called, and so many wait."""
    connection = reference.connect(url)
    cursor = connection.cursor()
    mark = "?" if _is_sqlite(url) else "%s"
    cursor.execute("BEGIN IMMEDIATE" if _is_sqlite(url) else "SELECT 1")
    cursor.execute("UPDATE plain_line SET state = 'done' WHERE state <> 'done'")
    cursor.executemany(
        f"INSERT INTO plain_line (number, state, arrived) VALUES ({mark}, 'waiting', {mark})",  # noqa: S608 (marks)
        [(f"A{number:03d}", number) for number in range(waiting)],
    )
    connection.commit()
    connection.close()


def create_app(url: str) -> Flask:
    """The route beside the others."""
    app = reference.create_app(url)
    kept = threading.local()
    is_sqlite = _is_sqlite(url)
    first = _FIRST if is_sqlite else f"{_FIRST} FOR UPDATE SKIP LOCKED"
    take = _TAKE.format(mark="?" if is_sqlite else "%s", first=first)
    turns = Turns()

    def connection() -> Any:
        if not hasattr(kept, "connection"):
            kept.connection = reference.connect(url)
            if not is_sqlite:
                kept.connection.autocommit = True
        return kept.connection

    @app.post("/counters/<int:counter>/call-next")
    def call_next(counter: int) -> ResponseReturnValue:
        if is_sqlite:
            with turns:
                connection().execute("BEGIN IMMEDIATE")
                found = connection().execute(take, (counter,)).fetchone()
                connection().commit()
        else:
            with connection().transaction():
                found = connection().execute(take, (counter,)).fetchone()
        return jsonify({"ticket": found[0] if found else None})

    return app


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


if __name__ == "__main__":
    reference.serve(create_app)
