"""Pages for administrators: who has an account, with which role, at which offices; and helping who cannot sign in.

Who administers some offices sees and changes the accounts that are valid at these alone, and gives no others.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.errors import N_, Conflict, Invalid, NotSignedIn
from frontoffice.offices.models import Office
from frontoffice.staff import accounts, administering, roles
from frontoffice.staff.forms import ROLES, AccountForm, NewAccountForm, refuse, translated
from frontoffice.staff.models import Account, Role
from frontoffice.staff.roles import Permission
from frontoffice.web import access, entering
from frontoffice.web.context import config, database, say
from frontoffice.web.moments import moment
from frontoffice.web.needs import all_need
from frontoffice.web.problems import status_of

pages = Blueprint("accounts", __name__, url_prefix="/staff/accounts")
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Permission.MANAGE_ACCOUNTS)

NUMBER = "<int(max=2147483647):number>"  # the largest id that every database knows


class Desk(NamedTuple):
    """Who is asking, in which transaction, and when."""

    session: Session
    account: Account
    now: datetime

    @property
    def actor(self) -> str:
        """By what name events know who is asking."""
        return accounts.subject_of(self.account.id)


@pages.get("/")
def listed() -> ResponseReturnValue:
    """The accounts, and the way to add one."""
    with _desk() as desk:
        return _page(desk, "staff/accounts.html", accounts=administering.listed(desk.session, desk.account))


@pages.route("/new", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    """Add an account, and show the link by which its owner sets a password."""
    with _desk() as desk:
        form = _offer(desk, NewAccountForm(request.form or None, active=True))
        if request.method == "GET":
            return _page(desk, "staff/account_new.html", form=form)
        if not form.validate() or not _has_place(form):
            return _page(desk, "staff/account_new.html", form=translated(form, _)), 422
    try:
        with _desk(writing=True) as desk:
            added = accounts.add(
                desk.session,
                form.username.data or "",
                form.name.data or "",
                None,
                Role(form.role.data),
                None,
                desk.now,
                actor=desk.actor,
                offices=_chosen(desk, form) or (),
            )
            secret = administering.new_link(desk.session, added, desk.now, actor=desk.actor)
            return _link(desk, added, secret), 201
    except (Conflict, Invalid) as wrong:
        refuse(form, getattr(wrong, "field", "username"), say(wrong), "username")
        with _desk() as desk:
            return _page(desk, "staff/account_new.html", form=_offer(desk, form)), status_of(wrong)


@pages.route(f"/{NUMBER}/", methods=["GET", "POST"])
def change(number: int) -> ResponseReturnValue:
    """Name, role and offices of an account, and whether it may sign in."""
    with _desk() as desk:
        account = administering.look(desk.session, number, desk.account)
        form = _offer(desk, AccountForm(request.form or None, data=_as_it_is(account)))
        if request.method == "GET":
            return _page(desk, "staff/account.html", form=form, subject=account)
        if not form.validate() or not _has_place(form):
            return _page(desk, "staff/account.html", form=translated(form, _), subject=account), 422
    try:
        with _desk(writing=True) as desk:
            administering.change(
                desk.session,
                administering.find(desk.session, number, desk.account),
                desk.now,
                name=form.name.data or "",
                role=Role(form.role.data),
                offices=_chosen(desk, form),
                active=bool(form.active.data),
                actor=desk.actor,
            )
    except (Conflict, Invalid) as wrong:
        with _desk() as desk:
            refuse(form, getattr(wrong, "field", "role"), say(wrong), "role")
            account = administering.look(desk.session, number, desk.account)
            page = _page(desk, "staff/account.html", form=_offer(desk, form), subject=account)
            return page, status_of(wrong)
    flash(_("Saved."), "success")
    return redirect(url_for("accounts.listed"), 303)


@pages.post(f"/{NUMBER}/password")
def reset_password(number: int) -> ResponseReturnValue:
    """Take the password away, and show a link to set a new one."""
    with _desk(writing=True) as desk:
        account = administering.find(desk.session, number, desk.account)
        secret = administering.reset_password(desk.session, account, desk.now, actor=desk.actor)
        return _link(desk, account, secret)


@pages.post(f"/{NUMBER}/second-factor")
def reset_second_factor(number: int) -> ResponseReturnValue:
    """Take the second factor away: the telephone is lost, and so are the recovery codes."""
    with _desk(writing=True) as desk:
        account = administering.find(desk.session, number, desk.account)
        administering.reset_totp(desk.session, account, desk.now, actor=desk.actor)
        flash(
            _("%(name)s signs in without a second factor now, and can set up a new one.", name=account.name),
            "success",
        )
    return redirect(url_for("accounts.change", number=number), 303)


@contextmanager
def _desk(*, writing: bool = False) -> Iterator[Desk]:
    """Raises NotSignedIn and NotAllowed."""
    now = clock.now()
    with database().write() if writing else database().read() as session:
        yield Desk(session, access.staff_required(session, Permission.MANAGE_ACCOUNTS, now), now)


def _offices(desk: Desk) -> list[Office]:
    query = select(Office).where(roles.at_offices_of(desk.account)).order_by(Office.name)
    return list(desk.session.scalars(query))


def _offer(desk: Desk, form: Any) -> Any:
    form.offices.choices = [(each.id, each.name) for each in _offices(desk)]
    form.role.choices = [(each.value, _(words)) for each, words in ROLES.items()]
    return form


def _has_place(form: AccountForm) -> bool:
    """Every office, or some: with none of them an account could do nothing."""
    if form.everywhere.data or form.offices.data:
        return True
    form.offices.errors = [N_("Please choose at least one office, or “At every office”.")]
    return False


def _chosen(desk: Desk, form: AccountForm) -> list[Office] | None:
    """The offices to be given, None for every office. Raises NotAllowed for more than one's own."""
    wanted = None if form.everywhere.data else set(form.offices.data or ())
    roles.require_reach(desk.account, wanted)
    return None if wanted is None else [each for each in _offices(desk) if each.id in wanted]


def _as_it_is(account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "role": account.role.value,
        "everywhere": account.everywhere,
        "offices": sorted(account.office_ids),
        "active": account.active,
    }


def _link(desk: Desk, account: Account, secret: str) -> str:
    address = config().site.base_url + url_for("staff_pages.use_link", secret=secret)
    return _page(desk, "staff/account_link.html", subject=account, address=address)


def _page(desk: Desk, template: str, **words: Any) -> str:
    offices = _offices(desk)
    return render_template(
        template,
        account=desk.account,
        current_office=offices[0] if offices else None,
        offices=offices,
        role_names=ROLES,
        moment=moment,
        has_password=entering.has_password,
        **words,
    )
