"""Draws for staff: making one, calling it off, seeing how far they are."""

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import choosing
from frontoffice.booking.person import WrongDetails
from frontoffice.draw import making
from frontoffice.draw.models import DrawState, Weights
from frontoffice.draw.pages import draw_words
from frontoffice.draw.staff_forms import CONFIRM_HOURS, DrawForm
from frontoffice.errors import Conflict, DomainError, Invalid, NotFound, NotSignedIn
from frontoffice.offices.models import Office
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import database, language, say
from frontoffice.web.needs import all_need
from frontoffice.web.problems import status_of

pages = Blueprint("draw_staff", __name__, url_prefix="/staff/draws/<office_slug>")
all_need(pages, Permission.DRAW)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)


@pages.route("/", methods=["GET", "POST"])
def draws(office_slug: str) -> ResponseReturnValue:
    """The draws of the office, and a form for a new one."""
    now, form = clock.now(), DrawForm(request.form)
    if request.method == "GET":
        return _page(office_slug, DrawForm(), now)
    try:
        with database().write() as session:
            account, office = _who(session, office_slug, now)
            making.create(session, office, form.plan(office), now, actor=f"account:{account.id}")
    except (Invalid, Conflict) as refusal:
        return _page(office_slug, form, now, refusal)
    flash(_("The draw is made. Its times are closed to the public now."), "success")
    return redirect(url_for(".draws", office_slug=office_slug), 303)


@pages.post("/<code>/cancel")
def cancel(office_slug: str, code: str) -> ResponseReturnValue:
    """Call a draw off."""
    now = clock.now()
    try:
        with database().write() as session:
            account, office = _who(session, office_slug, now)
            found = making.find(session, code)
            if found.office_id != office.id:
                raise NotFound
            making.cancel(session, found, now, actor=f"account:{account.id}")
    except Conflict as refusal:
        return _page(office_slug, DrawForm(), now, refusal)
    flash(_("The draw is called off. Its times are public again."), "success")
    return redirect(url_for(".draws", office_slug=office_slug), 303)


def _who(session: Session, office_slug: str, now: datetime) -> tuple[Account, Office]:
    account = access.staff_required(session, Permission.DRAW, now)
    office = choosing.office(session, office_slug)
    access.office_required(account, office.id)
    return account, office


def _page(
    office_slug: str, form: DrawForm, now: datetime, refusal: DomainError | None = None
) -> ResponseReturnValue:
    with database().read() as session:
        account, office = _who(session, office_slug, now)
        form.schedules.choices = [(each.id, each.name) for each in office.schedules]
        form.services.choices = [
            (each.id, each.names.get(language()) or each.names["de"])
            for each in office.services
            if each.online and each.active
        ]
        form.weights.choices = [
            (Weights.EQUAL.value, _("Everybody has the same chance")),
            (Weights.EXPIRY.value, _("Whose residence title ends sooner has a better chance")),
        ]
        form.confirm_hours.choices = [(each, _("%(hours)s hours", hours=each)) for each in CONFIRM_HOURS]
        said = _place(form, refusal)
        page = render_template(
            "draw/manage.html",
            current_office=office,
            account=account,
            may=roles.may,
            form=form,
            refusal=said,
            draws=[draw_words(session, each, now) for each in making.of_office(session, office.id)],
            planned=DrawState.PLANNED,
        )
        return page, status_of(refusal) if refusal else 200


def _place(form: DrawForm, refusal: DomainError | None) -> str | None:
    """Put what is wrong beside its field; gives what has no field."""
    if not isinstance(refusal, Invalid):
        return say(refusal) if refusal else None
    said = None
    for problem in refusal.problems if isinstance(refusal, WrongDetails) else [refusal]:
        if problem.field in form:
            form.refuse(problem, say)
        else:
            said = say(problem)
    return said
