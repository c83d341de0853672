"""Accounts of staff: adding them, and checking passwords (argon2id, RFC 9106)."""

import re
from datetime import datetime

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from frontoffice.errors import N_, Conflict, Invalid
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Role

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200  # characters; hashing a novel would keep a processor busy
USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,59}")

# 64 MiB, three passes: the low-memory choice of RFC 9106. Other hashes are renewed when their owner signs in.
hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, type=Type.ID)


class UsernameTaken(Conflict):
    """There is an account of that name already."""

    code = "username_taken"
    sentence = N_("The user name “%(username)s” is already taken. Please choose another one.")


def add(
    session: Session,
    username: str,
    name: str,
    password: str,
    role: Role,
    office: Office | None,
    now: datetime,
) -> Account:
    """Add an account and return it; without `office` it is valid at every office.

    User names do not distinguish capitals. Raises Invalid naming the field, UsernameTaken.
    """
    username = normalise(username)
    if not USERNAME.fullmatch(username):
        sentence = N_(
            "A user name has 2 to 60 characters: letters a to z, digits, and . _ @ - after the first."
        )
        raise Invalid("username", sentence)
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise Invalid("name", N_("Please enter a name of at most 120 characters."))
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = session.execute(
        insert(Account)
        .values(
            username=username,
            name=name,
            password_hash=hashed(password),
            role=role,
            office_id=office.id if office else None,
            active=True,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["username"])
        .returning(Account.id)
    ).scalar_one_or_none()
    if added is None:
        raise UsernameTaken(username=username)
    return session.get_one(Account, added)


def find(session: Session, username: str) -> Account | None:
    """The active account of that user name."""
    username = normalise(username)
    if not USERNAME.fullmatch(username):
        return None  # nothing else was ever stored, and some characters no database takes
    return session.scalar(select(Account).where(Account.username == username, Account.active))


def normalise(username: str) -> str:
    """The user name as it is stored."""
    return username.strip().lower()


def hashed(password: str) -> str:
    """The hash to store for a new password. Raises Invalid where it is too short or too long."""
    if len(password) < SHORTEST_PASSWORD:
        sentence = N_("A password needs at least %(length)s characters. A sentence is easy to remember.")
        raise Invalid("password", sentence, length=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(
            "password", N_("A password has at most %(length)s characters."), length=LONGEST_PASSWORD
        )
    return hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the password belongs to the hash; takes about a tenth of a second on purpose."""
    try:
        return hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False
