"""The first page and the language switch."""

from datetime import date

from babel.dates import format_date
from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from frontoffice.errors import NotFound
from frontoffice.offices.models import Office
from frontoffice.web import accessibility
from frontoffice.web.context import LANGUAGE_COOKIE, config, database, safe_next, writing
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("start", __name__)
all_need(pages, Kind.PUBLIC)


@pages.get("/")
def index() -> ResponseReturnValue:
    """Choose what to do, and at which office."""
    with database().read() as session:
        offices = session.scalars(select(Office).order_by(Office.name)).all()
        return render_template("start/index.html", offices=offices)


@pages.get("/accessibility")
def accessibility_statement() -> ResponseReturnValue:
    """How far everybody can use the pages, what is tested, and whom to tell what does not work."""
    told = config().accessibility
    with database().read() as session:
        offices = session.scalars(select(Office).order_by(Office.name)).all()
        return render_template(
            "start/accessibility.html",
            offices=offices,
            tested=accessibility.TESTED,
            gaps=accessibility.KNOWN_GAPS,
            prepared=_day(told.prepared or accessibility.PREPARED),
            reviewed=_day(told.reviewed or accessibility.REVIEWED),
            body=told.body,
            body_url=told.body_url,
        )


def _day(day: date) -> str:
    return str(format_date(day, "long", locale=writing()))


@pages.get("/language/<code>")
def language(code: str) -> ResponseReturnValue:
    """Remember the language and go back to where the visitor was."""
    if code not in config().site.languages:
        raise NotFound
    answer = redirect(safe_next(request.args.get("next")), 303)
    secure = config().site.base_url.startswith("https://")
    answer.set_cookie(
        LANGUAGE_COOKIE, code, max_age=365 * 86400, samesite="Lax", httponly=True, secure=secure
    )
    return answer
