"""The web server (gunicorn), with numbers that fit the database."""

import gc
import importlib
import os
import resource
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker
from sqlalchemy import text

from frontoffice import schema
from frontoffice.config import Config, ConfigError
from frontoffice.db import Database
from frontoffice.vault import Vault
from frontoffice.web import live
from frontoffice.web.app import create_app

SECONDS_TO_FINISH = 10
# How long a thread may keep Python to itself: who was given the turn to write must not wait behind one who computes.
SWITCH_SECONDS = 0.0005
CONNECTIONS_FOR_OTHERS = 25  # the worker, the command line, backups
FEWEST_CONNECTIONS, MOST_CONNECTIONS = 2, 20  # of a web process for reading, and again for writing
SQLITE_CONNECTIONS = 100  # files that are open, no more
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own


def processes_for(config: Config, cores: int) -> int:
    """How many web processes to run. Raises ConfigError for a number that the database cannot stand.

    On SQLite it is always one: its writers queue up in order inside the process, while SQLite's own waiting between
    processes is unfair.
    """
    sqlite = config.database.url.startswith("sqlite")
    if sqlite and config.web.processes > 1:
        raise ConfigError("web.processes: SQLite serves one web process; use PostgreSQL for more")
    if sqlite:
        return 1
    return config.web.processes or max(2, min(cores, 8))


def pool_size_for(config: Config, processes: int, allowed: int) -> int:
    """How many connections a web process may have for reading, and again for writing, of `allowed` for all of them.

    Raises ConfigError where there are too few to go round. A connection of each process listens for events.
    """
    each = (allowed // processes - 1) // 2
    if each < FEWEST_CONNECTIONS:
        raise ConfigError(
            f"database.connections: {allowed} are too few for {processes} web processes; allow more "
            "(max_connections of PostgreSQL), or set web.processes lower"
        )
    return min(each, config.web.threads, MOST_CONNECTIONS)


def open_database(config: Config, pool_size: int = 10) -> Database:
    """The configured database. Raises ConfigError where this version cannot work with its tables."""
    database = Database(config.database.url, Vault(config.site.secret_keys), pool_size=pool_size)
    if not schema.is_usable(database):
        raise ConfigError(_why_not(database))
    return database


def _why_not(database: Database) -> str:
    present = schema.revision(database)
    if present is not None and present > schema.head():
        return (
            f"database.url: the tables are of a newer version ({present}) that this one ({schema.head()}) cannot "
            "work with; start the newer version"
        )
    return (
        f"database.url: the tables are not those of this version ({present or 'none'} instead of {schema.head()}); "
        "run `frontoffice upgrade`"
    )


def serve(config: Config) -> None:
    """Serve until told to stop. Raises ConfigError before anything is started."""
    processes = processes_for(config, os.cpu_count() or 1)
    database = open_database(config)
    pool_size = pool_size_for(config, processes, _connections_allowed(config, database))
    database.close()
    allow_files(config.web.followers + live.SPARE_FILES)
    # Where the processes count together. It has to be known before prometheus_client is imported, so before there is
    # an application.
    with tempfile.TemporaryDirectory(prefix="frontoffice-metrics-") as folder:
        if "prometheus_client" in sys.modules:
            raise RuntimeError(
                "prometheus_client was imported too early: each process would count for itself"
            )
        os.environ[METRICS_FOLDER] = folder
        Server(config, processes, pool_size).run()


def _connections_allowed(config: Config, database: Database) -> int:
    """How many connections the web processes of this machine may have together."""
    if config.database.connections or database.is_sqlite:
        return config.database.connections or SQLITE_CONNECTIONS
    with database.read() as session:
        most, reserved = (
            int(session.scalar(text(f"SHOW {name}")) or 0)
            for name in ("max_connections", "superuser_reserved_connections")
        )
    return most - reserved - CONNECTIONS_FOR_OTHERS


class Worker(ThreadWorker):  # type: ignore[misc]
    """A web process whose application may take a connection for good: live streams need no thread that way."""

    wsgi: Any
    _application: Any = None

    def load_wsgi(self) -> None:
        """The application, and around it what lets it take connections."""
        super().load_wsgi()
        self._application = self.wsgi
        self.wsgi = _giving_connections(self.wsgi)

    def finish_request(self, connection: Any, future: Any) -> None:
        """As gunicorn's, but a connection that was taken is neither kept nor closed."""
        if connection.sock.fileno() < 0:
            self.nr_conns -= 1
            return
        super().finish_request(connection, future)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM: ends the live streams too. In a thread of its own: a signal's handler must not wait for locks."""
        if self._application is not None:
            threading.Thread(target=live.stop, args=(self._application,)).start()
        super().handle_exit(sig, frame)


def _giving_connections(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    def called(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        connection: socket.socket = environ["gunicorn.socket"]
        environ[live.TAKE_CONNECTION] = lambda: socket.socket(fileno=connection.detach())
        return application(environ, start_response)

    return called


def allow_files(wanted: int) -> None:
    """Let this process and its children open so many files, as far as the system allows: each follower is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Log(Logger):  # type: ignore[misc]
    """What gunicorn has to say goes where all else goes, and says as little about visitors."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn. The handler is the one that `logs.configure` has set up."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def warning(self, msg: Any, *args: Any, **more: Any) -> None:
        """Called by gunicorn. Of a request that it cannot read it would tell the address and the text."""
        super().warning(str(msg).partition(" from ip=")[0], *args, **more)


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn without its command line; each process makes its own application and its own connections."""

    def __init__(self, config: Config, processes: int, pool_size: int) -> None:
        self._config = config
        self._processes = processes
        self._pool_size = pool_size
        super().__init__()

    def load_config(self) -> None:
        web = self._config.web
        settings: dict[str, Any] = {
            "bind": f"{web.host}:{web.port}",
            "workers": self._processes,
            "worker_class": Worker,
            "threads": web.threads,
            "graceful_timeout": SECONDS_TO_FINISH,
            "timeout": 60,
            "keepalive": 5,
            "proc_name": "frontoffice",
            "loglevel": "warning",
            "control_socket_disable": True,
            "logger_class": Log,
            "child_exit": _forget_process,
        }
        for key, value in settings.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        sys.setswitchinterval(SWITCH_SECONDS)
        database = open_database(self._config, self._pool_size)
        app = create_app(self._config, database)
        watch = importlib.import_module("frontoffice.web.watch")
        watch.sample(app, database, live.followers)
        # What is there now stays as long as the process: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        return app


def _forget_process(_server: object, worker: Worker) -> None:
    """What a process that has ended had open at that moment counts no more; what it has counted stays."""
    if METRICS_FOLDER in os.environ:  # a server that `serve` has not started counts in each process alone
        importlib.import_module("prometheus_client.multiprocess").mark_process_dead(worker.pid)
