"""Accounts of staff: adding and finding them."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload

from frontoffice import events
from frontoffice.errors import N_, Conflict, Invalid
from frontoffice.offices.models import Office
from frontoffice.printable import is_line
from frontoffice.staff import passwords
from frontoffice.staff.models import Account, AccountOffice, Role

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,59}")


class UsernameTaken(Conflict):
    """There is an account of that name already."""

    code = "username_taken"
    sentence = N_("The user name “%(username)s” is already taken. Please choose another one.")


def add(
    session: Session,
    username: str,
    name: str,
    password: str | None,
    role: Role,
    office: Office | None,
    now: datetime,
    *,
    actor: str = "cli",
    offices: Sequence[Office] = (),
    is_own_password: bool = True,
) -> Account:
    """Add an account and return it: valid at `office` and `offices`, and without any at every office.

    Without a password it waits for a link to set one, or signs in through the organisation. A password that is not
    its owner's own is changed at the first sign-in. User names do not distinguish capitals. Raises Invalid naming the
    field, UsernameTaken.
    """
    username, name = normalise(username), checked_name(name)
    if not USERNAME.fullmatch(username):
        sentence = N_(
            "A user name has 2 to 60 characters: letters a to z, digits, and . _ @ - after the first."
        )
        raise Invalid("username", sentence)
    places = {each.id for each in (office, *offices) if each is not None}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = session.execute(
        insert(Account)
        .values(
            username=username,
            name=name,
            password_hash=passwords.hashed(password, username, name) if password is not None else None,
            must_change_password=password is not None and not is_own_password,
            role=role,
            everywhere=not places,
            active=True,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["username"])
        .returning(Account.id)
    ).scalar_one_or_none()
    if added is None:
        raise UsernameTaken(username=username)
    session.add_all(AccountOffice(account_id=added, office_id=each) for each in sorted(places))
    session.flush()
    data = {"role": role.value, "offices": sorted(places)}
    events.append(session, None, "account.added", now, actor=actor, subject=subject_of(added), data=data)
    return session.get_one(Account, added)


def is_any(session: Session) -> bool:
    """Whether there is an account at all."""
    return session.scalar(select(Account.id).limit(1)) is not None


def checked_name(name: str) -> str:
    """The name as it is kept. Raises Invalid."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120 or not is_line(name):
        raise Invalid("name", N_("Please enter a name of at most 120 characters."))
    return name


def subject_of(account_id: int) -> str:
    """By what name events know the account, as who acts and as what it is about."""
    return f"account:{account_id}"


def find(session: Session, username: str) -> Account | None:
    """The active account of that user name."""
    username = normalise(username)
    if not USERNAME.fullmatch(username):
        return None  # nothing else was ever stored, and some characters no database takes
    query = select(Account).where(Account.username == username, Account.active)
    return session.scalar(query.options(selectinload(Account.places)))


def normalise(username: str) -> str:
    """The user name as it is stored."""
    return username.strip().lower()
