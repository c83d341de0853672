"""A rule of opening as a form, and in words."""

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from frontoffice.administration.forms import SettingsForm
from frontoffice.administration.mistakes import Refused
from frontoffice.administration.shell import checked, weekday_name
from frontoffice.errors import N_, Invalid
from frontoffice.offices.draft import HoursDraft

SEATS = ("online", "phone", "on_site", "emergency")
FIELDS = (*SEATS, "opens", "closes", "every_weeks", "nth", "valid_from", "valid_until")
TERMS = ("bookable_from_days", "bookable_until_days", "release_time")
NTH = {
    "1": N_("first of the month"),
    "2": N_("second of the month"),
    "3": N_("third of the month"),
    "4": N_("fourth of the month"),
    "5": N_("fifth of the month"),
    "-1": N_("last of the month"),
}
SEAT_NAMES = {
    "online": N_("Online"),
    "phone": N_("Phone"),
    "on_site": N_("On site"),
    "emergency": N_("Emergencies"),
}


class RuleForm(SettingsForm):
    """On which days it is open, from when until when, and how many people can come at the same time."""

    weekdays = SelectMultipleField(N_("Days of the week"), [InputRequired()], validate_choice=False)
    opens = StringField(N_("Opens"), [InputRequired()])
    closes = StringField(N_("Closes"), [InputRequired()])
    breaks = StringField(N_("Breaks"))
    online = StringField(N_("Online"))
    phone = StringField(N_("Phone"))
    on_site = StringField(N_("On site"))
    emergency = StringField(N_("Emergencies"))
    every_weeks = StringField(N_("Every so many weeks"))
    nth = SelectField(N_("In the month"), validate_choice=False)
    valid_from = StringField(N_("From this day on"), [InputRequired()])
    valid_until = StringField(N_("No longer from this day on"))
    bookable_from_days = StringField(N_("Can be booked from so many days before"))
    release_time = StringField(N_("at this time"))
    bookable_until_days = StringField(N_("Can be booked until so many days before"))
    since = StringField(N_("Change it only from this day on"))

    def wanted(self) -> HoursDraft:
        """The rule that was typed. Raises Refused."""
        said = {name: value for name, value in self.typed((*FIELDS, *TERMS)).items() if value is not None}
        said |= {"weekdays": tuple(sorted(self.weekdays.data or ())), "breaks": self._breaks()}
        for name in ("opens", "closes", "valid_from"):
            said.setdefault(name, "")
        return _beside_fields(said)

    def since_day(self) -> date | None:
        """From when on a change holds, if not from its beginning. Raises Refused."""
        typed = (self.since.data or "").strip()
        try:
            return date.fromisoformat(typed) if typed else None
        except ValueError:
            raise Refused([Invalid("since", N_("Please enter the day as a date."))]) from None

    def _breaks(self) -> tuple[tuple[time, time], ...]:
        found = []
        for each in (self.breaks.data or "").replace(";", ",").split(","):
            begins, _dash, ends = each.replace("–", "-").partition("-")
            if not each.strip():
                continue
            try:
                found.append((time.fromisoformat(begins.strip()), time.fromisoformat(ends.strip())))
            except ValueError:
                sentence = N_("Please enter breaks like this: 12:00-13:00, 15:00-15:15.")
                raise Refused([Invalid("breaks", sentence)]) from None
        return tuple(found)


def form_of(rule: HoursDraft | None, today: date) -> RuleForm:
    """The form of a rule, or of a new one."""
    if rule is None:
        return RuleForm(data={"valid_from": today.isoformat(), "every_weeks": "1", "online": "1"})
    told: dict[str, Any] = {name: getattr(rule, name) for name in (*FIELDS, *TERMS)}
    told |= {name: _clock(told[name]) for name in ("opens", "closes", "release_time")}
    told |= {"weekdays": [str(day) for day in rule.weekdays], "nth": str(rule.nth or "")}
    told["breaks"] = ", ".join(f"{begins:%H:%M}-{ends:%H:%M}" for begins, ends in rule.breaks)
    return RuleForm(data=told)


def changed(
    hours: Sequence[HoursDraft], before: HoursDraft | None, form: RuleForm, *, removed: bool
) -> tuple[HoursDraft, ...]:
    """The rules with this one new, changed (from a day on, if one is named) or taken away. Raises Refused."""
    kept = list(hours)
    since = form.since_day() if before else None
    if before is not None:
        place = kept.index(before)
        starts_before = since is not None and (before.valid_from is None or before.valid_from < since)
        kept[place : place + 1] = [before.model_copy(update={"valid_until": since})] if starts_before else []
    if removed:
        return tuple(kept)
    wanted = form.wanted()
    if since is not None:
        wanted = _beside_fields(wanted.model_dump() | {"valid_from": since})
    return (*kept, wanted)


def words(rule: HoursDraft) -> list[str]:
    """The rule in a few words: when, seats, how often and how long it holds, when it can be booked."""
    days = ", ".join(weekday_name(day) for day in rule.weekdays)
    said = [f"{days} {_span(rule.opens, rule.closes)}"]
    if rule.breaks:
        pauses = ", ".join(_span(begins, ends) for begins, ends in rule.breaks)
        said.append(_("closed %(times)s", times=pauses))
    seats = [(name, getattr(rule, name)) for name in SEATS]
    said.append(", ".join(f"{_(SEAT_NAMES[name])} {number}" for name, number in seats if number))
    if rule.every_weeks > 1:
        said.append(ngettext("every %(num)s week", "every %(num)s weeks", rule.every_weeks))
    if rule.nth is not None:
        said.append(_(NTH[str(rule.nth)]))
    if rule.valid_from:
        said.append(_("from %(day)s", day=format_date(rule.valid_from)))
    if rule.valid_until:
        said.append(_("until before %(day)s", day=format_date(rule.valid_until)))
    if rule.bookable_from_days is not None:
        at = f", {rule.release_time:%H:%M}" if rule.release_time else ""
        said.append(
            ngettext(
                "bookable from %(num)s day before",
                "bookable from %(num)s days before",
                rule.bookable_from_days,
            )
            + at
        )
    if rule.bookable_until_days:
        said.append(
            ngettext(
                "bookable until %(num)s day before",
                "bookable until %(num)s days before",
                rule.bookable_until_days,
            )
        )
    return said


def _beside_fields(said: dict[str, Any]) -> HoursDraft:
    """The rule; what is wrong with the whole of it stands beside where it opens."""
    try:
        return checked(HoursDraft, said)
    except Refused as refused:
        problems = [
            each if each.field else Invalid("opens", each.sentence, **each.params)
            for each in refused.problems
        ]
        raise Refused(problems) from None


def _span(begins: time, ends: time) -> str:
    return f"{begins:%H:%M}–{'24:00' if ends == time() else f'{ends:%H:%M}'}"


def _clock(moment: time | None) -> str:
    return f"{moment:%H:%M}" if moment is not None else ""
