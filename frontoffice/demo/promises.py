"""What the sample office has promised for later: a draw that takes requests and one that is over, wishes, a partner."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.booking.person import Person
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.demo.people import NAMES
from frontoffice.draw import drawing, entering, letters, making, settling
from frontoffice.draw.models import Draw, Weights
from frontoffice.errors import DomainError
from frontoffice.messages import outbox
from frontoffice.offices.models import Office, Service
from frontoffice.partners import arranging, registering
from frontoffice.partners.models import Partner, PartnerKind, Period, Scope
from frontoffice.partners.registering import Terms
from frontoffice.waitlist import joining, spots
from frontoffice.waitlist.models import LIVE, WaitlistEntry
from frontoffice.waitlist.wish import Wish

DAY = timedelta(days=1)
SERVICE = "residence-permit-renewal"
PARTNER = "Werkzeugbau Muster"
OPERATOR = "operator"
BIRTH = date(1980, 1, 1)


def make(database: Database, place: Office, settings: Config, now: datetime) -> None:
    """Make what is missing of it. Commits."""
    _draws(database, place, settings, now)
    with database.write() as session:
        _wishes(session, session.get_one(Office, place.id), settings, now)
        _partner(session, session.get_one(Office, place.id), settings, now)


def _draws(database: Database, place: Office, settings: Config, now: datetime) -> None:
    today = sheet.day_of(now, place.time_zone)
    # Each day others, and none of those below: who has won may not take part again, or book the same.
    people = _people(10 + today.toordinal() % 80, 40)
    with database.write() as session:
        place = session.get_one(Office, place.id)
        if session.scalar(select(Draw.id).where(Draw.office_id == place.id)) is None:
            # It was made and closed before now, so the worker's next look would draw it: here it is done at once.
            _draw(session, place, settings, now - 2 * DAY, now - DAY, 28, "Verlosung im Winter", people, 30)
            drawing.draw_next(session, now)
        if not making.open_soon(session, place.id, now):
            closes = datetime.combine(today + 3 * DAY, time(18), ZoneInfo(place.time_zone))
            _draw(session, place, settings, now, closes, 35, "Termine am Monatsende", people, 8)
    for _ in range(50):
        with database.write() as session:
            if not settling.settle_next(session, now, settings=settings):
                return


def _draw(
    session: Session,
    place: Office,
    settings: Config,
    opens: datetime,
    closes: datetime,
    ahead: int,
    title: str,
    people: Iterator[Person],
    many: int,
) -> None:
    """A draw of a Monday and a Tuesday of the first team, with so many requests for the early morning."""
    schedule = place.schedules[0]
    service = next(each for each in schedule.services if each.slug == SERVICE)
    first = sheet.day_of(closes, place.time_zone) + ahead * DAY
    first += -first.weekday() % 7 * DAY
    plan = making.Plan(
        {"de": title}, [schedule.id], [service.id], first, first + 2 * DAY, opens, closes, Weights.EXPIRY
    )
    made = making.create(session, place, plan, opens, actor=OPERATOR)
    wish = Wish(first, first + 2 * DAY, before=time(9, 30))
    for number, person in zip(range(many), people, strict=False):
        expires = first + (number * 11 % 200) * DAY
        request = entering.enter(
            session, made, visit([(service, 1)]), wish, expires, person, "de", opens, settings=settings
        )
        entering.prove(session, request, opens, settings=settings)
        # What it said to those who entered has long arrived.
        outbox.cancel(session, letters.subject(request), opens, kinds=["draw_entered"])


def _wishes(session: Session, place: Office, settings: Config, now: datetime) -> None:
    known = (WaitlistEntry.office_id == place.id, WaitlistEntry.state.in_(LIVE))
    if session.scalar(select(WaitlistEntry.id).where(*known, WaitlistEntry.joined_at > now - DAY)):
        return
    today = sheet.day_of(now, place.time_zone)
    for minutes, person in zip((50, 35, 20, 5), _people(1, 4), strict=True):
        where = spots.where(session, place.slug, [(SERVICE, 1)])
        wish, since = Wish(today, today + 14 * DAY, notice_hours=3), now - timedelta(minutes=minutes)
        try:
            joining.join(
                session, where, wish, today + 13 * DAY, person, "de", since, settings=settings, proven=True
            )
        except DomainError:
            continue  # waits since yesterday


def _partner(session: Session, place: Office, settings: Config, now: datetime) -> None:
    if session.scalar(select(Partner.id).where(Partner.name == PARTNER)):
        return
    terms = Terms((Scope.BOOK, Scope.INVITE), 20, Period.WEEK, None)
    partner = registering.add(session, PARTNER, PartnerKind.EMPLOYER, terms, now)
    services = session.scalars(select(Service).where(Service.office_id == place.id, Service.slug == SERVICE))
    registering.grant(session, partner, place, now, services=services.all())
    registering.issue_token(session, partner, "Personalabteilung", now)
    today, items = sheet.day_of(now, place.time_zone), ((SERVICE, 1),)
    for person in _people(2, 3):
        *_, free = arranging.free_starts(
            session, partner, place.slug, items, today + DAY, today + 14 * DAY, now, rules=settings.booking
        )
        start = next((each for starts in free.values() for each in starts), None)
        if start is not None:
            wish = arranging.Wish(place.slug, items, start, person, "de")
            arranging.book(session, partner.id, wish, now, settings=settings)


def _people(which: int, many: int) -> Iterator[Person]:
    """So many of the sample's names, each with a birthday and an address of its own."""
    for number in range(many):
        name = NAMES[number % len(NAMES)]
        born = BIRTH + timedelta(days=97 * number + which)
        yield Person(name, born, f"sample{which}-{number}@mail.example", None)
