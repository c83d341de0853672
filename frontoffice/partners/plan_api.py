"""The API for plans: times for many people at once."""

from datetime import datetime, timedelta
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.booking.api import person_of
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.shapes import Retry
from frontoffice.errors import N_, Invalid
from frontoffice.partners import plans
from frontoffice.partners.api import (
    SECURITY,
    Answer,
    field_problems,
    language_of,
    services_of,
    utc,
)
from frontoffice.partners.callers import partner_required
from frontoffice.partners.drafting import LONGEST_WINDOW, Asked, Row, WrongRows
from frontoffice.partners.fitting import Window
from frontoffice.partners.models import Plan, PlanEntry, Scope
from frontoffice.partners.shapes import (
    WEEKDAYS,
    NewPlan,
    PlanPath,
    PlanShape,
    PlanState,
    clock_of,
    items_of,
)
from frontoffice.web.context import config, database, say
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import FieldProblem, described, problem

api = APIBlueprint(
    "partner_plans_api", __name__, url_prefix="/api/v1/partner/plans", abp_tags=[Tag(name="partners")]
)
all_need(api, Kind.PARTNER)


@api.post("", responses={201: PlanShape, **described(401, 403, 404, 409)}, security=SECURITY)
def make(header: Retry, body: NewPlan) -> Answer:
    """Ask for times for a list of people. What is found is held until `expires_at`, to be confirmed.

    Who finds no time stands in `refused`, with the reason; so does who is beyond the quota. With the same
    Idempotency-Key the same plan comes back.
    """
    now = clock.now()
    number = partner_required(Scope.BOOK, now)
    try:
        asked = _asked(body, now)
        # A dry run writes nothing, and others need not wait for it.
        with database().read(snapshot=True) if body.dry_run else database().write() as session:
            plan = plans.make(
                session, number, asked, now, settings=config(), key=header.key, dry_run=body.dry_run
            )
            return _plan(session, plan, now, dry_run=body.dry_run), 201
    except _WrongPeople as wrong:
        return problem(422, wrong.code, say(wrong), errors=wrong.fields)
    except WrongRows as wrong:
        fields = [
            FieldProblem(field=f"people.{line - 1}.services", message=say(each))
            for line, each in wrong.problems
        ]
        return problem(422, wrong.code, say(wrong), errors=fields)


@api.get("/<plan>", responses={200: PlanShape, **described(401, 403, 404)}, security=SECURITY)
def plan(path: PlanPath) -> Answer:
    """A plan of one's own, as it is by now."""
    now = clock.now()
    number = partner_required(Scope.BOOK, now)
    with database().read() as session:
        return _plan(session, plans.find(session, number, path.plan), now), 200


@api.post("/<plan>/confirm", responses={200: PlanShape, **described(401, 403, 404, 409)}, security=SECURITY)
def confirm(path: PlanPath) -> Answer:
    """Book everything that the plan holds: all of it, or with 409 nothing. A second time changes nothing."""
    now = clock.now()
    number = partner_required(Scope.BOOK, now)
    with database().write() as session:
        return _plan(session, plans.confirm(session, number, path.plan, now, settings=config()), now), 200


@api.delete("/<plan>", responses={200: PlanShape, **described(401, 403, 404, 409)}, security=SECURITY)
def give_back(path: PlanPath) -> Answer:
    """Give back all times that the plan holds. A second time changes nothing; 409: it is confirmed."""
    now = clock.now()
    number = partner_required(Scope.BOOK, now)
    with database().write() as session:
        return _plan(session, plans.give_back(session, number, path.plan, now), now), 200


class _WrongPeople(Invalid):
    def __init__(self, fields: list[FieldProblem]) -> None:
        self.fields = fields
        super().__init__("people", N_("Some details of these people cannot be used. Nothing was planned."))


def _asked(body: NewPlan, now: datetime) -> Asked:
    """Raises _WrongPeople and Invalid."""
    window = Window(
        body.first,
        body.until,
        clock_of(body.opens),
        clock_of(body.closes),
        frozenset(WEEKDAYS.index(each) for each in body.weekdays),
        body.together,
    )
    window_required(window)
    rows: list[Row] = []
    fields: list[FieldProblem] = []
    for index, each in enumerate(body.people):
        try:
            items = items_of(each.services or body.services)
            rows.append(Row(items, person_of(each, now), language_of(each.language), each.own_reference))
        except WrongDetails as wrong:
            fields += field_problems(wrong, f"people.{index}")
    if fields:
        raise _WrongPeople(fields)
    return Asked(body.office, tuple(rows), window)


def window_required(window: Window) -> None:
    """Raise Invalid unless a window has days and time of day."""
    if not 0 < (window.until - window.first).days <= LONGEST_WINDOW:
        sentence = N_("Please ask for at least one day, and for no more days than %(most)s.")
        raise Invalid("to", sentence, most=LONGEST_WINDOW)
    if window.closes <= window.opens and window.closes.isoformat() != "00:00:00":
        raise Invalid("closes", N_("The end of the time of day must be after its beginning."))


def _plan(session: Session, plan: Plan, now: datetime, *, dry_run: bool = False) -> dict[str, Any]:
    return {
        "id": None if dry_run else plan.name,
        "state": PlanState.LAPSED if plans.has_lapsed(plan, now) else PlanState(plan.state),
        "office": plan.office.slug,
        "expires_at": None if dry_run else utc(plan.expires_at),
        "appointments": [_planned(session, each) for each in plan.entries if each.start is not None],
        "refused": [_refused(session, each) for each in plan.entries if each.start is None],
    }


def _planned(session: Session, entry: PlanEntry) -> dict[str, Any]:
    assert entry.start is not None
    start = entry.appointment.start if entry.appointment else entry.start
    return {
        "line": entry.position,
        "own_reference": plans.own_reference_of(session, entry),
        "services": services_of(session, entry.items),
        "start": utc(start),
        "end": utc(start + timedelta(minutes=sheet.MINUTES * entry.ticks)),
        "reference": entry.appointment.reference if entry.appointment else None,
    }


def _refused(session: Session, entry: PlanEntry) -> dict[str, Any]:
    refusal = plans.refusal_of(entry)
    assert refusal is not None
    return {
        "line": entry.position,
        "own_reference": plans.own_reference_of(session, entry),
        "code": (entry.refusal or {})["code"],
        "detail": say(refusal),
    }
