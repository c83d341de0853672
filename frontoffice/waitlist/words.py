"""The waiting list in words, for pages: a wish, and the form for one."""

from collections.abc import Collection
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from frontoffice.booking import dates
from frontoffice.booking.person import WrongDetails
from frontoffice.errors import DomainError, Invalid
from frontoffice.offices.models import Office
from frontoffice.waitlist import forms, spots
from frontoffice.waitlist.forms import WishForm
from frontoffice.waitlist.wish import Wish, each_weekday
from frontoffice.web.context import config, language, say

USUAL_DAYS = 28
WORKING_DAYS = [0, 1, 2, 3, 4]


def form_words(
    session: Session,
    office: Office,
    form: WishForm,
    refusal: DomainError | None,
    today: date,
    weekdays: Collection[int] = range(7),
) -> dict[str, Any]:
    """The form with what can be chosen, and what is wrong beside its field, or (`refusal`) above the page."""
    days = {each: _weekday(each) for each in spots.open_weekdays(session, office) if each in weekdays}
    parts = [_("At any time"), _("In the morning, until 12"), _("In the afternoon, from 12")]
    notices = [_("A few hours"), _("A day"), _("Three days"), _("A week")]
    form.offer(days, parts, notices)
    said = None
    if isinstance(refusal, Invalid):
        problems = refusal.problems if isinstance(refusal, WrongDetails) else [refusal]
        for problem in problems:
            if forms.has(form, problem.field):
                form.refuse(problem, say)
            else:
                said = say(problem)
    elif refusal is not None:
        said = say(refusal)
    furthest = today + timedelta(days=config().waitlist.longest_days)
    return {"form": form, "refusal": said, "today": today, "furthest": furthest - forms.DAY}


def wish_words(wish: Wish) -> dict[str, str]:
    """A wish in words: days, weekdays, time of the day."""
    every = each_weekday(wish.weekdays)[:5] == WORKING_DAYS
    names = [_weekday(day) for day in each_weekday(wish.weekdays)]
    parts = {
        (None, forms.NOON): _("In the morning, until 12"),
        (forms.NOON, None): _("In the afternoon, from 12"),
    }
    clock_words = parts.get((wish.not_before, wish.before), _("At any time"))
    if (wish.not_before or wish.before) and (wish.not_before, wish.before) not in parts:
        first, last = (f"{each:%H:%M}" if each else "…" for each in (wish.not_before, wish.before))
        clock_words = f"{first} – {last}"
    hours = wish.notice_hours
    return {
        "days": days_words(wish.first_day, wish.until_day),
        "weekdays": _("Every day") if every else ", ".join(names),
        "part": clock_words,
        "notice": ""
        if not hours
        else ngettext("%(num)s hour before", "%(num)s hours before", hours)
        if hours < 48
        else ngettext("%(num)s day before", "%(num)s days before", hours // 24),
    }


def days_words(first: date, until: date) -> str:
    """Days (half-open) in words: the first to the last, or the only one."""
    last = until - forms.DAY
    if first == last:
        return dates.long_day(first, language())
    words: str = _(
        "%(first)s to %(last)s",
        first=dates.long_day(first, language()),
        last=dates.long_day(last, language()),
    )
    return words


def usual(today: date, weekdays: list[int], until: str = "") -> dict[str, Any]:
    """The values with which a form begins: on each day, the next four weeks or until a day (ISO) that is known."""
    longest = config().waitlist.longest_days
    last = today + timedelta(days=min(USUAL_DAYS, longest) - 1)
    with suppress(ValueError):
        known = date.fromisoformat(until)
        last = min(known, today + timedelta(days=longest - 1)) if known >= today else last
    return {"first_day": today.isoformat(), "until": last.isoformat(), "weekdays": weekdays}


def _weekday(number: int) -> str:
    return dates.weekdays(language())[number][1]
