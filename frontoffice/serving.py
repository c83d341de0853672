"""The web server (gunicorn), with numbers that fit the database."""

import os
import threading
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from frontoffice import schema
from frontoffice.config import Config, ConfigError
from frontoffice.db import Database
from frontoffice.vault import Vault
from frontoffice.web import live
from frontoffice.web.app import create_app

SECONDS_TO_FINISH = 10


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


def open_database(config: Config) -> Database:
    """The configured database. Raises ConfigError where its tables are not those of this version."""
    database = Database(
        config.database.url, Vault(config.site.secret_keys), pool_size=min(config.web.threads, 20)
    )
    if not schema.is_current(database):
        raise ConfigError("database.url: the tables are not those of this version; run `frontoffice upgrade`")
    return database


def serve(config: Config) -> None:
    """Serve until told to stop. Raises ConfigError before anything is started."""
    processes = processes_for(config, os.cpu_count() or 1)
    open_database(config).close()
    _Server(config, processes).run()


class Worker(ThreadWorker):  # type: ignore[misc]
    """A web process that, told to stop, ends the live streams: they would never finish by themselves."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM. In a thread of its own: a signal's handler must not wait for locks."""
        threading.Thread(target=live.stop, args=(self.wsgi,)).start()
        super().handle_exit(sig, frame)


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn without its command line; each process makes its own application and its own connections."""

    def __init__(self, config: Config, processes: int) -> None:
        self._config = config
        self._processes = processes
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
        }
        for key, value in settings.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        return create_app(self._config, open_database(self._config))
