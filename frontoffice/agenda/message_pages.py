"""Messages as staff see them: what was sent about an appointment, what reached nobody, and what the texts say."""

from collections.abc import Mapping, Sequence

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from frontoffice.agenda.message_words import STATES, reason, stop_reason, variant_name
from frontoffice.agenda.shell import HERE, Desk, acting, looking, pages, render
from frontoffice.booking import references
from frontoffice.booking.models import Appointment
from frontoffice.errors import Conflict, NotFound
from frontoffice.languages import language_of
from frontoffice.messages import condition, failover, following, kinds, preview
from frontoffice.messages.following import Followed
from frontoffice.staff.roles import Permission
from frontoffice.web.context import config, language, say
from frontoffice.web.needs import needs

MESSAGES = f"{HERE}/messages"
ONE = f"{MESSAGES}/<int(max=9007199254740991):message_id>"


@pages.get(f"{MESSAGES}/")
@needs(Permission.MIND_MESSAGES)
def messages(slug: str) -> ResponseReturnValue:
    """Which providers are stopped, what waits to leave, and what reached nobody."""
    with looking(slug, Permission.MIND_MESSAGES) as desk:
        listed = following.unreached(desk.session, desk.office.id, desk.now)
        return render(
            desk,
            "message_desk/messages.html",
            stopped=failover.state(desk.session),
            ways=list(
                zip(
                    condition.queues(desk.session, desk.now),
                    condition.delays(desk.session, desk.now),
                    strict=True,
                )
            ),
            may_resume=desk.may(Permission.RESUME_PROVIDERS),
            stop_reason=stop_reason,
            listed=listed,
            appointments=_references(desk, listed) if desk.may(Permission.SEE_APPOINTMENTS) else {},
            state_words=STATES,
            kind_names=kinds.NAMES,
            reason=reason,
        )


@pages.post(f"{ONE}/retry")
@needs(Permission.MIND_MESSAGES)
def retry_message(slug: str, message_id: int) -> ResponseReturnValue:
    """Send a message that reached nobody once more."""
    try:
        with acting(slug, Permission.MIND_MESSAGES) as desk:
            following.retry(desk.session, message_id, desk.office.id, desk.now, desk.actor)
        flash(_("The message is on its way again."), "success")
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return _back(slug)


@pages.post(f"{ONE}/close")
@needs(Permission.MIND_MESSAGES)
def close_message(slug: str, message_id: int) -> ResponseReturnValue:
    """Take a message off the list."""
    try:
        with acting(slug, Permission.MIND_MESSAGES) as desk:
            following.close(desk.session, message_id, desk.office.id, desk.now, desk.actor)
        flash(_("The message is closed."), "success")
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return _back(slug)


@pages.post(f"{MESSAGES}/providers/<provider>/resume")
@needs(Permission.RESUME_PROVIDERS)
def resume_provider(slug: str, provider: str) -> ResponseReturnValue:
    """Try a stopped provider again now: what was wrong with it is mended."""
    with acting(slug, Permission.RESUME_PROVIDERS) as desk:
        if not any(each.provider == provider for each in failover.state(desk.session)):
            raise NotFound
        failover.resume(desk.session, [provider], desk.now, desk.actor)
    flash(_("It is tried again now."), "success")
    return _back(slug)


@pages.get(f"{MESSAGES}/texts")
@needs(Permission.MIND_MESSAGES)
def message_texts(slug: str) -> ResponseReturnValue:
    """Each kind of message in each language, as it would arrive."""
    with looking(slug, Permission.MIND_MESSAGES) as desk:
        spoken = config().site.languages
        chosen = request.args.get("kind", "booked")
        read_in = request.args.get("language", language())
        if chosen not in kinds.KINDS or read_in not in spoken:
            raise NotFound
        office = desk.office
        own = {
            "office_name": office.name,
            "office_address": f"{office.street}\n{office.postal_code} {office.city}",
            "office_phone": office.phone,
        }
        return render(
            desk,
            "message_desk/texts.html",
            kind=chosen,
            kind_names={kind: kinds.NAMES[kind] for kind in kinds.KINDS},
            read_in=read_in,
            spoken=spoken,
            direction=language_of(read_in).direction,
            samples=preview.samples(chosen, read_in, config().site.base_url, own),
            variant_name=variant_name,
        )


def _references(desk: Desk, listed: Sequence[Followed]) -> Mapping[str, tuple[str, str]]:
    """The codes of the appointments that messages are about, as kept and as shown, by the messages' subjects."""
    numbers = [
        int(number)
        for kind, colon, number in (each.subject.partition(":") for each in listed)
        if kind == "appointment" and number.isdigit()
    ]
    query = select(Appointment.id, Appointment.reference).where(
        Appointment.id.in_(numbers), Appointment.office_id == desk.office.id
    )
    return {
        f"appointment:{number}": (reference, references.shown(reference))
        for number, reference in desk.session.execute(query)
    }


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for("agenda.messages", slug=slug), 303)
