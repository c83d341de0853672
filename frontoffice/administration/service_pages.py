"""The services of an office: listed, ordered, added, and changed in all languages side by side."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from frontoffice.administration import changing, forms, settings_texts
from frontoffice.administration.forms import NONE, OWN, USUAL, SettingsForm, in_languages
from frontoffice.administration.shell import (
    HERE,
    Look,
    acting,
    checked,
    draft_of,
    looking,
    mark_of,
    no_one,
    pages,
    render,
    submit_one,
    with_parts,
)
from frontoffice.agenda.shell import Desk
from frontoffice.errors import N_, NotFound
from frontoffice.offices.catalogue import starter_services
from frontoffice.offices.draft import OfficeDraft, ServiceDraft
from frontoffice.offices.models import Biometrics
from frontoffice.web.context import config

PLAIN = (
    "legal_basis",
    "leika",
    "minutes",
    "minutes_next_person",
    "minutes_together",
    "most_people",
    "biometrics",
    "promise_days",
)
SWITCHES = ("online", "walk_in", "active")
BIOMETRICS = {
    Biometrics.YES: N_("Photo and fingerprints"),
    Biometrics.PHOTO: N_("Photo only"),
    Biometrics.MAYBE: N_("Sometimes"),
    Biometrics.NO: N_("None"),
}
REMINDERS = {
    USUAL: N_("As the office does"),
    OWN: N_("At these hours before the appointment"),
    NONE: N_("No reminders"),
}


class ServiceForm(SettingsForm):
    """A service; its texts are fields of their own in each language."""

    slug = StringField(N_("Short name in addresses"), [InputRequired()])
    legal_basis = StringField(N_("Legal basis"))
    leika = StringField(N_("LeiKa key"))
    minutes = StringField(N_("Minutes"), [InputRequired()])
    minutes_next_person = StringField(N_("Minutes for each further person"))
    minutes_together = StringField(N_("Minutes beside a longer concern"))
    most_people = StringField(N_("Most people in one visit"), [InputRequired()])
    biometrics = SelectField(N_("Biometrics"), validate_choice=False)
    promise_days = StringField(N_("Days until an appointment, at most"), [InputRequired()])
    reminders = SelectField(N_("Reminders"), validate_choice=False)
    reminder_hours = StringField(N_("Hours before the appointment"))
    online = BooleanField(N_("Can be booked online"))
    walk_in = BooleanField(N_("People may come without an appointment"))
    active = BooleanField(N_("Is offered at this office"))

    def wanted(self, slug: str) -> ServiceDraft:
        """The service that was typed. Raises Refused."""
        said: dict[str, Any] = {name: value for name, value in self.typed(PLAIN).items() if value is not None}
        said |= {name: bool(self[name].data) for name in SWITCHES}
        texts = {"names": self.texts("names"), "plain": self.texts("plain")}
        lists = {"documents": {"de": ()} | self.lists("documents")}
        needed = {"minutes": said.get("minutes", "")}
        hours = {"reminder_hours": self.hours()}
        return checked(ServiceDraft, {"slug": slug, **said, **texts, **lists, **needed, **hours}).whole()


@pages.get(f"{HERE}/services/")
def services(slug: str) -> ResponseReturnValue:
    """All services in their order, with what is missing; those of the catalogue that can be added."""
    with looking(slug) as desk:
        draft = draft_of(desk)
        known = {each.slug for each in draft.services}
        return render(
            desk,
            "services.html",
            services=draft.services,
            lacking={each.slug: settings_texts.missing(each) for each in draft.services},
            together=settings_texts.missing_together(draft.services),
            addable=[each for each in starter_services() if each.slug not in known],
            languages_here=draft.languages,
        )


@pages.post(f"{HERE}/services/")
def arrange_services(slug: str) -> ResponseReturnValue:
    """Move a service up or down, or add one of the catalogue."""
    with acting(slug) as desk:
        draft = changing.locked_draft(desk.session, desk.office, desk.now)
        wanted = _arranged(draft)
        changing.change(desk.session, desk.office, wanted, desk.now, rules=config().booking, actor=desk.actor)
    flash(_("Saved."), "success")
    return redirect(url_for("administration.services", slug=slug), 303)


@pages.get(f"{HERE}/services/new")
def new_service(slug: str) -> ResponseReturnValue:
    """Ask what a service is that the catalogue does not have."""
    with looking(slug) as desk:
        usual = {"most_people": "1", "promise_days": "14", "biometrics": "no", "online": True, "active": True}
        return _page(desk, _form(None)(data=usual), None, None)


@pages.post(f"{HERE}/services/new")
def add_service(slug: str) -> ResponseReturnValue:
    """Add it, as the last."""
    form = _form(None)(request.form)
    name = (form.slug.data or "").strip()

    def make(_found: ServiceDraft | None) -> ServiceDraft:
        return form.wanted(name)

    return submit_one(slug, form, "services", no_one, make, _page, lambda: _address(slug, name))


@pages.get(f"{HERE}/services/<service>/")
def service(slug: str, service: str) -> ResponseReturnValue:
    """One service in all its languages."""
    with looking(slug) as desk:
        found = _found(draft_of(desk), service)
        told = {name: getattr(found, name) for name in (*PLAIN, *SWITCHES)}
        told |= {"slug": service, "biometrics": str(found.biometrics)}
        for name in ("names", "plain", "documents"):
            told |= forms.filled(name, getattr(found, name) or {})
        told |= forms.reminders(found.reminder_hours)
        return _page(desk, _form(found)(data=told), None, found)


@pages.post(f"{HERE}/services/<service>/")
def change_service(slug: str, service: str) -> ResponseReturnValue:
    """Save it. What was booked keeps its length."""
    with looking(slug) as desk:
        form = _form(_found(draft_of(desk), service))(request.form)

    def find(draft: OfficeDraft) -> ServiceDraft | None:
        return _found(draft, service)

    def make(_found: ServiceDraft | None) -> ServiceDraft:
        return form.wanted(service)

    return submit_one(slug, form, "services", find, make, _page, lambda: _address(slug, service))


def _address(slug: str, service: str) -> str:
    return url_for("administration.service", slug=slug, service=service)


def _form(found: ServiceDraft | None) -> type[ServiceForm]:
    codes = _codes(found)
    fields = in_languages(StringField, "names", codes) | in_languages(TextAreaField, "plain", codes)
    return type("OneServiceForm", (ServiceForm,), fields | in_languages(TextAreaField, "documents", codes))


def _codes(found: ServiceDraft | None) -> list[str]:
    texts = (found.names, found.plain, found.documents) if found else ()
    return settings_texts.codes(*texts)


def _page(desk: Desk, form: ServiceForm, look: Look | None, found: ServiceDraft | None) -> str:
    form.biometrics.choices = [(str(each), _(words)) for each, words in BIOMETRICS.items()]
    form.reminders.choices = [(each, _(words)) for each, words in REMINDERS.items()]
    draft = draft_of(desk)
    offering = [each for each in draft.schedules if found and found.slug in each.services]
    return render(
        desk,
        "service.html",
        form=form,
        look=look,
        service=found,
        codes=_codes(found),
        lacking=settings_texts.missing(found) if found else {},
        offering=offering,
        seen=form.seen.data or mark_of(found),
    )


def _found(draft: OfficeDraft, slug: str) -> ServiceDraft:
    found = next((each for each in draft.services if each.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def _arranged(draft: OfficeDraft) -> OfficeDraft:
    """What the pressed button makes of the list. Raises NotFound."""
    wanted = request.form.get("add")
    if wanted is not None:
        new = next((each for each in starter_services() if each.slug == wanted), None)
        if new is None or any(each.slug == wanted for each in draft.services):
            raise NotFound
        added = checked(ServiceDraft, new.model_dump(exclude={"position"})).whole()
        return with_parts(draft, services=(*draft.services, added))
    way = "up" if "up" in request.form else "down"
    listed = list(draft.services)
    place = listed.index(_found(draft, request.form.get(way, "")))
    other = place + (-1 if way == "up" else 1)
    if 0 <= other < len(listed):
        listed[place], listed[other] = listed[other], listed[place]
    return with_parts(draft, services=tuple(listed))
