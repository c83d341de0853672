"""The API of statistics: the same counts as on the page, for staff's programs."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.errors import N_, Invalid
from frontoffice.insight import promise, reading
from frontoffice.insight.models import Figure
from frontoffice.insight.span import LONGEST_DAYS, Span
from frontoffice.insight.sums import CHANNELS, Missed, Sums, Times, Used
from frontoffice.insight.veil import LEAST, veiled
from frontoffice.offices import finding
from frontoffice.offices.models import Office, Service
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import all_need
from frontoffice.web.problems import described

api = APIBlueprint("statistics_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="statistics")])
all_need(api, Permission.SEE_STATISTICS)

Answer = tuple[dict[str, Any], int]  # the body and the status

STAFF: list[dict[str, list[Any]]] = [{"staff": []}]


class OfficePath(BaseModel):
    """Which office."""

    office: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")]


class Days(BaseModel):
    """The office's days from `first` until `until`, which is not among them; at most 800."""

    model_config = ConfigDict(extra="forbid")
    first: date
    until: date


class Minutes(BaseModel):
    """In less than `median` minutes half of the visits, in less than `p90` nine of ten.

    241 stands for "240 or more". Empty where there were fewer than three.
    """

    visits: int
    median: int | None
    p90: int | None

    @classmethod
    def of(cls, times: Times) -> "Minutes":
        """From the counts."""
        told = times.visits >= LEAST
        return cls(
            visits=times.visits, median=times.median if told else None, p90=times.most if told else None
        )


class NoShows(BaseModel):
    """What became of appointments. A small number is empty, and so is what would give it away."""

    came: int | None
    missed: int | None
    cancelled: int | None

    @classmethod
    def of(cls, row: list[int | None]) -> "NoShows":
        """From the counts."""
        return cls(came=row[0], missed=row[1], cancelled=row[2])


class Utilisation(BaseModel):
    """How much there was and how much of it was used, in minutes."""

    minutes: int
    used: int

    @classmethod
    def of(cls, used: Used) -> "Utilisation":
        """From the counts."""
        return cls(minutes=used.all, used=used.used)


class ServiceFigures(BaseModel):
    """One service. A small number of a channel is empty, and so is what would give it away."""

    service: str
    visits: int
    channels: dict[str, int | None]
    waiting: Minutes
    serving: Minutes
    appointments: NoShows


class MessageFigures(BaseModel):
    """Messages of one kind over one medium. `parts` are those of SMS, as they are paid."""

    kind: str
    medium: str
    sent: int
    delivered: int
    failed: int
    parts: int


class Statistics(BaseModel):
    """What was counted on these days."""

    office: str
    first: date
    until: date
    visits: int
    by_hour: dict[str, int]
    waiting: Minutes
    serving: Minutes
    appointments: NoShows
    seats: Utilisation
    counters: Utilisation
    services: list[ServiceFigures]
    messages: list[MessageFigures]


class PromiseNow(BaseModel):
    """A service's next free appointment and in how many days it is; empty: nothing is free."""

    service: str
    next_free: datetime | None
    days: int | None
    promised: int
    is_broken: bool


class PromiseThen(BaseModel):
    """The days it was at nine o'clock of one day, and the most at any time of it; empty: nothing was free."""

    day: date
    service: str
    days: int | None
    worst: int | None
    promised: int


class Promise(BaseModel):
    """The promise of days: now, and on the days that were asked for."""

    office: str
    now: list[PromiseNow]
    days: list[PromiseThen]


@api.get(
    "/offices/<string:office>/statistics",
    responses={200: Statistics, **described(401, 403, 404)},
    security=STAFF,
)
def statistics(path: OfficePath, query: Days) -> Answer:
    """Read what was counted on some days. There is no personal data in it."""
    now = clock.now()
    with database().read() as session:
        office, span = _asked(session, path.office, query, now)
        sums = reading.sums(session, office, span, now)
        body = Statistics(
            office=office.slug,
            first=span.first,
            until=span.until,
            visits=sums.visits(),
            by_hour=dict(sorted(sums.by_part(Figure.VISIT_HOURS).items())),
            waiting=Minutes.of(sums.waiting()),
            serving=Minutes.of(sums.serving()),
            appointments=NoShows.of(veiled([sums.missed()])[0]),
            seats=Utilisation.of(sums.seats()),
            counters=Utilisation.of(sums.counters()),
            services=_services(sums, _known(session, office)),
            messages=[
                MessageFigures(kind=kind, medium=medium, **each._asdict())
                for (kind, medium), each in sums.sent().items()
            ],
        )
        return body.model_dump(mode="json"), 200


@api.get(
    "/offices/<string:office>/promise",
    responses={200: Promise, **described(401, 403, 404)},
    security=STAFF,
)
def promised(path: OfficePath, query: Days) -> Answer:
    """Read how many days it is to the next free appointment of each service, and how many it was."""
    now = clock.now()
    with database().read() as session:
        office, span = _asked(session, path.office, query, now)
        slugs = {each.id: each.slug for each in _known(session, office)}
        body = Promise(
            office=office.slug,
            now=[
                PromiseNow(
                    service=each.service.slug,
                    next_free=each.start,
                    days=each.days,
                    promised=each.promised,
                    is_broken=each.is_broken,
                )
                for each in promise.look(session, office, now, config().booking)
            ],
            days=[
                PromiseThen(
                    day=row.day,
                    service=slugs[row.service_id],
                    days=row.days,
                    worst=row.worst,
                    promised=row.promised,
                )
                for row in promise.history(session, office.id, span.first, span.until)
            ],
        )
        return body.model_dump(mode="json"), 200


def _asked(session: Session, slug: str, query: Days, now: datetime) -> tuple[Office, Span]:
    account = access.staff_required(session, Permission.SEE_STATISTICS, now)
    office = finding.office(session, slug)
    access.office_required(account, office.id)
    if not timedelta(0) < query.until - query.first <= timedelta(days=LONGEST_DAYS):
        raise Invalid("until", N_("Please ask for 1 to %(most)s days."), most=LONGEST_DAYS)
    tomorrow = sheet.day_of(now, office.time_zone) + timedelta(days=1)
    return office, Span(query.first, max(query.first, min(query.until, tomorrow)))


def _known(session: Session, office: Office) -> list[Service]:
    query = select(Service).where(Service.office_id == office.id)
    return list(session.scalars(query.order_by(Service.position, Service.id)))


def _services(sums: Sums, known: list[Service]) -> list[ServiceFigures]:
    by_channel = [sums.by_part(Figure.VISITS, each.id) for each in known]
    channels = veiled([[counted[channel] for channel in CHANNELS] for counted in by_channel])
    missed: list[Missed] = [sums.missed(each.id) for each in known]
    return [
        ServiceFigures(
            service=each.slug,
            visits=sums.visits(each.id),
            channels=dict(zip(CHANNELS, row, strict=True)),
            waiting=Minutes.of(sums.waiting(each.id)),
            serving=Minutes.of(sums.serving(each.id)),
            appointments=NoShows.of(came),
        )
        for each, row, came in zip(known, channels, veiled(missed), strict=True)
    ]
