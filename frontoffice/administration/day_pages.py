"""Days without capacity: public holidays of the Land on which the office may open all the same, and closures."""

from datetime import date

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import BooleanField

from frontoffice.administration.forms import SettingsForm
from frontoffice.administration.shell import (
    HERE,
    Look,
    acting,
    draft_of,
    looking,
    mark_of,
    pages,
    render,
    submit,
    with_parts,
)
from frontoffice.agenda import closing
from frontoffice.agenda import day as days_of
from frontoffice.agenda.forms import ClosingForm, offer
from frontoffice.agenda.shell import Desk
from frontoffice.errors import Invalid
from frontoffice.offices import holidays
from frontoffice.offices.draft import OfficeDraft
from frontoffice.staff.roles import Permission
from frontoffice.web.context import say

YEARS_AHEAD = 2


@pages.get(f"{HERE}/days")
def days(slug: str) -> ResponseReturnValue:
    """The public holidays of a year, and the coming closures."""
    with looking(slug) as desk:
        open_on = draft_of(desk).open_on
        kept = _holidays(desk)
        form = _form(kept)(data={f"open-{day.isoformat()}": day in open_on for day in kept})
        return _page(desk, form, None, ClosingForm(request.args))


@pages.post(f"{HERE}/days")
def change_days(slug: str) -> ResponseReturnValue:
    """Open on some of the year's holidays, or no longer."""
    with looking(slug) as desk:
        kept = _holidays(desk)
        form = _form(kept)(request.form)

    def wanted(draft: OfficeDraft) -> OfficeDraft:
        chosen = [day for day in kept if form[f"open-{day.isoformat()}"].data]
        return with_parts(draft, open_on=tuple(sorted({*(set(draft.open_on) - set(kept)), *chosen})))

    return submit(
        slug,
        form,
        _opening,
        wanted,
        lambda desk, form, look: _page(desk, form, look, ClosingForm()),
        lambda: url_for("administration.days", slug=slug, year=request.args.get("year")),
    )


@pages.post(f"{HERE}/days/closures")
def close_day(slug: str) -> ResponseReturnValue:
    """Close a day, a part of one, or one team; where appointments are in the way, once the page has said how many."""
    form = ClosingForm(request.form)
    try:
        with acting(slug) as desk:
            typed = (form.day.data or "", form.opens.data or "", form.closes.data or "")
            wish = closing.read(*typed, form.schedule_id, desk.today)
            if form.seen.data != wish.key and closing.preview(desk.session, desk.office, wish, desk.now):
                return _closing_page(desk, form)
            reason = form.reason.data or ""
            clashes = closing.close(desk.session, desk.office, wish, reason, desk.account, desk.now)
            to_the_list = bool(clashes) and desk.may(Permission.BOOK)
    except Invalid as wrong:
        form.refuse(wrong, say)
        with looking(slug) as desk:
            return _closing_page(desk, form), 422
    flash(_("It is closed."), "success")
    return redirect(
        url_for("agenda.misfits", slug=slug) if to_the_list else url_for("administration.days", slug=slug),
        303,
    )


@pages.post(f"{HERE}/days/closures/<int(max=2147483647):closure>/reopen")
def reopen_day(slug: str, closure: int) -> ResponseReturnValue:
    """Open again what was closed."""
    with acting(slug) as desk:
        closing.reopen(desk.session, desk.office, closure, desk.account, desk.now)
    flash(_("It is open again."), "success")
    return redirect(url_for("administration.days", slug=slug), 303)


def _opening(draft: OfficeDraft) -> OfficeDraft:
    """Only what the holidays of the page depend on."""
    return OfficeDraft.model_construct(land=draft.land, open_on=draft.open_on)


def _year(desk: Desk) -> int:
    typed = request.args.get("year", "")
    year = int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else desk.today.year
    return min(max(year, desk.today.year), desk.today.year + YEARS_AHEAD)


def _holidays(desk: Desk) -> dict[date, str]:
    """The holidays of the year that are still to come."""
    found = holidays.public_holidays(desk.office.land, _year(desk))
    return {day: name for day, name in sorted(found.items()) if day >= desk.today}


def _form(kept: dict[date, str]) -> type[SettingsForm]:
    return type(
        "HolidayForm",
        (SettingsForm,),
        {f"open-{day.isoformat()}": BooleanField(name) for day, name in kept.items()},
    )


def _closing_page(desk: Desk, closing_form: ClosingForm) -> str:
    open_on = draft_of(desk).open_on
    kept = _holidays(desk)
    form = _form(kept)(data={f"open-{day.isoformat()}": day in open_on for day in kept})
    return _page(desk, form, None, closing_form)


def _page(desk: Desk, form: SettingsForm, look: Look | None, closing_form: ClosingForm) -> str:
    known = days_of.schedules(desk.session, desk.office)
    teams = ((str(each.id), each.name) for each in known.values())
    offer(closing_form.schedule, [("", _("The whole office")), *teams])
    wish, would_clash = None, 0
    if closing_form.day.data and not closing_form.errors:
        try:
            typed = (closing_form.day.data, closing_form.opens.data or "", closing_form.closes.data or "")
            wish = closing.read(*typed, closing_form.schedule_id, desk.today)
            would_clash = closing.preview(desk.session, desk.office, wish, desk.now)
        except Invalid as wrong:
            closing_form.refuse(wrong, say)
    return render(
        desk,
        "days.html",
        form=form,
        look=look,
        closing=closing_form,
        wish=wish,
        would_clash=would_clash,
        closures=closing.coming(desk.session, desk.office, desk.today),
        schedules=known,
        holidays=_holidays(desk),
        year=_year(desk),
        years=range(desk.today.year, desk.today.year + YEARS_AHEAD + 1),
        seen=form.seen.data or mark_of(_opening(draft_of(desk))),
    )
