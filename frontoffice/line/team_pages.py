"""The team view: who waits and how long, which counter serves what, warnings; closing early, arranging counters."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.errors import NotFound, NotSignedIn
from frontoffice.line import arranging, board, closing, machines, order, shell, spoken, team
from frontoffice.line.shell import COUNTER, clock_of, expected_of, language_name, minutes_from, offices_of
from frontoffice.messages import failover
from frontoffice.offices import finding
from frontoffice.offices.models import Counter, Office
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, in_own_language
from frontoffice.web.needs import all_need, needs

SHOWN = 100  # of those who wait
pages = Blueprint("team_pages", __name__)
all_need(pages, Permission.SEE_LINE)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)


@pages.get("/team/<slug>/")
def view(slug: str) -> ResponseReturnValue:
    """Who waits, who serves, and what somebody should look at."""
    now = clock.now()
    with database().read() as session:
        account, office = _asking(session, slug, now)
        return render_template(
            "line/team.html", offices=offices_of(session, account), **_about(session, account, office, now)
        )


@pages.get("/team/<slug>/part")
def part(slug: str) -> ResponseReturnValue:
    """The part of the view that changes by itself."""
    now = clock.now()
    with database().read() as session:
        account, office = _asking(session, slug, now)
        return render_template("line/_team.html", **_about(session, account, office, now))


@pages.post("/team/<slug>/close-early")
@needs(Permission.STEER_LINE)
def close_early(slug: str) -> ResponseReturnValue:
    """Tell those who wait that the office closes early today."""

    def work(session: Session, account: Account, now: datetime) -> None:
        office = finding.office(session, slug)
        access.office_required(account, office.id)
        closes_at = shell.time_of_day(request.form.get("time", ""), office, now)
        told = closing.close_early(session, office, account, closes_at, now)
        flash(
            ngettext(
                "Screens and phone tickets say so, and %(num)s SMS leaves.",
                "Screens and phone tickets say so, and %(num)s SMS leave.",
                told,
            ),
            "success",
        )

    shell.act(work, Permission.STEER_LINE)
    return redirect(url_for("team_pages.view", slug=slug), 303)


@pages.post("/team/<slug>/close-as-usual")
@needs(Permission.STEER_LINE)
def close_as_usual(slug: str) -> ResponseReturnValue:
    """Take that back."""

    def work(session: Session, account: Account, now: datetime) -> None:
        closing.close_as_usual(session, finding.office(session, slug), account, now)

    shell.act(work, Permission.STEER_LINE)
    return redirect(url_for("team_pages.view", slug=slug), 303)


@pages.get(f"/team/<slug>/counter/{COUNTER}/")
@needs(Permission.STEER_LINE)
def show_counter(slug: str, counter: int) -> ResponseReturnValue:
    """What a counter serves, and for whom."""
    now = clock.now()
    with database().read() as session:
        account, office = _asking(session, slug, now, Permission.STEER_LINE)
        found = session.get(Counter, counter)
        if found is None or found.office_id != office.id:
            raise NotFound
        codes = dict.fromkeys([*office.languages, *spoken.SENTENCES, *found.languages])
        return render_template(
            "line/counter.html",
            account=account,
            current_office=office,
            counter=found,
            services=[(each.id, in_own_language(each.names)) for each in office.services if each.active],
            served={each.id for each in found.services},
            languages_spoken=sorted(
                ((code, language_name(code)) for code in codes), key=lambda each: each[1]
            ),
            rooms=board.rooms_of(session, office.id),
            teams=sorted({each.team for each in office.counters if each.team}),
        )


@pages.post(f"/team/<slug>/counter/{COUNTER}/")
@needs(Permission.STEER_LINE)
def arrange_counter(slug: str, counter: int) -> ResponseReturnValue:
    """Change that, from the next call on."""
    form = request.form

    def work(session: Session, account: Account, now: datetime) -> None:
        arranging.arrange(
            session,
            counter,
            account,
            now,
            services=[int(each) for each in form.getlist("service") if each.isascii() and each.isdigit()],
            languages=form.getlist("language"),
            room=form.get("room", ""),
            team=form.get("team", ""),
        )
        flash(_("Saved. It holds from the next call on."), "success")

    done = shell.act(work, Permission.STEER_LINE)
    if done:
        return redirect(url_for("team_pages.view", slug=slug), 303)
    return redirect(url_for("team_pages.show_counter", slug=slug, counter=counter), 303)


def _asking(
    session: Session, slug: str, now: datetime, permission: Permission = Permission.SEE_LINE
) -> tuple[Account, Office]:
    account = access.staff_required(session, permission, now)
    office = finding.office(session, slug)
    access.office_required(account, office.id)
    return account, office


def _about(session: Session, account: Account, office: Office, now: datetime) -> dict[str, Any]:
    today = sheet.day_of(now, office.time_zone)
    shown = team.team(session, office, today, now, order.rules_of(config().line))
    return {
        "account": account,
        "current_office": office,
        "shown": shown,
        "called_long": team.called_long(shown.counters, now),
        "parked_long": team.parked_long(shown.parked, now),
        "machines": machines.troubled(session, office.id, now),
        "channels": failover.silent(session, config().messages),
        "closes_at": board.closing_early(session, office.id, today),
        "may_steer": roles.may(account, Permission.STEER_LINE),
        "may_close": roles.may(account, Permission.CLOSE_ANY_COUNTER),
        "most_shown": SHOWN,
        "minutes_since": minutes_from(now),
        "minutes": lambda span: int(span.total_seconds() // 60),
        "clock_time": clock_of(office),
        "expected": expected_of(session, [each.ticket for each in shown.waiting[:SHOWN]], now, config().line),
        "language_name": language_name,
        "now": now,
    }
