"""Statistics as tables in the words of who reads them: shown beside the charts, and downloaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from frontoffice.booking import dates
from frontoffice.errors import N_
from frontoffice.insight.csv_file import Cell
from frontoffice.insight.histogram import LONGEST
from frontoffice.insight.models import Figure, PromiseDay
from frontoffice.insight.span import Span
from frontoffice.insight.sums import AHEAD, CHANNELS, Missed, Sent, Sums, Times, all_sent
from frontoffice.insight.veil import LEAST, veiled
from frontoffice.messages import kinds
from frontoffice.offices.models import Schedule, Service
from frontoffice.web.context import in_own_language, language

CHANNEL_NAMES = {
    "online": N_("Online"),
    "phone": N_("By phone"),
    "on_site": N_("On site"),
    "partner": N_("Through a partner"),
    "walk_in": N_("Without an appointment"),
}
ENOUGH = 10  # appointments, to say how many of 100 nobody came to
MEDIA = {"sms": N_("SMS"), "mail": N_("E-mail")}


@dataclass(frozen=True)
class Table:
    """A table: `key` in addresses, what it is called, and the cells; the first of each row names it.

    Numbers are plain ones, minutes and percents as the head says. `last` is a row of sums.
    """

    key: str
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    last: Sequence[Cell] | None = None
    notes: Sequence[str] = field(default_factory=list)

    @property
    def all_rows(self) -> list[Sequence[Cell]]:
        """With the sums."""
        return [*self.rows, *([self.last] if self.last else [])]


def services(sums: Sums, known: Sequence[Service]) -> Table:
    """Visits, waiting and serving by service."""
    names = _service_names(sums, known, Figure.VISITS)
    return Table(
        "services",
        _("Visits, waiting and serving by concern"),
        [
            _("Concern"),
            _("Visits"),
            _("Half waited less than (min)"),
            _("9 of 10 waited less than (min)"),
            _("Half took less than (min)"),
            _("9 of 10 took less than (min)"),
        ],
        [[name, *_times(sums, service)] for service, name in names.items()],
        [_("All"), *_times(sums, None)],
        [
            _(
                "The wait counts from the arrival, or from the time of the appointment for those who came before it."
            )
        ],
    )


def channels(sums: Sums, known: Sequence[Service]) -> Table:
    """Visits by service and channel; small numbers are hidden."""
    names = _service_names(sums, known, Figure.VISITS)
    counted = [[sums.by_part(Figure.VISITS, service)[each] for each in CHANNELS] for service in names]
    return Table(
        "channels",
        _("Visits by concern and channel"),
        [_("Concern"), *(_(CHANNEL_NAMES[each]) for each in CHANNELS)],
        [[name, *_shown(row)] for name, row in zip(names.values(), veiled(counted), strict=True)],
        notes=[_few()],
    )


def hours(sums: Sums, service: int | None) -> Table:
    """Visits by the hour of arrival; by channel too where it is about all services."""
    per_hour = sums.by_part(Figure.VISIT_HOURS, service)
    found = sorted(per_hour)
    span = [f"{hour:02d}" for hour in range(int(found[0]), int(found[-1]) + 1)] if found else []
    title = _("Visits by hour of arrival")
    names = [_("%(hour)s to %(next)s", hour=f"{hour}:00", next=f"{int(hour) + 1:02d}:00") for hour in span]
    if service is not None:
        [row] = veiled([[per_hour[hour] for hour in span]])
        cells: list[list[Cell]] = [[name, *_shown([each])] for name, each in zip(names, row, strict=True)]
        return Table("hours", title, [_("Hour"), _("Visits")], cells, notes=[_few()])
    crossed = sums.by_part(Figure.CHANNEL_HOURS)
    counted = [[crossed[f"{hour} {each}"] for each in CHANNELS] for hour in span]
    return Table(
        "hours",
        title,
        [_("Hour"), _("Visits"), *(_(CHANNEL_NAMES[each]) for each in CHANNELS)],
        [
            [name, per_hour[hour], *_shown(row)]
            for hour, name, row in zip(span, names, veiled(counted), strict=True)
        ],
        notes=[_few()],
    )


def course(parts: Sequence[Span], counted: Sequence[Sums]) -> Table:
    """Visits, waiting and no-shows over time."""
    rows: list[list[Cell]] = []
    for part, sums in zip(parts, counted, strict=True):
        rows.append(
            [
                span_name(part),
                sums.visits(),
                *_pair(sums.waiting()),
                _no_shows(sums.missed()),
            ]
        )
    return Table(
        "course",
        _("Day by day") if all(part.days == 1 for part in parts) else _("Week by week"),
        [
            _("Days"),
            _("Visits"),
            _("Half waited less than (min)"),
            _("9 of 10 waited less than (min)"),
            _("Did not come (of 100)"),
        ],
        rows,
    )


def missed(sums: Sums, known: Sequence[Service]) -> Table:
    """No-shows by service."""
    names = _service_names(sums, known, Figure.APPOINTMENTS)
    counted = [sums.missed(service) for service in names]
    return Table(
        "missed",
        _("Who did not come, by concern"),
        [_("Concern"), _("Came"), _("Did not come"), _("Did not come (of 100)"), _("Had cancelled")],
        [[name, *row] for name, row in zip(names.values(), _missed(counted), strict=True)],
        [_("All"), *_missed([sums.missed()])[0]],
        [_few()],
    )


def ahead(sums: Sums, service: int | None) -> Table:
    """No-shows by how long ahead the appointment was made."""
    counted = [sums.missed(service, step) for step in AHEAD]
    return Table(
        "ahead",
        _("Who did not come, by how long ahead they had booked"),
        [_("Booked ahead"), _("Came"), _("Did not come"), _("Did not come (of 100)"), _("Had cancelled")],
        [[_ahead_name(place), *row] for place, row in enumerate(_missed(counted))],
        notes=[_few()],
    )


def seats(sums: Sums, schedules: Sequence[Schedule]) -> Table:
    """How much of the appointments' seats was taken, and of the counters' time used."""
    rows: list[list[Cell]] = []
    for schedule in schedules:
        used = sums.seats(schedule.id)
        if used.all:
            rows.append([schedule.name, round(used.all / 60), round(used.used / 60), percent(used.percent)])
    counters = sums.counters()
    rows.append(
        [
            _("All counters together"),
            round(counters.all / 60),
            round(counters.used / 60),
            percent(counters.percent),
        ]
    )
    return Table(
        "seats",
        _("How much was used"),
        [_("Team"), _("There was (hours)"), _("Used (hours)"), _("Used (of 100)")],
        rows,
        notes=[
            _(
                "Of a team: seats for appointments, and how many were taken. Of the counters: how long they were open "
                "without pauses, and how long somebody was called or served. A single counter is not shown, because "
                "that would be somebody's work."
            )
        ],
    )


def messages(sums: Sums) -> Table:
    """Messages by kind and medium."""
    sent = sums.sent()
    return Table(
        "messages",
        _("Messages"),
        [_("Message"), _("By"), _("Sent"), _("Delivered"), _("Reached nobody"), _("Parts of SMS")],
        [
            [_(kinds.NAMES.get(kind, kind)), _(MEDIA.get(medium, medium)), *_sent(each)]
            for (kind, medium), each in sent.items()
        ],
        [_("All"), "", *_sent(all_sent(sent))],
        [_("That a mail was delivered is not reported.")],
    )


def promise(rows: Sequence[PromiseDay], known: Sequence[Service]) -> Table:
    """Days to the next free appointment, day by day."""
    names = {each.id: in_own_language(each.names) for each in known}
    return Table(
        "promise",
        _("Days to the next free appointment"),
        [
            _("Day"),
            _("Concern"),
            _("Promised (days)"),
            _("At nine o'clock (days)"),
            _("Longest that day (days)"),
        ],
        [
            [
                each.day.isoformat(),
                names.get(each.service_id, "?"),
                each.promised,
                days(each.days),
                days(each.worst),
            ]
            for each in rows
        ],
    )


def minutes(number: int | None) -> Cell:
    """Minutes as cells show them."""
    if number is None:
        return ""
    return _("more than %(number)s", number=LONGEST) if number > LONGEST else number


def days(number: int | None) -> Cell:
    """Days as cells show them."""
    return _("nothing free") if number is None else number


def percent(number: float | None) -> Cell:
    """Of a hundred."""
    return "" if number is None else round(number)


def span_name(part: Span) -> str:
    """A day, or the first and the last one."""
    if part.days == 1:
        return day_name(part.first)
    return str(_("%(first)s to %(last)s", first=day_name(part.first), last=day_name(part.last)))


def day_name(day: date) -> str:
    """Tue 24 Nov."""
    return dates.short_day(day, language())


def _service_names(sums: Sums, known: Sequence[Service], figure: Figure) -> Mapping[int, str]:
    """The services that are counted, in the office's order, and what is not about any."""
    counted = sums.by_about(figure)
    names = {each.id: in_own_language(each.names) for each in known if counted[each.id]}
    return names | ({0: _("Not said yet")} if counted[0] else {})


def _times(sums: Sums, service: int | None) -> list[Cell]:
    waiting, serving = sums.waiting(service), sums.serving(service)
    cells: list[Cell] = [sums.visits(service)]
    for each in (waiting, serving):
        cells += _pair(each)
    return cells


def _pair(times: Times) -> list[Cell]:
    """Of one or two visits nothing is told: the time would be somebody's."""
    if times.visits < LEAST:
        return ["", ""]
    return [minutes(times.median), minutes(times.most)]


def _no_shows(missed: Missed) -> Cell:
    """In percent; of a few appointments nothing is told, as on the page."""
    return percent(missed.percent) if missed.came + missed.missed >= ENOUGH else ""


def _missed(counted: Sequence[Missed]) -> list[list[Cell]]:
    rows = []
    for found, row in zip(counted, veiled(counted), strict=True):
        came, missed, cancelled = _shown(row)
        told = None not in row[:2]
        rows.append([came, missed, percent(found.percent) if told else "", cancelled])
    return rows


def _sent(sent: Sent) -> list[Cell]:
    return [sent.sent, sent.delivered, sent.failed, sent.parts]


def _shown(row: Sequence[int | None]) -> list[Cell]:
    return [_("few") if each is None else each for each in row]


def _few() -> str:
    return str(_("“Few” stands for small numbers, from which somebody could be recognised."))


def _ahead_name(place: int) -> str:
    first = AHEAD[place]
    if place + 1 == len(AHEAD):
        return str(_("%(days)s days or more", days=first))
    last = AHEAD[place + 1] - 1
    if first == last:
        return str(_("The same day") if first == 0 else ngettext("%(num)s day", "%(num)s days", first))
    return str(_("%(first)s to %(last)s days", first=first, last=last))
