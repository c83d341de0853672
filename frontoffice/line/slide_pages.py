"""The slides of the waiting-room screens: listed, written, changed and taken away by those who steer the line."""

from datetime import date, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from frontoffice import clock
from frontoffice.booking import dates
from frontoffice.errors import N_, Invalid, NotFound, NotSignedIn
from frontoffice.line import board, shell, slides, spoken
from frontoffice.line.shell import language_name
from frontoffice.offices import finding
from frontoffice.offices.models import Office, Slide
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import database, language
from frontoffice.web.needs import all_need

pages = Blueprint("slide_pages", __name__)
all_need(pages, Permission.STEER_LINE)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

ID = "<int(max=2147483647):slide>"


@pages.get("/team/<slug>/slides/")
def listed(slug: str) -> ResponseReturnValue:
    """All slides of an office, and an empty form for one more."""
    with database().read() as session:
        account, office = _asking(session, slug)
        return _page("line/slides.html", session, account, office, slides=office.slides, slide=None)


@pages.get(f"/team/<slug>/slides/{ID}/")
def show(slug: str, slide: int) -> ResponseReturnValue:
    """One slide, to be changed."""
    with database().read() as session:
        account, office = _asking(session, slug)
        return _page("line/slide.html", session, account, office, slide=_slide(session, office, slide))


@pages.post("/team/<slug>/slides/")
def add(slug: str) -> ResponseReturnValue:
    """One more slide, as the last."""

    def work(session: Session, account: Account, now: datetime) -> None:
        office = _office(session, account, slug)
        slides.add(session, office, account, now, _wanted(request.form))
        flash(_("Saved. The screens show it within half a minute."), "success")

    shell.act(work, Permission.STEER_LINE)
    return redirect(url_for("slide_pages.listed", slug=slug), 303)


@pages.post(f"/team/<slug>/slides/{ID}/")
def change(slug: str, slide: int) -> ResponseReturnValue:
    """Change it, move it to the front, or take it away."""

    def work(session: Session, account: Account, now: datetime) -> None:
        office = _office(session, account, slug)
        found = _slide(session, office, slide)
        if "remove" in request.form:
            slides.remove(session, found, account, now)
        elif "first" in request.form:
            slides.put_first(session, found, account, now)
        else:
            slides.change(session, found, account, now, _wanted(request.form))
        flash(_("Saved. The screens show it within half a minute."), "success")

    done = shell.act(work, Permission.STEER_LINE)
    if done:
        return redirect(url_for("slide_pages.listed", slug=slug), 303)
    return redirect(url_for("slide_pages.show", slug=slug, slide=slide), 303)


def _asking(session: Session, slug: str) -> tuple[Account, Office]:
    account = access.staff_required(session, Permission.STEER_LINE, clock.now())
    return account, _office(session, account, slug)


def _office(session: Session, account: Account, slug: str) -> Office:
    office = finding.office(session, slug)
    access.office_required(account, office.id)
    return office


def _slide(session: Session, office: Office, number: int) -> Slide:
    found = session.scalar(select(Slide).where(Slide.id == number, Slide.office_id == office.id))
    if found is None:
        raise NotFound
    return found


def _page(
    template: str, session: Session, account: Account, office: Office, **more: object
) -> ResponseReturnValue:
    codes = dict.fromkeys([*office.languages, *spoken.SENTENCES])
    return render_template(
        template,
        account=account,
        current_office=office,
        rooms=board.rooms_of(session, office.id),
        slide_languages=[(code, language_name(code)) for code in codes],
        long_day=lambda day: dates.long_day(day, language()),
        **more,
    )


def _wanted(form: MultiDict[str, str]) -> slides.Wanted:
    titles = {name.removeprefix("title-"): text for name, text in form.items() if name.startswith("title-")}
    texts = {name.removeprefix("text-"): text for name, text in form.items() if name.startswith("text-")}
    seconds = form.get("seconds", "")
    return slides.Wanted(
        room=form.get("room") or None,
        titles=titles,
        texts=texts,
        link=form.get("link", "").strip() or None,
        seconds=int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 4 else 0,
        valid_from=_day(form.get("valid_from", "")),
        valid_until=_day(form.get("valid_until", "")),
    )


def _day(typed: str) -> date | None:
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise Invalid("valid_from", N_("Please enter a date such as 2026-11-23.")) from None
