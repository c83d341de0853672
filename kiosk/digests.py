"""The appointments of today as keyed digests: enough to check somebody in without the office, and no names.

The office sends them under a key of this device and day. Of an appointment there are two digests: of its code, and
of date of birth and time together. Those of other offices are only named, to send people to the right one.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

Standing = Literal["expected", "here", "cancelled"]


class ListError(Exception):
    """The office's list cannot be used."""


@dataclass(frozen=True)
class Expected:
    """An appointment of today; `ticket` is its number, if it has one already."""

    digest: str
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

    def of_code(self, code: str) -> tuple[str, Expected | None, str | None]:
        """The digest of a code, the appointment it belongs to, or else the office at which it is one."""
        digest = digest_of(self.key, "code", code)
        return digest, self.by_code.get(digest), self.elsewhere.get(digest)

    def of_birth(self, born: date, due: time) -> tuple[Expected, ...]:
        """The appointments at that time of people born on that day; more than one for twins."""
        return self.by_birth.get(digest_of(self.key, "birth", f"{born.isoformat()} {due:%H:%M}"), ())


def digest_of(key: bytes, purpose: str, value: str) -> str:
    """The digest as the office works it out: 128 bits of HMAC-SHA256, as 32 hex digits."""
    return hmac.digest(key, f"{purpose}\x00{value}".encode(), "sha256").hex()[:32]


def parse(data: Any) -> DayList:
    """The office's answer as a DayList. Raises ListError where it cannot be read."""
    try:
        by_code: dict[str, Expected] = {}
        by_birth: dict[str, tuple[Expected, ...]] = {}
        for each in data["appointments"]:
            expected = _expected(each)
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
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # Without what was wrong: the list is about visitors.
        raise ListError(f"the list cannot be read ({type(error).__name__})") from None


def _expected(data: Any) -> Expected:
    standing = data["standing"]
    if standing not in ("expected", "here", "cancelled"):
        raise ValueError
    return Expected(
        str(data["code"]), datetime.fromisoformat(data["due_at"]), data["service"], standing, data["ticket"]
    )
