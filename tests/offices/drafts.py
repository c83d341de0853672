"""Office drafts of every kind, for hypothesis."""

from datetime import date, time, timedelta
from typing import Any

from hypothesis import strategies as st

from frontoffice.offices.draft import OfficeDraft
from frontoffice.offices.holidays import LAENDER
from frontoffice.offices.models import Biometrics, Confirmation

TODAY = date(2026, 11, 23)
CODES = ("de", "en", "uk", "ar", "fa", "de-simple")

SLUGS = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,4})?", fullmatch=True)
LINES = st.text(
    st.sampled_from("aZ0 äß–'\"\\#[]={}é\u200cшغ"), min_size=1, max_size=12
).map(str.strip).filter(bool)  # fmt: skip
FIVE_MINUTES = st.integers(0, 287).map(lambda tick: time(tick // 12, tick % 12 * 5))
DAYS = st.integers(-20, 200).map(lambda number: TODAY + timedelta(days=number))
COMING = st.integers(0, 200).map(lambda number: TODAY + timedelta(days=number))


def _words(*always: str) -> st.SearchStrategy[dict[str, str]]:
    more = st.dictionaries(st.sampled_from(CODES), LINES, max_size=3)
    return more if not always else st.fixed_dictionaries(dict.fromkeys(always, LINES)).flatmap(
        lambda first: more.map(lambda rest: first | rest)
    )  # fmt: skip


@st.composite
def hours(draw: st.DrawFn) -> dict[str, Any]:
    """A rule; no two have other terms, so that they may overlap."""
    opens, closes = sorted(draw(st.lists(FIVE_MINUTES, min_size=2, max_size=2, unique=True)))
    begins = draw(DAYS)
    weeks = draw(st.sampled_from([1, 1, 2, 5]))
    return {
        "weekdays": tuple(draw(st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True))),
        "opens": opens,
        "closes": draw(st.sampled_from([closes, time()])),
        "online": draw(st.integers(1, 3)),
        "phone": draw(st.integers(0, 2)),
        "emergency": draw(st.integers(0, 1)),
        "breaks": draw(st.sampled_from([(), ((opens, closes),)])),
        "every_weeks": weeks,
        "nth": draw(st.sampled_from([None, 1, -1])) if weeks == 1 else None,
        "valid_from": begins if weeks > 1 else draw(st.sampled_from([None, begins])),
        "valid_until": draw(st.sampled_from([None, TODAY + timedelta(days=400)])),
        "bookable_from_days": 30,
        "release_time": time(8),
    }


@st.composite
def services(draw: st.DrawFn, slug: str) -> dict[str, Any]:
    """A whole service."""
    maybe_minutes = st.sampled_from([None, 0, 15])
    return {
        "slug": slug,
        "names": draw(_words("de")),
        "plain": draw(_words("de")),
        "documents": {"de": tuple(draw(st.lists(LINES, max_size=2))), "en": ("Passport",)},
        "legal_basis": draw(st.sampled_from(["", "§ 8 AufenthG"])),
        "leika": draw(st.sampled_from([None, "99010001001000"])),
        "minutes": draw(st.sampled_from([5, 30])),
        "minutes_next_person": draw(maybe_minutes),
        "minutes_together": draw(maybe_minutes),
        "most_people": draw(st.integers(1, 20)),
        "reminder_hours": draw(st.sampled_from([None, (), (72, 3)])),
        "biometrics": draw(st.sampled_from(Biometrics)),
        "promise_days": draw(st.integers(1, 60)),
        "online": draw(st.booleans()),
        "walk_in": draw(st.booleans()),
        "active": draw(st.booleans()),
    }


@st.composite
def offices(draw: st.DrawFn) -> OfficeDraft:
    """A complete office."""
    known = draw(st.lists(SLUGS, min_size=1, max_size=4, unique=True))
    teams = draw(st.lists(SLUGS, max_size=3, unique=True))
    some = st.sets(st.sampled_from(known), min_size=1).map(lambda chosen: sorted(chosen, key=known.index))
    closed = draw(st.lists(COMING, max_size=4, unique=True))
    return OfficeDraft(
        slug=draw(SLUGS),
        name=draw(LINES),
        street=draw(LINES),
        postal_code="12345",
        city=draw(LINES),
        phone="+49 30 1234567",
        mail="amt@example.org",
        land=draw(st.sampled_from(LAENDER)),
        open_on=tuple(sorted(draw(st.lists(DAYS, max_size=2, unique=True)))),
        languages=draw(st.sampled_from([("de",), ("de", "en"), ("en", "de")])),
        confirmation=draw(st.sampled_from(Confirmation)),
        walk_in_warning=draw(st.integers(5, 480)),
        reminder_hours=draw(st.sampled_from([None, (), (48, 24)])),
        notes={"booking": draw(_words()), "confirmation": draw(_words()), "screen": draw(_words())},
        keep_days=draw(
            st.sampled_from([{}, {"messages": 3, "bookings": 1}, {"waitlist": 0, "draw": 9, "cards": 5}])
        ),
        complete=True,
        services=tuple(draw(services(slug)) for slug in known),
        schedules=tuple(
            {
                "slug": slug,
                "name": draw(LINES),
                "services": tuple(draw(some)),
                "pooled": draw(st.booleans()),
                "place": draw(st.none() | LINES),
                "emergency_days": draw(st.sampled_from([None, 2])),
                "flow_hours": draw(st.sampled_from([None, 0, 24])),
                "opening_hours": tuple(draw(st.lists(hours(), max_size=3))),
            }
            for slug in teams
        ),
        closures=tuple(
            {
                "days": (day,),
                "schedule": draw(st.sampled_from([None, *teams])),
                "opens": draw(st.sampled_from([None, time(9)])),
                "closes": draw(st.sampled_from([None, time(11, 30), time()])),
                "reason": draw(LINES),
            }
            for day in closed
        ),
        counters=tuple(
            {
                "name": str(number),
                "room": draw(st.sampled_from(["", "Wartebereich A"])),
                "team": draw(st.sampled_from(["", "Team"])),
                "services": tuple(draw(st.just([]) | some)),
                "languages": draw(st.sampled_from([(), ("en", "uk")])),
                "active": draw(st.booleans()),
            }
            for number in range(draw(st.integers(0, 3)))
        ),
        slides=tuple(
            {"titles": {"de": draw(LINES)}, "texts": draw(_words()), "seconds": draw(st.integers(5, 120))}
            for _ in range(draw(st.integers(0, 2)))
        ),
    )
