"""SMS through seven.io, a German provider: a second way for texts to leave, and all there is to know about it.

https://docs.seven.io: it has no idempotency key either, but keeps a `foreign_id` of ours with each message, so that an
attempt is found again by its own name. Requests are made with `requests`; nothing they say is logged, it holds numbers.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from frontoffice import clock as clocks
from frontoffice.config import Seven
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import (
    Accepted,
    Knock,
    LockedOutError,
    NotSignedError,
    Outcome,
    Outgoing,
    Refused,
    Reply,
    Report,
    Sighting,
    UnreachableError,
)
from frontoffice.messages.timing import Timing

BASE_URL = "https://gateway.seven.io"
CLOCKS = ZoneInfo("Europe/Berlin")  # what the times in its logbook are in
FRESH = timedelta(minutes=10)  # a signed request that is older is a copy of one
LATEST = 100
SHORTEST_TTL, LONGEST_TTL = 1, 2880  # minutes

_CODES = {
    "201": Meaning.STOP,  # our sender is not valid
    "202": Meaning.DEAD,  # the number is not valid
    "305": Meaning.DEAD,  # the text is not valid
    "401": Meaning.DEAD,  # the text is too long
    "402": Meaning.UNKNOWN,  # the same text went there a moment ago
    "403": Meaning.DEAD,  # too many for this number today
    "500": Meaning.STOP,  # no credit left
    "600": Meaning.UNKNOWN,  # failed while sending
    "900": Meaning.STOP,  # credentials
    "901": Meaning.STOP,  # signature
    "902": Meaning.STOP,  # this key may not send
    "903": Meaning.STOP,  # our address is not among those permitted
}

# Its words in those of `outcomes.STATES`, and what to do about a failure.
_STATES = {
    "ACCEPTED": ("accepted", Meaning.DEAD),
    "BUFFERED": ("sending", Meaning.DEAD),
    "TRANSMITTED": ("sent", Meaning.DEAD),
    "DELIVERED": ("delivered", Meaning.DEAD),
    "NOTDELIVERED": ("undelivered", Meaning.RETRY),
    "EXPIRED": ("undelivered", Meaning.DEAD),
    "FAILED": ("failed", Meaning.DEAD),
    "REJECTED": ("failed", Meaning.DEAD),
}


class SevenSms:
    """The account of the configuration as a provider."""

    name = "seven"

    def __init__(
        self,
        settings: Seven,
        timing: Timing,
        clock: Callable[[], datetime] = clocks.now,
        public_url: str = "",
    ) -> None:
        self._settings = settings
        self._mark = _mark(public_url)
        self._base_url = settings.base_url or BASE_URL
        self._timeout = (timing.connect.total_seconds(), timing.answer.total_seconds())
        self._clock = clock
        # Its debug lines hold the whole query.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._session = requests.Session()
        self._session.headers["X-Api-Key"] = settings.api_key

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one SMS; anything but a clear answer is UNKNOWN."""
        minutes = int(outgoing.valid_for.total_seconds() // 60)
        content = {
            "to": outgoing.to,
            "text": outgoing.text,
            "from": self._settings.sender,
            "ttl": min(max(minutes, SHORTEST_TTL), LONGEST_TTL),
            "foreign_id": f"{self._mark}{outgoing.tag.replace('/', '-')}",
        }
        try:
            answer = self._session.post(f"{self._base_url}/api/sms", json=content, timeout=self._timeout)
        except requests.RequestException as error:
            meaning = Meaning.LATER if _never_connected(error) else Meaning.UNKNOWN
            return Refused(meaning, type(error).__name__)
        if answer.status_code == 429:
            return Refused(Meaning.LATER, "429", _asked_to_wait(answer))
        if answer.status_code in (401, 403):
            return Refused(Meaning.STOP, str(answer.status_code))
        if not answer.ok:
            return Refused(Meaning.UNKNOWN, str(answer.status_code))
        return _outcome(answer)

    def find(self, to: str, /) -> Sequence[Sighting] | None:
        """The latest messages to a number, each with our tag. Raises UnreachableError."""
        try:
            answer = self._session.get(
                f"{self._base_url}/api/journal/outbound",
                params={"to": to.removeprefix("+"), "limit": str(LATEST)},
                timeout=self._timeout,
            )
            if answer.status_code in (401, 403):
                raise LockedOutError(str(answer.status_code))
            answer.raise_for_status()
            return [_sighting(each, self._mark) for each in answer.json()]
        except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreachableError from error


class SevenEar:
    """Hears the webhooks of one account, which are signed with its signing key."""

    name = "seven"

    def __init__(
        self, signing_key: str, clock: Callable[[], datetime] | None = None, public_url: str = ""
    ) -> None:
        self._key = signing_key.encode()
        self._mark = _mark(public_url)
        self._clock = clock or clocks.now

    def report(self, knock: Knock, _tag: str | None) -> Report | None:
        """A webhook "dlr". Raises NotSignedError."""
        event, data = self._opened(knock)
        status, meaning = _STATES.get(str(data.get("status", "")).upper(), (None, Meaning.DEAD))
        if event != "dlr" or not data.get("msg_id") or status is None:
            return None
        code = str(data["status"]) if status in ("undelivered", "failed") else None
        tag = _tag_of(data.get("foreign_id"), self._mark)
        return Report(self.name, str(data["msg_id"])[:64], status, code, meaning, tag)

    def reply(self, knock: Knock) -> Reply | None:
        """A webhook "sms_mo". Raises NotSignedError."""
        event, data = self._opened(knock)
        sender = str(data.get("sender", "")).lstrip("+")
        if event != "sms_mo" or not data.get("id") or not sender.isdecimal():
            return None
        return Reply(self.name, str(data["id"])[:64], f"+{sender}", str(data.get("text", "")))

    def _opened(self, knock: Knock) -> tuple[str, dict[str, Any]]:
        stamp, nonce = knock.headers.get("x-timestamp", ""), knock.headers.get("x-nonce", "")
        digest = hashlib.md5(knock.body, usedforsecurity=False).hexdigest()
        signed = "\n".join((stamp, nonce, "POST", knock.url, digest))
        right = hmac.new(self._key, signed.encode(), "sha256").hexdigest()
        is_fresh = (
            stamp.isdecimal()
            and len(stamp) < 12
            and abs(self._clock().timestamp() - int(stamp)) <= FRESH.total_seconds()
        )
        given = knock.headers.get("x-signature", "").lower()
        if not is_fresh or not hmac.compare_digest(right.encode(), given.encode()):
            raise NotSignedError
        try:
            content = json.loads(knock.body)
            return str(content["webhook_event"]), dict(content["data"])
        except (ValueError, KeyError, TypeError):
            return "", {}


def _outcome(answer: requests.Response) -> Outcome:
    try:
        content = answer.json()
        if not isinstance(content, dict):  # an error is a bare number
            return Refused(_CODES.get(str(content), Meaning.UNKNOWN), str(content)[:40])
        [message] = content["messages"]
        if message["success"]:
            return Accepted(str(message["id"]), "accepted")
        code = str(message["error"])
        return Refused(_CODES.get(code, Meaning.DEAD), code[:40])
    except (ValueError, KeyError, TypeError) as error:
        return Refused(Meaning.UNKNOWN, type(error).__name__)


def _sighting(entry: dict[str, Any], mark: str) -> Sighting:
    created = datetime.fromisoformat(entry["timestamp"]).replace(tzinfo=CLOCKS)
    status, meaning = _STATES.get(str(entry.get("dlr") or "").upper(), ("sent", Meaning.DEAD))
    code = str(entry["dlr"]) if status in ("undelivered", "failed") else None
    tag = _tag_of(entry.get("foreign_id"), mark) or ""
    return Sighting(str(entry["id"]), created, status, code, meaning, tag)


def _mark(public_url: str) -> str:
    """How our ids begin: an account may be shared with another installation, whose messages have the same numbers."""
    return f"frontoffice-{hashlib.sha256(public_url.encode()).hexdigest()[:10]}-"


def _tag_of(foreign_id: object, mark: str) -> str | None:
    tag = str(foreign_id or "")
    return tag.removeprefix(mark).replace("-", "/") if tag.startswith(mark) else None


def _asked_to_wait(answer: requests.Response) -> timedelta | None:
    seconds = answer.headers.get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 6 else None


def _never_connected(error: requests.RequestException) -> bool:
    """Whether the request was certainly not sent."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, NewConnectionError | ConnectTimeoutError
    )
