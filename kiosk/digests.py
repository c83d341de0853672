"""The appointments of today as keyed digests: enough to check somebody in without the office, and no names.

The office sends them under a key of this device and day. Of an appointment there are two digests: of its code, and
of date of birth and time together. Those of other offices are only named, to send people to the right one.

The key lies beside the digests, so whoever takes the device can try out all codes and dates. The digests are
therefore so short that many fit each: they recognise what a visitor tells, and tell nothing by themselves.
"""

import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from kiosk.birth_date import BirthDate

Standing = Literal["expected", "here", "cancelled"]
Purpose = Literal["code", "birth"]

# Hex digits. 2,048 of the 2^35 codes have the same 24 bits, and nine of the days of a century the same 12.
LENGTHS: Mapping[Purpose, int] = {"code": 6, "birth": 3}


class ListError(Exception):
    """The office's list cannot be used."""


@dataclass(frozen=True)
class Expected:
    """An appointment of today; `ticket` is its number, if it has one already.

    `digest` is that of its code; none where another appointment of today has the same.
    """

    digest: str | None
    due_at: datetime
    service: str | None
    standing: Standing
    ticket: str | None


@dataclass(frozen=True)
class DayList:
    """The list of one day; `version` names its state, so that an unchanged one is not sent again."""

    day: date
    version: str
    key: bytes
    by_code: Mapping[str, Expected]
    by_birth: Mapping[str, tuple[Expected, ...]]
    elsewhere: Mapping[str, str]
    shared: frozenset[str] = frozenset()

    def of_code(self, code: str) -> tuple[str | None, Expected | None, str | None]:
        """The digest of a code, the appointment it belongs to, or else the office at which it is one.

        None of them where two appointments have the same digest: it cannot be told which one is meant.
        """
        digest = digest_of(self.key, "code", code)
        if digest in self.shared:
            return None, None, None
        return digest, self.by_code.get(digest), self.elsewhere.get(digest)

    def of_birth(self, born: BirthDate, due: time) -> tuple[Expected, ...]:
        """The appointments at that time of people born on that day; more than one for twins."""
        return self.by_birth.get(digest_of(self.key, "birth", f"{born.isoformat()} {due:%H:%M}"), ())


def digest_of(key: bytes, purpose: Purpose, value: str) -> str:
    """The digest as the office works it out: the first hex digits of HMAC-SHA256."""
    return hmac.digest(key, f"{purpose}\x00{value}".encode(), "sha256").hex()[: LENGTHS[purpose]]


def parse(data: Any) -> DayList:
    """The office's answer as a DayList. Raises ListError where it cannot be read."""
    try:
        by_code: dict[str, Expected] = {}
        by_birth: dict[str, tuple[Expected, ...]] = {}
        times = Counter(str(each["code"]) for each in data["appointments"])
        shared = frozenset(digest for digest, count in times.items() if count > 1)
        for each in data["appointments"]:
            expected = _expected(each, shared)
            if expected.digest is not None:
                by_code[expected.digest] = expected
            birth = each.get("birth")
            if birth:
                by_birth[str(birth)] = (*by_birth.get(str(birth), ()), expected)
        elsewhere = {
            str(digest): str(place["office"]) for place in data["elsewhere"] for digest in place["codes"]
        }
        return DayList(
            date.fromisoformat(data["date"]),
            str(data["version"]),
            bytes.fromhex(data["key"]),
            by_code,
            by_birth,
            elsewhere,
            shared,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # Without what was wrong: the list is about visitors.
        raise ListError(f"the list cannot be read ({type(error).__name__})") from None


def _expected(data: Any, shared: frozenset[str]) -> Expected:
    standing = data["standing"]
    if standing not in ("expected", "here", "cancelled"):
        raise ValueError
    digest, due_at = str(data["code"]), datetime.fromisoformat(data["due_at"])
    if len(digest) != LENGTHS["code"]:
        raise ValueError  # another version's list
    return Expected(None if digest in shared else digest, due_at, data["service"], standing, data["ticket"])
