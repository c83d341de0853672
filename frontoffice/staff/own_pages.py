"""Pages of one's own account: the password, the second factor, and where one is signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock, qr
from frontoffice.errors import Invalid, NotAllowed, NotFound, NotSignedIn, TooMany
from frontoffice.offices.models import Office
from frontoffice.staff import roles, second_factor, signing_in
from frontoffice.staff.forms import ROLES, CodeForm, PasswordForm, refuse, translated
from frontoffice.staff.models import Account, StaffSession
from frontoffice.web import access, entering
from frontoffice.web.context import config, database, say
from frontoffice.web.moments import moment
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("own_account", __name__, url_prefix="/staff/account")
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Kind.ACCOUNT)


class Own(NamedTuple):
    """Who is asking, with which session, in which transaction, and when."""

    session: Session
    here: StaffSession
    now: datetime

    @property
    def account(self) -> Account:
        """The account."""
        return self.here.account


@pages.get("/")
def show() -> ResponseReturnValue:
    """Who one is here, what one may do where, and where one is signed in."""
    with _own() as own:
        return _show(own, PasswordForm())


@pages.post("/password")
def change_password() -> ResponseReturnValue:
    """Change one's own password; every other sign-in ends."""
    form = PasswordForm(request.form)
    if not form.validate():
        with _own() as own:
            return _show(own, translated(form, _)), 422
    try:
        _count_attempt()
        with _own(writing=True) as own:
            account = own.account
            if not account.password_hash or not entering.has_password(account):
                raise NotAllowed
            signing_in.change_password(
                own.session, account, form.old.data or "", form.password.data or "", own.now
            )
            token, _end = signing_in.open_session(
                own.session, account.id, own.now, access.lasting(), browser=own.here.browser
            )
    except (Invalid, TooMany) as wrong:
        refuse(form, getattr(wrong, "field", "old"), say(wrong), "old")
        with _own() as own:
            return _show(own, form), 422
    access.keep_in_cookie(token)
    flash(_("Your password is changed, and every other sign-in has ended."), "success")
    return entering.remember_browser(redirect(url_for("own_account.show"), 303), account.id)


@pages.post("/sessions/<int(max=9007199254740991):number>/end")
def end_session(number: int) -> ResponseReturnValue:
    """End one of one's own sign-ins."""
    with _own(writing=True) as own:
        found = own.session.get(StaffSession, number)
        if found is None or found.account_id != own.account.id:
            raise NotFound
        found.ended_at = found.ended_at or own.now
    flash(_("That sign-in has ended."), "success")
    return redirect(url_for("own_account.show"), 303)


@pages.post("/sessions/end")
def end_others() -> ResponseReturnValue:
    """End all sign-ins but this one."""
    with _own(writing=True) as own:
        token = access.token_in_cookie()
        signing_in.end_sessions(own.session, own.account.id, own.now, but=token)
        signing_in.forget_browsers(own.session, own.account.id)
    flash(_("Every other sign-in has ended."), "success")
    return redirect(url_for("own_account.show"), 303)


@pages.get("/second-factor")
def set_up() -> ResponseReturnValue:
    """Show the secret for the app, as a picture and as text."""
    with _own(writing=True) as own:
        return _set_up(own, CodeForm())


@pages.post("/second-factor")
def confirm() -> ResponseReturnValue:
    """The app shows codes: ask for them from now on, and show the recovery codes this once."""
    form = CodeForm(request.form)
    try:
        _count_attempt()
        with _own(writing=True) as own:
            codes = second_factor.confirm(own.session, own.account, form.code.data or "", own.now)
            signing_in.end_sessions(own.session, own.account.id, own.now, but=access.token_in_cookie())
            return _codes(own, codes)
    except (Invalid, TooMany) as wrong:
        refuse(form, "code", say(wrong), "code")
        with _own(writing=True) as own:
            return _set_up(own, form), 422


@pages.post("/second-factor/codes")
def renew_codes() -> ResponseReturnValue:
    """New recovery codes, for who shows a code of the app."""
    with _own(writing=True) as own:
        if not _proven(own):
            return _wrong_code()
        return _codes(own, second_factor.renew_codes(own.session, own.account, own.now))


@pages.post("/second-factor/off")
def switch_off() -> ResponseReturnValue:
    """Do without a second factor, where the role allows it, for who shows a code of the app."""
    with _own(writing=True) as own:
        if own.account.role in entering.two_factors():
            flash(_("Your role needs a second factor. You can move it to another phone."), "warning")
            return redirect(url_for("own_account.show"), 303)
        if not _proven(own):
            return _wrong_code()
        second_factor.reset(own.session, own.account, own.now, actor=f"account:{own.account.id}")
    flash(_("Your account has no second factor any more."), "success")
    return redirect(url_for("own_account.show"), 303)


@contextmanager
def _own(*, writing: bool = False) -> Iterator[Own]:
    now = clock.now()
    with database().write() if writing else database().read() as session:
        yield Own(session, access.account_required(session, now), now)


def _count_attempt() -> None:
    """In a transaction of its own: what goes wrong afterwards is counted as well. Raises TooMany."""
    with _own(writing=True) as own:
        entering.count_code(own.session, own.account, own.now)


def _proven(own: Own) -> bool:
    entering.count_code(own.session, own.account, own.now)
    return second_factor.use(own.session, own.account, request.form.get("code", ""), own.now)


def _wrong_code() -> ResponseReturnValue:
    flash(_(second_factor.WRONG), "warning")
    return redirect(url_for("own_account.show"), 303)


def _show(own: Own, form: PasswordForm) -> str:
    live = own.session.scalars(
        select(StaffSession)
        .where(
            StaffSession.account_id == own.account.id,
            StaffSession.ended_at.is_(None),
            StaffSession.step.is_(None),
            StaffSession.expires_at > own.now,
            StaffSession.idle_until > own.now,
        )
        .order_by(StaffSession.created_at.desc())
    ).all()
    return _page(
        own,
        "staff/own_account.html",
        form=form,
        code_form=CodeForm(),
        sessions=live,
        here=own.here,
        has_password=bool(own.account.password_hash) and entering.has_password(own.account),
        codes_left=second_factor.codes_left(own.session, own.account),
        must_have=own.account.role in entering.two_factors(),
    )


def _set_up(own: Own, form: CodeForm) -> str:
    secret = second_factor.prepare(own.session, own.account)
    address = second_factor.address(secret, own.account, config().site.name)
    action = url_for("own_account.confirm")
    return _page(own, "staff/enrol.html", form=form, secret=secret, picture=qr.svg(address), action=action)


def _codes(own: Own, codes: list[str]) -> str:
    return _page(own, "staff/codes.html", codes=codes, next=url_for("own_account.show"))


def _page(own: Own, template: str, **words: Any) -> str:
    offices = own.session.scalars(
        select(Office).where(roles.at_offices_of(own.account)).order_by(Office.name)
    ).all()
    return render_template(
        template,
        account=own.account,
        offices=offices,
        current_office=offices[0] if offices else None,
        role_names=ROLES,
        moment=moment,
        **words,
    )
