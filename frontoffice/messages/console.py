"""A provider for demonstrations: takes everything, nothing leaves. The inbox page shows what would arrive."""

from collections.abc import Sequence

import structlog

from frontoffice.messages.models import Medium
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Sighting
from frontoffice.messages.segments import segments

log = structlog.get_logger(__name__)


class Console:
    """Writes a line to the log for every message, without its address and contents."""

    name = "console"

    def __init__(self, medium: Medium) -> None:
        self._medium = medium

    def send(self, outgoing: Outgoing) -> Outcome:
        """Take the message."""
        parts = segments(outgoing.text) if self._medium is Medium.SMS else None
        log.info("console.message", medium=self._medium, language=outgoing.language, segments=parts)
        return Accepted(status="console")

    def find(self, _to: str, /) -> Sequence[Sighting] | None:
        """None: nothing left, so nothing is done twice."""
        return None
