"""Serves the application with gunicorn: one process, because a device has one delivery thread."""

from pathlib import Path

from flask import Flask
from gunicorn.app.base import BaseApplication

from kiosk.device import Kiosk
from kiosk.logs import Log
from kiosk.settings import DataDirectory
from kiosk.web import create_app


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The running kiosk."""

    def __init__(self, data: Path, host: str, port: int, patience: float) -> None:
        self._data = data
        self._patience = patience
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn; nothing is read from its own files or environment."""
        for name, value in {
            "bind": self._address,
            "workers": 1,
            "worker_class": "gthread",
            "threads": 8,
            "graceful_timeout": 5,
            "control_socket_disable": True,
            "loglevel": "warning",
            "logger_class": Log,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Called by gunicorn in the process that serves, where the threads have to live."""
        kiosk = Kiosk(DataDirectory(self._data), self._patience)
        kiosk.start()
        return create_app(kiosk)
