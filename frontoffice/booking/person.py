"""Who an appointment is for: what is asked, and what counts as an answer."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from frontoffice import birth_date
from frontoffice.birth_date import BirthDate
from frontoffice.errors import N_, Invalid
from frontoffice.messages import addresses

LONGEST_NAME = 120

# Letters of Persian and of Indian scripts are joined or parted by these; other invisible ones only deceive.
_JOINERS = {"\u200c", "\u200d"}
_UNUSABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


class WrongDetails(Invalid):
    """Some of what was entered cannot be used; `problems` has one error for each."""

    def __init__(self, problems: list[Invalid]) -> None:
        self.problems = problems
        super().__init__(problems[0].field, problems[0].sentence, **problems[0].params)


@dataclass(frozen=True, slots=True)
class Person:
    """A person, and where to reach them: at least one of mail and phone (E.164)."""

    name: str
    born: BirthDate
    mail: str | None
    phone: str | None

    @property
    def contact(self) -> "Contact":
        """Where to reach them."""
        return Contact(self.mail, self.phone)

    def reached_at(self, contact: "Contact") -> "Person":
        """The same person, reached somewhere else."""
        return replace(self, mail=contact.mail, phone=contact.phone)

    def to_seal(self, wanted: "Contact | None" = None) -> dict[str, Any]:
        """What the vault keeps of the person, and of a contact that is to replace theirs once it is proven."""
        kept = {"name": self.name, "born": self.born.isoformat(), "mail": self.mail, "phone": self.phone}
        return kept if wanted is None else {**kept, "wanted": [wanted.mail, wanted.phone]}

    @classmethod
    def from_sealed(cls, kept: dict[str, Any]) -> "Person":
        """The person again."""
        return cls(kept["name"], birth_date.from_iso(kept["born"]), kept["mail"], kept["phone"])


class Contact(NamedTuple):
    """A mail address and a phone number (E.164); at least one of them."""

    mail: str | None
    phone: str | None

    @classmethod
    def wanted(cls, kept: dict[str, Any]) -> "Contact | None":
        """From what the vault keeps: the contact that is not proven yet."""
        return cls(*kept["wanted"]) if "wanted" in kept else None


def read(name: str, born: tuple[str, str, str] | str, mail: str, phone: str, today: date) -> Person:
    """A person from what somebody typed; `born` are day, month and year, or all of it in one.

    Raises WrongDetails with everything that is wrong, so that all of it can be mended at once.
    """
    problems: list[Invalid] = []
    known = _checked(problems, full_name, name), _checked(problems, _born, born, today)
    reached = _contact(problems, mail, phone)
    if problems:
        raise WrongDetails(problems)
    return Person(*known, *reached)


def read_contact(mail: str, phone: str) -> Contact:
    """A contact from what somebody typed. Raises WrongDetails with everything that is wrong."""
    problems: list[Invalid] = []
    reached = _contact(problems, mail, phone)
    if problems:
        raise WrongDetails(problems)
    return reached


def full_name(typed: str) -> str:
    """A name as it is kept: one word or many, in any script, at most 120 characters. Raises Invalid."""
    name = unicodedata.normalize("NFC", typed.strip())
    if not name:
        raise Invalid("name", N_("Please enter your name as it stands in your passport."))
    if len(name) > LONGEST_NAME:
        raise Invalid(
            "name", N_("This name is too long. Please use %(most)s characters at most."), most=LONGEST_NAME
        )
    if any(unicodedata.category(each) in _UNUSABLE and each not in _JOINERS for each in name):
        raise Invalid("name", N_("The name contains an invisible character. Please type it anew."))
    if not any(unicodedata.category(each).startswith("L") for each in name):
        raise Invalid("name", N_("Please enter your name as it stands in your passport."))
    return " ".join(name.split())


def date_of_birth(day: str, month: str, year: str, today: date) -> BirthDate:
    """A date of birth from its three parts, in digits of any script; unknown parts are 00. Raises Invalid."""
    return birth_date.of_parts(day, month, year, today)


def _born(typed: tuple[str, str, str] | str, today: date) -> BirthDate:
    return birth_date.parse(typed, today) if isinstance(typed, str) else date_of_birth(*typed, today)


def _contact(problems: list[Invalid], mail: str, phone: str) -> Contact:
    if not (mail.strip() or phone.strip()):
        problems.append(
            Invalid("mail", N_("Please enter a mail address or a mobile number, so that we can reach you."))
        )
    return Contact(
        _checked(problems, addresses.mail_address, mail) if mail.strip() else None,
        _checked(problems, addresses.phone_number, phone) if phone.strip() else None,
    )


def _checked(problems: list[Invalid], check: Callable[..., Any], *typed: Any) -> Any:
    try:
        return check(*typed)
    except Invalid as problem:
        return problems.append(problem)
