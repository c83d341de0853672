"""Plans: times for many people at once, held for some minutes, then booked all together or given back."""

import base64
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from frontoffice import vault as vaults
from frontoffice.booking import appointing, choosing, daybook, fairness, holding, sheet
from frontoffice.booking.models import Appointment, Channel, Hold, Purpose
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import HoldExpired, JustTaken, NotOffered
from frontoffice.config import Config
from frontoffice.errors import Conflict, Counted, DomainError, NotFound
from frontoffice.partners import arranging, drafting, quota
from frontoffice.partners.drafting import Asked, Row, Wanted
from frontoffice.partners.fitting import Seat
from frontoffice.partners.models import Partner, PartnerBooking, Plan, PlanEntry, PlanState
from frontoffice.partners.refusals import (
    NothingFits,
    PersonRefused,
    PlanConfirmed,
    PlanGivenBack,
    PlanLapsed,
)


class Content(NamedTuple):
    """What is sealed of an entry."""

    person: Person
    own_reference: str | None
    token: str | None


def make(
    session: Session,
    partner_id: int,
    asked: Asked,
    now: datetime,
    *,
    settings: Config,
    key: str | None = None,
    dry_run: bool = False,
) -> Plan:
    """A plan: a held time for each person as far as quota and free times go, and why for each of the others.

    With the same `key` and the same list the same plan comes back, KeyReused with another list. A dry run looks
    and holds nothing: its plan is not stored, it may be asked for in a reading transaction. Raises WrongRows,
    and what `granting.chosen` raises for the office.
    """
    partner = quota.locked(session, partner_id) if not dry_run else session.get_one(Partner, partner_id)
    request = arranging.request_of(asked)
    if key is not None and not dry_run:
        before = _made_before(session, partner, key, request)
        if before is not None:
            return before
    draft = drafting.draft(session, partner, asked, now, settings=settings, lock=not dry_run)
    plan = Plan(
        name=_new_name(),
        partner_id=partner.id,
        office=draft.wanted[0].office,
        state=PlanState.HELD,
        key=vaults.fingerprint(key) if key and not dry_run else None,
        request=arranging.digest(session, request),
        created_at=now,
        expires_at=now + timedelta(minutes=settings.partners.plan_minutes),
        changed_at=now,
        entries=[],
    )
    for line, (row, one) in enumerate(zip(asked.rows, draft.wanted, strict=True), start=1):
        seat, token, refusal = draft.seats.get(line), None, draft.refusals.get(line)
        if seat is not None and not dry_run:
            token, refusal = _held(session, plan, line, one, seat, now, settings)
        plan.entries.append(_entry(session, line, row, one, seat, token, refusal))
    if not dry_run:
        session.add(plan)
        session.flush()
    return plan


def find(session: Session, partner_id: int, name: str) -> Plan:
    """The partner's plan of that name, with its entries. Raises NotFound, also for a plan of somebody else."""
    query = (
        select(Plan)
        .where(Plan.name == name, Plan.partner_id == partner_id)
        .options(selectinload(Plan.entries).joinedload(PlanEntry.appointment).joinedload(Appointment.service))
        .options(joinedload(Plan.office))
        .execution_options(populate_existing=True)
    )
    found = session.scalar(query) if name.isalnum() else None
    if found is None:
        raise NotFound
    return found


def has_lapsed(plan: Plan, now: datetime) -> bool:
    """Whether the times of an unconfirmed plan are no longer held."""
    return plan.state is PlanState.HELD and plan.expires_at <= now


def confirm(session: Session, partner_id: int, name: str, now: datetime, *, settings: Config) -> Plan:
    """Book everything that the plan holds, all of it or nothing; a second time changes nothing.

    Raises PlanLapsed, PlanGivenBack, and PersonRefused where somebody may not be booked for any more.
    """
    partner = quota.locked(session, partner_id)
    plan = find(session, partner_id, name)
    if plan.state is PlanState.CONFIRMED:
        return plan
    if plan.state is PlanState.GIVEN_BACK:
        raise PlanGivenBack
    if has_lapsed(plan, now):
        raise PlanLapsed
    held = [(entry, content_of(session, entry)) for entry in plan.entries if entry.refusal is None]
    _check_people(session, held, now, settings)
    _lock_sheets(session, [content for _entry, content in held])
    for entry, content in held:
        entry.appointment = _booked(session, partner, entry, content, now, settings)
    plan.state, plan.changed_at = PlanState.CONFIRMED, now
    _forget_people(plan)
    session.flush()
    return plan


def give_back(session: Session, partner_id: int, name: str, now: datetime) -> Plan:
    """Give back all times of a plan; a second time changes nothing. Raises PlanConfirmed."""
    quota.locked(session, partner_id)
    plan = find(session, partner_id, name)
    if plan.state is PlanState.CONFIRMED:
        raise PlanConfirmed
    if plan.state is PlanState.HELD:
        contents = [content_of(session, entry) for entry in plan.entries if entry.refusal is None]
        _lock_sheets(session, contents)
        for content in contents:
            holding.release(session, content.token or "", now)
        plan.state, plan.changed_at = PlanState.GIVEN_BACK, now
        _forget_people(plan)
        session.flush()
    return plan


def content_of(session: Session, entry: PlanEntry) -> Content:
    """For whom an entry is, and what holds its time. Raises NotFound once it is forgotten."""
    if entry.content is None:
        raise NotFound
    kept = vaults.of(session).open(entry.content)
    return Content(Person.from_sealed(kept["person"]), kept["own_reference"], kept["token"])


def own_reference_of(session: Session, entry: PlanEntry) -> str | None:
    """By what the partner knows the person."""
    if entry.content is None:
        booked = session.get(PartnerBooking, entry.appointment_id) if entry.appointment_id else None
        return arranging.own_reference_of(session, booked) if booked else None
    return content_of(session, entry).own_reference


def refusal_of(entry: PlanEntry) -> DomainError | None:
    """Why nothing is held for this person, as an error whose sentence can be said."""
    kept = entry.refusal
    if kept is None:
        return None
    sentence = kept["sentence"]
    if "one" in kept:
        sentence = Counted(kept["one"], sentence, kept["by"])
    return DomainError(sentence, **kept["params"])


def _held(
    session: Session, plan: Plan, line: int, one: Wanted, seat: Seat, now: datetime, settings: Config
) -> tuple[str | None, DomainError | None]:
    try:
        _hold, token = holding.hold(
            session,
            one.office,
            one.visit,
            sheet.moment_of(seat.tick, seat.day, one.office.time_zone),
            now,
            rules=settings.booking,
            channel=Channel.PARTNER,
            shares=seat.way.shares,
            schedules={seat.schedule_id},
            key=f"plan:{plan.name}:{line}",
            purpose=Purpose.PLAN,
            keep_for=plan.expires_at - now,
        )
    except (JustTaken, NotOffered):
        return None, NothingFits()
    return token, None


def _entry(
    session: Session,
    line: int,
    row: Row,
    one: Wanted,
    seat: Seat | None,
    token: str | None,
    refusal: DomainError | None,
) -> PlanEntry:
    content = {"person": row.person.to_seal(), "own_reference": row.own_reference, "token": token}
    if refusal is not None:
        seat = None
    return PlanEntry(
        position=line,
        items=one.visit.stored,
        language=row.language,
        start=sheet.moment_of(seat.tick, seat.day, one.office.time_zone) if seat else None,
        ticks=one.visit.ticks,
        refusal=None if refusal is None else as_kept(refusal),
        content=vaults.of(session).seal(content),
    )


def as_kept(refusal: DomainError) -> dict[str, Any]:
    """A refusal as it is stored, and `refusal_of` reads it again."""
    sentence = refusal.sentence
    forms = {"one": sentence.one, "by": sentence.by} if isinstance(sentence, Counted) else {}
    return {"code": refusal.code, "sentence": str(sentence), "params": refusal.params, **forms}


def _booked(
    session: Session, partner: Partner, entry: PlanEntry, content: Content, now: datetime, settings: Config
) -> Appointment:
    try:
        booked = appointing.book(
            session,
            content.token or "",
            content.person,
            entry.language,
            now,
            settings=settings,
            actor=arranging.actor_of(partner.id),
            proven=True,
        )
    except (HoldExpired, NotFound):
        raise PlanLapsed from None
    arranging.note(session, partner, booked, now, content.own_reference)
    return booked


def _check_people(
    session: Session, held: Sequence[tuple[PlanEntry, Content]], now: datetime, settings: Config
) -> None:
    """Look again whether everybody may be booked for. Raises PersonRefused."""
    fairness.lock(session, [content.person for _entry, content in held])
    for entry, content in held:
        visit = choosing.visit_of(session, entry.items)
        try:
            arranging.check_person(session, content.person, visit, now, rules=settings.fairness)
        except Conflict as refusal:
            raise PersonRefused(line=entry.position) from refusal


def _lock_sheets(session: Session, contents: Iterable[Content]) -> None:
    """Lock the sheets of all held times in one go: one after the other, two plans could wait for each other."""
    prints = [vaults.fingerprint(content.token) for content in contents if content.token]
    ids = session.scalars(select(Hold.sheet_id).where(Hold.token_fingerprint.in_(prints)).distinct()).all()
    if ids:
        daybook.all_locked(session, ids)


def _forget_people(plan: Plan) -> None:
    """From now on appointments say who it was, and of the others nothing needs to be known."""
    for entry in plan.entries:
        if entry.refusal is None:
            entry.content = None


def _made_before(session: Session, partner: Partner, key: str, request: str) -> Plan | None:
    query = select(Plan.name, Plan.request).where(
        Plan.partner_id == partner.id, Plan.key == vaults.fingerprint(key)
    )
    before = session.execute(query).one_or_none()
    if before is None:
        return None
    arranging.require_same(session, before.request, request)
    return find(session, partner.id, before.name)


def _new_name() -> str:
    return base64.b32encode(secrets.token_bytes(15)).decode().lower()
