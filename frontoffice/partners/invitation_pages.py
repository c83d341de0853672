"""The pages behind the link of an invitation: the free times, the details that are missing, taking or declining."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import birth_date, clock
from frontoffice.booking import appointing, dates, guessing, sheet, timetable
from frontoffice.booking import person as people
from frontoffice.booking.models import Hold
from frontoffice.booking.person import Person, WrongDetails
from frontoffice.booking.refusals import HoldExpired, JustTaken, NotAccepted, NotOffered
from frontoffice.errors import DomainError
from frontoffice.messages import preferences
from frontoffice.partners import invitation_letters, invitations, taking
from frontoffice.partners.forms import InvitedForm
from frontoffice.partners.invitation_refusals import InvitationOver
from frontoffice.partners.invitations import Known
from frontoffice.partners.models import Invitation, InvitationState
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language, in_own_language, language, say
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import status_of

pages = Blueprint(
    "invitations",
    __name__,
    url_prefix="/invitations/<string(length=24):name>/<string(length=24):secret>",
)
all_need(pages, Kind.LINK)

DAYS_ON_SHOW = 5


class Guest(NamedTuple):
    """Who has opened an invitation, in which transaction, when."""

    session: Session
    invitation: Invitation
    now: datetime

    @property
    def address(self) -> dict[str, str]:
        """What stands in the addresses of its pages."""
        secret = invitations.secret_of(self.session, self.invitation)
        return {"name": self.invitation.name, "secret": secret}


@pages.get("/")
def times(name: str, secret: str) -> ResponseReturnValue:
    """The free times inside the window, or what has become of the invitation."""
    with _opened(name, secret) as guest:
        if invitations.state_of(guest.invitation, guest.now) != InvitationState.OPEN:
            return _over(guest)
        return _times_page(guest)


@pages.post("/")
def hold(name: str, secret: str) -> ResponseReturnValue:
    """Keep the chosen time while the details are asked for."""
    try:
        with _opened(name, secret, write=True) as guest:
            start = _moment(request.form.get("start", ""))
            taking.hold(guest.session, guest.invitation, start, guest.now, rules=config().booking)
    except InvitationOver:
        return redirect(url_for(".times", name=name, secret=secret), 303)
    except (JustTaken, NotOffered) as refusal:
        return _other_times(name, secret, refusal)
    return redirect(url_for(".details", name=name, secret=secret), 303)


@pages.get("/details")
def details(name: str, secret: str) -> ResponseReturnValue:
    """Show the time that is kept, and ask for what is not known of the person."""
    with _opened(name, secret) as guest:
        kept = taking.held(guest.session, guest.invitation, guest.now)
        if kept is None or invitations.state_of(guest.invitation, guest.now) != InvitationState.OPEN:
            return redirect(url_for(".times", name=name, secret=secret), 303)
        return _details_page(guest, kept, InvitedForm())


@pages.post("/details")
def take(name: str, secret: str) -> ResponseReturnValue:
    """Take the time that is kept, once, however often the form is sent."""
    form = InvitedForm(request.form)
    try:
        with _opened(name, secret, write=True) as guest:
            if guest.invitation.state is not InvitationState.TAKEN:
                known = invitations.known_of(guest.session, guest.invitation)
                person = _person(known, form, sheet.day_of(guest.now, guest.invitation.office.time_zone))
                taking.take(guest.session, guest.invitation, person, guest.now, settings=config())
                flash(_("Your appointment is booked."), "success")
            return _see_appointment(guest)
    except WrongDetails as wrong:
        return _wrong_details(name, secret, form, wrong)
    except InvitationOver:
        return redirect(url_for(".times", name=name, secret=secret), 303)
    except (HoldExpired, NotAccepted) as refusal:
        return _other_times(name, secret, refusal)


@pages.get("/decline")
def ask_to_decline(name: str, secret: str) -> ResponseReturnValue:
    """Ask whether the invitation should really be declined."""
    with _opened(name, secret) as guest:
        if invitations.state_of(guest.invitation, guest.now) != InvitationState.OPEN:
            return redirect(url_for(".times", name=name, secret=secret), 303)
        return render_template("partners/decline.html", **_words(guest))


@pages.post("/decline")
def decline(name: str, secret: str) -> ResponseReturnValue:
    """Decline the invitation."""
    try:
        with _opened(name, secret, write=True) as guest:
            taking.decline(guest.session, guest.invitation, guest.now)
    except InvitationOver:
        pass  # the page says what has become of it
    return redirect(url_for(".times", name=name, secret=secret), 303)


@contextmanager
def _opened(name: str, secret: str, *, write: bool = False) -> Iterator[Guest]:
    """The invitation of the link, locked for writing. Raises NotFound."""
    now = clock.now()
    with (
        guessing.counted(database(), access.network(), now),
        database().write() if write else database().read() as session,
    ):
        yield Guest(session, in_its_language(invitations.by_link(session, name, secret, lock=write)), now)


def _moment(typed: str) -> datetime:
    """The chosen time. Raises NotOffered for what is no time with a zone."""
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise NotOffered from None
    if moment.tzinfo is None:
        raise NotOffered
    return moment


def _person(known: Known, form: InvitedForm, today: date) -> Person:
    """Who comes: what is known already, and for the rest what was typed. Raises WrongDetails."""
    born = (
        (f"{known.born:%d}", f"{known.born:%m}", f"{known.born.year:04}")
        if known.born
        else form.born.form.typed()
    )
    return people.read(
        known.name or form.name.data or "",
        born,
        known.mail or form.mail.data or "",
        known.phone or form.phone.data or "",
        today,
    )


def _times_page(guest: Guest, refusal: DomainError | None = None) -> str:
    invitation, zone = guest.invitation, guest.invitation.office.time_zone
    free = taking.free_starts(guest.session, invitation, guest.now, rules=config().booking)
    first = _day(request.args.get("from", ""))
    before = [day for day in free if day < first]
    later = [day for day in free if day >= first]
    on_show = list(islice(later, DAYS_ON_SHOW))
    moments = [moment for day in on_show for moment in free[day]]
    more = {
        "earlier": before[-DAYS_ON_SHOW:][0] if before else None,
        "later": later[DAYS_ON_SHOW] if len(later) > DAYS_ON_SHOW else None,
    }
    return render_template(
        "partners/invitation.html",
        days=timetable.by_day(moments, zone, language()),
        refusal=say(refusal) if refusal else None,
        has_errors=refusal is not None,
        more={
            name: f"{url_for('.times', **guest.address)}?from={day.isoformat()}" if day else None  # type: ignore[arg-type]
            for name, day in more.items()
        },
        **_words(guest),
    )


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return date.min


def _details_page(guest: Guest, kept: Hold, form: InvitedForm) -> str:
    zone = guest.invitation.office.time_zone
    known = invitations.known_of(guest.session, guest.invitation)
    return render_template(
        "partners/invitation_details.html",
        form=form,
        known=known,
        born=birth_date.written(known.born, language()) if known.born else None,
        hold=kept,
        now=guest.now,
        until=dates.clock_time(kept.expires_at, zone, language()),
        **_words(guest, kept.start),
    )


def _wrong_details(name: str, secret: str, form: InvitedForm, wrong: WrongDetails) -> ResponseReturnValue:
    for problem in wrong.problems:
        form.refuse(problem, say)
    with _opened(name, secret) as guest:
        kept = taking.held(guest.session, guest.invitation, guest.now)
        if kept is None:
            return redirect(url_for(".times", name=name, secret=secret), 303)
        return _details_page(guest, kept, form), 422


def _other_times(name: str, secret: str, refusal: DomainError) -> ResponseReturnValue:
    with _opened(name, secret) as guest:
        return _times_page(guest, refusal), status_of(refusal)


def _over(guest: Guest) -> ResponseReturnValue:
    """What has become of an invitation that cannot be taken (any more)."""
    booked = guest.invitation.appointment
    state = invitations.state_of(guest.invitation, guest.now)
    sentence = say(getattr(InvitationOver, state)())
    page = render_template(
        "partners/invitation_over.html",
        sentence=sentence,
        appointment=_appointment_address(guest) if booked and state == InvitationState.TAKEN else None,
        **_words(guest, booked.start if booked else None),
    )
    return page, 200 if state == InvitationState.TAKEN else 410


def _see_appointment(guest: Guest) -> ResponseReturnValue:
    return redirect(_appointment_address(guest), 303)


def _appointment_address(guest: Guest) -> str:
    booked = guest.invitation.appointment
    assert booked is not None
    secret = appointing.secret_of(guest.session, booked)
    return url_for("booking.appointment", reference=booked.reference, secret=secret)


def _words(guest: Guest, start: datetime | None = None) -> dict[str, Any]:
    invitation, zone = guest.invitation, guest.invitation.office.time_zone
    last = sheet.day_of(invitation.latest, zone)
    return {
        "current_office": invitation.office,
        "invitation": invitation,
        "concern": in_own_language(invitation.service.names),
        "place": invitation.schedule.place if invitation.schedule else None,
        "last_day": dates.long_day(last, language()),
        "address": guest.address,
        "messages_page": preferences.of_subject(guest.session, invitation_letters.subject(invitation)),
        "date": dates.long_day(sheet.day_of(start, zone), language()) if start else None,
        "time": dates.clock_time(start, zone, language()) if start else None,
    }
