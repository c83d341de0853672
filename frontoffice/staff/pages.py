"""Pages of the staff wing: signing in and out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from frontoffice import clock
from frontoffice.errors import TooMany
from frontoffice.staff import signing_in
from frontoffice.staff.forms import SignInForm
from frontoffice.staff.signing_in import WrongCredentials
from frontoffice.web import access
from frontoffice.web.context import database, safe_next, say
from frontoffice.web.needs import Kind, all_need, needs

pages = Blueprint("staff_pages", __name__, url_prefix="/staff")
all_need(pages, Kind.PUBLIC)

FIRST_PAGE = "line_pages.desks"


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for user name and password, and remember where to go then."""
    return _form(SignInForm())


@pages.post("/sign-in")
def sign_in_now() -> ResponseReturnValue:
    """Sign in, or say that it was not right."""
    form = SignInForm(request.form)
    if not form.validate():
        for field in form:
            field.errors = [_(message) for message in field.errors]
        return _form(form), 422
    try:
        token, _expires_at = access.sign_in(form.username.data or "", form.password.data or "")
    except WrongCredentials as error:
        return _form(form, say(error)), 401
    except TooMany as error:
        return _form(form, say(error)), 429
    access.keep_in_cookie(token)
    return _see(request.form.get("next"))


@pages.post("/sign-out")
@needs(Kind.PUBLIC)
def sign_out() -> ResponseReturnValue:
    """End the session, here and in the database."""
    token = access.forget_cookie()
    if token:
        with database().write() as session:
            signing_in.sign_out(session, token, clock.now())
    flash(_("You are signed out."), "success")
    return redirect(url_for("staff_pages.sign_in"), 303)


def _form(form: SignInForm, wrong: str | None = None) -> str:
    return render_template(
        "staff/sign_in.html", form=form, wrong=wrong, next=request.values.get("next"), has_errors=bool(wrong)
    )


def _see(target: str | None) -> Response:
    return redirect(safe_next(target or url_for(FIRST_PAGE)), 303)
