"""What the program writes to its log: what went wrong and where, and nothing about a visitor.

Of an error only its kind and the places in the source: its text may quote an address, and the address of a ticket is a
secret. What libraries say is cut to their own words and numbers, for the same reason.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any, TextIO

from gunicorn.glogging import Logger


def configure(to: TextIO | None = None) -> None:
    """Write warnings and errors, to standard error unless said otherwise."""
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(Shortened("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class Shortened(logging.Formatter):
    """A line for each record, and for an error its kind and places."""

    def format(self, record: logging.LogRecord) -> str:
        """Called by the standard library. The record itself stays as it is, for other handlers."""
        copy = logging.makeLogRecord(record.__dict__)
        if not record.name.startswith("kiosk"):
            copy.msg, copy.args = _own_words(record), None
        copy.exc_text = copy.stack_info = None
        return super().format(copy)

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the standard library's name
        """Called by the standard library."""
        kind: type[BaseException] | None = ei[0]
        trace: TracebackType | None = ei[2]
        places = (f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace))
        return "\n".join([kind.__name__ if kind else "?", *places])


def _own_words(record: logging.LogRecord) -> str:
    if not isinstance(record.msg, str):
        return type(record.msg).__name__  # an error that was logged in place of a text
    if not isinstance(record.args, tuple) or not record.args:
        return record.msg
    try:
        return record.msg % tuple(each if isinstance(each, int | float) else "…" for each in record.args)
    except (TypeError, ValueError):
        return record.msg


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """What gunicorn has to say goes where all else goes."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn. The handler is the one that `configure` has set up."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True

    def warning(self, msg: Any, *args: Any, **more: Any) -> None:
        """Called by gunicorn. Of a request that it cannot read it would tell the address and the text."""
        super().warning(str(msg).partition(" from ip=")[0], *args, **more)
