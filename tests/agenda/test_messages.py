"""What staff see of messages: those of an appointment, those that reached nobody, stopped providers, and texts."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from frontoffice.config import Config, Metrics
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.messages import failover, kinds
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.staff.models import Role
from frontoffice.web.app import create_app
from tests.agenda.conftest import SignIn
from tests.agenda.parts import HERE, booked, messages
from tests.booking.steps import at
from tests.line.browsing import Browser

CODES = {Medium.SMS: "21614", Medium.MAIL: "recipient 550"}
TOKEN = "a token for metrics that is long enough"


def _dead(database: Database, message: Message, now: datetime) -> None:
    with database.write() as session:
        session.execute(
            update(Message)
            .where(Message.id == message.id)
            .values(state=MessageState.DEAD, error_code=CODES[message.medium], final_at=now)
        )


def test_staff_follow_a_message_and_send_it_again_or_close_it(
    database: Database, config: Config, clerk: Browser, now: datetime
) -> None:
    one, two = booked(database, config, at(24, "8:00"), now), booked(database, config, at(25, "8:00"), now)
    clerk.get(f"{HERE}/appointments/{one.reference}/")
    assert clerk.text.count("Waits to leave") == 2
    assert "See or change" in clerk.page.text, "the text itself"
    clerk.get(f"{HERE}/messages/")
    assert "Every message of the last days has reached somebody" in clerk.text
    for each in messages(database, "booked"):
        _dead(database, each, now)
    clerk.get(f"{HERE}/messages/")
    assert clerk.text.count("There is no such mailbox.") == 2
    assert clerk.text.count("This number cannot receive SMS.") == 2, "the mail has not arrived either"
    for appointment in (one, two):
        assert f"{appointment.reference[:4]}-{appointment.reference[4:]}" in clerk.text
    listed = clerk.page.text.count("/retry")
    clerk.get(f"{HERE}/week")
    assert f"Messages {listed} : {listed} reached nobody" in clerk.text, "the tab says so on every page"
    first, second = (each for each in messages(database, "booked") if each.medium is Medium.MAIL)
    clerk.post(f"{HERE}/messages/{first.id}/retry")
    assert "The message is on its way again." in clerk.text
    clerk.get(f"{HERE}/messages/")
    assert clerk.text.count("This number cannot receive SMS.") == 1, (
        "where the text goes by mail, only that counts"
    )
    [sms] = [
        each
        for each in messages(database, "booked")
        if f"/messages/{each.id}/close" in clerk.page.text and each.medium is Medium.SMS
    ]
    clerk.post(f"{HERE}/messages/{sms.id}/close")
    clerk.post(f"{HERE}/messages/{second.id}/close")
    assert "The message is closed." in clerk.text
    listed = clerk.page.text.count("/retry")
    assert (f"Messages {listed} :" in clerk.text) == (listed > 0), "and no longer once it is seen to"
    clerk.get(f"{HERE}/messages/")
    assert "Every message of the last days has reached somebody" in clerk.text
    clerk.post(f"{HERE}/messages/{second.id}/retry")
    assert "a colleague was faster" in clerk.text
    states = {each.id: each.state for each in messages(database, "booked")}
    assert (states[first.id], states[second.id]) == (MessageState.PENDING, MessageState.DEAD)
    clerk.get(f"{HERE}/appointments/{one.reference}/")
    assert "Message sent again" in clerk.text
    assert "This number cannot receive SMS." in clerk.text, "of one appointment everything is shown"
    assert clerk.post(f"{HERE}/messages/999999/retry").status_code == 404


def test_a_stopped_provider_shows_why_and_only_who_answers_for_it_starts_it_again(
    database: Database, clerk: Browser, sign_in: SignIn, now: datetime
) -> None:
    with database.write() as session:
        failover.stop(session, "twilio", Medium.SMS, "20003", now)
    clerk.get(f"{HERE}/week")
    assert "Messages stopped" in clerk.text, "the tab says so on every page"
    address = f"{HERE}/messages/"
    resume = f"{address}providers/twilio/resume"
    clerk.get(address)
    assert "SMS through twilio is stopped since Mon 23 Nov, 08:00" in clerk.text
    assert "20003" in clerk.text
    assert "Something is wrong with our account at the provider." in clerk.text
    assert "Try again now" not in clerk.text
    assert clerk.post(resume).status_code == 403
    admin = sign_in(Role.ADMINISTRATOR)
    admin.get(address)
    assert "Try again now" in admin.text
    admin.post(resume)
    assert "It is tried again now." in admin.text
    assert "is stopped" not in admin.text
    assert "Messages stopped" not in admin.text
    with database.read() as session:
        told = session.scalars(select(Event).where(Event.kind == failover.RESUMED)).one()
    assert (told.subject, told.actor.partition(":")[0]) == ("channel:twilio", "account")
    assert admin.post(resume).status_code == 404


def test_every_text_can_be_read_before_it_is_sent(
    clerk: Browser, sign_in: SignIn, config: Config, database: Database
) -> None:
    address = f"{HERE}/messages/texts"
    for number, kind in enumerate(kinds.KINDS):
        language = config.site.languages[number % len(config.site.languages)]
        assert clerk.get(f"{address}?kind={kind}&language={language}").status_code == 200
        assert f'lang="{language}"' in clerk.page.text
    clerk.get(f"{address}?kind=expiry&language=en")
    assert "A date of yours is coming up" in clerk.text
    assert "1 part" in clerk.text
    assert messages(database, "expiry") == [], "nothing is sent"
    for wrong in ("kind=nothing", "kind=booked&language=xx"):
        assert clerk.get(f"{address}?{wrong}").status_code == 404
    assert sign_in(Role.AUDITOR).get(address).status_code == 403


@pytest.mark.parametrize("configured", [True, False])
def test_metrics_are_for_the_monitoring_system_only(
    database: Database, config: Config, configured: bool
) -> None:
    with_token = config.messages.model_copy(update={"metrics": Metrics(token=TOKEN) if configured else None})
    client = create_app(config.model_copy(update={"messages": with_token}), database).test_client()
    tried = [
        client.get("/metrics", headers={"Authorization": f"Bearer {each}"}) for each in (TOKEN, "x" * 40)
    ]
    assert [each.status_code for each in tried] == ([200, 401] if configured else [404, 404])
    assert client.get("/metrics").status_code == (401 if configured else 404)
    if configured:
        assert 'frontoffice_messages_due{medium="sms"} 0.0' in tried[0].text
        assert tried[0].content_type.startswith("text/plain; version=0.0.4")
