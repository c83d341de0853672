"""The page behind a link: whoever holds it sees what they get, switches it off, and on again."""

import re
from datetime import timedelta
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from frontoffice import clock
from frontoffice.db import Database
from frontoffice.messages import preferences, retention, suppression
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.suppression import Topic, topic_of
from frontoffice.vault import Vault
from tests.conftest import KEY
from tests.messages.parts import MAIL, PHONE, Post, parameters
from tests.web.nasty import NASTY

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
SHOWN = re.compile(r'name="shown" value="([^"]+)"')
BOX = re.compile(r'<input class="kern-form-check__checkbox"[^>]*value="([^"]+)"([^>]*)>')


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that reads English."""
    made = app.test_client()
    made.set_cookie("language", "en")
    return made


@pytest.fixture
def link(post: Post) -> str:
    """The page of an appointment's holder, who gets an SMS about it, the mail instead where that fails, and a mail."""
    post.put(fallback_to=MAIL, subject="appointment:7")
    post.put(medium=Medium.MAIL, to="maria@example.com", subject="appointment:7")
    post.put(medium=Medium.MAIL, to="somebody@example.net", subject="appointment:8")
    with post.database.read() as session:
        return preferences.of_subject(session, "appointment:7") or ""


def boxes(client: FlaskClient, link: str) -> dict[str, bool]:
    """The switches of the page, and which of them are on."""
    return {value: "checked" in rest for value, rest in BOX.findall(client.get(link).text)}


def save(client: FlaskClient, link: str, wanted: set[str]) -> None:
    """Tick these boxes and no others."""
    page = client.get(link).text
    answer = client.post(
        link,
        data={"csrf_token": CSRF.findall(page)[0], "shown": SHOWN.findall(page), "wanted": sorted(wanted)},
    )
    assert answer.status_code == 303
    assert answer.location == link


def test_the_page_shows_what_goes_where_and_no_whole_address(client: FlaskClient, link: str) -> None:
    page = client.get(link).text
    assert "… 789" in page
    assert "m…@example.org" in page
    assert "m…@example.com" in page
    assert "example.net" not in page
    assert PHONE[1:] not in page
    assert MAIL not in page
    assert list(boxes(client, link).values()) == [True] * 10  # 1 + 3 by SMS, 1 + 2 for each mail address


def test_what_is_switched_off_does_not_leave_and_what_is_switched_on_again_does(
    post: Post, client: FlaskClient, link: str
) -> None:
    all_on = set(boxes(client, link))
    sms = next(each for each in all_on if each.startswith("sms") and " " not in each)
    save(client, link, all_on - {sms})
    first = post.put(kind="booked")
    save(client, link, all_on - {f"{sms} reminders"})
    assert not boxes(client, link)[f"{sms} reminders"]
    reminder, moved = post.put(kind="reminder"), post.put()
    mail = post.put(kind="reminder", medium=Medium.MAIL)
    post.deliver()
    assert post.states(first, reminder, moved, mail) == [
        MessageState.SUPPRESSED,
        MessageState.SUPPRESSED,
        MessageState.SENT,
        MessageState.SENT,
    ]
    save(client, link, all_on)
    again = post.put(kind="reminder")
    post.deliver()
    assert post.states(again) == [MessageState.SENT]
    save(client, link, set())
    assert "You get no messages from us." in client.get(link).text


def test_a_mail_program_stops_a_topic_with_one_click_and_a_person_with_two(
    post: Post, client: FlaskClient
) -> None:
    offer = {"kind": "waitlist_offer", "medium": Medium.MAIL}
    more = {
        "office_name": "Amt",
        "service": "Renewal",
        "link": "https://example.org/",
        "time_zone": "Europe/Berlin",
    }
    more |= {"starts_at": "2026-11-25T08:30:00+00:00", "until_at": "2026-11-24T08:30:00+00:00"}
    first = post.put(parameters=more, **offer)
    link = preferences.address(post.database.vault, first)
    assert (
        "Offers of earlier times" in client.get(link + "stop").text
    )  # a scanner that opens it changes nothing
    post.deliver()
    assert post.mail.given[0].unsubscribe == f"https://termin.example.org{link}stop"
    for _ in range(2):
        body = {"List-Unsubscribe": "One-Click"}
        assert client.post(urlsplit(link).path + "stop", data=body).status_code == 204
    booked, second = post.put(medium=Medium.MAIL), post.put(parameters=more, **offer)
    post.deliver()
    assert post.states(first, booked, second) == [
        MessageState.SENT,
        MessageState.SENT,
        MessageState.SUPPRESSED,
    ]
    assert post.mail.given[1].unsubscribe == ""  # what is needed has no such button
    chooses = f"https://termin.example.org{preferences.address(post.database.vault, booked)}"
    assert chooses in post.mail.given[1].text  # but it leads to the page
    assert chooses in post.mail.given[1].html
    link = preferences.address(post.database.vault, booked)
    assert client.post(link + "stop/yes").status_code == 400  # a page's form needs its token
    token = CSRF.findall(client.get(link + "stop").text)[0]
    assert client.post(link + "stop/yes", data={"csrf_token": token}).status_code == 303
    assert post.look(post.put(medium=Medium.MAIL)).state is MessageState.SUPPRESSED


def test_whatever_a_mail_program_sends_with_its_click_is_answered(
    post: Post, client: FlaskClient, link: str
) -> None:
    _, _, number, secret, _ = link.split("/")
    codes = []
    for nasty in NASTY:
        typed = quote(nasty, safe="")
        codes += [
            client.post(f"{link}stop", data={"List-Unsubscribe": nasty, nasty: "One-Click"}).status_code,
            client.post(f"/messages/{typed}/{secret}/stop").status_code,
            client.post(f"/messages/{number}/{typed}/stop").status_code,
        ]
    assert [code for code in codes if code >= 500] == []


def test_nobody_gets_in_without_the_secret_and_guessing_ends(
    post: Post, client: FlaskClient, link: str
) -> None:
    number = link.split("/")[2]
    for wrong in (f"/messages/{number}/{'a' * 24}/", f"/messages/zz/{'a' * 24}/", f"/messages/{'f' * 15}/x/"):
        assert client.get(wrong).status_code == 404
    other = link.replace(f"/{number}/", f"/{int(number, 16) + 1:x}/")
    codes = [client.get(other).status_code for _ in range(preferences.SECRETS_PER_NETWORK)]
    assert (codes[0], codes[-1]) == (404, 429)
    assert client.get(link).status_code == 200  # whoever has it gets in


def test_it_works_after_the_contents_are_gone_and_while_keys_change(
    post: Post, client: FlaskClient, link: str, database_url: str
) -> None:
    with post.database.write() as session:
        session.execute(
            update(Message).values(state=MessageState.SENT, final_at=clock.now() - timedelta(days=30))
        )
        retention.redact(session, post.delivery.timing.keep, clock.now())
    page = boxes(client, link)
    assert len(page) == 7  # the address that a mail would have gone to instead is forgotten
    assert "… 789" not in client.get(link).text
    save(client, link, {each for each in page if not each.startswith("sms")})
    assert post.look(post.put()).state is MessageState.SUPPRESSED
    rotated = Database(database_url, Vault(["a newer key that is long enough to be one", KEY]))
    with rotated.write() as session:
        holding = preferences.find(session, *link.split("/")[2:4])
        digests = suppression.digests_of(session, Medium.SMS, PHONE)
        assert suppression.reason(session, digests) == suppression.BY_LINK
        suppression.opt_in(session, digests, Medium.SMS)
        assert next(way.is_on for way in preferences.ways(session, holding))
    rotated.close()


def test_the_link_of_one_message_has_no_say_over_where_others_went(post: Post, client: FlaskClient) -> None:
    mail = post.put(medium=Medium.MAIL, to="friend@example.net", subject="appointment:7")
    sms = post.put(fallback_to=MAIL, subject="appointment:7")
    with post.database.read() as session:
        whole = preferences.of_subject(session, "appointment:7") or ""
    of_mail, of_sms = (preferences.address(post.database.vault, each) for each in (mail, sms))
    seen = {
        link: [part in client.get(link).text for part in ("… 789", "m…@example.org", "f…@example.net")]
        for link in (of_mail, of_sms, whole)
    }
    assert seen == {of_mail: [False, False, True], of_sms: [True, True, False], whole: [True, True, True]}
    save(client, of_mail, set())
    assert post.look(post.put()).state is MessageState.PENDING
    assert post.look(post.put(medium=Medium.MAIL, to="friend@example.net")).state is MessageState.SUPPRESSED


def test_what_the_form_did_not_show_stays_as_it_is(post: Post, client: FlaskClient, link: str) -> None:
    page = client.get(link).text
    post.put(to="+4915123456700", subject="appointment:7")
    body = {"csrf_token": CSRF.findall(page)[0], "shown": SHOWN.findall(page), "wanted": []}
    assert client.post(link, data=body).status_code == 303
    assert post.look(post.put(to="+4915123456700")).state is MessageState.PENDING
    assert post.look(post.put()).state is MessageState.SUPPRESSED
    with post.database.read() as session:  # a mail's form has no switch for the waiting room
        muted = suppression.muted(session, suppression.digests_of(session, Medium.MAIL, MAIL))
    assert {topic for _, topic in muted} == {Topic.REMINDERS, Topic.OFFERS}


def test_what_somebody_does_not_want_by_sms_does_not_come_by_mail_instead(post: Post) -> None:
    with post.database.write() as session:
        digest = suppression.digests_of(session, Medium.SMS, PHONE)[0]
        suppression.mute(session, digest, Topic.REMINDERS, post.clock())
    muted = post.put(kind="reminder", fallback_to=MAIL)
    post.deliver()
    post.deliver()
    assert post.states(muted) == [MessageState.SUPPRESSED]
    assert post.mail.given == []


def test_what_is_needed_has_no_topic() -> None:
    needed = ["booked", "moved", "cancelled", "confirm_contact", "contact_code", "draw_result", "card_ready"]
    assert {topic_of(kind) for kind in needed} == {None}
    assert topic_of("reminder") is topic_of("expiry_90") is topic_of("expiry") is Topic.REMINDERS
    assert topic_of("closing_early") is Topic.LINE


def test_who_was_replaced_as_a_contact_has_no_say_over_the_new_one(post: Post, client: FlaskClient) -> None:
    about = {"medium": Medium.MAIL, "subject": "appointment:7"}
    before = post.put(to="before@example.org", **about)
    after = post.put(
        to="after@example.net", kind="contact_changed", dedupe_key="appointment:7:1:c:new:mail", **about
    )
    plain = {name: parameters()[name] for name in ("office_name", "starts_at", "time_zone")}
    post.put(
        to="before@example.org",
        kind="contact_changed",
        dedupe_key="appointment:7:1:c:old:mail",
        parameters=plain,
        **about,
    )
    post.deliver()
    assert ["/messages/" in each.text for each in post.mail.given] == [True, True, False]
    old, new = (preferences.address(post.database.vault, each) for each in (before, after))
    assert len(boxes(client, old)) == len(boxes(client, new)) == 3
    assert ("b…@example.org" in client.get(old).text, "a…@example.net" in client.get(old).text) == (
        True,
        False,
    )
    assert ("b…@example.org" in client.get(new).text, "a…@example.net" in client.get(new).text) == (
        False,
        True,
    )
    with post.database.read() as session:
        whole = preferences.of_subject(session, "appointment:7") or ""
    assert len(boxes(client, whole)) == 3
    assert ("b…@example.org" in client.get(whole).text, "a…@example.net" in client.get(whole).text) == (
        False,
        True,
    )
    save(client, old, set())
    assert post.look(post.put(to="after@example.net", **about)).state is MessageState.PENDING
