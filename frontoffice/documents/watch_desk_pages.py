"""Staff's pages of reminders: look one up, note one after a visit, record an application; and the forecast."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import RadioField, SelectField, StringField

from frontoffice import events
from frontoffice.agenda import day as days
from frontoffice.agenda import seeing, shell
from frontoffice.agenda.shell import HERE, REFERENCE, Desk, acting, looking
from frontoffice.booking import manage_pages
from frontoffice.documents import proving, renewal_forecast, watching
from frontoffice.documents.chart import chart
from frontoffice.documents.contact import Contact
from frontoffice.documents.document_kinds import ABOUT
from frontoffice.documents.models import ExpiryWatch, Source
from frontoffice.documents.watch_forms import DateForm
from frontoffice.errors import N_, Conflict, DomainError, Invalid, NotSignedIn
from frontoffice.languages import name_of
from frontoffice.messages.models import Medium
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, language, say
from frontoffice.web.needs import all_need, needs
from frontoffice.web.problems import status_of

pages = Blueprint("watch_desk", __name__)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Permission.MIND_WATCHES)

WATCHES = f"{HERE}/watches"
OF_APPOINTMENT = f"{WATCHES}/of/{REFERENCE}"
ONE = f"{WATCHES}/<int(max=9007199254740991):number>"

STATES = {
    "active": ("success", N_("Reminds")),
    "applied": ("info", N_("Application received")),
    "withdrawn": ("warning", N_("Withdrawn")),
    "opted_out": ("warning", N_("Wants no reminders")),
}


class DeskForm(DateForm):
    """What to remind somebody of who stands at the desk; `to` where the contact is known from an appointment."""

    contact = StringField(N_("Mail address or mobile number"))
    to = RadioField(N_("Where should we write?"))
    language = SelectField(N_("Language of the reminders"))


@pages.get(f"{WATCHES}/")
def watches(slug: str) -> ResponseReturnValue:
    """Look somebody up, or note a date."""
    with looking(slug, Permission.MIND_WATCHES) as desk:
        return _page(desk, _form())


@pages.post(f"{WATCHES}/")
def look_up(slug: str) -> ResponseReturnValue:
    """What somebody with this contact is reminded of. The contact stands in no address; the look is on record."""
    form = _form()
    try:
        to = proving.reach(form.contact.data or "")
        with acting(slug, Permission.MIND_WATCHES) as desk:
            found = watching.of_contact(desk.session, Contact.at(to.medium, to.to), desk.office)
            for each in found:
                _seen(desk, each)
            return _page(desk, form, found=found)
    except Invalid as refusal:
        with looking(slug, Permission.MIND_WATCHES) as desk:
            return _page(desk, form, refusal=refusal), status_of(refusal)


@pages.post(f"{WATCHES}/add")
def add(slug: str) -> ResponseReturnValue:
    """Note a date for somebody at the desk."""
    form = _form()
    try:
        to = proving.reach(form.contact.data or "")
        return _add(slug, form, Contact.at(to.medium, to.to))
    except (Invalid, Conflict) as refusal:
        with looking(slug, Permission.MIND_WATCHES) as desk:
            return _page(desk, form, refusal=refusal), status_of(refusal)


@pages.route(OF_APPOINTMENT, methods=["GET", "POST"])
def of_appointment(slug: str, reference: str) -> ResponseReturnValue:
    """The same after a visit: the contact is that of the appointment, and the look at it is on record."""
    form = _form()
    with looking(slug, Permission.MIND_WATCHES) as desk:
        entry = days.find(desk.session, desk.office, reference)
        shell.note_seen(desk, seeing.of_appointment(entry.appointment))
        person = shell.person_of(desk, entry)
        both = ((Medium.SMS, person.phone), (Medium.MAIL, person.mail))
        contacts = [Contact.at(medium, to) for medium, to in both if to]
        form.to.choices = [(str(place), each.shown) for place, each in enumerate(contacts)]
        chosen = next((place for place in range(len(contacts)) if str(place) == form.to.data), 0)
        if request.method == "GET":
            form.to.data, form.language.data = "0", entry.appointment.language
            form.kind.data = _kind_of(entry.appointment.service.slug)
            return _known_page(desk, form, reference, contacts)
    if not contacts:
        return redirect(url_for(".watches", slug=slug), 303)
    try:
        return _add(slug, form, contacts[chosen])
    except (Invalid, Conflict) as refusal:
        with looking(slug, Permission.MIND_WATCHES) as desk:
            return _known_page(desk, form, reference, contacts, refusal), status_of(refusal)


@pages.post(f"{ONE}/<any(applied, end):answer>")
def answer(slug: str, number: int, answer: str) -> ResponseReturnValue:
    """Record that an application was received, or end the reminders at the person's wish."""
    verb = watching.applied if answer == "applied" else watching.end
    try:
        with acting(slug, Permission.MIND_WATCHES) as desk:
            verb(
                desk.session,
                watching.at_office(desk.session, desk.office, number),
                desk.now,
                actor=desk.actor,
            )
        flash(_("We have noted it. No more reminders of this date."), "success")
    except Conflict as refusal:
        flash(say(refusal), "warning")
    return redirect(url_for(".watches", slug=slug), 303)


@pages.get(f"{HERE}/renewals")
@needs(Permission.SEE_FORECAST)
def renewals(slug: str) -> ResponseReturnValue:
    """How many renewals are coming, and whether there is room for them."""
    with looking(slug, Permission.SEE_FORECAST) as desk:
        found = renewal_forecast.forecast(desk.session, desk.office, desk.now, settings=config().documents)
        return shell.render(
            desk,
            "watches/renewals.html",
            forecast=found,
            chart=chart(found.weeks),
            kind_names={kind: _(about.name) for kind, about in ABOUT.items()},
        )


def _add(slug: str, form: DeskForm, contact: Contact) -> ResponseReturnValue:
    kind, expires_on = form.read()
    spoken = (
        form.language.data if form.language.data in config().site.languages else config().site.languages[0]
    )
    with acting(slug, Permission.MIND_WATCHES) as desk:
        begun = watching.begin(
            desk.session,
            desk.office,
            kind,
            expires_on,
            contact,
            spoken,
            desk.now,
            settings=config(),
            source=Source.DESK,
            actor=desk.actor,
        )
        next_on, today = begun.next_on, watching.today_at(desk.office, desk.now)
    if next_on is not None and next_on > today:
        flash(
            _(
                "We remind the person in time. They get a first message at once: "
                "if it does not arrive, please check the address."
            ),
            "success",
        )
    elif next_on is not None:
        flash(_("We remind the person in time."), "success")
    else:
        flash(_("No reminder is left before this date. Please book an appointment for them."), "warning")
    return redirect(url_for(".watches", slug=slug), 303)


def _seen(desk: Desk, watch: ExpiryWatch) -> None:
    subject = watching.subject(watch)
    events.append(desk.session, desk.office.id, "watch.seen", desk.now, actor=desk.actor, subject=subject)


def _form() -> DeskForm:
    form = DeskForm(request.form)
    form.offer({kind.value: _(about.name) for kind, about in ABOUT.items()})
    form.language.choices = [(code, name_of(code, language())) for code in config().site.languages]
    return form


def _page(desk: Desk, form: DeskForm, found: Any = None, refusal: DomainError | None = None) -> str:
    return shell.render(
        desk,
        "watches/desk.html",
        form=form,
        found=found,
        kind_names={kind: _(about.name) for kind, about in ABOUT.items()},
        watch_states=STATES,
        refusal=manage_pages.refuse(form, refusal) if refusal else None,
    )


def _known_page(
    desk: Desk, form: DeskForm, reference: str, contacts: list[Contact], refusal: DomainError | None = None
) -> str:
    return shell.render(
        desk,
        "watches/desk_known.html",
        form=form,
        reference=reference,
        is_reached=bool(contacts),
        refusal=manage_pages.refuse(form, refusal) if refusal else None,
    )


def _kind_of(service: str) -> str:
    return next((kind.value for kind, about in ABOUT.items() if about.service == service), "residence_permit")
