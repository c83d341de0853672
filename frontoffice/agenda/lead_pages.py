"""What no longer fits, closing days, and the seats of a week."""

from datetime import date, datetime, timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from frontoffice.agenda import closing, conflicts
from frontoffice.agenda import day as days
from frontoffice.agenda import door as doors
from frontoffice.agenda import week as weeks
from frontoffice.agenda.conflicts import Done
from frontoffice.agenda.forms import ClosingForm, NoteForm, number, offer
from frontoffice.agenda.shell import (
    HERE,
    Desk,
    acting,
    day_asked_for,
    looking,
    note_seen,
    pages,
    people_of,
    render,
)
from frontoffice.booking.refusals import ChangedMeanwhile, JustTaken
from frontoffice.errors import Conflict, Invalid
from frontoffice.offices import holidays
from frontoffice.staff.roles import Permission
from frontoffice.web.context import config, database, say
from frontoffice.web.needs import needs

SHOWN = 200


@pages.get(f"{HERE}/conflicts")
@needs(Permission.BOOK)
def misfits(slug: str) -> ResponseReturnValue:
    """All appointments that no longer fit, each with times to offer."""
    with looking(slug, Permission.BOOK) as desk:
        return _conflicts_page(desk, NoteForm())


@pages.post(f"{HERE}/conflicts")
@needs(Permission.BOOK)
def settle(slug: str) -> ResponseReturnValue:
    """Move or cancel one appointment, or move all to the next free times of their weeks."""
    form, pressed = NoteForm(request.form), request.form.get("move", "")
    try:
        note = form.text()
        if request.form.get("all") == "move":
            _move_all(slug, note)
        elif pressed:
            _move_one(slug, pressed, note)
        else:
            with looking(
                slug, Permission.BOOK
            ):  # nothing was pressed: nothing is done, but only for who might
                pass
    except Invalid as wrong:
        with looking(slug, Permission.BOOK) as desk:
            if wrong.field == "note":
                form.refuse(wrong, say)
            else:
                flash(say(wrong), "warning")
            return _conflicts_page(desk, form), 422
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return redirect(_conflicts_address(slug), 303)


@pages.get(f"{HERE}/conflicts/cancel-all")
@needs(Permission.BOOK)
def ask_to_cancel_all(slug: str) -> ResponseReturnValue:
    """Ask whether all of them should really be cancelled."""
    with looking(slug, Permission.BOOK) as desk:
        found = conflicts.entries(desk.session, desk.office, desk.now, _day_or_none())
        return render(desk, "cancel_all.html", entries=found, day=_day_or_none(), note=NoteForm())


@pages.post(f"{HERE}/conflicts/cancel-all")
@needs(Permission.BOOK)
def cancel_all(slug: str) -> ResponseReturnValue:
    """Cancel those that the page listed, as far as they still do not fit."""
    form = NoteForm(request.form)
    with looking(slug, Permission.BOOK) as desk:
        try:
            note = form.text()
        except Invalid as wrong:
            form.refuse(wrong, say)
            found = conflicts.entries(desk.session, desk.office, desk.now, _day_or_none())
            return render(desk, "cancel_all.html", entries=found, day=_day_or_none(), note=form), 422
        office_id, now, actor = desk.office.id, desk.now, desk.actor
    done = conflicts.cancel_all(
        database(), office_id, _listed(), now, settings=config(), actor=actor, note=note
    )
    flash(
        ngettext("%(num)s appointment is cancelled.", "%(num)s appointments are cancelled.", done.done),
        "success" if done.done else "info",
    )
    _say_left(done)
    return redirect(_conflicts_address(slug), 303)


@pages.get(f"{HERE}/closures")
@needs(Permission.CLOSE_DAYS)
def closures(slug: str) -> ResponseReturnValue:
    """Close a day: what is closed already, and how many appointments would no longer fit."""
    with looking(slug, Permission.CLOSE_DAYS) as desk:
        return _closures_page(desk, ClosingForm(request.args))


@pages.post(f"{HERE}/closures")
@needs(Permission.CLOSE_DAYS)
def close(slug: str) -> ResponseReturnValue:
    """Close what was chosen; where appointments are in the way, only once the page has said how many."""
    form = ClosingForm(request.form)
    try:
        with acting(slug, Permission.CLOSE_DAYS) as desk:
            wish = _wish(desk, form)
            if form.seen.data != wish.key and closing.preview(desk.session, desk.office, wish, desk.now):
                return _closures_page(desk, form)
            clashes = closing.close(
                desk.session, desk.office, wish, form.reason.data or "", desk.account, desk.now
            )
    except Invalid as wrong:
        form.refuse(wrong, say)
        with looking(slug, Permission.CLOSE_DAYS) as desk:
            return _closures_page(desk, form), 422
    flash(_("It is closed."), "success")
    if clashes:
        return redirect(url_for("agenda.misfits", slug=slug, day=wish.day.isoformat()), 303)
    return redirect(url_for("agenda.closures", slug=slug), 303)


@pages.post(f"{HERE}/closures/<int(max=2147483647):closure>/reopen")
@needs(Permission.CLOSE_DAYS)
def reopen(slug: str, closure: int) -> ResponseReturnValue:
    """Open again what was closed."""
    with acting(slug, Permission.CLOSE_DAYS) as desk:
        closing.reopen(desk.session, desk.office, closure, desk.account, desk.now)
    flash(_("It is open again."), "success")
    return redirect(url_for("agenda.closures", slug=slug), 303)


@pages.get(f"{HERE}/week")
@needs(Permission.SEE_CAPACITY)
def week(slug: str) -> ResponseReturnValue:
    """How many seats there are in a week, and how many are taken."""
    with looking(slug, Permission.SEE_CAPACITY) as desk:
        monday = weeks.monday_of(day_asked_for(desk))
        return render(
            desk,
            "week.html",
            week=weeks.week(desk.session, desk.office, monday),
            monday=monday,
            sunday=monday + timedelta(days=6),
            before=monday - timedelta(days=7),
            after=monday + timedelta(days=7),
        )


def _conflicts_page(desk: Desk, form: NoteForm) -> str:
    day = _day_or_none()
    found = conflicts.entries(desk.session, desk.office, desk.now, day)
    shown = conflicts.with_times(
        desk.session,
        desk.office,
        found[:SHOWN],
        desk.now,
        rules=config().booking,
        door=doors.widest(desk.account),
    )
    if shown:
        note_seen(desk, "conflicts", [each.entry.appointment.id for each in shown])
    return render(
        desk,
        "conflicts.html",
        misfits=shown,
        more=len(found) - len(shown),
        people=people_of(desk, [each.entry for each in shown]),
        schedules=days.schedules(desk.session, desk.office),
        day=day,
        note=form,
    )


def _move_one(slug: str, pressed: str, note: str) -> None:
    """Move one; `pressed` says which, as it was seen, and to when."""
    reference, _dot, rest = pressed.partition(".")
    sequence, _dot, start = rest.partition(".")
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        raise ChangedMeanwhile from None
    with acting(slug, Permission.BOOK) as desk:
        found = days.find(desk.session, desk.office, reference).appointment
        if found.start == moment and not conflicts.is_misfit(desk.session, desk.office, found, desk.now):
            return  # a form that was sent twice
        conflicts.unchanged(found, number(sequence))
        door = doors.widest(desk.account)
        if not conflicts.move_one(
            desk.session, found, moment, desk.now, settings=config(), door=door, actor=desk.actor, note=note
        ):
            raise JustTaken
    flash(_("The appointment is moved."), "success")


def _move_all(slug: str, note: str) -> None:
    with looking(slug, Permission.BOOK) as desk:
        office_id, now, actor, door = desk.office.id, desk.now, desk.actor, doors.widest(desk.account)
    done = conflicts.move_all(
        database(), office_id, _listed(), now, settings=config(), door=door, actor=actor, note=note
    )
    flash(
        ngettext("%(num)s appointment is moved.", "%(num)s appointments are moved.", done.done),
        "success" if done.done else "info",
    )
    _say_left(done)


def _say_left(done: Done) -> None:
    if done.left:
        flash(
            ngettext(
                "%(num)s appointment stays on the list.", "%(num)s appointments stay on the list.", done.left
            ),
            "warning",
        )


def _listed() -> dict[str, int]:
    """The appointments that a page listed, and as what it saw them: `reference.sequence`."""
    pairs = [each.partition(".") for each in request.form.getlist("listed")]
    return {reference: number(sequence) or 0 for reference, _dot, sequence in pairs}


def _closures_page(desk: Desk, form: ClosingForm) -> str:
    known = days.schedules(desk.session, desk.office)
    offer(
        form.schedule, [("", _("The whole office")), *((str(each.id), each.name) for each in known.values())]
    )
    wish, would_clash = None, 0
    if form.day.data:
        try:
            wish = _wish(desk, form)
            would_clash = closing.preview(desk.session, desk.office, wish, desk.now)
        except Invalid as wrong:
            if not form.errors:
                form.refuse(wrong, say)
    return render(
        desk,
        "closures.html",
        form=form,
        wish=wish,
        would_clash=would_clash,
        closures=closing.coming(desk.session, desk.office, desk.today),
        holidays=_coming_holidays(desk),
        schedules=known,
    )


def _wish(desk: Desk, form: ClosingForm) -> closing.Wish:
    typed = (form.day.data or "", form.opens.data or "", form.closes.data or "")
    return closing.read(*typed, form.schedule_id, desk.today)


def _coming_holidays(desk: Desk) -> list[tuple[date, str]]:
    """The public holidays of a year from today on."""
    until = desk.today + timedelta(days=365)
    return [
        (day, name)
        for year in (desk.today.year, until.year)
        for day, name in sorted(holidays.public_holidays(desk.office.land, year).items())
        if desk.today <= day < until and holidays.closes_on(desk.office, day)
    ]


def _day_or_none() -> date | None:
    try:
        return date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        return None


def _conflicts_address(slug: str) -> str:
    day = _day_or_none()
    return url_for("agenda.misfits", slug=slug, day=day.isoformat() if day else None)
