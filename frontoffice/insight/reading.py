"""Reading the counts of a span of days: what is kept of past days, and today's worked out on the spot."""

from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.insight import counting
from frontoffice.insight.models import DayCount, Figure
from frontoffice.insight.span import Span
from frontoffice.insight.sums import Sums
from frontoffice.offices.models import Office


def sums(session: Session, office: Office, span: Span, now: datetime) -> Sums:
    """The counts of the span, added up."""
    found: counting.Counts = Tally()
    rows = session.execute(
        select(DayCount.figure, DayCount.about, DayCount.part, func.sum(DayCount.number))
        .where(DayCount.office_id == office.id, DayCount.day >= span.first, DayCount.day < span.until)
        .group_by(DayCount.figure, DayCount.about, DayCount.part)
    )
    for figure, about, part, number in rows:
        found[figure, about, part] += int(number)
    found.update(_today(session, office, span, now))
    return Sums(found)


def course(
    session: Session,
    office: Office,
    parts: Sequence[Span],
    figures: Sequence[Figure],
    now: datetime,
    service: int | None = None,
) -> list[Sums]:
    """The counts of some figures for each of these spans, which follow each other; of one service or all together."""
    if not parts:
        return []
    whole = Span(parts[0].first, parts[-1].until)
    found: list[counting.Counts] = [Tally() for _ in parts]
    place_of = {
        day: place
        for place, part in enumerate(parts)
        for day in (part.first.fromordinal(part.first.toordinal() + shift) for shift in range(part.days))
    }
    of_service = () if service is None else (DayCount.about == service,)
    rows = session.execute(
        select(DayCount.day, DayCount.figure, DayCount.part, func.sum(DayCount.number))
        .where(
            DayCount.office_id == office.id,
            DayCount.day >= whole.first,
            DayCount.day < whole.until,
            DayCount.figure.in_(figures),
            *of_service,
        )
        .group_by(DayCount.day, DayCount.figure, DayCount.part)
    )
    for day, figure, part, number in rows:
        found[place_of[day]][figure, 0, part] += int(number)
    for (figure, about, part), number in _today(session, office, whole, now).items():
        if figure in figures and service in (None, about):
            found[-1][figure, 0, part] += number
    return [Sums(each) for each in found]


def _today(session: Session, office: Office, span: Span, now: datetime) -> counting.Counts:
    today = sheet.day_of(now, office.time_zone)
    inside = span.first <= today < span.until
    return counting.count(session, office, today, now) if inside else Tally()
