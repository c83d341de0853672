"""Booking for others, on the phone and at the desk: what for and when, then who, then it is booked."""

import secrets
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from frontoffice import vault
from frontoffice.agenda import day as days
from frontoffice.agenda import door as doors
from frontoffice.agenda import times
from frontoffice.agenda.door import Reach
from frontoffice.agenda.forms import PersonForm, number, offer
from frontoffice.agenda.shell import HERE, Desk, acting, day_asked_for, looking, pages, render
from frontoffice.booking import appointing, choice, choosing, holding, references
from frontoffice.booking.choice import Choice
from frontoffice.booking.forms import HoldForm
from frontoffice.booking.models import Channel, Hold
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.refusals import HoldExpired, JustTaken, NotOffered
from frontoffice.booking.visit import Visit
from frontoffice.errors import DomainError, Invalid, NotFound
from frontoffice.languages import language_of
from frontoffice.staff.roles import Permission
from frontoffice.web.context import config, in_own_language, say
from frontoffice.web.needs import needs

ROWS = 5  # services of one visit
HELD = "<string(maxlength=64):token>"


@pages.get(f"{HERE}/book")
@needs(Permission.BOOK)
def book(slug: str) -> ResponseReturnValue:
    """Choose what for, and one of the free times."""
    with looking(slug, Permission.BOOK) as desk:
        return _times_page(desk)


@pages.post(f"{HERE}/book")
@needs(Permission.BOOK)
def hold(slug: str) -> ResponseReturnValue:
    """Keep the chosen time while the person is asked for the details; what the clerk kept before is given back."""
    form = HoldForm(request.form)
    try:
        with acting(slug, Permission.BOOK) as desk:
            channel, reach, schedule_id = _door_asked_for(desk)
            door = doors.door(desk.account, channel, reach)
            chosen = _choice()
            _office, visit = choosing.chosen(desk.session, slug, chosen.items)
            _held, token = holding.hold(
                desk.session,
                desk.office,
                visit,
                form.moment(),
                desk.now,
                rules=config().booking,
                channel=door.channel,
                shares=door.shares,
                schedules=(schedule_id,) if schedule_id else None,
                key=form.idempotency_key(f"{desk.actor}:{chosen}:{reach}:{schedule_id}"),
                visitor=vault.fingerprint(f"clerk:{desk.account.id}"),
            )
    except (JustTaken, NotOffered) as refusal:
        with looking(slug, Permission.BOOK) as desk:
            return _times_page(desk, refusal), 409
    return redirect(url_for("agenda.person", slug=slug, token=token), 303)


@pages.get(f"{HERE}/book/{HELD}/")
@needs(Permission.BOOK)
def person(slug: str, token: str) -> ResponseReturnValue:
    """Ask who comes; lead on to the appointment once there is one."""
    with looking(slug, Permission.BOOK) as desk:
        held = _held(desk, token)
        booked = appointing.of_hold(desk.session, held)
        if booked is not None:
            return redirect(url_for("agenda.appointment", slug=slug, reference=booked.reference), 303)
        return _person_page(desk, held, PersonForm())


@pages.post(f"{HERE}/book/{HELD}/")
@needs(Permission.BOOK)
def book_now(slug: str, token: str) -> ResponseReturnValue:
    """Book at once: who talks to us has proven enough. Sent twice it is booked once."""
    form = PersonForm(request.form)
    try:
        with acting(slug, Permission.BOOK) as desk:
            _held(desk, token)
            found = form.person(desk.today)
            booked = appointing.book(
                desk.session,
                token,
                found,
                _spoken(desk, form),
                desk.now,
                settings=config(),
                actor=desk.actor,
                proven=True,
            )
            reference, has_contact = booked.reference, bool(found.mail or found.phone)
    except WrongDetails as wrong:
        for problem in wrong.problems:
            form.refuse(problem, say)
        with looking(slug, Permission.BOOK) as desk:
            return _person_page(desk, _held(desk, token), form), 422
    except HoldExpired as refusal:
        with looking(slug, Permission.BOOK) as desk:
            flash(say(refusal), "warning")
            return redirect(_times_again(desk, _held(desk, token)), 303)
    flash(_("Booked. The code is %(code)s.", code=references.shown(reference)), "success")
    if not has_contact:
        flash(
            _("Without a mail address or phone number nothing is sent: please print the confirmation."),
            "info",
        )
    return redirect(url_for("agenda.appointment", slug=slug, reference=reference), 303)


@pages.post(f"{HERE}/book/{HELD}/give-back")
@needs(Permission.BOOK)
def give_back(slug: str, token: str) -> ResponseReturnValue:
    """Give the kept time back and look for another."""
    with acting(slug, Permission.BOOK) as desk:
        address = _times_again(desk, _held(desk, token))
        holding.release(desk.session, token, desk.now)
    return redirect(address, 303)


def _times_page(desk: Desk, refusal: DomainError | None = None) -> str:
    channel, reach, schedule_id = _door_asked_for(desk)
    chosen, first = _choice(), day_asked_for(desk, "from")
    visit, wrong = _visit(desk, chosen)
    table = None
    if visit is not None:
        table = times.from_day(
            desk.session,
            desk.office,
            visit,
            first,
            desk.now,
            rules=config().booking,
            door=doors.door(desk.account, channel, reach),
            schedules=(schedule_id,) if schedule_id else None,
        )
    problem = refusal or wrong
    asked = _asked(chosen, channel, reach, schedule_id)
    return render(
        desk,
        "book.html",
        services=[each for each in desk.office.services if each.active],
        rows=[*chosen.items, *[("", 1)] * (ROWS - len(chosen.items))],
        most_people=choice.MOST_PEOPLE,
        visit=visit,
        wrong=say(problem) if problem else None,
        table=table,
        look_from=lambda day: url_for(
            "agenda.book", slug=desk.office.slug, **asked, **{"from": day.isoformat()}
        ),
        asked=asked,
        first=first,
        key=secrets.token_urlsafe(16),
        channel=channel,
        door_channels=doors.CHANNELS,
        reach=reach,
        reaches=doors.reaches(desk.account),
        schedule_id=schedule_id,
        schedules=days.schedules(desk.session, desk.office),
    )


def _person_page(desk: Desk, held: Hold, form: PersonForm) -> str:
    codes = [
        code for code in config().site.languages if code in desk.office.languages
    ] or config().site.languages
    offer(form.language, [(code, language_of(code).name) for code in codes], codes[0])
    visit = choosing.kept_visit(desk.session, held)
    names = {each.id: in_own_language(each.names) for each in desk.office.services}
    return render(
        desk,
        "person.html",
        form=form,
        held=held,
        visit=visit,
        concerns=[(names.get(number_, ""), people) for number_, people in held.items],
        again=_times_again(desk, held),
        is_kept=held.released_at is None and held.expires_at > desk.now,
    )


def _held(desk: Desk, token: str) -> Hold:
    """The hold with this token, if it is one of this office. Raises NotFound."""
    held = holding.find(desk.session, token)
    if held.service.office_id != desk.office.id:
        raise NotFound
    return held


def _visit(desk: Desk, chosen: Choice) -> tuple[Visit | None, Invalid | None]:
    """What is wanted, if it is one visit."""
    if not chosen.items:
        return None, None
    try:
        return choosing.chosen(desk.session, desk.office.slug, chosen.items)[1], None
    except Invalid as wrong:
        return None, wrong


def _choice() -> Choice:
    """The services of the form's rows, else what an address says (`with`)."""
    services, people = request.values.getlist("service"), request.values.getlist("people")
    rows = [
        f"{service}:{people[place] if place < len(people) else 1}"
        for place, service in enumerate(services)
        if service
    ]
    return choice.read(rows or request.values.getlist("with"))


def _door_asked_for(desk: Desk) -> tuple[Channel, Reach, int | None]:
    values = request.values
    channel, reach = doors.read(desk.account, values.get("channel", ""), values.get("seats", ""))
    schedule_id = number(values.get("team"))
    return channel, reach, schedule_id if schedule_id in days.schedules(desk.session, desk.office) else None


def _asked(chosen: Choice, channel: Channel, reach: Reach, schedule_id: int | None) -> dict[str, Any]:
    values = {"with": str(chosen), "channel": channel.value, "seats": reach.value, "team": schedule_id}
    return {name: value for name, value in values.items() if value}


def _times_again(desk: Desk, held: Hold) -> str:
    """The free times for the same, from the day of the kept one on."""
    slugs = {each.id: each.slug for each in desk.office.services}
    chosen = Choice(tuple((slugs[number_], people) for number_, people in held.items if number_ in slugs))
    asked = _asked(chosen, held.channel, Reach.USUAL, None)
    return url_for("agenda.book", slug=desk.office.slug, **{**asked, "from": held.sheet.day.isoformat()})


def _spoken(desk: Desk, form: PersonForm) -> str:
    codes = [*desk.office.languages, *config().site.languages]
    return form.language.data if form.language.data in codes else codes[0]
