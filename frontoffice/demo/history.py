"""The sample office's past: counts of fourteen weeks, as the worker would have kept them. Always the same for a day."""

import random
from collections import Counter as Tally
from datetime import date, datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.db import Database
from frontoffice.insight import histogram
from frontoffice.insight.counting import Counts
from frontoffice.insight.keeping import ANEW_DAYS
from frontoffice.insight.models import DayCount, Figure, PromiseDay, WorkedDay
from frontoffice.insight.sums import AHEAD
from frontoffice.offices.models import Office, Schedule, Service

DAYS = 98
HOURS = (8, 9, 9, 10, 10, 10, 11, 11, 12, 13, 14, 14, 15)  # the late morning is busy
CHANNELS = ("online",) * 10 + ("phone",) * 2 + ("on_site",) + ("partner",)


def make(database: Database, place: Office, now: datetime) -> None:
    """Write the past of an office that has none yet. Commits."""
    with database.write() as session:
        if session.scalar(select(WorkedDay.day).where(WorkedDay.office_id == place.id).limit(1)):
            return
        office = session.get_one(Office, place.id)
        today = sheet.day_of(now, office.time_zone)
        for back in range(DAYS, 0, -1):
            day = today - timedelta(days=back)
            chance = random.Random(f"{office.slug} {day}")  # noqa: S311 (a sample, not a secret)
            # As if worked out when it was final: the worker leaves it alone.
            kept_at = sheet.midnight(day + timedelta(days=2 + ANEW_DAYS), office.time_zone)
            session.add(WorkedDay(office_id=office.id, day=day, worked_at=kept_at))
            if day.weekday() < 5:
                _keep(session, office, day, _counts(office, day, chance))
                _promises(session, office, day, back, chance)


def _keep(session: Session, office: Office, day: date, counts: Counts) -> None:
    rows = [
        {
            "office_id": office.id,
            "day": day,
            "figure": figure,
            "about": about,
            "part": part,
            "number": number,
        }
        for (figure, about, part), number in counts.items()
    ]
    session.execute(insert(DayCount), rows)


def _counts(office: Office, day: date, chance: random.Random) -> Counts:
    counts: Counts = Tally()
    rush = 1.4 if day.weekday() == 0 else 0.7 if day.weekday() == 4 else 1.0
    for place, service in enumerate(office.services):
        for _ in range(round(rush * chance.uniform(5, 11) / (1 + place / 4))):
            _visit(counts, service, rush, chance)
        for _ in range(round(rush * chance.uniform(0, 1.6))):
            _absence(counts, service, chance)
    for schedule in office.schedules:
        _seats(counts, schedule, day, rush, chance)
    open_minutes = round(3 * 7 * 60 * chance.uniform(0.85, 1.05))
    counts[Figure.COUNTERS, 0, "open"] = open_minutes
    counts[Figure.COUNTERS, 0, "busy"] = round(open_minutes * min(0.95, rush * chance.uniform(0.5, 0.68)))
    for kind, medium, share in (("booked", "mail", 30), ("reminder", "mail", 26), ("reminder", "sms", 14)):
        many = round(rush * share * chance.uniform(0.8, 1.2))
        failed = sum(chance.random() < 0.015 for _ in range(many))
        went = "delivered" if medium == "sms" else "sent"
        counts[Figure.MESSAGES, 0, f"{kind} {medium} {went}"] = many - failed
        if failed:
            counts[Figure.MESSAGES, 0, f"{kind} {medium} failed"] = failed
        if medium == "sms":
            counts[Figure.SEGMENTS, 0, kind] = many + many // 6
    return counts


def _visit(counts: Counts, service: Service, rush: float, chance: random.Random) -> None:
    is_walk_in = service.walk_in and (not service.online or chance.random() < 0.4)
    channel = "walk_in" if is_walk_in else chance.choice(CHANNELS)
    hour = f"{chance.choice(HOURS):02d}"
    busy = 1.3 if hour in ("10", "11") else 0.8
    waited = chance.expovariate(1 / (rush * busy * (16 if is_walk_in else 7)))
    took = max(2.0, chance.gauss(service.minutes * 0.8, service.minutes * 0.25))
    counts[Figure.VISITS, service.id, channel] += 1
    counts[Figure.VISIT_HOURS, service.id, hour] += 1
    counts[Figure.CHANNEL_HOURS, 0, f"{hour} {channel}"] += 1
    counts[Figure.ENDS, service.id, "done"] += 1
    figure = Figure.WAITING if is_walk_in else Figure.WAITING_DUE
    counts[figure, service.id, str(histogram.step_of(timedelta(minutes=waited)))] += 1
    counts[Figure.SERVING, service.id, str(histogram.step_of(timedelta(minutes=took)))] += 1
    if not is_walk_in:
        counts[Figure.APPOINTMENTS, service.id, f"came {chance.choice(AHEAD)}"] += 1


def _absence(counts: Counts, service: Service, chance: random.Random) -> None:
    """Who has booked long ahead is more likely not to come."""
    step = chance.choices(AHEAD, weights=(1, 1, 2, 3, 4, 5))[0]
    what = "missed" if chance.random() < 0.45 else "cancelled"
    counts[Figure.APPOINTMENTS, service.id, f"{what} {step}"] += 1


def _seats(counts: Counts, schedule: Schedule, day: date, rush: float, chance: random.Random) -> None:
    if not schedule.pooled and day.day > 7:
        return  # a desk elsewhere opens once a month
    counts[Figure.SEATS, schedule.id, "all"] = 1440
    counts[Figure.SEATS, schedule.id, "taken"] = round(1440 * min(1.0, rush * chance.uniform(0.62, 0.88)))


def _promises(session: Session, office: Office, day: date, back: int, chance: random.Random) -> None:
    """Days to an appointment: some services were in trouble in the autumn, and got out of it."""
    for place, service in enumerate(office.services):
        if not service.online:
            continue
        swell = 16 * max(0.0, 1 - abs(back - 45) / 28) if place % 3 == 0 else 0
        days = max(0, round(3 + place % 4 + swell + chance.uniform(-2, 2)))
        worst = days + chance.choice((0, 0, 1, 2))
        session.add(
            PromiseDay(
                office_id=office.id,
                day=day,
                service_id=service.id,
                days=days,
                worst=worst,
                promised=service.promise_days,
                looked_at=sheet.midnight(day, office.time_zone) + timedelta(hours=15),
            )
        )
