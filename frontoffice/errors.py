"""The base of all domain errors: each carries a sentence fit for the visitor."""

from typing import Any, ClassVar


def N_(sentence: str) -> str:  # noqa: N802 (gettext's usual name for this mark)
    """Mark `sentence` for translation where it is written; it is translated where it is shown."""
    return sentence


class Counted(str):
    """A sentence that says a number: it has a form for one, and languages have more. Itself, it is that for many.

    `by` names the parameter that is counted.
    """

    one: str
    by: str

    def __new__(cls, one: str, many: str, by: str) -> "Counted":
        """The sentence for many, with the one for one."""
        sentence = super().__new__(cls, many)
        sentence.one, sentence.by = one, by
        return sentence


def NP_(one: str, many: str, by: str) -> Counted:  # noqa: N802
    """Mark both forms of a sentence for translation, as N_ does."""
    return Counted(one, many, by)


class DomainError(Exception):
    """Something the visitor, a clerk or a device asked for cannot be done.

    `code` names the kind of error for programs, `sentence` tells a person what happened and what to do; it is an
    English message id with named placeholders that `params` fill after translation.
    """

    code: ClassVar[str] = "error"
    sentence: str = N_("That did not work. Please try again, or ask at the front desk.")

    def __init__(self, sentence: str | None = None, **params: Any) -> None:
        self.sentence = sentence or type(self).sentence
        self.params = params
        super().__init__(self.sentence % params if params else self.sentence)


class NotFound(DomainError):
    """What was asked for does not exist, or the asker may not know that it does."""

    code = "not_found"
    sentence = N_("We could not find that. Please check the address, or start again from the first page.")


class Invalid(DomainError):
    """A value that cannot be used. `field` names it, so that the message can stand beside it."""

    code = "invalid"

    def __init__(self, field: str, sentence: str, **params: Any) -> None:
        self.field = field
        super().__init__(sentence, **params)


class Conflict(DomainError):
    """The state of things does not allow it (any more)."""

    code = "conflict"


class NotAllowed(DomainError):
    """The person or device is known, but may not do this."""

    code = "not_allowed"
    sentence = N_(
        "You are not allowed to do that. If you think you should be, please ask your administrator."
    )


class NotSignedIn(DomainError):
    """A credential is missing, wrong, ended or revoked."""

    code = "not_signed_in"
    sentence = N_("Please sign in first.")


class TooMany(DomainError):
    """A limit that protects something was reached."""

    code = "too_many"
    sentence = N_("That was tried too often. Please wait %(minutes)s min and try again.")
