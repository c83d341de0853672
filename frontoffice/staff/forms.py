"""The form of the sign-in page."""

from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired

from frontoffice.errors import N_


class SignInForm(Form):
    """User name and password. What they may look like is not checked: a wrong one is simply not right."""

    username = StringField(N_("User name"), [InputRequired(N_("Please enter your user name."))])
    password = PasswordField(N_("Password"), [InputRequired(N_("Please enter your password."))])
