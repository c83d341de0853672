"""The record of who saw or changed what, for auditors: a page to search it, and the same as a file."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock, events, names
from frontoffice.audit import searching, words
from frontoffice.audit.searching import Wanted
from frontoffice.errors import Invalid, NotSignedIn
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff import roles
from frontoffice.staff.accounts import subject_of
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, say
from frontoffice.web.moments import ZONE, moment
from frontoffice.web.needs import all_need

pages = Blueprint("audit", __name__, url_prefix="/staff/audit")
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Permission.AUDIT)

USUAL = timedelta(days=30)
ONE_VIEW = timedelta(
    minutes=15
)  # the newest of the record, without a search: opened again, it is the same view
MOST_IN_A_FILE = 20_000
RECORD = "audit:record"


class Search(NamedTuple):
    """What the page asks for, what is wrong with it, and what was found."""

    wanted: Wanted
    wrong: str | None
    found: Sequence[Event]


@pages.get("/")
def search() -> ResponseReturnValue:
    """Who saw or changed what, newest first; that somebody reads it is on record as well."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.AUDIT, now)
        asked = _search(session, account, now, most=searching.PAGE + 1)
        page = _page(session, account, asked, now)
        kind = "audit.searched" if request.args else "audit.opened"
        is_new = bool(request.args) or not events.is_told(
            session, kind, subject_of(account.id), RECORD, now - ONE_VIEW
        )
    if asked.wrong is None and is_new:
        with database().write() as session:
            _note(session, account, kind, asked, now)
    return page, 422 if asked.wrong else 200


@pages.get("/record.csv")
def download() -> ResponseReturnValue:
    """The same as a file for a table; that somebody downloads it is on record as well.

    All that fits, or nothing: a file that ends early looks like one in which nothing more happened.
    """
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.AUDIT, now)
        asked = _search(session, account, now, most=MOST_IN_A_FILE + 1)
        if len(asked.found) > MOST_IN_A_FILE:
            asked = asked._replace(
                wrong=_("That is too much for one file. Please choose fewer days."), found=()
            )
        if asked.wrong:
            return _page(session, account, asked, now), 422
        text = _csv(asked.found, searching.names(session, asked.found), _offices(session, account))
    with database().write() as session:
        _note(session, account, "audit.exported", asked, now)
    answer = Response(text, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="record-{now:%Y-%m-%d}.csv"'
    return answer


def _search(session: Session, account: Account, now: datetime, *, most: int) -> Search:
    wanted, wrong = _wanted(session, now)
    offices = None if account.everywhere else account.office_ids
    found = () if wrong else searching.search(session, wanted, offices, before=_before(), most=most)
    return Search(wanted, wrong, found)


def _before() -> int | None:
    """The event whose elders are asked for."""
    before = request.args.get("before", "")
    return int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None


def _wanted(session: Session, now: datetime) -> tuple[Wanted, str | None]:
    asked = request.args
    last = _day(asked.get("until")) or now.astimezone(ZONE).date()
    first = _day(asked.get("from")) or last - USUAL
    begins, ends = _midnight(first), _midnight(last + timedelta(days=1))
    office = asked.get("office", "")
    person = asked.get("actor", "")
    topic = asked.get("topic") if asked.get("topic") in words.TOPICS else None
    wanted = Wanted(
        begins,
        ends,
        actor=subject_of(int(person)) if _is_number(person) else person if person in words.ACTORS else None,
        topic=topic,
        office_id=int(office) if _is_number(office) else None,
    )
    try:
        subject = searching.subject_asked_for(session, asked.get("about", ""))
    except Invalid as wrong:
        return wanted, say(wrong)
    return Wanted(begins, ends, wanted.actor, subject, topic, wanted.office_id), None


def _note(session: Session, account: Account, kind: str, asked: Search, now: datetime) -> None:
    """Put on record what was looked for, as ids and not as it was typed."""
    wanted = asked.wanted
    data = {
        "from": wanted.begins.isoformat(),
        "until": wanted.ends.isoformat(),
        "actor": wanted.actor,
        "about": wanted.subject,
        "topic": wanted.topic,
        "office": wanted.office_id,
        "before": _before(),
        "rows": len(asked.found),
    }
    told = {name: value for name, value in data.items() if value is not None}
    events.append(session, None, kind, now, actor=subject_of(account.id), subject=RECORD, data=told)


def _page(session: Session, account: Account, asked: Search, now: datetime) -> str:
    shown = asked.found[: searching.PAGE]
    offices = _offices(session, account)
    accounts = searching.people(session, asked.wanted, None if account.everywhere else account.office_ids)
    people = sorted(accounts, key=lambda account: names.sort_key(account.name))
    more = {name: value for name, value in request.args.items() if name != "before"}
    return render_template(
        "audit/search.html",
        account=account,
        offices=offices,
        current_office=next(iter(offices.values()), None),
        people=people,
        asked=request.args,
        wrong=asked.wrong,
        has_errors=bool(asked.wrong),
        first=asked.wanted.begins.astimezone(ZONE).date(),
        last=(asked.wanted.ends - timedelta(hours=1)).astimezone(ZONE).date(),
        events=shown,
        called=searching.names(session, shown),
        older={**more, "before": str(shown[-1].id)} if len(asked.found) > len(shown) else None,
        same=more,
        kind_words=_kind,
        actor_words=_actor,
        about_words=_details,
        topics=words.TOPICS,
        actors=words.ACTORS,
        keep_days=config().audit.keep_days,
        moment=moment,
        now=now,
    )


def _csv(found: Sequence[Event], called: Mapping[str, str], offices: Mapping[int, Office]) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["time", "office", "kind", "what", "actor", "acting", "subject", "about", "details"])
    for each in found:
        place = offices.get(each.office_id or 0)
        rows.writerow(
            _harmless(cell)
            for cell in (
                each.at.astimezone(UTC).isoformat(timespec="seconds"),
                place.slug if place else "",
                each.kind,
                _kind(each.kind),
                each.actor,
                _actor(each.actor, called),
                each.subject,
                called.get(each.subject, ""),
                _details(each),
            )
        )
    return text.getvalue()


def _harmless(cell: str) -> str:
    """Not a formula, whatever somebody is called: spreadsheets would work it out."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _kind(kind: str) -> str:
    return str(_(words.KINDS[kind])) if kind in words.KINDS else kind


def _actor(actor: str, called: Mapping[str, str]) -> str:
    sentence = words.of_somebody(actor)
    return called.get(actor) or (str(_(sentence)) if sentence else actor)


def _details(event: Event) -> str:
    parts = []
    for name, value in event.data.items():
        told = ", ".join(map(_value, value)) if isinstance(value, list) else _value(value)
        if told:
            parts.append(f"{name}: {told}")
    return "; ".join(parts)


def _value(value: Any) -> str:
    """A value of an event; of a change what was changed, from what to what."""
    if isinstance(value, dict) and ("part" in value or "field" in value):
        what = " ".join(str(value[each]) for each in ("part", "name", "field") if value.get(each))
        before, after = ("–" if value.get(each) is None else value[each] for each in ("before", "after"))
        return f"{what}: {before} → {after}" if "after" in value else what
    return str(value)


def _offices(session: Session, account: Account) -> dict[int, Office]:
    query = select(Office).where(roles.at_offices_of(account)).order_by(Office.name)
    return {each.id: each for each in session.scalars(query)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def _day(typed: str | None) -> date | None:
    try:
        day = date.fromisoformat(typed or "")
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) < 10
