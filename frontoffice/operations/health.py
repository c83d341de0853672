"""Whether an installation can serve: what load balancers, containers and people on call ask."""

import socket
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from frontoffice import pulse, schema
from frontoffice.db import Database
from frontoffice.messages import condition


def machine() -> str:
    """The name of this machine or container."""
    return socket.gethostname()[:40]


@dataclass(frozen=True, slots=True)
class Ready:
    """Whether requests can be answered: the database can be reached, and its tables are ones this version can use."""

    database: bool
    tables: bool

    def __bool__(self) -> bool:
        return self.database and self.tables


def ready(database: Database) -> Ready:
    """Look now."""
    try:
        return Ready(database=True, tables=schema.is_usable(database))
    except SQLAlchemyError:
        return Ready(database=False, tables=False)


def details(database: Database, now: datetime) -> dict[str, Any]:
    """The same with what helps to find out why, for those who may know: JSON, times in seconds."""
    look = ready(database)
    told: dict[str, Any] = {"ready": bool(look), **asdict(look)}
    if not look:
        return told
    with database.read() as session:
        beat = pulse.last_beat(session)
        told |= {
            "tables_at": schema.revision(database),
            "workers": len(pulse.alive(session, now)),
            "last_worker_seconds_ago": (now - beat).total_seconds() if beat else None,
            "messages_due": {
                queue.medium: {"number": queue.due, "oldest_seconds": queue.age.total_seconds()}
                for queue in condition.queues(session, now)
            },
        }
    return told


def worker_alive(database: Database, now: datetime) -> bool:
    """Whether a worker of this machine (or container) was heard of lately."""
    with database.read() as session:
        return bool(pulse.alive(session, now, machine()))
