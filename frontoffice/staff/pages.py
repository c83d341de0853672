"""Signing in and out, step by step: the password, the second factor, a password of one's own."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from frontoffice import clock, qr
from frontoffice.errors import Invalid, NotFound, NotSignedIn, TooMany
from frontoffice.offices.models import Office
from frontoffice.staff import administering, roles, second_factor, signing_in
from frontoffice.staff.forms import CodeForm, NewPasswordForm, SignInForm, refuse, translated
from frontoffice.staff.models import Account, Step
from frontoffice.staff.roles import Permission
from frontoffice.staff.signing_in import WrongCredentials
from frontoffice.web import access, entering
from frontoffice.web.context import config, database, safe_next, say
from frontoffice.web.entering import SignedIn
from frontoffice.web.needs import Kind, all_need, needs

pages = Blueprint("staff_pages", __name__, url_prefix="/staff")
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)
all_need(pages, Kind.PUBLIC)

# Where each role begins: the first of these that it may see.
FIRST_PAGES = (
    (Permission.SEE_LINE, "line_pages.desks"),
    (Permission.AUDIT, "audit.search"),
)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for user name and password, or for what a sign-in still needs; remember where to go then."""
    with database().read() as session:
        half = entering.half_signed_in(session, clock.now())
        if half is None:
            return _form(SignInForm())
        if half.step is Step.CODE:
            return _code_page(CodeForm())
        if half.step is Step.PASSWORD:
            return _password_page(NewPasswordForm())
    return _enrol_page(CodeForm())


@pages.post("/sign-in")
def sign_in_now() -> ResponseReturnValue:
    """Sign in, or say that it was not right."""
    form = SignInForm(request.form)
    if not form.validate():
        return _form(translated(form, _)), 422
    try:
        begun = entering.sign_in(form.username.data or "", form.password.data or "")
    except WrongCredentials as error:
        return _form(form, say(error)), 401
    except TooMany as error:
        return _form(form, say(error)), 429
    return _go_on(begun)


@pages.post("/sign-in/code")
def enter_code() -> ResponseReturnValue:
    """The second factor: the app's code, or a recovery code."""
    form = CodeForm(request.form)
    if not form.validate():
        return _code_page(translated(form, _)), 422
    try:
        begun = entering.enter_code(form.code.data or "")
    except TooMany as error:
        return _code_page(form, say(error)), 429
    if begun is None:
        return _code_page(form, _(second_factor.WRONG)), 401
    return _go_on(begun)


@pages.post("/sign-in/second-factor")
def enrol() -> ResponseReturnValue:
    """Set up the second factor that the role needs, before anything else."""
    form, now = CodeForm(request.form), clock.now()
    try:
        with database().write() as session:
            half = entering.waiting_for(session, Step.ENROL, now)
            codes = second_factor.confirm(session, half.account, form.code.data or "", now)
            signing_in.end_sessions(session, half.account_id, now)
            begun = entering.go_on(session, half, now)
    except Invalid as wrong:
        refuse(form, wrong.field, say(wrong), "code")
        return _enrol_page(form), 422
    access.keep_in_cookie(begun.token)
    page = render_template("staff/codes.html", codes=codes, next=_target(begun))
    return entering.remember_browser(Response(page, mimetype="text/html"), begun.account_id)


@pages.post("/sign-in/password")
def set_password() -> ResponseReturnValue:
    """Replace the password that somebody else has set."""
    form = NewPasswordForm(request.form)
    if not form.validate():
        return _password_page(translated(form, _)), 422
    try:
        with database().write() as session:
            half = entering.waiting_for(session, Step.PASSWORD, clock.now())
            signing_in.change_password(session, half.account, None, form.password.data or "", clock.now())
            begun = entering.go_on(session, half, clock.now())
    except Invalid as wrong:
        refuse(form, wrong.field, say(wrong), "password")
        return _password_page(form), 422
    return _go_on(begun)


@pages.route("/password/<string(length=43):secret>", methods=["GET", "POST"])
@needs(Kind.LINK)
def use_link(secret: str) -> ResponseReturnValue:
    """Set a new password by the link that an administrator has made; then sign in with it."""
    form, now = NewPasswordForm(request.form), clock.now()
    with database().read() as session:
        account = administering.account_of_link(session, secret, now)
    if request.method == "GET":
        return _link_page(NewPasswordForm(), account)
    if not form.validate():
        return _link_page(translated(form, _), account), 422
    try:
        with database().write() as session:
            account = administering.account_of_link(session, secret, now, lock=True)
            owner = account.id
            signing_in.change_password(session, account, None, form.password.data or "", now)
    except Invalid as wrong:
        refuse(form, wrong.field, say(wrong), "password")
        return _link_page(form, account), 422
    flash(_("Your new password is set. Please sign in with it."), "success")
    # Who had the link gets in from here, even while somebody guesses elsewhere.
    return entering.remember_browser(redirect(url_for("staff_pages.sign_in"), 303), owner)


@pages.get("/")
@needs(Kind.ACCOUNT)
def begin() -> ResponseReturnValue:
    """Go on to where one's work begins."""
    with database().read() as session:
        account = access.account_required(session, clock.now()).account
    return redirect(first_page(account.id), 303)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session, here and in the database; where the organisation signed one in, show the way out there, too."""
    token, now = access.forget_cookie(), clock.now()
    by_oidc = False
    if token:
        with database().write() as session:
            found = signing_in.session_of(session, token, now)
            by_oidc = found is not None and found.by_oidc
            signing_in.sign_out(session, token, now)
    if by_oidc and config().staff.oidc is not None:
        return redirect(url_for("staff_oidc.signed_out"), 303)
    flash(_("You are signed out."), "success")
    return redirect(url_for("staff_pages.sign_in"), 303)


def _go_on(begun: SignedIn) -> ResponseReturnValue:
    """To the next step, or to where one wanted to be."""
    access.keep_in_cookie(begun.token)
    if begun.step is not None:
        return redirect(url_for("staff_pages.sign_in", next=request.form.get("next")), 303)
    return entering.remember_browser(redirect(_target(begun), 303), begun.account_id)


def _target(begun: SignedIn) -> str:
    if wanted := request.form.get("next"):
        return safe_next(wanted)
    return first_page(begun.account_id)


def first_page(account_id: int) -> str:
    """Where this account begins; who may add the first office there."""
    with database().read() as session:
        account = session.get_one(Account, account_id)
        page = next((page for permission, page in FIRST_PAGES if roles.may(account, permission)), None)
        if roles.may(account, Permission.ADD_OFFICES) and session.scalar(select(Office.id).limit(1)) is None:
            page = "new_office.ask"
    return url_for(page or "own_account.show")


def _form(form: SignInForm, wrong: str | None = None) -> str:
    oidc = config().staff.oidc
    return _page("staff/sign_in.html", form, wrong=wrong, oidc=oidc.name if oidc else None)


def _code_page(form: CodeForm, wrong: str | None = None) -> str:
    return _page("staff/code.html", form, wrong=wrong)


def _password_page(form: NewPasswordForm) -> str:
    return _page("staff/new_password.html", form, action=url_for("staff_pages.set_password"))


def _link_page(form: NewPasswordForm, account: Account) -> str:
    return _page("staff/new_password.html", form, action=request.path, account_name=account.name)


def _enrol_page(form: CodeForm) -> str:
    with database().write() as session:
        account = entering.waiting_for(session, Step.ENROL, clock.now()).account
        secret = second_factor.prepare(session, account)
        address = second_factor.address(secret, account, config().site.name)
    action = url_for("staff_pages.enrol")
    return _page("staff/enrol.html", form, secret=secret, picture=qr.svg(address), action=action, forced=True)


def _page(template: str, form: object, **words: object) -> str:
    has_errors = bool(words.get("wrong"))
    return render_template(
        template, form=form, next=request.values.get("next"), has_errors=has_errors, **words
    )


@pages.errorhandler(NotFound)
def no_such_link(_error: NotFound) -> ResponseReturnValue:
    """A link that is used, over, or was never there."""
    sentence = _("This link has been used or is over. Please ask your administrator for a new one.")
    return render_template("errors/error.html", title=_("This link does not work"), sentence=sentence), 404
