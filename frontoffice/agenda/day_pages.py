"""The day of an office: its appointments, the seats that are left, and finding one appointment."""

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from frontoffice import clock
from frontoffice.agenda import conflicts, seeing
from frontoffice.agenda import day as days
from frontoffice.agenda import looking as words
from frontoffice.agenda.day import Entry
from frontoffice.agenda.forms import number
from frontoffice.agenda.shell import HERE, Desk, day_asked_for, looking, note_seen, pages, people_of, render
from frontoffice.booking.person import Person
from frontoffice.errors import NotFound
from frontoffice.offices.models import Office
from frontoffice.staff import roles
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import database
from frontoffice.web.needs import needs


@pages.get("/agenda/")
@needs(Permission.SEE_CAPACITY)
def offices() -> ResponseReturnValue:
    """Choose an office, where there is a choice."""
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_CAPACITY, clock.now())
        query = select(Office).where(roles.at_offices_of(account)).order_by(Office.name)
        found = session.scalars(query).all()
        if not found:
            raise NotFound
        if len(found) == 1:
            return redirect(url_for("agenda.day", slug=found[0].slug), 303)
        return render_template("agenda/offices.html", account=account, current_office=found[0], offices=found)


@pages.get(f"{HERE}/")
@needs(Permission.SEE_APPOINTMENTS)
def day(slug: str) -> ResponseReturnValue:
    """All appointments of a day by time, and the seats that are left."""
    with looking(slug, Permission.SEE_APPOINTMENTS) as desk:
        chosen = day_asked_for(desk)
        schedules = days.schedules(desk.session, desk.office)
        team = schedules.get(number(request.args.get("team")) or 0)
        gone = request.args.get("gone") == "1"
        entries = days.entries(
            desk.session, desk.office, chosen, schedule_id=team.id if team else None, gone=gone
        )
        with_names = request.args.get("names") != "0"
        people = _named(desk, seeing.of_day(chosen), entries) if with_names else {}
        before, after = days.neighbours(desk.session, desk.office, chosen)
        left = days.left(desk.session, desk.office, chosen, desk.now)
        misfits = conflicts.entries(desk.session, desk.office, desk.now, chosen)
        return render(
            desk,
            "day.html",
            day=chosen,
            before=before,
            after=after,
            schedules=schedules,
            team=team,
            entries=entries,
            people=people,
            left=[each for each in left if team is None or each.schedule is team],
            closed=days.closed_because(desk.session, desk.office, chosen),
            misfits={each.appointment.id for each in misfits},
            misfits_in_all=_misfits_in_all(desk, chosen),
            gone=gone,
            how_many_gone=days.how_many_gone(desk.session, desk.office, chosen),
            with_names=with_names,
            address=_address(slug, chosen, team.id if team else None, gone=gone, names=with_names),
        )


@pages.post(f"{HERE}/find")
@needs(Permission.SEE_APPOINTMENTS)
def find(slug: str) -> ResponseReturnValue:
    """Find by booking code, else by name or date of birth within the day. Posted: names stay out of addresses."""
    typed = request.form.get("typed", "")
    wanted = words.read(typed)
    with looking(slug, Permission.SEE_APPOINTMENTS) as desk:
        chosen = day_asked_for(desk)
        if wanted.code:
            try:
                found = days.find(desk.session, desk.office, wanted.code)
                return redirect(
                    url_for("agenda.appointment", slug=slug, reference=found.appointment.reference), 303
                )
            except NotFound:
                return _nothing_found(desk, chosen, typed)
        if wanted.is_empty:
            return redirect(url_for("agenda.day", slug=slug, day=chosen.isoformat()), 303)
        entries = days.entries(desk.session, desk.office, chosen, gone=True)
        today = words.matching(entries, wanted, people_of(desk, entries))
        known = {each.appointment.id for each in today}
        elsewhere = [
            each
            for each in words.of_person(desk.session, desk.office, wanted, desk.now)
            if each.appointment.id not in known
        ]
        shown = [*today, *elsewhere]
        if not shown:
            return _nothing_found(desk, chosen, typed)
        return render(
            desk,
            "found.html",
            day=chosen,
            typed=typed,
            entries=today,
            elsewhere=elsewhere,
            schedules=days.schedules(desk.session, desk.office),
            people=_named(desk, f"search:{chosen.isoformat()}", shown),
        )


def _named(desk: Desk, subject: str, entries: list[Entry]) -> dict[int, Person]:
    """Whose appointments these are, by id; goes on record, where there is anybody."""
    if entries:
        note_seen(desk, subject, [each.appointment.id for each in entries])
    return people_of(desk, entries)


def _nothing_found(desk: Desk, chosen: date, typed: str) -> ResponseReturnValue:
    page = render(
        desk,
        "found.html",
        day=chosen,
        typed=typed,
        entries=[],
        elsewhere=[],
        people={},
        schedules={},
        nothing=_("Nothing found for “%(typed)s” on this day.", typed=typed[:60]),
    )
    return page, 404


def _misfits_in_all(desk: Desk, chosen: date) -> int:
    """Today's page says so if anything anywhere no longer fits, so that no list is forgotten."""
    if chosen != desk.today:
        return 0
    return len(conflicts.entries(desk.session, desk.office, desk.now))


def _address(slug: str, chosen: date, team: int | None, *, gone: bool, names: bool) -> Any:
    """The address of the same page with something changed."""

    def changed(**values: Any) -> str:
        now = {
            "day": chosen.isoformat(),
            "team": team,
            "gone": "1" if gone else None,
            "names": None if names else "0",
        }
        wanted = {name: value for name, value in {**now, **values}.items() if value is not None}
        return url_for("agenda.day", slug=slug, **wanted)

    return changed
