"""SMS through Twilio; the only file that knows its client.

Nothing that Twilio or the network says is logged as it is: error texts and requests hold phone numbers.
"""

import logging
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from frontoffice import clock as clocks
from frontoffice.config import Twilio
from frontoffice.messages.outcomes import Meaning, of_delivery, of_twilio
from frontoffice.messages.provider import (
    Accepted,
    LockedOutError,
    Outcome,
    Outgoing,
    Refused,
    Sighting,
    UnreachableError,
)
from frontoffice.messages.timing import Timing

# The provider accepts 1 to 36,000 s and advises more than 5.
SHORTEST_VALIDITY, LONGEST_VALIDITY = timedelta(seconds=6), timedelta(hours=10)
# More texts than anybody gets between an attempt and the look for it.
LATEST = 100


class _Transport(TwilioHttpClient):  # type: ignore[misc]
    """The client's transport with time limits and the headers of the last answer, and without its logging."""

    def __init__(self, timing: Timing) -> None:
        super().__init__()
        # The base class takes one number only, but hands on what it finds here to requests.
        self.timeout = (timing.connect.total_seconds(), timing.answer.total_seconds())
        self._last = threading.local()

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the last answer in this thread."""
        return getattr(self._last, "headers", {})

    def request(self, *args: Any, **kwargs: Any) -> Any:
        self._last.headers = {}
        response = super().request(*args, **kwargs)
        self._last.headers = response.headers
        return response

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Nothing: the query holds phone numbers."""

    def log_response(self, status_code: int, response: requests.Response) -> None:
        """Nothing: it belongs to the request."""


class TwilioSms:
    """The account of the configuration as a provider."""

    name = "twilio"

    def __init__(
        self,
        settings: Twilio,
        timing: Timing,
        clock: Callable[[], datetime] = clocks.now,
        public_url: str = "",
    ) -> None:
        self._clock = clock
        # Reports can come only where the provider can get to; a stand-in gets anywhere.
        self._reports_to = public_url if public_url.startswith("https://") or settings.base_url else ""
        self._sender = _as_listed(settings.sender)
        self._transport = _Transport(timing)
        # Its debug lines hold the whole query.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        self._client = Client(
            settings.account_sid,
            settings.auth_token,
            http_client=self._transport,
            environment={"_": "1"},  # not empty: or TWILIO_EDGE and TWILIO_REGION would rewrite the address
        )
        if settings.base_url:
            self._client.api.base_url = settings.base_url

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one SMS. There is no idempotency key, so anything but a clear answer is UNKNOWN."""
        validity = min(max(outgoing.valid_for, SHORTEST_VALIDITY), LONGEST_VALIDITY)
        more = {"messaging_service_sid" if self._is_service else "from_": self._sender}
        if self._reports_to and outgoing.tag:
            more["status_callback"] = f"{self._reports_to}/twilio/status/{outgoing.tag}"
        try:
            message = self._client.messages.create(
                to=outgoing.to,
                body=outgoing.text,
                validity_period=int(validity.total_seconds()),
                **more,
            )
        except (TwilioRestException, TwilioServiceException) as error:
            return Refused(
                of_twilio(error.status, error.code), str(error.code or error.status), self._asked_to_wait()
            )
        except requests.RequestException as error:
            meaning = Meaning.LATER if _never_connected(error) else Meaning.UNKNOWN
            return Refused(meaning, type(error).__name__)
        except (TwilioException, ValueError) as error:  # an answer that is no JSON, or not the one expected
            return Refused(Meaning.UNKNOWN, type(error).__name__)
        if not message.sid:
            return Refused(Meaning.UNKNOWN, "no sid")
        return Accepted(message.sid, message.status)

    def find(self, to: str, /) -> Sequence[Sighting] | None:
        """The latest messages of ours to a number, their times put on our clock. Raises UnreachableError."""
        # Not by DateSent: a message that is still in the queue has none.
        try:
            listed = self._client.messages.list(to=to, limit=LATEST)
        except (TwilioException, requests.RequestException, ValueError) as error:
            if getattr(error, "status", None) in (401, 403):
                raise LockedOutError(str(getattr(error, "code", None) or "401")) from error
            raise UnreachableError from error
        ahead = self._clock_ahead()
        return [
            _sighting(each, ahead)
            for each in listed
            if each.direction == "outbound-api" and each.date_created and self._is_ours(each)
        ]

    @property
    def _is_service(self) -> bool:
        return self._sender.startswith("MG")

    def _is_ours(self, message: Any) -> bool:
        """Whether our sender sent it: an account may be shared with others who write to the same people."""
        if self._is_service:
            return bool(message.messaging_service_sid == self._sender)
        return _as_listed(message.from_ or "") == self._sender

    def _asked_to_wait(self) -> timedelta | None:
        seconds = self._transport.headers.get("Retry-After", "")
        return timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 6 else None

    def _clock_ahead(self) -> timedelta:
        """How far our clock is ahead of the provider's (to a second), by the last answer."""
        try:
            return self._clock() - parsedate_to_datetime(self._transport.headers["Date"])
        except (KeyError, ValueError):
            return timedelta(0)


def _sighting(message: Any, ahead: timedelta) -> Sighting:
    code = str(message.error_code or "")
    return Sighting(
        message.sid,
        message.date_created + ahead,
        message.status or "",
        code or None,
        of_delivery(int(code) if code.isdecimal() else None),
        text=message.body,
    )


def _as_listed(sender: str) -> str:
    """A sender as the provider writes it: numbers without spaces."""
    return "".join(sender.split()) if sender.startswith("+") else sender


def _never_connected(error: requests.RequestException) -> bool:
    """Whether the request was certainly not sent."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return True
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in getattr(reason, "args", ()))
