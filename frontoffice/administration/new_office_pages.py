"""One more office: empty, or as a copy of one that there is; for administrators."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from wtforms import SelectField, StringField

from frontoffice import clock
from frontoffice.administration import changing
from frontoffice.administration.forms import SettingsForm
from frontoffice.administration.mistakes import Refused
from frontoffice.administration.shell import checked
from frontoffice.booking import sheet
from frontoffice.errors import N_, Conflict, Invalid, NotSignedIn
from frontoffice.offices import drafting
from frontoffice.offices.draft import OfficeDraft
from frontoffice.offices.holidays import LAENDER
from frontoffice.offices.models import Office
from frontoffice.staff import roles
from frontoffice.staff.account_pages import Desk
from frontoffice.staff.models import AccountOffice
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, say
from frontoffice.web.needs import all_need
from frontoffice.web.problems import status_of

pages = Blueprint("new_office", __name__, url_prefix="/staff/offices")
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Permission.ADD_OFFICES)

FIELDS = ("slug", "name", "street", "postal_code", "city", "phone", "mail", "land")


class NewOfficeForm(SettingsForm):
    """What an office has to itself; what is left empty is as at the office `like` that is copied."""

    like = SelectField(N_("As a copy of"), validate_choice=False, default="")
    name = StringField(N_("Name"))
    slug = StringField(N_("Short name for the address"))
    street = StringField(N_("Street and number"))
    postal_code = StringField(N_("Postal code"))
    city = StringField(N_("City"))
    phone = StringField(N_("Phone"))
    mail = StringField(N_("Mail address"))
    land = SelectField(N_("Land"), validate_choice=False, default="")


@pages.get("/new")
def ask() -> ResponseReturnValue:
    """Ask for the name of a further office, and whether it is to be like one that there is."""
    with _desk() as desk:
        return _page(desk, NewOfficeForm())


@pages.post("/new")
def add() -> ResponseReturnValue:
    """Add it, and go on to its settings."""
    form = NewOfficeForm(request.form)
    try:
        with _desk(writing=True) as desk:
            draft = _draft(desk, form)
            _add(desk, draft, form.like.data or None)
    except Refused as refused:
        form.refuse_all(refused, say)
        status = 422
    except (Conflict, Invalid) as problem:
        form.refuse(Invalid("slug", problem.sentence, **problem.params), say)
        status = status_of(problem)
    else:
        flash(_("The office is there. It can be booked as soon as it has opening hours."), "success")
        return redirect(url_for("administration.start", slug=draft.slug), 303)
    with _desk() as desk:
        return _page(desk, form), status


@contextmanager
def _desk(*, writing: bool = False) -> Iterator[Desk]:
    """Raises NotSignedIn and NotAllowed."""
    now = clock.now()
    with database().write() if writing else database().read() as session:
        yield Desk(session, access.staff_required(session, Permission.ADD_OFFICES, now), now)


def _offices(desk: Desk) -> list[Office]:
    """Those at which the account is valid: of others nothing is shown, and nothing copied."""
    query = select(Office).where(roles.at_offices_of(desk.account)).order_by(Office.name)
    return list(desk.session.scalars(query))


def _add(desk: Desk, draft: OfficeDraft, like: str | None) -> None:
    """Add the office; whoever adds it is at home there. Raises as `changing.add`."""
    made = changing.add(desk.session, draft, desk.now, rules=config().booking, actor=desk.actor, like=like)
    if not desk.account.everywhere:
        desk.session.add(AccountOffice(account_id=desk.account.id, office_id=made.id))


def _draft(desk: Desk, form: NewOfficeForm) -> OfficeDraft:
    """What the new office is. Raises Refused."""
    typed = {name: value for name, value in form.typed(FIELDS).items() if value}
    if not form.like.data:
        return checked(OfficeDraft, {"schedules": (), "counters": (), **dict.fromkeys(FIELDS, ""), **typed})
    like = next((each for each in _offices(desk) if each.slug == form.like.data), None)
    if like is None:
        raise Refused([Invalid("like", N_("Please choose one of the options."))])
    draft = drafting.draft_of(desk.session, like, sheet.day_of(desk.now, like.time_zone))
    said = {name: getattr(draft, name) for name in OfficeDraft.model_fields}
    return checked(OfficeDraft, {**said, "slug": "", "name": "", **typed})


def _page(desk: Desk, form: NewOfficeForm) -> str:
    offices = _offices(desk)
    form.like.choices = [("", _("Nothing: an empty office")), *((each.slug, each.name) for each in offices)]
    form.land.choices = [("", _("As at the office that is copied")), *((code, code) for code in LAENDER)]
    return render_template(
        "administration/new_office.html",
        account=desk.account,
        offices=offices,
        current_office=offices[0] if offices else None,
        form=form,
        base_url=config().site.base_url,
    )
