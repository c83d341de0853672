"""Which rows a delivery had: noted on the disk, so that memory does not grow with the delivery."""

import hashlib
import secrets
import sqlite3

from frontoffice.documents.reading import Row


class Seen:
    """Which rows a delivery had: a temporary database of its own, which SQLite deletes when it is closed."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def __enter__(self) -> "Seen":
        self._database = sqlite3.connect("", isolation_level=None)
        for pragma in ("cache_size=-16384", "journal_mode=OFF", "synchronous=OFF"):
            self._database.execute(f"PRAGMA {pragma}")
        self._database.execute(
            "CREATE TABLE seen (name BLOB PRIMARY KEY, said BLOB, line INTEGER) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, digest: str, row: Row) -> int | None:
        """None the first time; else the line where the id stood before, or -1 where that said the same."""
        said = hashlib.blake2b(
            repr(sorted(row.values.items())).encode(), key=self._key, digest_size=12
        ).digest()
        name = _short(digest)
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (name, said, row.line))
        if added.rowcount:
            return None
        found = self._database.execute("SELECT said, line FROM seen WHERE name = ?", (name,)).fetchone()
        return -1 if found[0] == said else int(found[1])

    def has(self, digest: str) -> bool:
        """Whether a row with this digest was there."""
        return (
            self._database.execute("SELECT 1 FROM seen WHERE name = ?", (_short(digest),)).fetchone()
            is not None
        )


def _short(digest: str) -> bytes:
    return bytes.fromhex(digest)[:16]
