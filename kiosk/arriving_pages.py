"""Arriving: with the code of an appointment, without it by date of birth and time, without appointment, for a card."""

import re
from dataclasses import replace
from datetime import datetime, time
from typing import Any

from flask import abort, render_template, request

from kiosk import birth_date, card_pages, codes, qr, visit
from kiosk.entries import Act
from kiosk.office_setup import Topic
from kiosk.pages import (
    Page,
    blueprint,
    entry_id,
    for_phones,
    is_language_chosen,
    kiosk,
    language,
    new_entry_id,
    no_numbers,
    see,
    setup,
    speak,
)
from kiosk.texts import _
from kiosk.ticket_pages import refused


@blueprint.get("/<language>/check-in")
def check_in(**_language: str) -> Page:
    """Ask for the code of the appointment."""
    return _check_in_form()


@blueprint.post("/<language>/check-in", endpoint="check_in_now")
def check_in_now(**_language: str) -> Page:
    """Check in with the code that was typed or scanned."""
    act_id, typed = entry_id(), request.form.get("code", "")
    if card_pages.LEAFLET in typed:
        return card_pages.with_leaflet(typed.strip())
    code = codes.normalise(typed)
    if not codes.is_valid(code):
        return _check_in_form(code[: codes.LENGTH * 2], _what_is_wrong(code)), 422
    return _take(_act(act_id, "check_in", code=code, late_ok=_late_ok()), "pages.check_in")


@blueprint.get("/<language>/check-in/without-code")
def by_birth(**_language: str) -> Page:
    """Ask for date of birth and time of the appointment, for those who do not have the code."""
    return _birth_form()


@blueprint.post("/<language>/check-in/without-code", endpoint="by_birth_now")
def by_birth_now(**_language: str) -> Page:
    """Check in with date of birth and time."""
    act_id = entry_id()
    born = birth_date.read(request.form.get("born", ""), setup().day(kiosk().now()))
    due = _time(request.form.get("due", ""))
    errors = {}
    if born is None:
        errors["born"] = _("Please enter your date of birth with day, month and year: 8 digits.")
    if due is None:
        errors["due"] = _("Please enter the time of your appointment: 4 digits, for example 0930.")
    if born is None or due is None:
        return _birth_form(errors), 422
    act = kiosk().check_in_by_birth(act_id, born, due, language())
    if act is None:
        abort(503)
    act = replace(act, late_ok=_late_ok(), language_chosen=is_language_chosen())
    return _take(act, "pages.by_birth")


@blueprint.get("/<language>/walk-in")
def walk_in(**_language: str) -> Page:
    """Ask for the concern: first the topic, if the office has topics."""
    return _walk_in_form()


@blueprint.get("/<language>/walk-in/<topic>")
def walk_in_topic(topic: str, **_language: str) -> Page:
    """Ask for the concern within a topic."""
    chosen = next((each for each in setup().topics if each.slug == topic and each.services), None)
    if chosen is None:
        abort(404)
    return _walk_in_form(chosen)


@blueprint.post("/<language>/walk-in", endpoint="walk_in_now")
def walk_in_now(**_language: str) -> Page:
    """Draw a number for the concern."""
    act_id = entry_id()
    service = setup().service(request.form.get("service", ""))
    if service is None:
        return _walk_in_form(error=_("Please choose one of these concerns.")), 422
    if not service.walk_in:
        return see("pages.booking", service=service.slug)
    return _take(_act(act_id, "walk_in", service=service.slug), "pages.walk_in")


@blueprint.get("/<language>/card")
def card(**_language: str) -> Page:
    """Pick up a card that is ready: with an appointment, without one, or say what to do instead."""
    service = setup().pick_up
    if service is None:
        abort(404)
    return render_template(
        "kiosk/card.html", service=service, entry_id=new_entry_id(), no_numbers=no_numbers()
    )


def _take(act: Act, form: str) -> Page:
    """Journal the act and show what became of it; a form left open by a visitor before is shown afresh."""
    entry = visit.take(kiosk(), act)
    if not visit.may_be_shown(entry, kiosk().now()):
        return see(form)
    speak(entry.result.language)
    if not entry.has_number and entry.result.code == "too_late":
        # Not on a page of its own: only here is known what was typed, which "I wait all the same" sends again.
        return refused(entry, again=act)
    return see("pages.ticket", entry_id=act.id)


def _act(act_id: str, kind: str, **what: Any) -> Act:
    now, known = kiosk().now(), setup()
    what["language_chosen"] = is_language_chosen()
    return Act(act_id, now, known.day(now), known.office, known.series, kind, language(), **what)


def _late_ok() -> bool:
    return request.form.get("late_ok") == "1"


def _check_in_form(code: str = "", error: str | None = None) -> str:
    return render_template(
        "kiosk/check_in.html", entry_id=new_entry_id(), code=code, error=error, alphabet=codes.ALPHABET
    )


def _birth_form(errors: dict[str, str] | None = None) -> str:
    typed = {name: re.sub(r"[^\d.:/ -]", "", request.form.get(name, ""))[:10] for name in ("born", "due")}
    return render_template("kiosk/by_birth.html", entry_id=new_entry_id(), errors=errors or {}, typed=typed)


def _walk_in_form(topic: Topic | None = None, error: str | None = None) -> str:
    known, none = setup(), no_numbers()
    if none is not None:
        return render_template(
            "kiosk/no_numbers.html",
            no_numbers=none,
            address=known.booking_url,
            code=qr.picture(for_phones(known.booking_url)),
        )
    # One level less where a topic has one concern only.
    topics = [] if topic else [each for each in known.topics if len(each.services) > 1]
    inside = {service.slug for each in topics for service in each.services}
    services = topic.services if topic else [each for each in known.services if each.slug not in inside]
    return render_template(
        "kiosk/walk_in.html",
        entry_id=new_entry_id(),
        error=error,
        topic=topic,
        topics=topics,
        today=[service for service in services if service.walk_in],
        by_appointment=[service for service in services if not service.walk_in],
    )


def _what_is_wrong(code: str) -> str:
    if not code:
        return _("Please enter the code of your appointment.")
    if any(character not in codes.ALPHABET for character in code):
        return _("Please check the code: it has only the letters and digits shown here, no 0, 1, I or O.")
    if len(code) != codes.LENGTH:
        return _("Please check the code: it has 8 letters and digits.")
    return _("Please check the code: one of its characters is wrong.")


def _time(typed: str) -> time | None:
    """0930, 930 or 9:30 as a time of day."""
    parts = re.findall(r"\d+", typed[:20])
    if len(parts) == 1 and len(parts[0]) in (3, 4):
        parts = [parts[0][:-2], parts[0][-2:]]
    if len(parts) != 2:
        return None
    try:
        return datetime.strptime(f"{int(parts[0])}:{int(parts[1])}", "%H:%M").time()  # noqa: DTZ007 (a wall clock's)
    except ValueError:
        return None
