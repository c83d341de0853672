"""What the log looks like: one line of JSON an event, to standard error, without personal data.

Call sites name an event and give it codes and ids; addresses, names, request bodies and links are never logged. What
libraries log is shortened to what cannot be about anybody: their text as it stands in their source, and numbers.
"""

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(level: str = "info", to: TextIO = sys.stderr) -> None:
    """Write structlog's and the standard library's records as JSON lines, from `level` on.

    Of libraries only warnings and errors: what they say below that is for their own developers.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(to),
    )
    handler = logging.StreamHandler(to)
    handler.setFormatter(Shortened())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class Shortened(logging.Formatter):
    """A library's record as a line of JSON; of what it filled in only numbers, and nothing of what an error says."""

    def format(self, record: logging.LogRecord) -> str:
        """Called by the standard library."""
        event: dict[str, Any] = {
            "event": _text(record),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        if record.exc_info and record.exc_info[0]:
            event["exception"] = [_exception(record.exc_info[0], record.exc_info[2])]
        return json.dumps(event, ensure_ascii=False)


def _text(record: logging.LogRecord) -> str:
    if not isinstance(record.msg, str):
        return type(record.msg).__name__  # an error that was logged in place of a text
    if not isinstance(record.args, tuple) or not record.args:
        return record.msg
    try:
        return record.msg % tuple(each if isinstance(each, int | float) else "…" for each in record.args)
    except (TypeError, ValueError):
        return record.msg


def _where(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What kind of error it was, and where. Not its text, and no variables: both may be about people."""
    if event.pop("exc_info", None):
        kind, _error, trace = sys.exc_info()
        event["exception"] = [_exception(kind, trace)]
    return event


def _exception(kind: type[BaseException] | None, trace: TracebackType | None) -> dict[str, Any]:
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
    return {"type": kind.__name__ if kind else "?", "places": places}
