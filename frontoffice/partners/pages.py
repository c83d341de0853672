"""Pages for team leads and administrators: which partners there are, what is agreed, and their tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import dates
from frontoffice.booking.models import Share
from frontoffice.errors import N_, Invalid, NotFound, NotSignedIn
from frontoffice.offices.models import Office
from frontoffice.partners import quota, registering
from frontoffice.partners.forms import CheckedForm, GrantForm, PartnerForm, TermsForm, TokenForm
from frontoffice.partners.models import Partner, PartnerKind, Period, Scope
from frontoffice.partners.refusals import NameTaken
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, in_own_language, language, say
from frontoffice.web.needs import all_need
from frontoffice.web.problems import status_of

pages = Blueprint("partners", __name__, url_prefix="/staff/partners")
all_need(pages, Permission.MANAGE_PARTNERS)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

NUMBER = "<int(max=2147483647):number>"  # the largest id that every database knows

KINDS = {
    PartnerKind.EMPLOYER: N_("Employer"),
    PartnerKind.UNIVERSITY: N_("University"),
    PartnerKind.COUNSELLING: N_("Counselling centre"),
    PartnerKind.INTEGRATION: N_("Another system"),
}
SCOPES = {
    Scope.BOOK: N_("Book appointments for others"),
    Scope.INVITE: N_("Invite people to take an appointment"),
    Scope.WATCHES: N_("Deliver which documents end when"),
    Scope.CARDS: N_("Deliver where cards are"),
}
PERIODS = {Period.WEEK: N_("Calendar week"), Period.MONTH: N_("Calendar month")}
SHARES = {
    Share.ONLINE: N_("Online seats"),
    Share.PHONE: N_("Phone seats"),
    Share.ON_SITE: N_("Seats on site"),
    Share.EMERGENCY: N_("Seats for emergencies"),
}


class Desk(NamedTuple):
    """Who is asking, in which transaction, and when."""

    session: Session
    account: Account
    now: datetime

    @property
    def actor(self) -> str:
        """By what name events know who is asking."""
        return f"account:{self.account.id}"


@pages.get("/")
def listed() -> ResponseReturnValue:
    """All partners that this account may see, with what is used of their quota."""
    with _desk() as desk:
        found = registering.listed(desk.session, _here(desk))
        used = {each.id: quota.usage(desk.session, each, desk.now) for each in found}
        return _page(desk, "partners/list.html", partners=found, used=used)


@pages.get("/new")
def new() -> ResponseReturnValue:
    """Ask who the partner is, and what is agreed."""
    with _desk() as desk:
        offices = _offices(desk)
        office = _chosen_office(offices)
        form = _prepared(PartnerForm(), office)
        form.scopes.data = [str(Scope.BOOK)]
        return _page(desk, "partners/new.html", form=form, offices=offices, office=office)


@pages.post("/new")
def add() -> ResponseReturnValue:
    """Add a partner."""
    with _desk(write=True) as desk:
        offices = _offices(desk)
        office = _chosen_office(offices)
        form = _prepared(PartnerForm(request.form), office)
        try:
            terms = form.terms()
            with desk.session.begin_nested():
                partner = registering.add(
                    desk.session, form.name.data or "", form.chosen_kind(), terms, desk.now
                )
                _grant(desk, partner, office, form)
        except (Invalid, NameTaken) as problem:
            _refuse(form, problem)
            page = _page(desk, "partners/new.html", form=form, offices=offices, office=office)
            return page, status_of(problem)
    flash(_("The partner was added. It needs a token or a link to book."), "success")
    return redirect(url_for(".show", number=partner.id), 303)


@pages.get(f"/{NUMBER}/")
def show(number: int) -> ResponseReturnValue:
    """One partner: what is agreed, what is used, tokens and link."""
    with _desk() as desk:
        form = TermsForm()
        partner = _partner(desk, number)
        form.fill_in(partner)
        return _show(desk, partner, form)


@pages.post(f"/{NUMBER}/terms")
def change(number: int) -> ResponseReturnValue:
    """Agree anew what the partner may do, and how much."""
    with _desk(write=True) as desk:
        partner, form = _partner(desk, number), TermsForm(request.form)
        try:
            registering.change_terms(desk.session, partner, form.terms(), desk.now, actor=desk.actor)
        except Invalid as problem:
            _refuse(form, problem)
            return _show(desk, partner, form), status_of(problem)
    return _done(number, _("Saved."))


@pages.get(f"/{NUMBER}/grants/new")
def new_grant(number: int) -> ResponseReturnValue:
    """Ask where else the partner may book."""
    with _desk() as desk:
        offices = _offices(desk)
        office = _chosen_office(offices)
        form = _prepared(GrantForm(), office)
        partner = _partner(desk, number)
        return _page(desk, "partners/grant.html", partner=partner, form=form, offices=offices, office=office)


@pages.post(f"/{NUMBER}/grants/new")
def add_grant(number: int) -> ResponseReturnValue:
    """Let the partner book somewhere else."""
    with _desk(write=True) as desk:
        office = _chosen_office(_offices(desk))
        _grant(desk, _partner(desk, number), office, _prepared(GrantForm(request.form), office))
    return _done(number, _("Saved."))


@pages.post(f"/{NUMBER}/grants/<int(max=2147483647):grant>/take")
def take_grant(number: int, grant: int) -> ResponseReturnValue:
    """The partner may no longer book there."""
    with _desk(write=True) as desk:
        registering.take_grant(desk.session, _partner(desk, number), grant, desk.now, actor=desk.actor)
    return _done(number, _("The partner may no longer book there."))


@pages.post(f"/{NUMBER}/tokens")
def add_token(number: int) -> ResponseReturnValue:
    """Make a token and show it, this once."""
    with _desk(write=True) as desk:
        partner, form = _partner(desk, number), TokenForm(request.form)
        label = form.label.data or ""
        _token, secret = registering.issue_token(desk.session, partner, label, desk.now, actor=desk.actor)
        return _page(desk, "partners/secret.html", partner=partner, token=secret)


@pages.post(f"/{NUMBER}/tokens/<int(max=2147483647):token>/revoke")
def revoke_token(number: int, token: int) -> ResponseReturnValue:
    """End a token."""
    with _desk(write=True) as desk:
        registering.revoke_token(desk.session, _partner(desk, number), token, desk.now, actor=desk.actor)
    return _done(number, _("The token no longer works."))


@pages.post(f"/{NUMBER}/link")
def add_link(number: int) -> ResponseReturnValue:
    """Make a secret link to the partner's page and show it, this once."""
    with _desk(write=True) as desk:
        partner = _partner(desk, number)
        secret = registering.issue_link(desk.session, partner, desk.now, actor=desk.actor)
        link = f"{config().site.base_url}{url_for('partner_plans.start', secret=secret)}"
        return _page(desk, "partners/secret.html", partner=partner, link=link)


@pages.post(f"/{NUMBER}/link/revoke")
def revoke_link(number: int) -> ResponseReturnValue:
    """End the link."""
    with _desk(write=True) as desk:
        registering.revoke_link(desk.session, _partner(desk, number), desk.now, actor=desk.actor)
    return _done(number, _("The link no longer works."))


@pages.route(f"/{NUMBER}/end", methods=["GET", "POST"])
def end(number: int) -> ResponseReturnValue:
    """End the partnership, after asking."""
    with _desk(write=request.method == "POST") as desk:
        partner = _partner(desk, number)
        if request.method == "GET":
            return _page(desk, "partners/end.html", partner=partner)
        registering.end(desk.session, partner, desk.now, actor=desk.actor)
    return _done(number, _("The partnership has ended. Its tokens and its link no longer work."))


@contextmanager
def _desk(*, write: bool = False) -> Iterator[Desk]:
    """Raises NotSignedIn and NotAllowed."""
    now = clock.now()
    with database().write() if write else database().read() as session:
        yield Desk(session, access.staff_required(session, Permission.MANAGE_PARTNERS, now), now)


def _partner(desk: Desk, number: int) -> Partner:
    """The partner, if it is for this account's office alone. Raises NotFound."""
    found = registering.find(desk.session, number)
    here = _here(desk)
    if here is not None and not registering.is_only_at(found, here):
        raise NotFound
    return found


def _here(desk: Desk) -> set[int] | None:
    """The offices of who is asking; None where it is all of them."""
    return None if desk.account.everywhere else desk.account.office_ids


def _offices(desk: Desk) -> list[Office]:
    query = select(Office).where(roles.at_offices_of(desk.account)).order_by(Office.name)
    return list(desk.session.scalars(query))


def _chosen_office(offices: list[Office]) -> Office:
    slug = request.args.get("office")
    found = next((each for each in offices if each.slug == slug), offices[0] if offices else None)
    if found is None:
        raise NotFound
    return found


def _prepared(form: Any, office: Office) -> Any:
    """The form with what can be chosen."""
    form.services.choices = [
        (str(each.id), in_own_language(each.names)) for each in office.services if each.active
    ]
    form.schedules.choices = [(str(each.id), each.name) for each in office.schedules]
    form.shares.choices = [(str(share), _(words)) for share, words in SHARES.items()]
    if isinstance(form, PartnerForm):
        form.kind.choices = [(str(kind), _(words)) for kind, words in KINDS.items()]
        _offer_terms(form)
    return form


def _offer_terms(form: TermsForm) -> None:
    form.scopes.choices = [(str(scope), _(words)) for scope, words in SCOPES.items()]
    form.period.choices = [(str(period), _(words)) for period, words in PERIODS.items()]


def _grant(desk: Desk, partner: Partner, office: Office, form: GrantForm) -> None:
    registering.grant(
        desk.session,
        partner,
        office,
        desk.now,
        services=[each for each in office.services if str(each.id) in (form.services.data or ())],
        schedules=[each for each in office.schedules if str(each.id) in (form.schedules.data or ())],
        shares=form.chosen_shares(),
        actor=desk.actor,
    )


def _refuse(form: CheckedForm, problem: Invalid | NameTaken) -> None:
    if not isinstance(problem, Invalid):
        problem = Invalid("name", problem.sentence, **problem.params)
    form.refuse(problem, say)


def _show(desk: Desk, partner: Partner, form: TermsForm) -> str:
    _offer_terms(form)
    used = quota.usage(desk.session, partner, desk.now)
    return _page(desk, "partners/show.html", partner=partner, form=form, used=used, token_form=TokenForm())


def _page(desk: Desk, template: str, **words: Any) -> str:
    def day(moment: datetime) -> str:
        return dates.medium_day(moment.astimezone(ZoneInfo(quota.ZONE)).date(), language())

    return render_template(
        template,
        account=desk.account,
        current_office=_own_office(desk),
        kinds=KINDS,
        scopes=SCOPES,
        periods=PERIODS,
        shares=SHARES,
        day=day,
        long_day=lambda each: dates.long_day(each, language()),
        left=quota.left,
        **words,
    )


def _own_office(desk: Desk) -> Office | None:
    offices = _offices(desk)
    return offices[0] if offices else None


def _done(number: int, sentence: str) -> ResponseReturnValue:
    flash(sentence, "success")
    with _desk() as desk:  # whoever has taken away its last office here sees the list
        try:
            _partner(desk, number)
        except NotFound:
            return redirect(url_for(".listed"), 303)
    return redirect(url_for(".show", number=number), 303)
