"""Whose account it is that signs in through the organisation, and what the organisation says it may do.

An account is known by issuer and subject. It is linked at the first sign-in: to one that an administrator has prepared
under the same user name and that nobody has ever used, or to a new one, where the settings want that.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.config import Oidc
from frontoffice.errors import N_, NotAllowed
from frontoffice.offices.models import Office
from frontoffice.staff import accounts, administering
from frontoffice.staff.accounts import subject_of
from frontoffice.staff.models import Account, Role

ACTOR = "oidc"
EVERY_OFFICE = "*"


class RoleUnknown(NotAllowed):
    """The organisation gives this person no role here."""

    code = "role_unknown"
    sentence = N_("Your organisation gives you no role in this system. Please ask your administrator.")


class OfficeUnknown(NotAllowed):
    """The organisation gives this person no office here."""

    code = "office_unknown"
    sentence = N_("Your organisation names no office for you in this system. Please ask your administrator.")


class AccountUnknown(NotAllowed):
    """There is no account for this person, or a locked one."""

    code = "account_unknown"
    sentence = N_("There is no account for you in this system. Please ask your administrator.")


class TooWeak(NotAllowed):
    """The organisation has not made sure enough who this is."""

    code = "sign_in_too_weak"
    sentence = N_(
        "Your organisation has let you in without the second factor that this system asks for. Please sign in there "
        "with a second factor, or ask your administrator."
    )


def account_of(session: Session, claims: Mapping[str, Any], settings: Oidc, now: datetime) -> Account:
    """The account of the person whom the (checked) claims are about, with role and offices as they say.

    Raises TooWeak, RoleUnknown, OfficeUnknown, AccountUnknown, LastAdministrator, and as `accounts.add`.
    """
    if settings.required_acr and claims.get("acr") not in settings.required_acr:
        raise TooWeak
    role, offices = _role(claims, settings), _offices(session, claims, settings)
    found = session.scalar(
        select(Account).where(Account.issuer == settings.issuer, Account.subject == str(claims["sub"]))
    )
    account = found or _link(session, claims, settings, role, offices, now)
    account = administering.find(session, account.id)
    if not account.active:
        raise AccountUnknown
    wanted = offices if settings.office_claim else _as_they_are(session, account)
    before = (account.role, account.everywhere, account.office_ids)
    if before != (role, wanted is None, {each.id for each in wanted or ()}):
        administering.change(
            session, account, now, name=account.name, role=role, offices=wanted, active=True, actor=ACTOR
        )
    return account


def values(claims: Mapping[str, Any], name: str) -> list[str]:
    """The values of a claim: one, or a list; `name` may lead inwards, as realm_access.roles does."""
    found: Any = claims
    for part in [name] if name in claims else name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    listed = found if isinstance(found, list) else [found]
    return [each for each in listed if isinstance(each, str)]


def _role(claims: Mapping[str, Any], settings: Oidc) -> Role:
    """The first role of the settings that the organisation gives."""
    given = values(claims, settings.role_claim)
    named = next((role for value, role in settings.roles.items() if value in given), None)
    if named is None:
        raise RoleUnknown
    return Role(named)


def _offices(session: Session, claims: Mapping[str, Any], settings: Oidc) -> list[Office] | None:
    """The offices that the organisation gives; None for all."""
    if settings.office_claim is None:
        return []
    given = values(claims, settings.office_claim)
    slugs = {slug for value, slug in settings.offices.items() if value in given}
    if EVERY_OFFICE in slugs:
        return None
    found = list(session.scalars(select(Office).where(Office.slug.in_(sorted(slugs))).order_by(Office.id)))
    if not found:
        raise OfficeUnknown
    return found


def _as_they_are(session: Session, account: Account) -> list[Office] | None:
    if account.everywhere:
        return None
    return list(session.scalars(select(Office).where(Office.id.in_(sorted(account.office_ids)))))


def _link(
    session: Session,
    claims: Mapping[str, Any],
    settings: Oidc,
    role: Role,
    offices: list[Office] | None,
    now: datetime,
) -> Account:
    username = next(iter(values(claims, settings.username_claim)), "")
    prepared = accounts.find(session, username)
    is_free = prepared is not None and not (
        prepared.password_hash or prepared.subject or prepared.signed_in_at or prepared.totp
    )
    if prepared is not None and is_free:
        account = administering.find(session, prepared.id)
    elif settings.create and prepared is None:
        name = next(iter(values(claims, "name")), username)
        account = accounts.add(
            session, username, name, None, role, None, now, actor=ACTOR, offices=offices or ()
        )
    else:
        raise AccountUnknown
    account.issuer, account.subject = settings.issuer, str(claims["sub"])
    session.flush()
    events.append(session, None, "account.linked", now, actor=ACTOR, subject=subject_of(account.id))
    return account
