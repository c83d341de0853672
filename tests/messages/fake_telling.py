"""How our own Twilio reports what became of messages: signed, by a seeded plan, and at times badly."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum

import requests
from twilio.request_validator import RequestValidator


class Telling(StrEnum):
    """In which way the receipts of one message come."""

    USUAL = "sent, then delivered"
    EARLY = "delivered, before the answer to the request"
    THRICE = "each three times"
    REVERSED = "in the wrong order"
    FORGED = "a forged failure besides"
    ENCODED = "to a percent-encoded address"
    LATE = "late"
    LOST = "never"
    NOT_DELIVERED = "undelivered: phone out of reach"


Tellings = Callable[[int], Telling]


def usual(_number: int) -> Telling:
    """All is well."""
    return Telling.USUAL


def seeded_tellings(seed: int, weights: Mapping[Telling, float]) -> Tellings:
    """A way for every message by its number, the same for the same seed."""
    ways, shares = [Telling.USUAL, *weights], [1 - sum(weights.values()), *weights.values()]

    def tell(number: int) -> Telling:
        return random.Random(f"telling {seed}/{number}").choices(ways, shares)[0]

    return tell


@dataclass
class Teller:
    """Posts receipts. `door` is where the office really listens, where that is not at its `public_url`."""

    token: str
    tellings: Tellings = usual
    public_url: str = ""
    door: str | None = None
    late: float = 0.5  # seconds
    answers: list[int] = field(default_factory=list)
    met: set[Telling] = field(default_factory=set)
    forged: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(8)
        self._guard = threading.Lock()

    def close(self) -> None:
        """Tell what is still to be told, and end."""
        self._pool.shutdown(wait=True)

    def way_of(self, number: int) -> Telling:
        """How the receipts of the message with this number come."""
        with self._guard:
            self.met.add(self.tellings(number))
        return self.tellings(number)

    def before_answer(self, number: int, url: str, sid: str) -> None:
        """What is told before the office has our answer."""
        if url and self.way_of(number) is Telling.EARLY:
            self._post(url, sid, "delivered")

    def after_answer(self, number: int, url: str, sid: str) -> None:
        """What is told afterwards."""
        if url:
            self._pool.submit(self._tell, self.way_of(number), url, sid)

    def inbound(self, url: str, form: Mapping[str, str]) -> int:
        """Hand over a text from a phone; gives the office's answer."""
        return self._sign_and_post(url, url, form)

    def _tell(self, way: Telling, url: str, sid: str) -> None:
        match way:
            case Telling.USUAL | Telling.EARLY:
                words = ["sending", "sent", "delivered"]
            case Telling.THRICE:
                words = [word for word in ("sent", "delivered") for _ in range(3)]
            case Telling.REVERSED:
                words = ["delivered", "sent", "sending", "queued"]
            case Telling.NOT_DELIVERED:
                words = ["sent", "undelivered"]
            case Telling.LOST:
                words = []
            case _:
                words = ["delivered"]
        if way is Telling.LATE:
            time.sleep(self.late)
        if way is Telling.ENCODED:
            url = url.replace("/status/", "/%73tatus/") + "?a=%20b"
        if way is Telling.FORGED:
            form = {"MessageSid": sid, "MessageStatus": "failed", "ErrorCode": "30007"}
            self.forged.append(self._sign_and_post(url, "https://elsewhere.example.org/", form))
        for word in words:
            self._post(url, sid, word)

    def _post(self, url: str, sid: str, word: str) -> None:
        form = {"MessageSid": sid, "MessageStatus": word, "AccountSid": "AC", "SomethingNew": "yes"}
        if word == "undelivered":
            form["ErrorCode"] = "30003"
        for _ in range(3):  # as the real one, it tries again where nobody answers
            answer = self._sign_and_post(url, url, form)
            if answer < 500:
                return
            time.sleep(0.2)

    def _sign_and_post(self, url: str, signed: str, form: Mapping[str, str]) -> int:
        signature = RequestValidator(self.token).compute_signature(signed, form)
        try:
            answer = requests.post(
                self._where(url), data=form, headers={"X-Twilio-Signature": signature}, timeout=10
            ).status_code
        except requests.RequestException:
            answer = 599
        with self._guard:
            self.answers.append(answer)
        return answer

    def _where(self, url: str) -> str:
        """Where the proxy hands it on to: the office, without the part of the path that is the proxy's own."""
        return url if self.door is None else self.door + url.removeprefix(self.public_url)
