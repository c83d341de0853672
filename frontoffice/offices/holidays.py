"""Public holidays of the Länder, worked out and never stored: an office needs no closure for them."""

from datetime import date, timedelta
from functools import lru_cache

import holidays

from frontoffice.errors import N_, Invalid

LAENDER = ("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH")

SATURDAY = 5
ONE_DAY = timedelta(days=1)


def public_holidays(land: str, year: int) -> dict[date, str]:
    """Days that are a public holiday in the whole Land in `year` (1991 to 2100), each with its German name.

    `land` is the part of ISO 3166-2:DE after the hyphen, such as "NW"; raises `Invalid` for any other word.
    Days that only some communities of a Land keep are left out, because a closure can add a day and nothing
    can take one away: Mariä Himmelfahrt in the mostly Catholic communities of Bavaria, Fronleichnam in those
    of Saxony and Thuringia, the Friedensfest in Augsburg. Offices there enter a closure, as they do for
    24 and 31 December, which are public holidays nowhere.
    """
    return dict(_kept_by_the_whole(land, year))


def is_holiday(land: str, day: date) -> bool:
    """Whether `day` is a public holiday in the whole Land; the same rules and errors as `public_holidays`."""
    return day in _kept_by_the_whole(land, day.year)


def is_working_day(land: str, day: date) -> bool:
    """Whether `day` is a Monday to Friday and no public holiday of the Land."""
    return day.weekday() < SATURDAY and not is_holiday(land, day)


@lru_cache(maxsize=4096)
def working_days_before(land: str, day: date, count: int) -> date:
    """The day that lies `count` working days before `day`; `day` itself for 0.

    Weekends and the Land's holidays do not count: two working days before a Monday is the Thursday.
    """
    while count:
        day -= ONE_DAY
        count -= is_working_day(land, day)
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
