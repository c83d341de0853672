"""What the templates of free times show, in words: the month, the lists, the places to choose from."""

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from frontoffice.booking import dates, places, search, sheet, timetable
from frontoffice.booking.asked import Asked
from frontoffice.booking.places import Spot
from frontoffice.booking.timetable import Look, Part, Timetable
from frontoffice.booking.visit import Visit
from frontoffice.offices.models import Office
from frontoffice.web.context import config, language

Address = Callable[[Asked], str]


def words(
    session: Session,
    office: Office,
    visit: Visit,
    wanted: Asked,
    now: datetime,
    *,
    address: Address,
    around: datetime | None = None,
) -> dict[str, Any]:
    """What the template of free times shows; `around` is the time that somebody else has just taken."""
    zone, rules = office.time_zone, config().booking
    spots = places.spots(session, office, visit)
    spot = next((each for each in spots if each.slug == wanted.place), spots[0] if spots else None)
    if spot is None:
        return {"spots": [], "table": None}
    all_free = search.free_starts(
        session, office, visit, date.min, date.max, now=now, rules=rules, schedules=spot.restriction
    )
    free = timetable.in_part(all_free, wanted.part, zone)
    table = _table(session, spot, free, all_free, wanted, now, zone)
    wanted = wanted.but(place=spot.slug)
    others = []
    if around is not None:
        others = search.nearest(
            session, office, visit, around, now=now, rules=rules, schedules=spot.restriction
        )
    return {
        "spots": _spot_links(session, office, visit, spots, wanted, now, address),
        "parts": [
            (part, address(wanted.but(part=part, day=None)), part is wanted.part) for part in (None, *Part)
        ],
        "table": table,
        "calendar": _calendar(table, wanted, zone, address),
        "times": _listed(table.times, wanted, zone, address),
        "soonest": _listed(table.soonest, wanted, zone, address),
        "others": _listed(others, wanted, zone, address),
        "chosen": dates.long_day(table.chosen, language()) if table.chosen else None,
        "next_day": _link_to_day(table.next_day, wanted, address),
        "is_full": not all_free,
        "wanted": wanted,
        "hidden": {"key": secrets.token_urlsafe(16), **wanted.but(day=None, month=None).query()},
    }


def when(start: datetime, zone: str) -> dict[str, str]:
    """Date and time in words."""
    return {
        "date": dates.long_day(sheet.day_of(start, zone), language()),
        "time": dates.clock_time(start, zone, language()),
    }


def _table(
    session: Session,
    spot: Spot,
    free: timetable.Free,
    all_free: timetable.Free,
    wanted: Asked,
    now: datetime,
    zone: str,
) -> Timetable:
    today = sheet.day_of(now, zone)
    end = max(
        today + timedelta(days=config().booking.horizon_days),
        max(all_free, default=today) + timedelta(days=1),
    )
    first = timetable.month_to_show(free, (today, end), wanted.month, wanted.day)
    opened = places.open_days(session, spot, first, timetable.following_month(first), now)
    return timetable.timetable(
        free, (today, end), first, chosen=wanted.day, open_days=opened.days, opening=opened.opening
    )


def _calendar(table: Timetable, wanted: Asked, zone: str, address: Address) -> dict[str, Any]:
    month = table.month
    return {
        "name": dates.month_name(month.first, language()),
        "weekdays": dates.weekdays(language()),
        "has_later": any(day and day.look is Look.LATER for week in month.weeks for day in week),
        "weeks": [
            [_cell(day, table, wanted, zone, address) if day else None for day in week]
            for week in month.weeks
        ],
        "previous": _link_to_month(month.previous, wanted, address),
        "next": _link_to_month(month.next, wanted, address),
    }


def _cell(day: timetable.Day, table: Timetable, wanted: Asked, zone: str, address: Address) -> dict[str, Any]:
    return {
        "number": day.day.day,
        "label": dates.long_day(day.day, language()),
        "look": day.look,
        "times": day.times,
        "opens": when(day.opens, zone) if day.opens else None,
        "current": day.day == table.chosen,
        "url": address(wanted.but(day=day.day)) if day.look is Look.FREE else None,
    }


def _listed(moments: Any, wanted: Asked, zone: str, address: Address) -> list[dict[str, object]]:
    return [
        {**each, "url": address(wanted.but(day=each["day"]))}
        for each in timetable.by_day(moments, zone, language())
    ]


def _link_to_month(month: date | None, wanted: Asked, address: Address) -> tuple[str, str] | None:
    if month is None:
        return None
    return address(wanted.but(month=month, day=None)), dates.month_name(month, language())


def _link_to_day(day: date | None, wanted: Asked, address: Address) -> tuple[str, str] | None:
    return (address(wanted.but(day=day)), dates.long_day(day, language())) if day else None


def _spot_links(
    session: Session,
    office: Office,
    visit: Visit,
    spots: list[Spot],
    wanted: Asked,
    now: datetime,
    address: Address,
) -> list[dict[str, Any]]:
    """The places of this office to choose from, each with its first free time; none where there is only one."""
    if len(spots) < 2:
        return []
    firsts = places.first_free(session, office, visit, spots, now, config().booking)
    first = {each.spot.slug: each.first for each in firsts}
    return [
        {
            "name": each.name,
            "address": each.address,
            "url": address(wanted.but(place=each.slug, day=None, month=None)),
            "current": each.slug == wanted.place,
            "first": when(first[each.slug], office.time_zone) if each.slug in first else None,
        }
        for each in spots
    ]
