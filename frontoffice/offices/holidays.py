"""Public holidays of the Länder, worked out and never stored: an office needs no closure for them."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

import holidays

from frontoffice.errors import N_, Invalid


class Keeper(Protocol):
    """An office: its Land, and the holidays (as ISO dates) on which it opens all the same."""

    @property
    def land(self) -> str: ...

    @property
    def open_on(self) -> Sequence[str] | None: ...


LAENDER = ("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH")

SATURDAY = 5
ONE_DAY = timedelta(days=1)


def public_holidays(land: str, year: int) -> dict[date, str]:
    """Days that are a public holiday in the whole Land in `year` (1991 to 2100), each with its German name.

    `land` is the part of ISO 3166-2:DE after the hyphen, such as "NW"; raises `Invalid` for any other word.
    Days that only some communities of a Land keep are left out, because most offices of the Land are open on
    them: Mariä Himmelfahrt in the mostly Catholic communities of Bavaria, Fronleichnam in those
    of Saxony and Thuringia, the Friedensfest in Augsburg. Offices there enter a closure, as they do for
    24 and 31 December, which are public holidays nowhere.
    """
    return dict(_kept_by_the_whole(land, year))


def is_holiday(land: str, day: date) -> bool:
    """Whether `day` is a public holiday in the whole Land; the same rules and errors as `public_holidays`."""
    return day in _kept_by_the_whole(land, day.year)


def closes_on(office: Keeper, day: date) -> bool:
    """Whether the office is closed on `day` because of a public holiday: it may open on some of them."""
    return is_holiday(office.land, day) and day.isoformat() not in (office.open_on or ())


def working_days_before(office: Keeper, day: date, count: int) -> date:
    """The day that lies `count` working days before `day`; `day` itself for 0.

    Weekends and holidays do not count, but for those on which the office opens: two working days before a Monday is
    the Thursday.
    """
    return _working_days_before(office.land, tuple(office.open_on or ()), day, count)


@lru_cache(maxsize=4096)
def _working_days_before(land: str, open_on: tuple[str, ...], day: date, count: int) -> date:
    while count:
        day -= ONE_DAY
        is_open = not is_holiday(land, day) or day.isoformat() in open_on
        count -= day.weekday() < SATURDAY and is_open
    return day


@lru_cache(maxsize=256)
def _kept_by_the_whole(land: str, year: int) -> dict[date, str]:
    # The library would also take cities and names of Länder; an office's two letters are the only form here.
    if land not in LAENDER:
        raise Invalid(
            "land",
            N_("“%(land)s” is not the code of a Land. Please use one of these: %(codes)s."),
            land=land,
            codes=", ".join(LAENDER),
        )
    return dict(holidays.country_holidays("DE", subdiv=land, years=year, language="de", expand=False))
