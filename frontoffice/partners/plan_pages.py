"""The page of a partner without programmers, opened with its secret link: a list in, a plan, the result out."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import appointing, dates, guessing, references, sheet
from frontoffice.booking.person import Person
from frontoffice.errors import DomainError, Invalid, NotFound
from frontoffice.offices.models import Office, Service
from frontoffice.partners import plans, quota, registering, result_file, rows
from frontoffice.partners.drafting import MOST_PEOPLE, Asked, WrongRows
from frontoffice.partners.forms import PlanForm
from frontoffice.partners.models import Partner, Plan, PlanEntry, PlanState
from frontoffice.partners.plan_api import window_required
from frontoffice.web import access
from frontoffice.web.context import config, database, in_own_language, language, say
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import status_of

pages = Blueprint("partner_plans", __name__, url_prefix="/partner/<string(minlength=16,maxlength=64):secret>")
all_need(pages, Kind.LINK)

PLAN = "/plans/<string(length=24):name>"
AHEAD = timedelta(days=14)


class Visitor(NamedTuple):
    """Which partner has opened its page, in which transaction, when."""

    session: Session
    partner: Partner
    secret: str
    now: datetime


class Line(NamedTuple):
    """One person of a plan as the page and the file show it."""

    number: int
    name: str
    born: str
    concern: str
    date: str
    time: str
    code: str
    reference: str
    reason: str


@pages.get("/")
def start(secret: str) -> ResponseReturnValue:
    """Ask for the list, and when the people could come."""
    with _opened(secret) as visitor:
        office = _office(visitor)
        form = _prepared(PlanForm(), visitor, office)
        today = sheet.day_of(visitor.now, office.time_zone)
        form.first.data, form.last.data = today + timedelta(days=1), today + AHEAD
        form.weekdays.data = [str(day) for day in range(5)]
        return _start_page(visitor, office, form)


@pages.post("/")
def make(secret: str) -> ResponseReturnValue:
    """Read the list and hold times for it, or say what is wrong in which line."""
    with _opened(secret, write=True) as visitor:
        office = _office(visitor)
        form = _prepared(PlanForm(request.form), visitor, office)
        text = _text(form)
        lines: list[int] = []
        try:
            asked, lines = _asked(visitor, office, form, text)
            plan = plans.make(
                visitor.session,
                visitor.partner.id,
                asked,
                visitor.now,
                settings=config(),
                key=_key(),
            )
        except WrongRows as wrong:
            problems = [(lines[line - 1] if lines else line, say(each)) for line, each in wrong.problems]
            form.rows.data = text
            return _start_page(visitor, office, form, problems), 422
        except DomainError as problem:
            refused = (
                problem if isinstance(problem, Invalid) else Invalid("", problem.sentence, **problem.params)
            )
            form.refuse(refused, say)
            form.rows.data = text
            return _start_page(visitor, office, form), status_of(problem)
    return redirect(url_for(".show", secret=secret, name=plan.name), 303)


@pages.get(f"{PLAN}/")
def show(secret: str, name: str) -> ResponseReturnValue:
    """The plan: what is held, what did not fit, and what can be done."""
    with _opened(secret) as visitor:
        return _plan_page(visitor, plans.find(visitor.session, visitor.partner.id, name))


@pages.post(f"{PLAN}/confirm")
def confirm(secret: str, name: str) -> ResponseReturnValue:
    """Book everything that is held."""
    try:
        with _opened(secret, write=True) as visitor:
            plans.confirm(visitor.session, visitor.partner.id, name, visitor.now, settings=config())
    except NotFound:
        raise
    except DomainError as refusal:
        with _opened(secret) as visitor:
            plan = plans.find(visitor.session, visitor.partner.id, name)
            return _plan_page(visitor, plan, say(refusal)), status_of(refusal)
    return redirect(url_for(".show", secret=secret, name=name), 303)


@pages.post(f"{PLAN}/give-back")
def give_back(secret: str, name: str) -> ResponseReturnValue:
    """Give back everything that is held."""
    with _opened(secret, write=True) as visitor:
        plans.give_back(visitor.session, visitor.partner.id, name, visitor.now)
    flash(_("The times were given back. Nothing was booked."), "info")
    return redirect(url_for(".start", secret=secret), 303)


@pages.get(f"{PLAN}/result.csv")
def result(secret: str, name: str) -> ResponseReturnValue:
    """The plan as a file for spreadsheets."""
    with _opened(secret) as visitor:
        plan = plans.find(visitor.session, visitor.partner.id, name)
        lines = _lines(visitor, plan)
    headings = (
        _("No."),
        _("Name"),
        _("Date of birth"),
        _("Concern"),
        _("Date"),
        _("Time"),
        _("Booking code"),
        _("Reference"),
        _("What did not work"),
    )
    answer = Response(
        result_file.write(headings, (tuple(str(cell) for cell in line) for line in lines)),
        content_type="text/csv; charset=utf-8",
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{plan.created_at:%Y-%m-%d}-plan.csv"'
    return answer


@contextmanager
def _opened(secret: str, *, write: bool = False) -> Iterator[Visitor]:
    """The partner to whom the link belongs. Raises NotFound where it belongs to nobody (any more)."""
    now = clock.now()
    with (
        guessing.counted(database(), access.network(), now),
        database().write() if write else database().read() as session,
    ):
        yield Visitor(session, registering.by_link(session, secret), secret, now)


def _offices(partner: Partner) -> list[Office]:
    return list({each.office_id: each.office for each in partner.grants}.values())


def _office(visitor: Visitor) -> Office:
    slug = request.args.get("office")
    offices = _offices(visitor.partner)
    found = next((each for each in offices if each.slug == slug), offices[0] if offices else None)
    if found is None:
        raise NotFound
    return found


def _concerns(partner: Partner, office: Office) -> list[Service]:
    """What the partner may book at the office."""
    agreed = {each.service_id for each in partner.grants if each.office_id == office.id}
    return [each for each in office.services if each.active and (None in agreed or each.id in agreed)]


def _prepared(form: PlanForm, visitor: Visitor, office: Office) -> PlanForm:
    form.concern.choices = [
        (each.slug, in_own_language(each.names)) for each in _concerns(visitor.partner, office)
    ]
    form.weekdays.choices = [
        (str(number), word)
        for number, word in enumerate(
            (
                _("Monday"),
                _("Tuesday"),
                _("Wednesday"),
                _("Thursday"),
                _("Friday"),
                _("Saturday"),
                _("Sunday"),
            )
        )
    ]
    return form


def _text(form: PlanForm) -> str:
    """The file that was chosen, else what was typed."""
    file = request.files.get("file")
    data = file.read() if file else b""
    return rows.decode(data) if data else form.rows.data or ""


def _asked(visitor: Visitor, office: Office, form: PlanForm, text: str) -> tuple[Asked, list[int]]:
    """What is asked for, and the line of each person. Raises WrongRows and Invalid."""
    concerns = _concerns(visitor.partner, office)
    named = {name.casefold(): each.slug for each in concerns for name in (*each.names.values(), each.slug)}
    default = next((each.slug for each in concerns if each.slug == form.concern.data), None)
    window = form.window()
    try:
        window_required(window)
    except Invalid as problem:
        raise Invalid(
            "last" if problem.field == "to" else problem.field, problem.sentence, **problem.params
        ) from None
    today = sheet.day_of(visitor.now, office.time_zone)
    people, lines = rows.read(text, named, default, config().site.languages, today)
    return Asked(office.slug, tuple(people), window), lines


def _key() -> str | None:
    """The page's own key, so that sending twice is sending once; None where it is missing or odd."""
    key = request.form.get("key", "")
    return f"page:{key}" if 16 <= len(key) <= 64 and key.isprintable() else None


def _start_page(
    visitor: Visitor, office: Office, form: PlanForm, problems: Iterable[tuple[int, str]] = ()
) -> str:
    used = quota.usage(visitor.session, visitor.partner, visitor.now)
    problems = list(problems)
    return render_template(
        "partners/people.html",
        partner=visitor.partner,
        secret=visitor.secret,
        current_office=office,
        offices=_offices(visitor.partner),
        form=form,
        problems=problems,
        has_errors=bool(problems or form.errors or form.form_errors),
        left=quota.left(visitor.partner, used),
        used=used,
        renews=dates.long_day(used.renews, language()),
        key=secrets.token_urlsafe(16),
        most=MOST_PEOPLE,
        minutes=config().partners.plan_minutes,
    )


def _plan_page(visitor: Visitor, plan: Plan, refusal: str | None = None) -> str:
    lines = _lines(visitor, plan)
    state = "lapsed" if plans.has_lapsed(plan, visitor.now) else str(plan.state)
    return render_template(
        "partners/plan.html",
        partner=visitor.partner,
        secret=visitor.secret,
        current_office=plan.office,
        plan=plan,
        state=state,
        is_held=state == PlanState.HELD,
        planned=[line for line in lines if not line.reason],
        refused=[line for line in lines if line.reason],
        refusal=refusal,
        until=dates.clock_time(plan.expires_at, plan.office.time_zone, language()),
    )


def _lines(visitor: Visitor, plan: Plan) -> list[Line]:
    return [_line(visitor, plan, entry) for entry in plan.entries]


def _line(visitor: Visitor, plan: Plan, entry: PlanEntry) -> Line:
    zone, booked = plan.office.time_zone, entry.appointment
    who = _person(visitor.session, entry)
    start = booked.start if booked else entry.start
    refusal = plans.refusal_of(entry)
    services = [visitor.session.get_one(Service, number) for number, _people in entry.items]
    return Line(
        entry.position,
        who.name if who else "",
        f"{who.born:%d.%m.%Y}" if who else "",
        ", ".join(in_own_language(each.names) for each in services),
        f"{sheet.day_of(start, zone):%d.%m.%Y}" if start else "",
        dates.clock_time(start, zone, language()) if start else "",
        references.shown(booked.reference) if booked else "",
        plans.own_reference_of(visitor.session, entry) or "",
        say(refusal) if refusal else "",
    )


def _person(session: Session, entry: PlanEntry) -> Person | None:
    """Who it is for; None once that is forgotten."""
    if entry.appointment is not None:
        return appointing.person_of(session, entry.appointment)
    return plans.content_of(session, entry).person if entry.content is not None else None
