"""The waiting-room screen: a page that is right without scripts, and what its script asks for."""

import hashlib
import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock, qr
from frontoffice.booking import dates, sheet
from frontoffice.languages import language_of
from frontoffice.line import board, slides, spoken
from frontoffice.line.board import Board, Call
from frontoffice.line.shell import clock_of
from frontoffice.offices import finding
from frontoffice.offices.models import Office
from frontoffice.paths import STATIC
from frontoffice.web.context import config, database, in_language, static_url
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("screen_pages", __name__)
all_need(pages, Kind.PUBLIC)

# Calls that the script is told of: more than an office has counters, so that a screen which was cut off when all of
# them called at once loses none.
KNOWN = 120
SECONDS_OF_OWN_WORDS = 15
SCRIPTS = ("js/screen.js", "js/screen-sound.js", "js/screen-link.js", "js/screen-slides.js", "css/screen.css")


@pages.get("/screen/<slug>/")
def screen(slug: str) -> ResponseReturnValue:
    """The screen of an office, or of some of its rooms (`?room=`)."""
    now = clock.now()
    with database().read() as session:
        found = finding.office(session, slug)
        rooms = _rooms(session, found)
        shown = board.board(session, found.id, sheet.day_of(now, found.time_zone), rooms, KNOWN)
        to_show = _slides(session, found, rooms, now)
        has_rooms = len(board.rooms_of(session, found.id)) > 1 and len(rooms) != 1
        told = _told(shown, to_show, found, now)
    return render_template(
        "line/screen.html",
        office=found,
        rooms=rooms,
        names_rooms=has_rooms,
        board=shown,
        told=told,
        slides=to_show,
        labels=_labels(found),
        speech={"first": spoken.FIRST, "sentences": spoken.SENTENCES},
        now_address=url_for("screen_pages.now", slug=slug, room=rooms or None),
        now=now,
        clock_time=clock_of(found),
        german_time=lambda moment: dates.clock_time(moment, found.time_zone, "de"),
    )


@pages.get("/screen/<slug>/now")
def now(slug: str) -> ResponseReturnValue:
    """How things stand, for the script of the screen."""
    moment = clock.now()
    with database().read() as session:
        found = finding.office(session, slug)
        rooms = _rooms(session, found)
        shown = board.board(session, found.id, sheet.day_of(moment, found.time_zone), rooms, KNOWN)
        told = _told(shown, _slides(session, found, rooms, moment), found, moment)
    return Response(json.dumps(told), mimetype="application/json")


@pages.get("/screen/worker.js")
def worker() -> ResponseReturnValue:
    """The script that keeps the screen's last page for a restart without network. Its address says for which pages."""
    answer = send_from_directory(STATIC / "js", "screen-worker.js", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _rooms(session: Session, office: Office) -> list[str]:
    wanted = list(dict.fromkeys(request.args.getlist("room")))
    known = board.rooms_of(session, office.id)
    if any(room not in known for room in wanted):
        abort(404)
    return wanted


def _told(shown: Board, to_show: list[dict[str, Any]], office: Office, moment: datetime) -> dict[str, Any]:
    closes = shown.closes_at
    return {
        "as_of": shown.as_of,
        "now": moment.isoformat(),
        "calls": [_call(call) for call in shown.calls],
        "are_all": len(shown.calls) < KNOWN,
        "pausing": list(shown.pausing),
        "waiting": shown.waiting,
        "closes": dates.clock_time(closes, office.time_zone, "de") if closes else None,
        # Another version of scripts or slides: the screen loads itself anew when it is idle.
        "version": _version(to_show),
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "ticket": call.ticket,
        "counter": call.counter,
        "room": call.room,
        "language": spoken.second(call.language),
        "call": call.call,
        "at": call.called_at.isoformat(),
    }


def _slides(session: Session, office: Office, rooms: list[str], moment: datetime) -> list[dict[str, Any]]:
    """The office's own words and the slides of today, each language on a page of its own."""
    today = sheet.day_of(moment, office.time_zone)
    own = [
        {
            "title": office.name,
            "text": text,
            "language": code,
            "direction": language_of(code).direction,
            "seconds": SECONDS_OF_OWN_WORDS,
            "code": "",
        }
        for code, text in office.notes.get("screen", {}).items()
    ]
    return own + [
        {
            "title": slide.titles.get(code, ""),
            "text": slide.texts.get(code, ""),
            "language": code,
            "direction": language_of(code).direction,
            "seconds": slide.seconds,
            "code": qr.svg(slide.link) if slide.link else "",
        }
        for slide in slides.of_today(session, office.id, rooms, today)
        for code in dict.fromkeys([*slide.titles, *slide.texts])
    ]


def _version(to_show: list[dict[str, Any]]) -> str:
    scripts = [static_url(name) for name in SCRIPTS]
    return hashlib.sha256(json.dumps([scripts, to_show]).encode()).hexdigest()[:12]


def _labels(office: Office) -> list[dict[str, str]]:
    """The few words of the screen in the office's first two languages: who waits cannot choose one.

    Plain German has the same few words as German, and would take the place of another language.
    """
    known = [code for code in office.languages if code in config().site.languages]
    known = [code for code in known if code != "de-simple" or "de" not in known]
    labels = []
    for code in known[:2] or config().site.languages[:1]:
        with in_language(code):
            labels.append(
                {
                    "code": code,
                    "number": _("Number"),
                    "counter": _("Counter"),
                    "pausing": _("back soon"),
                    "closes": _("Today we close early, at %(time)s.", time="{time}"),
                }
            )
    return labels
