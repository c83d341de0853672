"""What all pages of the settings share: who may, one way to save, and the frame."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from itertools import groupby
from typing import Any, Literal, TypeVar

from babel.dates import get_day_names
from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from pydantic import BaseModel, ValidationError

from frontoffice.administration import changing, mistakes, settings_texts
from frontoffice.administration.changing import ChangedMeanwhile, Effect
from frontoffice.administration.forms import SettingsForm
from frontoffice.administration.mistakes import Refused
from frontoffice.agenda import shell
from frontoffice.agenda.shell import Desk
from frontoffice.booking import sheet
from frontoffice.booking.planning import Clash
from frontoffice.errors import Conflict, Invalid, NotSignedIn
from frontoffice.offices import drafting
from frontoffice.offices.draft import OfficeDraft
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, say
from frontoffice.web.needs import all_need
from frontoffice.web.problems import status_of

pages = Blueprint("administration", __name__)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Permission.MANAGE_OFFICE)

HERE = "/administration/<slug>"

Shape = TypeVar("Shape", bound=BaseModel)
Page = Callable[[Desk, Any, "Look | None"], str]


class Look(Exception):
    """Nothing is saved yet: the page first says what would happen. `key` stands for what it speaks of."""

    def __init__(self, effect: Effect, key: str) -> None:
        self.effect, self.key = effect, key
        super().__init__(key)


def looking(slug: str) -> AbstractContextManager[Desk]:
    """To read only. Raises NotSignedIn, NotAllowed, NotFound."""
    return shell.looking(slug, Permission.MANAGE_OFFICE)


def acting(slug: str) -> AbstractContextManager[Desk]:
    """To change something; commits at the end. Raises as `looking`."""
    return shell.acting(slug, Permission.MANAGE_OFFICE)


def draft_of(desk: Desk) -> OfficeDraft:
    """What is set for the office now."""
    return drafting.draft_of(desk.session, desk.office, desk.today)


def checked(shape: type[Shape], values: Mapping[str, Any], prefix: str = "") -> Shape:
    """A part of the draft from typed values. Raises Refused."""
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        raise Refused(mistakes.read(error, prefix)) from None


def with_parts(draft: OfficeDraft, **parts: Any) -> OfficeDraft:
    """The draft with other parts. Raises Refused where they do not fit the rest."""
    said = {name: getattr(draft, name) for name in OfficeDraft.model_fields} | parts
    return checked(OfficeDraft, said)


def submit(
    slug: str,
    form: SettingsForm,
    shown: Callable[[OfficeDraft], BaseModel | None],
    wanted: Callable[[OfficeDraft], OfficeDraft],
    page: Page,
    then: Callable[[], str],
    *,
    look_first: bool = False,
) -> ResponseReturnValue:
    """Save what a form says, or show its page again with the reason.

    `shown` is the part of the settings that the page was about, `wanted` makes the new settings of the present ones
    (it may raise Refused), `page` shows the form again, `then` is where to go afterwards. With `look_first`
    nothing is saved before the page has said what would happen.
    """
    look, status = None, 200
    try:
        with acting(slug) as desk:
            draft = changing.locked_draft(desk.session, desk.office, desk.now)
            unchanged(shown(draft), form)
            effect = keep(desk, wanted(draft), form, look_first=look_first)
            to_the_list = bool(effect.misfits) and desk.may(Permission.BOOK)
    except Refused as refused:
        form.refuse_all(refused, say)
        status = 422
    except (Conflict, Invalid) as problem:
        if isinstance(problem, ChangedMeanwhile):
            form.seen.data = ""  # the page shows the new one
        form.form_errors.append(say(problem))
        status = status_of(problem)
    except Look as only_looked:
        look = only_looked
    else:
        tell(effect)
        return redirect(url_for("agenda.misfits", slug=slug) if to_the_list else then(), 303)
    with looking(slug) as desk:
        return page(desk, form, look), status


def submit_one(
    slug: str,
    form: SettingsForm,
    many: Literal["counters", "services", "schedules"],
    find: Callable[[OfficeDraft], Shape | None],
    make: Callable[[Shape | None], Shape],
    page: Callable[[Desk, Any, Look | None, Shape | None], str],
    then: Callable[[], str],
) -> ResponseReturnValue:
    """As `submit`, for one of many: `find` gives it as it is, None where it is to be new, `make` what it becomes."""

    def wanted(draft: OfficeDraft) -> OfficeDraft:
        found, all_of_them = find(draft), getattr(draft, many)
        made = make(found)
        if found is None:
            return with_parts(draft, **{many: (*all_of_them, made)})
        return with_parts(draft, **{many: tuple(made if each is found else each for each in all_of_them)})

    def again(desk: Desk, form: SettingsForm, look: Look | None) -> str:
        return page(desk, form, look, find(draft_of(desk)))

    return submit(slug, form, find, wanted, again, then)


def no_one(_draft: OfficeDraft) -> None:
    """For `submit_one`: it is to be new."""


def unchanged(part: BaseModel | None, form: SettingsForm) -> None:
    """Raise ChangedMeanwhile where the part of the settings is not the one that the page showed."""
    if form.seen.data != mark_of(part):
        raise ChangedMeanwhile


def mark_of(part: BaseModel | None) -> str:
    """A few characters that stand for a part of the settings; for one that is to be new, too."""
    return "new" if part is None else drafting.fingerprint(part)


def keep(desk: Desk, draft: OfficeDraft, form: SettingsForm, *, look_first: bool = False) -> Effect:
    """Save the draft. Raises Look where somebody only wants to, or has not read yet what would no longer fit."""
    effect = changing.change(
        desk.session, desk.office, draft, desk.now, rules=config().booking, actor=desk.actor
    )
    key = drafting.fingerprint(draft)
    if "look" in request.form or ((effect.misfits or look_first) and form.agreed.data != key):
        raise Look(effect, key)
    return effect


def tell(effect: Effect) -> None:
    """Say on the next page what was saved."""
    if not effect.differences:
        flash(_("Nothing was different."), "info")
        return
    flash(_("Saved."), "success")
    if effect.misfits:
        flash(
            ngettext(
                "%(num)s appointment no longer fits. Nothing was cancelled: it stands in the list of conflicts.",
                "%(num)s appointments no longer fit. Nothing was cancelled: they stand in the list of conflicts.",
                len(effect.misfits),
            ),
            "warning",
        )


def render(desk: Desk, template: str, **words: Any) -> str:
    """A page of the settings."""
    look = words.get("look")
    return shell.render(
        desk,
        f"administration/{template}",
        known_endpoints=current_app.view_functions,
        weekday_name=weekday_name,
        misfit_days=_misfit_days(desk, look) if look else (),
        seat_rows=_seat_rows(desk, look) if look else (),
        text_name=shell.language_name,
        direction_of=settings_texts.direction_of,
        **words,
    )


def weekday_name(weekday: int, width: Literal["abbreviated", "wide"] = "abbreviated") -> str:
    """The name of a weekday (Monday is 0) in the words of who reads the page."""
    return str(get_day_names(width, locale=get_locale())[weekday])


def _misfit_days(desk: Desk, look: Look) -> list[tuple[date, list[Clash]]]:
    zone = desk.office.time_zone
    return [
        (day, list(clashes))
        for day, clashes in groupby(look.effect.misfits, lambda each: sheet.day_of(each.start, zone))
    ]


def _seat_rows(desk: Desk, look: Look) -> list[tuple[str, list[tuple[int, int]]]]:
    """For each team whose seats change: minutes before and after on each weekday."""
    before, after = look.effect.before, look.effect.after
    names = {each.id: each.name for each in desk.office.schedules}
    rows = []
    for number in sorted({schedule for schedule, _weekday in (*before, *after)}):
        days = [(before.get((number, day), 0), after.get((number, day), 0)) for day in range(7)]
        if any(was != then for was, then in days):
            rows.append((names.get(number, _("New team")), days))
    return rows
