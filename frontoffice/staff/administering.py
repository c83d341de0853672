"""What administrators do with accounts: those who are valid at some offices, with the accounts of these offices alone.

Nobody can take away the last way in.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from frontoffice import events, names, vault
from frontoffice.errors import N_, Conflict, NotFound
from frontoffice.offices.models import Office
from frontoffice.staff import accounts, roles, second_factor, signing_in
from frontoffice.staff.accounts import subject_of
from frontoffice.staff.models import Account, AccountOffice, PasswordLink, Role

LINK_LASTS = timedelta(hours=24)


class LastAdministrator(Conflict):
    """Somebody has to be able to administer."""

    code = "last_administrator"
    sentence = N_(
        "This is the last active administrator of all offices. Please make somebody else administrator first."
    )


def listed(session: Session, by: Account) -> list[Account]:
    """The accounts that `by` may change: active ones first, by name in whatever script."""
    query = select(Account).options(selectinload(Account.places)).order_by(Account.id)
    within = [each for each in session.scalars(query) if roles.reaches(by, _offices_of(each))]
    return sorted(within, key=lambda account: (not account.active, names.sort_key(account.name)))


def look(session: Session, number: int, by: Account) -> Account:
    """The account, to be shown to `by`. Raises NotFound, NotAllowed."""
    found = session.get(Account, number)
    if found is None:
        raise NotFound
    roles.require_reach(by, _offices_of(found))
    return found


def find(session: Session, number: int, by: Account | None = None) -> Account:
    """The account, locked together with all administrators, in one order: two of them who take each other's role away
    at the same time follow one another. `by` is who wants to change it; None is somebody at the machine itself, or
    the organisation. Raises NotFound, NotAllowed.
    """
    everybody = (
        select(Account)
        .where(or_(Account.id == number, Account.role == Role.ADMINISTRATOR))
        .order_by(Account.id)
        .with_for_update(of=Account)
        .execution_options(populate_existing=True)
    )
    found = next((each for each in session.scalars(everybody).unique() if each.id == number), None)
    if found is None:
        raise NotFound
    if by is not None:
        roles.require_reach(by, _offices_of(found))
    return found


def change(
    session: Session,
    account: Account,
    now: datetime,
    *,
    name: str,
    role: Role,
    offices: Collection[Office] | None,
    active: bool,
    actor: str,
) -> None:
    """Give an account a name, a role, offices (None: every office), and say whether it works at all.

    It is signed out where it may do something else now. Raises LastAdministrator, Invalid.
    """
    wanted = None if offices is None else {each.id for each in offices}
    could = _rights(account)
    if account.role is Role.ADMINISTRATOR and (
        role is not Role.ADMINISTRATOR or not active or wanted is not None
    ):
        _require_another(session, account)
    account.name, account.role, account.active = accounts.checked_name(name), role, active
    account.everywhere = wanted is None
    account.places = [each for each in account.places if each.office_id in (wanted or ())]
    kept = account.office_ids
    account.places += [AccountOffice(office_id=each) for each in sorted((wanted or set()) - kept)]
    session.flush()
    can = _rights(account)
    changes = [
        {"field": field, "before": could[field], "after": value}
        for field, value in can.items()
        if could[field] != value
    ]
    if changes:
        signing_in.end_sessions(session, account.id, now)
    data = can | {"changes": changes}
    events.append(
        session, None, "account.changed", now, actor=actor, subject=subject_of(account.id), data=data
    )


def _rights(account: Account) -> dict[str, Any]:
    """What an account may do, for the record; its name is nobody's business there."""
    return {
        "role": account.role.value,
        "offices": sorted(each.office_id for each in account.places),
        "everywhere": account.everywhere,
        "active": account.active,
    }


def reset_password(session: Session, account: Account, now: datetime, *, actor: str) -> str:
    """A secret for a link that sets a new password, once, within a day. The old one opens nothing any more."""
    account.password_hash = None
    return new_link(session, account, now, actor=actor)


def new_link(session: Session, account: Account, now: datetime, *, actor: str) -> str:
    """As `reset_password`, for an account that has no password yet. Older links are over."""
    signing_in.end_sessions(session, account.id, now)
    signing_in.forget_browsers(session, account.id)
    for each in session.scalars(select(PasswordLink).where(PasswordLink.account_id == account.id)):
        session.delete(each)
    secret = secrets.token_urlsafe(32)
    session.add(
        PasswordLink(
            account_id=account.id, fingerprint=vault.fingerprint(secret), expires_at=now + LINK_LASTS
        )
    )
    session.flush()
    second_factor.happened(session, account, "account.link_made", now, actor)
    return secret


def account_of_link(session: Session, secret: str, now: datetime, *, lock: bool = False) -> Account:
    """The account whose password a link sets. Raises NotFound where it is used, over, or was never there."""
    query = (
        select(PasswordLink)
        .join(Account, Account.id == PasswordLink.account_id)
        .where(
            PasswordLink.fingerprint == vault.fingerprint(secret),
            PasswordLink.used_at.is_(None),
            PasswordLink.expires_at > now,
            Account.active,
        )
    )
    link = session.scalar(query.with_for_update(of=PasswordLink) if lock else query)
    if link is None:
        raise NotFound
    return session.get_one(Account, link.account_id)


def reset_totp(session: Session, account: Account, now: datetime, *, actor: str) -> None:
    """Take the second factor away, and sign the account out."""
    signing_in.end_sessions(session, account.id, now)
    second_factor.reset(session, account, now, actor=actor)


def _offices_of(account: Account) -> set[int] | None:
    return None if account.everywhere else account.office_ids


def _require_another(session: Session, account: Account) -> None:
    """Raise LastAdministrator unless another account can administer every office."""
    others = session.scalars(
        select(Account).where(
            Account.role == Role.ADMINISTRATOR, Account.active, Account.everywhere, Account.id != account.id
        )
    ).unique()
    if others.first() is None:
        raise LastAdministrator
