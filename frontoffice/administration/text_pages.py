"""The office's own words; when people are reminded, and for how long something is kept."""

from collections.abc import Iterable
from typing import cast

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectField, StringField, TextAreaField

from frontoffice.administration import forms, settings_texts
from frontoffice.administration.forms import NONE, OWN, USUAL, SettingsForm, in_languages
from frontoffice.administration.mistakes import Refused
from frontoffice.administration.shell import (
    HERE,
    Look,
    checked,
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
from frontoffice.errors import N_, Invalid
from frontoffice.offices.draft import KeepDraft, NotesDraft, OfficeDraft
from frontoffice.offices.keeping import Kept, configured
from frontoffice.web.context import config

NOTES = {
    "booking": N_("On the first page of booking"),
    "confirmation": N_("In mails that confirm an appointment"),
    "screen": N_("On the waiting-room screens"),
}
REMINDERS = {
    USUAL: N_("As configured for all offices"),
    OWN: N_("At these hours before the appointment"),
    NONE: N_("No reminders"),
}
LADDERS = {
    "title_days": N_("Before the end of residence titles"),
    "passport_days": N_("Before the end of passports"),
}
OWN_LADDERS = {
    "title_days": N_("Own days, for residence titles"),
    "passport_days": N_("Own days, for passports"),
}
LADDER = {
    USUAL: N_("As configured for all offices"),
    OWN: N_("At these days before the end"),
    NONE: N_("No reminders"),
}
KEPT = {
    Kept.BOOKINGS: N_("Whose a booking was, after the visit"),
    Kept.MESSAGES: N_("Contents of messages, after they have arrived"),
    Kept.WAITLIST: N_("Who was on the waiting list, after the wish has ended"),
    Kept.DRAW: N_("Who took part in a draw, after it is settled"),
    Kept.WATCHES: N_("Documents that are watched, after their end"),
    Kept.CARDS: N_("Records of cards, after they were handed over"),
}


class TimesForm(SettingsForm):
    """When people are reminded, and for how many days something is kept."""

    reminders = SelectField(N_("Reminders before appointments"), validate_choice=False)
    reminder_hours = StringField(N_("Hours before the appointment"))


@pages.get(f"{HERE}/texts")
def texts(slug: str) -> ResponseReturnValue:
    """The office's own words on the booking page, in confirmations and on the screens."""
    with looking(slug) as desk:
        notes = draft_of(desk).notes
        told: dict[str, str] = {}
        for name in NOTES:
            told |= forms.filled(name, getattr(notes, name))
        return _texts_page(desk, _texts_form(notes)(data=told), None)


@pages.post(f"{HERE}/texts")
def change_texts(slug: str) -> ResponseReturnValue:
    """Save them."""
    with looking(slug) as desk:
        form = _texts_form(draft_of(desk).notes)(request.form)

    def wanted(draft: OfficeDraft) -> OfficeDraft:
        return with_parts(draft, notes=checked(NotesDraft, {name: form.texts(name) for name in NOTES}))

    def then() -> str:
        return url_for("administration.texts", slug=slug)

    return submit(slug, form, lambda draft: draft.notes, wanted, _texts_page, then)


@pages.get(f"{HERE}/times")
def times(slug: str) -> ResponseReturnValue:
    """When people are reminded, and for how long something is kept."""
    with looking(slug) as desk:
        draft = draft_of(desk)
        told = forms.reminders(draft.reminder_hours) | draft.keep_days.model_dump(exclude_none=True)
        for name in LADDERS:
            told |= forms.stepped(f"{name}-choice", name, getattr(draft.document_reminders, name))
        return _times_page(desk, _times_form()(data=told), None)


@pages.post(f"{HERE}/times")
def change_times(slug: str) -> ResponseReturnValue:
    """Save them. Nothing is kept for longer than the configuration says."""
    form = _times_form()(request.form)

    def wanted(draft: OfficeDraft) -> OfficeDraft:
        keep = checked(KeepDraft, form.typed([each.value for each in Kept]))
        _only_shorter(keep)
        ladder = {name: form.steps(f"{name}-choice", name) for name in LADDERS}
        documents = checked(OfficeReminders, draft.document_reminders.model_dump() | ladder)
        return with_parts(draft, reminder_hours=form.hours(), keep_days=keep, document_reminders=documents)

    return submit(
        slug, form, _times_of, wanted, _times_page, lambda: url_for("administration.times", slug=slug)
    )


def _texts_form(notes: NotesDraft) -> type[SettingsForm]:
    fields: dict[str, object] = {}
    for name in NOTES:
        fields |= in_languages(TextAreaField, name, settings_texts.codes(getattr(notes, name)))
    return type("TextsForm", (SettingsForm,), fields)


def _texts_page(desk: Desk, form: SettingsForm, look: Look | None) -> str:
    notes = draft_of(desk).notes
    shown = {name: settings_texts.codes(getattr(notes, name)) for name in NOTES}
    return render(
        desk,
        "texts.html",
        form=form,
        look=look,
        notes=NOTES,
        codes=shown,
        seen=form.seen.data or mark_of(notes),
    )


def _times_form() -> type[TimesForm]:
    fields: dict[str, object] = {each.value: StringField(words) for each, words in KEPT.items()}
    for name, words in LADDERS.items():
        fields[f"{name}-choice"] = SelectField(words, validate_choice=False)
        fields[name] = StringField(OWN_LADDERS[name])
    return type("KeptForm", (TimesForm,), fields)


def _times_of(draft: OfficeDraft) -> OfficeDraft:
    """Only what the page is about; the name of the office stands for the rest."""
    return OfficeDraft.model_construct(
        reminder_hours=draft.reminder_hours,
        keep_days=draft.keep_days,
        document_reminders=draft.document_reminders,
    )


def _times_page(desk: Desk, form: TimesForm, look: Look | None) -> str:
    form.reminders.choices = [(each, _(words)) for each, words in REMINDERS.items()]
    for name in LADDERS:
        choice = cast(SelectField, form[f"{name}-choice"])
        choice.choices = [(each, _(words)) for each, words in LADDER.items()]
    return render(
        desk,
        "times.html",
        form=form,
        look=look,
        most={each.value: configured(config(), each) for each in Kept},
        usual=_listed(config().messages.reminder_hours),
        ladders={name: _listed(getattr(config().documents, name)) for name in LADDERS},
        seen=form.seen.data or mark_of(_times_of(draft_of(desk))),
    )


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(each) for each in numbers) or "–"


def _only_shorter(keep: KeepDraft) -> None:
    problems = [
        Invalid(each.value, N_("Please enter %(most)s or less: as many as are configured."), most=most)
        for each in Kept
        if (wanted := getattr(keep, each.value)) is not None and wanted > (most := configured(config(), each))
    ]
    if problems:
        raise Refused(problems)
