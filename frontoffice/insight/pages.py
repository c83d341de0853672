"""The page of statistics: key figures in words, charts, tables, files for a spreadsheet."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.errors import NotFound, NotSignedIn
from frontoffice.insight import chart, csv_file, promise, reading, span, tables
from frontoffice.insight.models import Figure, PromiseDay
from frontoffice.insight.span import Choice, Span
from frontoffice.insight.sums import Sums, all_sent
from frontoffice.insight.tables import Table
from frontoffice.offices import finding
from frontoffice.offices.models import Office, Schedule, Service
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, in_own_language
from frontoffice.web.needs import all_need

pages = Blueprint("statistics", __name__, url_prefix="/staff/statistics")
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Permission.SEE_STATISTICS)

OVER_TIME = (Figure.VISITS, Figure.WAITING, Figure.WAITING_DUE, Figure.APPOINTMENTS)


class Asked(NamedTuple):
    """What somebody wants to see: of which office, which days, which service (None: all)."""

    session: Session
    account: Account
    office: Office
    offices: Sequence[Office]
    choice: Choice
    span: Span
    service: Service | None
    services: Sequence[Service]
    now: datetime

    def sums(self, days: Span) -> Sums:
        """The counts of these days."""
        return reading.sums(self.session, self.office, days, self.now)

    @property
    def service_id(self) -> int | None:
        """Of the service that is asked for."""
        return self.service.id if self.service else None

    @property
    def schedules(self) -> Sequence[Schedule]:
        """The office's teams."""
        query = select(Schedule).where(Schedule.office_id == self.office.id).order_by(Schedule.id)
        return self.session.scalars(query).all()

    @property
    def history(self) -> Sequence[PromiseDay]:
        """How the promise was kept on these days."""
        found = promise.history(self.session, self.office.id, self.span.first, self.span.until)
        return [each for each in found if self.service_id in (None, each.service_id)]


@pages.app_template_filter("numberformat")
def _number_words(number: float) -> str:
    """A number as people write it: 1,234."""
    return str(format_decimal(number))


@pages.app_template_filter("day_words")
def _day_words(day: date) -> str:
    """Tue 24 Nov."""
    return tables.day_name(day)


@pages.app_context_processor
def _alarm() -> dict[str, Any]:
    """For the pages of who leads a team: how many promises of days are broken."""
    return {"broken_promises": _broken_promises}


def _broken_promises(account: Account, office: Office) -> int:
    if not roles.may(account, Permission.SEE_STATISTICS):
        return 0
    with database().read() as session:
        return len(promise.broken(session, office.id))


@pages.get("/")
def show() -> ResponseReturnValue:
    """Key figures, charts and tables of some days, compared with the days before."""
    with database().read() as session:
        asked = _asked(session)
        return render_template("insight/statistics.html", **_words(asked))


@pages.get("/<any(services, channels, hours, course, missed, ahead, seats, messages, promise):key>.csv")
def download(key: str) -> ResponseReturnValue:
    """One of the tables as a file."""
    with database().read() as session:
        asked = _asked(session)
        table = next(each for each in _tables(asked, asked.sums(asked.span)) if each.key == key)
        name = f"{asked.office.slug}-{key}-{asked.span.first:%Y%m%d}-{asked.span.last:%Y%m%d}.csv"
    answer = Response(csv_file.write(table.head, table.all_rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked(session: Session) -> Asked:
    now = clock.now()
    account = access.staff_required(session, Permission.SEE_STATISTICS, now)
    query = select(Office).where(roles.at_offices_of(account)).order_by(Office.name)
    offices = session.scalars(query).all()
    slug = request.args.get("office")
    office = finding.office(session, slug) if slug else next(iter(offices), None)
    if office is None:
        raise NotFound
    access.office_required(account, office.id)
    services = session.scalars(
        select(Service).where(Service.office_id == office.id).order_by(Service.position, Service.id)
    ).all()
    chosen = request.args.get("span", "")
    choice = Choice(chosen) if chosen in list(Choice) else Choice.FOUR_WEEKS
    days = span.chosen(choice, sheet.day_of(now, office.time_zone), _day("first"), _day("last"))
    service = next((each for each in services if each.slug == request.args.get("service")), None)
    return Asked(session, account, office, offices, choice, days, service, services, now)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _words(asked: Asked) -> dict[str, Any]:
    sums, earlier = asked.sums(asked.span), asked.sums(span.before(asked.span))
    shown = {each.key: each for each in _tables(asked, sums)}
    looks = promise.look(asked.session, asked.office, asked.now, config().booking)
    return {
        "account": asked.account,
        "current_office": asked.office,
        "asked": asked,
        "choices": list(Choice),
        "earlier": span.before(asked.span),
        "now_figures": _key_figures(sums, asked.service_id),
        "then_figures": _key_figures(earlier, asked.service_id),
        "tables": shown,
        "charts": _charts(shown),
        "looks": looks,
        "broken": [each for each in looks if each.is_broken],
        "promises": _promise_charts(asked, looks),
        "day_name": tables.day_name,
        "span_name": tables.span_name,
        "service_name": lambda each: in_own_language(each.names),
        "address": _address(asked),
    }


def _address(asked: Asked) -> dict[str, str]:
    """What stands in the address of this page and its files."""
    address = {"office": asked.office.slug, "span": asked.choice.value}
    if asked.choice is Choice.OWN:
        address |= {"first": asked.span.first.isoformat(), "last": asked.span.last.isoformat()}
    return address | ({"service": asked.service.slug} if asked.service else {})


def _tables(asked: Asked, sums: Sums) -> list[Table]:
    session, office, service = asked.session, asked.office, asked.service_id
    parts = span.parts(asked.span)
    counted = reading.course(session, office, parts, OVER_TIME, asked.now, service)
    return [
        tables.course(parts, counted),
        tables.services(sums, asked.services),
        tables.hours(sums, service),
        tables.channels(sums, asked.services),
        tables.missed(sums, asked.services),
        tables.ahead(sums, service),
        tables.seats(sums, asked.schedules),
        tables.messages(sums),
        tables.promise(asked.history, asked.services),
    ]


def _key_figures(sums: Sums, service: int | None) -> dict[str, Any]:
    return {
        "visits": sums.visits(service),
        "waiting": sums.waiting(service),
        "serving": sums.serving(service),
        "missed": sums.missed(service),
        "seats": sums.seats(),
        "counters": sums.counters(),
        "messages": all_sent(sums.sent()),
    }


def _charts(shown: dict[str, Table]) -> dict[str, tuple[chart.Chart, list[str]]]:
    """Visits and the wait over time, and visits by hour: what is drawn, and what stands below."""
    over_time, hourly = shown["course"].rows, shown["hours"].rows
    columns = {"visits": (over_time, 1), "waiting": (over_time, 2), "hours": (hourly, 1)}
    return {
        key: (chart.bars([_number(row[place]) for row in rows]), [str(row[0]) for row in rows])
        for key, (rows, place) in columns.items()
    }


def _number(cell: csv_file.Cell) -> int | None:
    return cell if isinstance(cell, int) else None


class Course(NamedTuple):
    """A service: how it is now, and a chart of the days on which somebody looked. `worst` is empty: nothing free."""

    look: promise.Look
    drawn: chart.Chart
    rows: Sequence[PromiseDay]

    @property
    def worst(self) -> int | None:
        """The most days that it was."""
        known = [row.worst for row in self.rows if row.worst is not None]
        return None if len(known) < len(self.rows) else max(known, default=0)

    @property
    def was_broken(self) -> bool:
        """Whether the promise was broken on one of the days, or is now."""
        return self.look.is_broken or any(row.worst is None or row.worst > row.promised for row in self.rows)


def _promise_charts(asked: Asked, looks: Sequence[promise.Look]) -> list[Course]:
    """The services that can be booked online, those first whose promise was broken."""
    found = []
    history = asked.history
    for each in looks:
        if asked.service_id not in (None, each.service.id):
            continue
        rows = [row for row in history if row.service_id == each.service.id]
        drawn = chart.bars(
            [row.days for row in rows], limit=each.promised, missing=[row.days is None for row in rows]
        )
        found.append(Course(each, drawn, rows))
    return sorted(found, key=lambda course: (not course.look.is_broken, not course.was_broken))
