"""The block list: who may not book online, at any office: there is one list for all of them.

What is entered is kept as a keyed hash, and cannot be read again; that a colleague blocked somebody, lifted a block or
read the reasons belongs to no single office either, and stands in the record of each.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from frontoffice import events
from frontoffice.agenda import seeing
from frontoffice.agenda.forms import BlockForm, offer
from frontoffice.agenda.shell import HERE, Desk, acting, looking, pages, render
from frontoffice.booking import blocking
from frontoffice.booking.models import BlockedKind
from frontoffice.errors import N_, Invalid, NotFound
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web.context import say
from frontoffice.web.needs import needs

KINDS = {
    BlockedKind.PERSON: N_("Person (name and date of birth)"),
    BlockedKind.MAIL: N_("Mail address"),
    BlockedKind.PHONE: N_("Phone number"),
    BlockedKind.NETWORK: N_("Internet address or network"),
}

SEEN = "block.seen"
THE_LIST = "blocks"


@pages.get(f"{HERE}/blocks")
@needs(Permission.BLOCK)
def blocks(slug: str) -> ResponseReturnValue:
    """What is blocked, and a form to block more."""
    return _blocks_page(slug, BlockForm())


@pages.post(f"{HERE}/blocks")
@needs(Permission.BLOCK)
def block(slug: str) -> ResponseReturnValue:
    """Block somebody, or give an old block a new reason and end."""
    form = BlockForm(request.form)
    try:
        with acting(slug, Permission.BLOCK) as desk:
            last = form.last_day()
            until = _end_of(desk, last) if last else None
            blocked = blocking.block(
                desk.session,
                form.chosen(),
                form.value.data or "",
                form.reason.data or "",
                until,
                desk.now,
                actor=desk.actor,
            )
            _happened(desk, "block.set", f"blocked:{blocked.id}")
    except Invalid as wrong:
        form.refuse(wrong, say)
        return _blocks_page(slug, form), 422
    flash(_("It is on the list."), "success")
    return redirect(url_for("agenda.blocks", slug=slug), 303)


@pages.post(f"{HERE}/blocks/<int(max=2147483647):blocked>/lift")
@needs(Permission.BLOCK)
def lift(slug: str, blocked: int) -> ResponseReturnValue:
    """Take somebody off the list; doing it twice does it once."""
    try:
        with acting(slug, Permission.BLOCK) as desk:
            blocking.unblock(desk.session, blocked)
            _happened(desk, "block.lifted", f"blocked:{blocked}")
    except NotFound:
        pass  # a colleague was faster
    flash(_("It is off the list."), "success")
    return redirect(url_for("agenda.blocks", slug=slug), 303)


def _blocks_page(slug: str, form: BlockForm) -> str:
    """The list; what it says of people goes on record before it leaves, once in a quarter of an hour."""
    offer(form.kind, [(kind.value, _(label)) for kind, label in KINDS.items()])
    with looking(slug, Permission.BLOCK) as desk:
        listed = blocking.listed(desk.session, desk.now)
        known = events.is_told(desk.session, SEEN, desk.actor, THE_LIST, desk.now - seeing.ONE_VIEW)
        page = render(
            desk,
            "blocks.html",
            form=form,
            kinds=KINDS,
            by_kind=[(kind, [each for each in listed if each.kind is kind]) for kind in BlockedKind],
            who=_names(desk, [each.blocked_by for each in listed]),
        )
    if listed and not known:
        with acting(slug, Permission.BLOCK) as desk:
            _happened(desk, SEEN, THE_LIST)
    return page


def _end_of(desk: Desk, day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(desk.office.time_zone))


def _names(desk: Desk, actors: Iterable[str]) -> dict[str, str]:
    """Colleagues' names by how events call them."""
    numbers = {actor: seeing.account_id(actor) for actor in actors}
    query = select(Account).where(Account.id.in_([each for each in numbers.values() if each is not None]))
    names = {each.id: each.name for each in desk.session.scalars(query)}
    return {actor: names.get(number or 0, "") for actor, number in numbers.items()}


def _happened(desk: Desk, kind: str, subject: str) -> None:
    events.append(desk.session, None, kind, desk.now, actor=desk.actor, subject=subject)
