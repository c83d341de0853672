"""One appointment as staff see it: what is known, moving, cancelling, the contact, and the slip to print."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from frontoffice import qr
from frontoffice.agenda import conflicts, message_words, record, seeing, times
from frontoffice.agenda import day as days
from frontoffice.agenda import door as doors
from frontoffice.agenda.day import Entry
from frontoffice.agenda.door import Door, Reach
from frontoffice.agenda.forms import NoteForm, PersonForm, number
from frontoffice.agenda.shell import (
    HERE,
    REFERENCE,
    Desk,
    acting,
    day_asked_for,
    looking,
    note_seen,
    pages,
    person_of,
    render,
)
from frontoffice.booking import appointing, choosing, confirming, contacting, letters, moving, references
from frontoffice.booking.models import Channel, State
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.refusals import JustTaken, NotOffered
from frontoffice.errors import Conflict, Invalid
from frontoffice.messages import following, kinds
from frontoffice.staff.roles import Permission
from frontoffice.web.context import config, in_language, say
from frontoffice.web.needs import needs

ONE = f"{HERE}/appointments/{REFERENCE}"


@pages.get(f"{ONE}/")
@needs(Permission.SEE_APPOINTMENTS)
def appointment(slug: str, reference: str) -> ResponseReturnValue:
    """What is known of an appointment, and what can be done with it."""
    with looking(slug, Permission.SEE_APPOINTMENTS) as desk:
        entry = days.find(desk.session, desk.office, reference)
        return _page(
            desk,
            entry,
            "appointment.html",
            history=record.history(desk.session, entry.appointment),
            sent=following.of_subject(desk.session, letters.subject(entry.appointment)),
            state_words=message_words.STATES,
            kind_names=kinds.NAMES,
            reason=message_words.reason,
        )


@pages.get(f"{ONE}/slip")
@needs(Permission.SEE_APPOINTMENTS)
def slip(slug: str, reference: str) -> ResponseReturnValue:
    """The confirmation to print, in the person's language."""
    with looking(slug, Permission.SEE_APPOINTMENTS) as desk:
        entry = days.find(desk.session, desk.office, reference)
        spoken = entry.appointment.language
        with in_language(spoken if spoken in config().site.languages else config().site.languages[0]):
            link = letters.manage_link(desk.session, entry.appointment.reference, config().site.base_url)
            return _page(
                desk,
                entry,
                "slip.html",
                place=letters.place_of(desk.session, entry.appointment),
                link=link,
                link_picture=Markup(qr.svg(link)),  # noqa: S704 (made of numbers only)
            )


@pages.get(f"{ONE}/move")
@needs(Permission.BOOK)
def ask_to_move(slug: str, reference: str) -> ResponseReturnValue:
    """Choose another time, then say so once more; the old time stays until the new one is certain."""
    with looking(slug, Permission.BOOK) as desk:
        entry = days.find(desk.session, desk.office, reference)
        return _move_page(desk, entry)


@pages.post(f"{ONE}/move")
@needs(Permission.BOOK)
def move(slug: str, reference: str) -> ResponseReturnValue:
    """Move to the chosen time, or show which are left."""
    note_form, start = NoteForm(request.form), _moment(request.form.get("start"))
    try:
        with acting(slug, Permission.BOOK) as desk:
            entry = days.find(desk.session, desk.office, reference)
            if start is None:
                raise NotOffered
            if entry.appointment.start != start:  # else a form that was sent twice
                conflicts.unchanged(entry.appointment, number(request.form.get("sequence")))
                _move(desk, entry, start, note_form.text())
                flash(_("The appointment is moved."), "success")
    except (JustTaken, NotOffered) as refusal:
        with looking(slug, Permission.BOOK) as desk:
            return _move_page(desk, days.find(desk.session, desk.office, reference), say(refusal)), 409
    except Invalid as wrong:
        with looking(slug, Permission.BOOK) as desk:
            note_form.refuse(wrong, say)
            return _move_page(desk, days.find(desk.session, desk.office, reference), note=note_form), 422
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return _back(slug, reference)


@pages.get(f"{ONE}/cancel")
@needs(Permission.BOOK)
def ask_to_cancel(slug: str, reference: str) -> ResponseReturnValue:
    """Ask for the reason, and whether it is meant."""
    with looking(slug, Permission.BOOK) as desk:
        return _page(desk, days.find(desk.session, desk.office, reference), "cancel.html", note=NoteForm())


@pages.post(f"{ONE}/cancel")
@needs(Permission.BOOK)
def cancel(slug: str, reference: str) -> ResponseReturnValue:
    """Cancel, with a sentence in the message."""
    form = NoteForm(request.form)
    try:
        with acting(slug, Permission.BOOK) as desk:
            found = days.find(desk.session, desk.office, reference).appointment
            if found.state is not State.CANCELLED:
                conflicts.unchanged(found, number(request.form.get("sequence")))
                appointing.cancel(
                    desk.session, found, desk.now, desk.actor, settings=config(), note=form.text()
                )
                flash(_("The appointment is cancelled."), "success")
    except Invalid as wrong:
        form.refuse(wrong, say)
        with looking(slug, Permission.BOOK) as desk:
            found_again = days.find(desk.session, desk.office, reference)
            return _page(desk, found_again, "cancel.html", note=form), 422
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return _back(slug, reference)


@pages.get(f"{ONE}/contact")
@needs(Permission.BOOK)
def ask_for_contact(slug: str, reference: str) -> ResponseReturnValue:
    """The contact as it is, to be changed."""
    with looking(slug, Permission.BOOK) as desk:
        entry = days.find(desk.session, desk.office, reference)
        person = person_of(desk, entry)
        form = PersonForm(data={"mail": person.mail, "phone": person.phone})
        return _page(desk, entry, "contact.html", form=form)


@pages.post(f"{ONE}/contact")
@needs(Permission.BOOK)
def change_contact(slug: str, reference: str) -> ResponseReturnValue:
    """Write to another address from now on."""
    form = PersonForm(request.form)
    try:
        with acting(slug, Permission.BOOK) as desk:
            found = days.find(desk.session, desk.office, reference).appointment
            mail, phone = form.mail.data, form.phone.data
            contacting.change(desk.session, found, mail, phone, desk.now, settings=config(), actor=desk.actor)
        flash(_("The contact is changed."), "success")
    except WrongDetails as wrong:
        for problem in wrong.problems:
            form.refuse(problem, say)
        with looking(slug, Permission.BOOK) as desk:
            return _page(
                desk, days.find(desk.session, desk.office, reference), "contact.html", form=form
            ), 422
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return _back(slug, reference)


@pages.post(f"{ONE}/send-again")
@needs(Permission.BOOK)
def send_again(slug: str, reference: str) -> ResponseReturnValue:
    """Send the confirmation once more."""
    try:
        with acting(slug, Permission.BOOK) as desk:
            found = days.find(desk.session, desk.office, reference).appointment
            record.send_again(desk.session, found, desk.now, actor=desk.actor, settings=config())
        flash(_("The confirmation is on its way again."), "success")
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return _back(slug, reference)


@pages.post(f"{ONE}/confirm")
@needs(Permission.BOOK)
def confirm(slug: str, reference: str) -> ResponseReturnValue:
    """Take it as confirmed: the person says so at the desk or on the phone."""
    try:
        with acting(slug, Permission.BOOK) as desk:
            found = days.find(desk.session, desk.office, reference).appointment
            confirming.confirm(desk.session, found, desk.now, settings=config(), actor=desk.actor)
        flash(_("The appointment is confirmed."), "success")
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return _back(slug, reference)


def _page(desk: Desk, entry: Entry, template: str, **words: object) -> str:
    """A page that shows whose appointment it is, and the person's others, which goes on record."""
    found = entry.appointment
    others = record.others_of(desk.session, found, desk.now)
    note_seen(desk, seeing.of_appointment(found), [each.id for each in others])
    is_open = found.state in appointing.CANCELLABLE and found.start > desk.now
    return render(
        desk,
        template,
        entry=entry,
        appointment=found,
        person=person_of(desk, entry),
        schedule=days.schedules(desk.session, desk.office)[found.sheet.schedule_id],
        reference=references.shown(found.reference),
        picture=Markup(qr.svg(found.reference)),  # noqa: S704 (made of numbers only)
        ends=found.start + found.ticks * timedelta(minutes=5),
        is_open=is_open,
        others=others,
        address={"slug": desk.office.slug, "reference": found.reference},
        **words,
    )


def _move_page(desk: Desk, entry: Entry, refusal: str | None = None, note: NoteForm | None = None) -> str:
    channel, reach, schedule_id = _chosen(desk)
    first = day_asked_for(desk, "from") if request.values.get("from") else desk.today
    found = entry.appointment
    table = times.from_day(
        desk.session,
        desk.office,
        choosing.kept_visit(desk.session, found),
        first,
        desk.now,
        rules=config().booking,
        door=doors.door(desk.account, channel, reach),
        schedules=_schedules(entry, schedule_id),
    )
    start = _moment(request.values.get("start"))
    asked: dict[str, Any] = {"seats": reach.value, "team": schedule_id}
    address: dict[str, Any] = {"slug": desk.office.slug, "reference": found.reference}

    def choose(moment: datetime) -> str:
        more = {"start": moment.isoformat(), "from": first.isoformat()}
        return url_for("agenda.ask_to_move", **{**address, **asked, **more})

    def look_from(day: date) -> str:
        return url_for("agenda.ask_to_move", **{**address, **asked, "from": day.isoformat()})

    return _page(
        desk,
        entry,
        "move.html",
        table=table,
        choose=choose,
        look_from=look_from,
        start=start if refusal is None else None,
        refusal=refusal,
        reaches=doors.reaches(desk.account),
        reach=reach,
        schedule_id=schedule_id,
        schedules=days.schedules(desk.session, desk.office),
        first=first,
        note=note or NoteForm(),
    )


def _move(desk: Desk, entry: Entry, start: datetime, note: str) -> None:
    channel, reach, schedule_id = _chosen(desk)
    door: Door = doors.door(desk.account, channel, reach)
    moving.move(
        desk.session,
        entry.appointment,
        start,
        desk.now,
        settings=config(),
        actor=desk.actor,
        channel=door.channel,
        shares=door.shares,
        schedules=_schedules(entry, schedule_id),
        note=note,
    )


def _chosen(desk: Desk) -> tuple[Channel, Reach, int | None]:
    channel, reach = doors.read(desk.account, Channel.PHONE, request.values.get("seats", ""))
    return channel, reach, number(request.values.get("team"))


def _schedules(entry: Entry, schedule_id: int | None) -> tuple[int, ...] | None:
    """Where to look: the chosen team; else the pool, or the separate desk where the appointment is."""
    if schedule_id is not None:
        return (schedule_id,)
    schedule = entry.appointment.schedule
    return None if schedule.pooled else (schedule.id,)


def _moment(typed: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(typed or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _back(slug: str, reference: str) -> ResponseReturnValue:
    return redirect(url_for("agenda.appointment", slug=slug, reference=reference), 303)
