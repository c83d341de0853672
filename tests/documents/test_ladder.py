"""Which reminder is due when: arithmetic on days, with rules."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.config import Config, DocumentName, Documents, OfficeReminders, WatchRule
from frontoffice.documents import ladder, ladders
from frontoffice.documents.document_kinds import ABOUT, DocumentKind
from frontoffice.documents.ladder import Ladder, Rule, Tone
from frontoffice.offices import catalogue
from frontoffice.offices.models import Office

END = date(2027, 3, 4)
USUAL = Ladder({"permit": (90, 56, 28, 7), "passport": (180, 90, 30), "after": (7, -3)})


def before(days: int) -> date:
    """So many days before the end."""
    return END - timedelta(days=days)


def due(since: int, today: int, kind: str = "permit", plan: Ladder = USUAL) -> int | None:
    """The step (in days) that leaves so many days before the end, of those since then."""
    step = ladder.due(plan, kind, END, before(since), before(today))
    return None if step is None else step.days


def test_a_step_leaves_on_its_day() -> None:
    assert [due(days, days) for days in (91, 90, 89, 56, 28, 7, 6)] == [None, 90, None, 56, 28, 7, None]


@pytest.mark.parametrize(
    ("since", "today", "step"),
    [
        (90, 87, 90),  # three days of outage
        (90, 50, 56),  # two steps were missed: one message, the one that says what is true now
        (90, 10, 28),
        (28, 9, None),  # the next one comes in two days
        (28, 10, 28),
        (7, 0, 7),
        (7, -1, None),  # it is over: there is nothing to be done in time any more
        (180, -40, None),
    ],
)
def test_what_was_missed_is_made_up_for_by_the_one_step_that_makes_sense(
    since: int, today: int, step: int | None
) -> None:
    assert due(since, today) == step


def test_a_step_behind_the_end_is_sent_for_two_weeks() -> None:
    assert [due(-3, today, "after") for today in (-3, -17, -18)] == [-3, -3, None]


def test_who_becomes_known_late_waits_for_the_next_step_or_hears_at_once() -> None:
    def first(days: int, *, catches_up: bool) -> date | None:
        return ladder.first_day(USUAL, "permit", END, before(days), catches_up=catches_up)

    assert first(90, catches_up=False) == before(90)
    assert first(89, catches_up=True) == before(56)
    assert (first(5, catches_up=True), first(5, catches_up=False)) == (before(7), None)
    assert first(-1, catches_up=True) is None


def test_a_rule_moves_the_end_of_what_it_is_about_and_of_nothing_else() -> None:
    rule = Rule(frozenset({"permit"}), date(2026, 2, 1), date(2027, 3, 3), moves_to=END)
    plan = Ladder(USUAL.days, [rule])
    ends = [date(2026, 1, 31), date(2026, 2, 1), date(2027, 3, 3), date(2027, 3, 10)]
    assert [ladder.end_of(plan, "permit", day) for day in ends] == [ends[0], END, END, ends[3]]
    assert ladder.end_of(plan, "passport", ends[1]) == ends[1]
    assert [step.on for step in ladder.steps(plan, "permit", ends[1])] == [before(d) for d in (90, 56, 28, 7)]


def test_a_rule_mutes_documents_or_days() -> None:
    mute = Rule(frozenset({"permit"}), expires_until=END, mutes=True)
    assert ladder.steps(Ladder(USUAL.days, [mute]), "permit", END) == []
    quiet = Rule(frozenset({"permit"}), quiet_from=before(60), quiet_until=before(28))
    assert [step.days for step in ladder.steps(Ladder(USUAL.days, [quiet]), "permit", END)] == [90, 7]


def test_what_is_said_depends_on_the_time_that_is_left() -> None:
    tones = [ladder.tone(END, before(days)) for days in (90, 46, 45, 15, 14, 0, -1)]
    assert tones == [*[Tone.EARLY] * 2, *[Tone.SOON] * 2, *[Tone.LAST] * 2, Tone.OVER]


@given(
    st.sets(st.integers(-20, 200), max_size=6),
    st.lists(st.integers(0, 40), min_size=1, max_size=40),
    st.integers(0, 220),
)
def test_a_run_of_days_with_gaps_never_sends_a_step_twice_and_loses_none_without_a_later_one(
    days: set[int], gaps: list[int], start: int
) -> None:
    plan = Ladder({"permit": tuple(days)})
    today = before(start)
    next_on = ladder.first_day(plan, "permit", END, today, catches_up=True)
    sent = []
    for gap in gaps:
        if next_on is not None and next_on <= today:
            step = ladder.due(plan, "permit", END, next_on, today)
            sent += [step.days] if step else []
            next_on = ladder.next_day(plan, "permit", END, today)
        today += timedelta(days=gap)
    assert len(sent) == len(set(sent))
    assert sent == sorted(sent, reverse=True)
    if all(gap <= 1 for gap in gaps):
        passed = {step for step in days if before(start) <= before(step) < today}
        assert passed <= set(sent)


def test_the_names_in_the_configuration_are_the_kinds_and_every_kind_has_a_service() -> None:
    assert set(DocumentName.__args__) == {kind.value for kind in DocumentKind}  # type: ignore[attr-defined]
    assert {about.service for about in ABOUT.values()} <= {each.slug for each in catalogue.starter_services()}


def test_an_office_can_differ_and_its_rules_come_last() -> None:
    settings = Documents(rules=(WatchRule(kinds=("student",), moves_to=END),))
    own = OfficeReminders(
        title_days=(30,),
        days={"student": (20, 10)},
        services={"student": "university"},
        rules=(WatchRule(kinds=("student",), moves_to=before(10)),),
    )
    office = Office(document_reminders=own.model_dump(mode="json", exclude_defaults=True))
    plan = ladders.of(office, settings)
    kinds = (DocumentKind.BLUE_CARD, DocumentKind.STUDENT, DocumentKind.PASSPORT)
    assert [plan.days[kind] for kind in kinds] == [(30,), (20, 10), (180, 90, 30)]
    assert ladder.end_of(plan, "student", END) == before(10)
    assert ladders.service(office, settings, DocumentKind.STUDENT) == "university"
    assert ladders.fingerprint(plan) != ladders.fingerprint(
        ladders.of(Office(document_reminders={}), settings)
    )


def test_the_rule_in_the_example_configuration_is_one() -> None:
    rule = WatchRule.model_validate(
        {"kinds": ["temporary_protection"], "expires_from": "2026-02-01", "moves_to": "2027-03-04"}
    )
    assert Config.model_fields["documents"].annotation is Documents
    plan = ladders.of(Office(document_reminders={}), Documents(rules=(rule,)))
    assert ladder.end_of(plan, DocumentKind.TEMPORARY_PROTECTION, date(2026, 5, 1)) == END
