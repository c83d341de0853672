"""The counters of an office: rooms, teams, concerns, languages; one that is no longer used is kept for its past."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

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
    submit_one,
)
from frontoffice.agenda.shell import Desk
from frontoffice.errors import N_, NotFound
from frontoffice.offices.draft import CounterDraft, OfficeDraft
from frontoffice.web.context import in_own_language


class CounterForm(SettingsForm):
    """A counter. Without concerns it takes them all."""

    name = StringField(N_("Name, as it stands on the sign"), [InputRequired()])
    room = StringField(N_("Room in which people wait for it"))
    team = StringField(N_("Team"))
    languages = StringField(N_("Languages spoken there besides German"))
    services = SelectMultipleField(N_("Concerns"), validate_choice=False)
    active = BooleanField(N_("Is in use"))

    def wanted(self, name: str) -> CounterDraft:
        """The counter that was typed. Raises Refused."""
        said: dict[str, Any] = {"name": name, "active": bool(self.active.data)}
        said |= {"room": (self.room.data or "").strip(), "team": (self.team.data or "").strip()}
        said["languages"] = tuple((self.languages.data or "").replace(",", " ").split())
        said["services"] = tuple(self.services.data or ())
        return checked(CounterDraft, said)


@pages.get(f"{HERE}/counters/")
def counters(slug: str) -> ResponseReturnValue:
    """All counters."""
    with looking(slug) as desk:
        draft = draft_of(desk)
        names = {each.slug: in_own_language(each.names or {}) for each in draft.services}
        return render(desk, "counters.html", counters=draft.counters, names=names)


@pages.get(f"{HERE}/counters/new")
def new_counter(slug: str) -> ResponseReturnValue:
    """Ask for one more counter."""
    with looking(slug) as desk:
        return _page(desk, CounterForm(data={"active": True}), None, None)


@pages.post(f"{HERE}/counters/new")
def add_counter(slug: str) -> ResponseReturnValue:
    """Add it."""
    form = CounterForm(request.form)

    def make(_found: CounterDraft | None) -> CounterDraft:
        return form.wanted((form.name.data or "").strip())

    return submit_one(slug, form, "counters", no_one, make, _page, lambda: _listed(slug))


@pages.get(f"{HERE}/counters/<int(max=9999):number>/")
def counter(slug: str, number: int) -> ResponseReturnValue:
    """One counter, to be changed."""
    with looking(slug) as desk:
        found = _found(draft_of(desk), number)
        told: dict[str, Any] = found.model_dump() | {"languages": ", ".join(found.languages)}
        return _page(desk, CounterForm(data=told | {"services": list(found.services)}), None, found)


@pages.post(f"{HERE}/counters/<int(max=9999):number>/")
def change_counter(slug: str, number: int) -> ResponseReturnValue:
    """Save it."""
    form = CounterForm(request.form)

    def find(draft: OfficeDraft) -> CounterDraft | None:
        return _found(draft, number)

    def make(found: CounterDraft | None) -> CounterDraft:
        assert found is not None  # found by its number
        return form.wanted(found.name)

    return submit_one(slug, form, "counters", find, make, _page, lambda: _listed(slug))


def _listed(slug: str) -> str:
    return url_for("administration.counters", slug=slug)


def _page(desk: Desk, form: CounterForm, look: Look | None, found: CounterDraft | None) -> str:
    draft = draft_of(desk)
    form.services.choices = [(each.slug, in_own_language(each.names or {})) for each in draft.services]
    rooms = sorted({each.room for each in draft.counters if each.room})
    teams = sorted({each.team for each in draft.counters if each.team})
    seen = form.seen.data or mark_of(found)
    return render(
        desk, "counter.html", form=form, look=look, counter=found, rooms=rooms, teams=teams, seen=seen
    )


def _found(draft: OfficeDraft, number: int) -> CounterDraft:
    if number >= len(draft.counters):
        raise NotFound
    return draft.counters[number]
