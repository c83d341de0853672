"""Teams and their opening hours: the week with its seats, the rules, and what a change would do before it is saved."""

from datetime import timedelta
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from frontoffice.administration import rules
from frontoffice.administration.forms import SettingsForm
from frontoffice.administration.shell import (
    HERE,
    Look,
    checked,
    draft_of,
    looking,
    mark_of,
    no_one,
    pages,
    render,
    submit,
    submit_one,
    weekday_name,
    with_parts,
)
from frontoffice.agenda import week as weeks
from frontoffice.agenda.shell import Desk, day_asked_for
from frontoffice.errors import N_, NotFound
from frontoffice.offices.draft import HoursDraft, OfficeDraft, ScheduleDraft
from frontoffice.web.context import in_own_language

FIELDS = ("name", "place", "emergency_days", "flow_hours")
RULE = f"{HERE}/schedules/<schedule>/rules/<int(max=9999):number>"


class ScheduleForm(SettingsForm):
    """A team: what it offers, and when its seats are open to everybody."""

    slug = StringField(N_("Short name in addresses"), [InputRequired()])
    name = StringField(N_("Name"), [InputRequired()])
    services = SelectMultipleField(N_("Concerns"), [InputRequired()], validate_choice=False)
    apart = BooleanField(N_("A place of its own, which people choose"))
    place = StringField(N_("Where it is, if not at the office's address"))
    emergency_days = StringField(N_("Emergency seats open to everybody so many working days ahead"))
    flow_hours = StringField(N_("What is left opens to everybody so many hours ahead"))

    def wanted(self, slug: str, hours: tuple[HoursDraft, ...]) -> ScheduleDraft:
        """The team that was typed, with these opening hours. Raises Refused."""
        said = self.typed(FIELDS) | {"services": tuple(self.services.data or ())}
        said |= {"slug": slug, "pooled": not self.apart.data, "opening_hours": hours}
        return checked(ScheduleDraft, {**said, "name": said["name"] or ""})


@pages.get(f"{HERE}/schedules/")
def schedules(slug: str) -> ResponseReturnValue:
    """The teams with their rules, and the seats of a week."""
    with looking(slug) as desk:
        monday = weeks.monday_of(day_asked_for(desk))
        return render(
            desk,
            "schedules.html",
            schedules=draft_of(desk).schedules,
            week=weeks.week(desk.session, desk.office, monday),
            monday=monday,
            sunday=monday + timedelta(days=6),
            before=monday - timedelta(days=7),
            after=monday + timedelta(days=7),
            rule_words=rules.words,
        )


@pages.get(f"{HERE}/schedules/new")
def new_schedule(slug: str) -> ResponseReturnValue:
    """Ask what a new team is and offers."""
    with looking(slug) as desk:
        return _page(desk, ScheduleForm(), None, None)


@pages.post(f"{HERE}/schedules/new")
def add_schedule(slug: str) -> ResponseReturnValue:
    """Add it, without opening hours yet."""
    form = ScheduleForm(request.form)
    name = (form.slug.data or "").strip()

    def make(_found: ScheduleDraft | None) -> ScheduleDraft:
        return form.wanted(name, ())

    return submit_one(slug, form, "schedules", no_one, make, _page, lambda: _address(slug, name))


@pages.get(f"{HERE}/schedules/<schedule>/")
def schedule(slug: str, schedule: str) -> ResponseReturnValue:
    """One team, with the ways to its rules."""
    with looking(slug) as desk:
        found = _found(draft_of(desk), schedule)
        told: dict[str, Any] = {name: getattr(found, name) for name in FIELDS}
        told |= {"slug": schedule, "services": list(found.services), "apart": not found.pooled}
        return _page(desk, ScheduleForm(data=told), None, found)


@pages.post(f"{HERE}/schedules/<schedule>/")
def change_schedule(slug: str, schedule: str) -> ResponseReturnValue:
    """Save it; its rules stay."""
    form = ScheduleForm(request.form)

    def find(draft: OfficeDraft) -> ScheduleDraft | None:
        return _found(draft, schedule)

    def make(found: ScheduleDraft | None) -> ScheduleDraft:
        assert found is not None  # found by its name
        return form.wanted(schedule, found.opening_hours)

    return submit_one(slug, form, "schedules", find, make, _page, lambda: _address(slug, schedule))


def _address(slug: str, schedule: str) -> str:
    return url_for("administration.schedule", slug=slug, schedule=schedule)


@pages.get(f"{HERE}/schedules/<schedule>/rules/new")
def new_rule(slug: str, schedule: str) -> ResponseReturnValue:
    """Ask for one more rule of opening."""
    with looking(slug) as desk:
        form = rules.form_of(None, desk.today)
        return _rule_page(desk, form, None, _found(draft_of(desk), schedule), None)


@pages.post(f"{HERE}/schedules/<schedule>/rules/new")
def add_rule(slug: str, schedule: str) -> ResponseReturnValue:
    """Add it, once the page has said what it does."""
    return _save_rule(slug, schedule, None)


@pages.get(RULE)
def rule(slug: str, schedule: str, number: int) -> ResponseReturnValue:
    """One rule of opening, to be changed."""
    with looking(slug) as desk:
        found = _found(draft_of(desk), schedule)
        form = rules.form_of(_rule(found, number), desk.today)
        return _rule_page(desk, form, None, found, number)


@pages.post(RULE)
def change_rule(slug: str, schedule: str, number: int) -> ResponseReturnValue:
    """Change it, from a day on if one is named, or take it away; once the page has said what that does."""
    return _save_rule(slug, schedule, number)


def _save_rule(slug: str, schedule: str, number: int | None) -> ResponseReturnValue:
    form = rules.RuleForm(request.form)

    def wanted(draft: OfficeDraft) -> OfficeDraft:
        found = _found(draft, schedule)
        before = None if number is None else _rule(found, number)
        hours = rules.changed(found.opening_hours, before, form, removed="remove" in request.form)
        return _with(draft, checked(ScheduleDraft, found.model_dump() | {"opening_hours": hours}))

    return submit(
        slug,
        form,
        lambda draft: _found(draft, schedule),
        wanted,
        lambda desk, form, look: _rule_page(desk, form, look, _found(draft_of(desk), schedule), number),
        lambda: _address(slug, schedule),
        look_first=True,
    )


def _page(desk: Desk, form: ScheduleForm, look: Look | None, found: ScheduleDraft | None) -> str:
    draft = draft_of(desk)
    form.services.choices = [(each.slug, in_own_language(each.names or {})) for each in draft.services]
    return render(
        desk,
        "schedule.html",
        form=form,
        look=look,
        schedule=found,
        seen=form.seen.data or mark_of(found),
        rule_words=rules.words,
    )


def _rule_page(
    desk: Desk, form: rules.RuleForm, look: Look | None, found: ScheduleDraft, number: int | None
) -> str:
    form.weekdays.choices = [(str(day), weekday_name(day, "wide")) for day in range(7)]
    form.nth.choices = [("", _("every week")), *((each, _(words)) for each, words in rules.NTH.items())]
    return render(
        desk,
        "rule.html",
        form=form,
        look=look,
        schedule=found,
        number=number,
        removing="remove" in request.form,
        seen=form.seen.data or mark_of(found),
    )


def _found(draft: OfficeDraft, slug: str) -> ScheduleDraft:
    found = next((each for each in draft.schedules if each.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def _rule(found: ScheduleDraft, number: int) -> HoursDraft:
    if number >= len(found.opening_hours):
        raise NotFound
    return found.opening_hours[number]


def _with(draft: OfficeDraft, changed: ScheduleDraft) -> OfficeDraft:
    return with_parts(
        draft,
        schedules=tuple(changed if each.slug == changed.slug else each for each in draft.schedules),
    )
