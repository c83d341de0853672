"""The forms of signing in, of one's own account, and of accounts. Whether a value may be is decided by the verbs."""

from collections.abc import Callable
from typing import TypeVar

from wtforms import BooleanField, Form, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, ValidationError

from frontoffice.errors import N_
from frontoffice.staff.models import Role

F = TypeVar("F", bound=Form)

DIFFERENT = N_("The two entries are not the same. Please enter the new password once more.")

ROLES = {
    Role.FRONT_DESK: N_("Front desk"),
    Role.CASEWORKER: N_("Caseworker"),
    Role.TEAM_LEAD: N_("Team lead"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.AUDITOR: N_("Auditor"),
}


class SignInForm(Form):
    """User name and password. What they may look like is not checked: a wrong one is simply not right."""

    username = StringField(N_("User name"), [InputRequired(N_("Please enter your user name."))])
    password = PasswordField(N_("Password"), [InputRequired(N_("Please enter your password."))])


class CodeForm(Form):
    """A code of the second factor."""

    code = StringField(N_("Code"), [InputRequired(N_("Please enter the code that your app shows."))])


class NewPasswordForm(Form):
    """A new password, twice."""

    password = PasswordField(N_("New password"), [InputRequired(N_("Please enter a new password."))])
    again = PasswordField(N_("New password once more"), [InputRequired(DIFFERENT)])

    def validate_again(self, field: PasswordField) -> None:
        """Both are the same."""
        if field.data != self.password.data:
            raise ValidationError(DIFFERENT)


class PasswordForm(NewPasswordForm):
    """The current password, and a new one, twice."""

    old = PasswordField(N_("Current password"), [InputRequired(N_("Please enter your current password."))])


class AccountForm(Form):
    """What an administrator says of an account."""

    name = StringField(N_("Full name"), [InputRequired(N_("Please enter the full name."))])
    role = SelectField(N_("Role"), choices=[(each.value, words) for each, words in ROLES.items()])
    everywhere = BooleanField(N_("At every office"))
    offices = SelectMultipleField(N_("Offices"), coerce=int)
    active = BooleanField(N_("May sign in"))


class NewAccountForm(AccountForm):
    """A new account."""

    username = StringField(N_("User name"), [InputRequired(N_("Please enter a user name."))])


def translated(form: F, gettext: Callable[[str], str]) -> F:
    """The form with the sentences of its errors in the language of the page."""
    for field in form:
        field.errors = [gettext(message) for message in field.errors]
    return form


def refuse(form: Form, name: str, sentence: str, otherwise: str) -> None:
    """Put a refusal to the field that it is about; to `otherwise` where the form has no such field."""
    field = form[name] if name in form else form[otherwise]
    field.errors = [*field.errors, sentence]
