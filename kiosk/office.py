"""The office as the device sees it: a few HTTP calls, and what can come of each."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

# Less than a visitor waits: whether there is a connection decides what the device may say by itself.
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 10.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Reached:
    """The office answered what was asked."""

    body: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """The office understood and said no: asking the same again gives the same."""

    status: int
    sentence: str


@dataclass(frozen=True)
class Unauthorised:
    """The office does not know this device, or no longer."""


@dataclass(frozen=True)
class Unreachable:
    """No answer, or none that is the office's: worth trying again later.

    `unsent`: there was not even a connection, so that the office cannot have got it.
    """

    reason: str
    unsent: bool = False


Answer = Reached | Refused | Unauthorised | Unreachable


class _Bearer(AuthBase):
    # Set as `auth` and not as a header, because requests would replace the header by an entry of ~/.netrc.
    def __init__(self, credential: str) -> None:
        self._credential = credential

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._credential}"
        return request


@dataclass(frozen=True)
class Office:
    """One office's address and the device's credential there; knows no state, so any thread may use it.

    `run` names this start of the program: a run that comes back after a later one shows that two devices use the
    same credential.
    """

    url: str
    credential: str | None = field(default=None, repr=False)
    run: str | None = None

    def pair(self, code: str) -> Answer:
        """Exchange a one-time code for a credential."""
        return self._call("POST", "/device/pair", {"code": code})

    def setup(self) -> Answer:
        """Ask for name, languages, services, hours, rules and time zone."""
        return self._call("GET", "/device/setup")

    def appointments(self, known: str | None) -> Answer:
        """Ask for the digests of today's appointments, unless they are as in the version `known`."""
        return self._call("GET", f"/device/appointments{f'?known={known}' if known else ''}")

    def tell(self, state: dict[str, Any]) -> Answer:
        """Tell how the device is: printer, what waits for delivery, its clock."""
        return self._call("POST", "/device/state", state)

    def deliver(self, entries: list[dict[str, Any]]) -> Answer:
        """Hand in 1 to 100 journal entries; the body has a list `results` with an outcome for each."""
        return self._call("POST", "/device/journal", {"entries": entries})

    def card(self, number: str, born: str, language: str) -> Answer:
        """Ask where a card is; nothing of it is kept."""
        return self._call(
            "POST", "/device/cards/status", {"number": number, "born": born, "language": language}
        )

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        try:
            # A connection of its own for every call: one kept open may have been closed by the office in the
            # meantime, and then a visitor would be told that the office is out of reach when it is not.
            with requests.Session() as session:
                # A proxy of the network cannot reach an office on this machine.
                session.trust_env = urlsplit(self.url).hostname not in LOOPBACK
                response = session.request(
                    method,
                    f"{self.url.rstrip('/')}/api/v1{path}",
                    json=body,
                    headers={"Kiosk-Run": self.run} if self.run else None,
                    auth=_Bearer(self.credential) if self.credential else None,
                    timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,
                )
        except (requests.RequestException, OSError) as error:
            return Unreachable(type(error).__name__, unsent=_is_unsent(error))
        return _read(response)


def _is_unsent(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    # A name that is not found counts as this as well.
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _read(response: requests.Response) -> Answer:
    if response.status_code == 401:
        return Unauthorised()
    if response.status_code == 204:
        return Reached({})
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        # A page of a hotspot or of a proxy between, not the office.
        return Unreachable(f"answered {response.status_code} without a JSON object")
    if 200 <= response.status_code < 300:
        return Reached(body)
    if 400 <= response.status_code < 500 and response.status_code not in (408, 425, 429):
        return Refused(response.status_code, str(body.get("detail") or body.get("title") or ""))
    return Unreachable(f"answered {response.status_code}")
