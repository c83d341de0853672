"""Through whom messages leave, whether they do, and a test that somebody sends to themselves."""

from datetime import timedelta

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired

from frontoffice import clock, events, limits
from frontoffice.administration.forms import SettingsForm
from frontoffice.administration.shell import HERE, acting, looking, pages, render
from frontoffice.agenda.message_words import STATES, stop_reason
from frontoffice.agenda.shell import Desk
from frontoffice.errors import N_, Invalid, NotFound, TooMany
from frontoffice.messages import failover, testing
from frontoffice.messages.models import Medium
from frontoffice.web.context import config, database, language, say

TESTS, PER = 10, timedelta(hours=1)  # so many of each account
MEDIA = {Medium.MAIL: N_("E-mail"), Medium.SMS: N_("SMS")}
PROVIDERS = {
    "console": N_("None: messages are only shown, nothing leaves"),
    "none": N_("None"),
    "smtp": N_("Mail server"),
    "twilio": "Twilio",
    "seven": "seven.io",
}


class TestForm(SettingsForm):
    """Where the test goes."""

    __test__ = False  # for pytest, which would take it for a test of its own

    medium = SelectField(N_("Through"), validate_choice=False)
    to = StringField(N_("To this mail address or mobile number"), [InputRequired()])


@pages.get(f"{HERE}/channels")
def channels(slug: str) -> ResponseReturnValue:
    """Who carries SMS and mails, what is stopped and why, and a form for a test."""
    with looking(slug) as desk:
        return _page(desk, TestForm())


@pages.post(f"{HERE}/channels/tests")
def send_test(slug: str) -> ResponseReturnValue:
    """Send a test; a few in an hour."""
    form = TestForm(request.form)
    with looking(slug) as desk:
        who = database().vault.digest("test message", str(desk.account.id))
    try:
        with database().write() as counting:
            limits.hit(counting, "test_message", who, TESTS, PER, clock.now())
        with acting(slug) as desk:
            medium = next((each for each in Medium if each == form.medium.data), Medium.MAIL)
            to = form.to.data or ""
            number = testing.send(desk.session, desk.office, medium, to, language(), desk.now)
            events.append(
                desk.session,
                desk.office.id,
                "channel.tested",
                desk.now,
                actor=desk.actor,
                subject=f"message:{number}",
                data={"medium": medium.value},
            )
    except Invalid as wrong:
        form.refuse(Invalid("to", wrong.sentence, **wrong.params), say)
        with looking(slug) as desk:
            return _page(desk, form), 422
    except TooMany as refusal:
        form.form_errors.append(say(refusal))
        with looking(slug) as desk:
            return _page(desk, form), 429
    return redirect(url_for("administration.test_sent", slug=slug, number=number), 303)


@pages.get(f"{HERE}/channels/tests/<int(max=2147483647):number>")
def test_sent(slug: str, number: int) -> ResponseReturnValue:
    """What became of a test, and nothing else of it."""
    with looking(slug) as desk:
        found = testing.sent(desk.session, desk.office, number)
        if found is None:
            raise NotFound
        return render(desk, "test.html", message=found, state_words=STATES, media=MEDIA)


def _page(desk: Desk, form: TestForm) -> str:
    form.medium.choices = [(str(each), _(words)) for each, words in MEDIA.items()]
    chosen = config().messages
    return render(
        desk,
        "channels.html",
        form=form,
        carriers=[
            (_("SMS"), _(PROVIDERS[chosen.sms])),
            (_("SMS, while that one is stopped"), _(PROVIDERS[chosen.sms_backup])),
            (_("E-mail"), _(PROVIDERS[chosen.mail])),
        ],
        stops=failover.state(desk.session),
        stop_reason=stop_reason,
        media=MEDIA,
    )
