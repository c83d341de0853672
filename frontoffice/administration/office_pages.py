"""The first page of the settings, and the office itself: name, address, contact, languages."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from frontoffice.administration import settings_texts
from frontoffice.administration.forms import SettingsForm
from frontoffice.administration.shell import (
    HERE,
    Look,
    draft_of,
    looking,
    mark_of,
    pages,
    render,
    submit,
    with_parts,
)
from frontoffice.agenda.shell import Desk
from frontoffice.config import OfficeReminders
from frontoffice.errors import N_
from frontoffice.offices.draft import KeepDraft, NotesDraft, OfficeDraft
from frontoffice.offices.holidays import LAENDER
from frontoffice.offices.models import Confirmation
from frontoffice.web.context import config

FIELDS = (
    "name",
    "street",
    "postal_code",
    "city",
    "phone",
    "mail",
    "land",
    "confirmation",
    "walk_in_warning",
    "appointment_warning",
)
CONFIRMATIONS = {
    Confirmation.NONE: N_("Not at all: the appointment stands at once"),
    Confirmation.MAIL: N_("By a link in a mail"),
    Confirmation.SMS: N_("By a code in an SMS"),
    Confirmation.EITHER: N_("By a link in a mail; without a mail address by a code in an SMS"),
}


class OfficeForm(SettingsForm):
    """The office itself."""

    name = StringField(N_("Name"), [InputRequired()])
    street = StringField(N_("Street and number"), [InputRequired()])
    postal_code = StringField(N_("Postal code"), [InputRequired()])
    city = StringField(N_("City"), [InputRequired()])
    phone = StringField(N_("Phone"), [InputRequired()])
    mail = StringField(N_("Mail address"), [InputRequired()])
    land = SelectField(N_("Land"), validate_choice=False)
    languages = StringField(N_("Languages"), [InputRequired()])
    confirmation = SelectField(N_("How people prove their contact"), validate_choice=False)
    walk_in_warning = StringField(N_("Warn after so many minutes: without appointment"), [InputRequired()])
    appointment_warning = StringField(N_("Warn after so many minutes: with appointment"), [InputRequired()])


@pages.get(f"{HERE}/")
def start(slug: str) -> ResponseReturnValue:
    """The settings of an office: the ways to each part, and what is missing."""
    with looking(slug) as desk:
        draft = draft_of(desk)
        lacking = settings_texts.missing_together(draft.services)
        return render(
            desk,
            "start.html",
            draft=draft,
            lacking=sum(lacking.get(code, 0) for code in draft.languages),
        )


@pages.get(f"{HERE}/office")
def office(slug: str) -> ResponseReturnValue:
    """Name, address, contact, languages, and how people prove their contact."""
    with looking(slug) as desk:
        draft = draft_of(desk)
        told = {name: getattr(draft, name) for name in FIELDS}
        told |= {"confirmation": draft.confirmation.value, "languages": ", ".join(draft.languages)}
        return _page(desk, OfficeForm(data=told), None)


@pages.post(f"{HERE}/office")
def change_office(slug: str) -> ResponseReturnValue:
    """Save them."""
    form = OfficeForm(request.form)

    def wanted(draft: OfficeDraft) -> OfficeDraft:
        typed = {name: value or "" for name, value in form.typed(FIELDS).items()}
        return with_parts(
            draft, **typed, languages=tuple((form.languages.data or "").replace(",", " ").split())
        )

    return submit(slug, form, _head, wanted, _page, lambda: url_for("administration.office", slug=slug))


def _page(desk: Desk, form: OfficeForm, look: Look | None) -> str:
    form.land.choices = [(code, code) for code in LAENDER]
    form.confirmation.choices = [(str(each), _(words)) for each, words in CONFIRMATIONS.items()]
    draft = draft_of(desk)
    return render(
        desk,
        "office.html",
        form=form,
        look=look,
        draft=draft,
        seen=form.seen.data or mark_of(_head(draft)),
        known=config().site.languages,
    )


def _head(draft: OfficeDraft) -> OfficeDraft:
    """The draft without what has pages of its own."""
    parts = dict.fromkeys(("services", "schedules", "closures", "counters", "slides", "open_on"), ())
    apart: dict[str, Any] = {"notes": NotesDraft(), "keep_days": KeepDraft(), "reminder_hours": None}
    apart["document_reminders"] = OfficeReminders()
    return draft.model_copy(update=parts | apart)
