"""Who an appointment is for: what is asked, and what counts as an answer."""

import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from frontoffice.errors import N_, Invalid
from frontoffice.messages import addresses

LONGEST_NAME = 120
EARLIEST_BIRTH = date(1900, 1, 1)

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
    born: date
    mail: str | None
    phone: str | None

    def to_seal(self) -> dict[str, Any]:
        """What the vault keeps of the person."""
        return {**asdict(self), "born": self.born.isoformat()}

    @classmethod
    def from_sealed(cls, kept: dict[str, Any]) -> "Person":
        """The person again."""
        return cls(**{**kept, "born": date.fromisoformat(kept["born"])})


def read(name: str, born: tuple[str, str, str], mail: str, phone: str, today: date) -> Person:
    """A person from what somebody typed; `born` are day, month and year.

    Raises WrongDetails with everything that is wrong, so that all of it can be mended at once.
    """
    problems: list[Invalid] = []

    def checked(check: Callable[..., Any], *typed: Any) -> Any:
        try:
            return check(*typed)
        except Invalid as problem:
            return problems.append(problem)

    details = {
        "name": checked(full_name, name),
        "born": checked(date_of_birth, *born, today),
        "mail": checked(addresses.mail_address, mail) if mail.strip() else None,
        "phone": checked(addresses.phone_number, phone) if phone.strip() else None,
    }
    if not (mail.strip() or phone.strip()):
        problems.append(
            Invalid("mail", N_("Please enter a mail address or a mobile number, so that we can reach you."))
        )
    if problems:
        raise WrongDetails(problems)
    return Person(**details)


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


def date_of_birth(day: str, month: str, year: str, today: date) -> date:
    """A date of birth from its three parts, in digits of any script. Raises Invalid."""
    parts = [each.strip() for each in (year, month, day)]
    if not all(parts):
        raise Invalid("born", N_("Please enter your date of birth: day, month and year."))
    if not all(each.isdecimal() for each in parts) or len(parts[0]) != 4 or max(map(len, parts[1:])) > 2:
        raise Invalid("born", N_("Please enter your date of birth in numbers, the year with four digits."))
    try:
        born = date(*map(int, parts))
    except ValueError:
        raise Invalid("born", N_("This date does not exist. Please check day, month and year.")) from None
    if born > today:
        raise Invalid("born", N_("This date lies in the future. Please check the year."))
    if born < EARLIEST_BIRTH:
        raise Invalid("born", N_("This date lies too far in the past. Please check the year."))
    return born
