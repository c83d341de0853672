"""Between the claim and the call: what was claimed may be taken back, come too late, or stand in the way."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from frontoffice.db import Database
from frontoffice.messages import outbox, suppression
from frontoffice.messages.claiming import claim
from frontoffice.messages.models import Medium, MessageState
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Refused
from frontoffice.messages.timing import Timing
from frontoffice.vault import Vault
from tests.conftest import KEY
from tests.messages.parts import PHONE, Post

NEW = "the new key, long enough to be a key for anything"
UNCLEAR = Refused(Meaning.UNKNOWN, "ReadTimeout")


def phone(number: int) -> str:
    return f"+491512345678{number}"


def test_what_is_taken_back_after_the_claim_does_not_leave(post: Post) -> None:
    messages = [post.put(to=phone(number)) for number in range(3)]
    reminder = post.put(to=phone(3), kind="reminder")
    last = post.put(to=phone(4))

    def meanwhile(_outgoing: Outgoing) -> Outcome:
        with post.database.write() as session:
            outbox.suppress(session, Medium.SMS, phone(1), "by keyword", post.clock())
            outbox.cancel(session, post.look(messages[2]).subject, post.clock())
            [digest] = suppression.digests_of(session, Medium.SMS, phone(3))
            suppression.mute(session, digest, suppression.Topic.REMINDERS, post.clock())
        return Accepted("SM1")

    post.sms.answers = [meanwhile]
    assert post.deliver() == 2
    assert [each.to for each in post.sms.given] == [phone(0), phone(4)]
    assert post.states(*messages[1:], reminder, last) == [
        MessageState.SUPPRESSED,
        MessageState.CANCELLED,
        MessageState.SUPPRESSED,
        MessageState.SENT,
    ]
    assert [post.look(each).attempts for each in messages] == [1, 0, 0]


def test_a_night_that_begins_after_the_claim_is_kept(post: Post) -> None:
    post.clock.moment = datetime(2026, 11, 23, 18, 59, 58, tzinfo=UTC)
    messages = [post.put(to=phone(number)) for number in range(3)]
    left: list[tuple[datetime, timedelta]] = []

    def takes_a_second(outgoing: Outgoing) -> Outcome:
        left.append((post.clock(), outgoing.valid_for))
        post.clock.move(seconds=1)
        return Accepted(f"SM{len(left)}")

    post.sms.answers = [takes_a_second] * 3
    assert post.deliver() == 2
    # And the provider has ever less time to deliver it in.
    assert [valid_for for _, valid_for in left] == [timedelta(seconds=2), timedelta(seconds=1)]
    waiting = post.look(messages[2])
    assert (waiting.state, waiting.not_before) == (
        MessageState.PENDING,
        datetime(2026, 11, 24, 7, 0, tzinfo=UTC),
    )


def test_what_is_urgent_does_not_wait_for_a_whole_batch(post: Post) -> None:
    for number in range(5):
        post.put(to=phone(number))
    due = [post.look(number).not_before for number in range(1, 6)]
    urgent: list[int] = []

    def slow(_outgoing: Outgoing) -> Outcome:
        post.clock.move(seconds=3)
        if not urgent:
            urgent.append(post.put(to=phone(9), priority=1))
        return Accepted(f"SM{len(post.sms.given)}")

    post.sms.answers = [slow] * 6
    assert post.deliver() == 6
    assert [each.to for each in post.sms.given] == [phone(0), phone(9), *map(phone, range(1, 5))]
    assert [post.look(number).not_before for number in range(1, 6)] == due, "nobody loses a place"


def test_what_the_database_did_not_give_is_not_sent(post: Post) -> None:
    kept, lost = post.put(to=phone(0)), post.put(to=phone(1))
    with post.database.write() as session:
        if post.database.is_sqlite:
            session.execute(
                text(
                    "CREATE TRIGGER gone BEFORE UPDATE ON message WHEN NEW.state = 'sending'"
                    f" AND NEW.id = {lost} BEGIN SELECT RAISE(IGNORE); END"
                )
            )
        else:
            session.execute(
                text("CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
            )
            session.execute(
                text(
                    "CREATE TRIGGER gone BEFORE UPDATE ON message FOR EACH ROW"
                    f" WHEN (NEW.state = 'sending' AND NEW.id = {lost}) EXECUTE FUNCTION gone()"
                )
            )
    with post.database.write() as session:
        batch = claim(session, post.settings, Timing(), post.clock(), {Medium.SMS: ["told"]})
    assert [each.id for each in batch.claimed] == [kept]


def test_a_new_key_does_not_let_a_second_one_to_the_same_phone(post: Post, database_url: str) -> None:
    unclear, waiting = post.put(), post.put()
    post.sms.answers = [UNCLEAR]
    assert post.deliver() == 1
    old, post.database = post.database, Database(database_url, Vault([NEW, KEY]))
    new = post.put()
    assert (post.deliver(), post.states(unclear, waiting, new)) == (
        0,
        [MessageState.UNKNOWN, MessageState.PENDING, MessageState.PENDING],
    )
    post.change(unclear, state=MessageState.SENT)
    post.clock.move(minutes=1)
    in_flight: list[int] = []

    def count(_outgoing: Outgoing) -> Outcome:
        in_flight.append(post.states(waiting, new).count(MessageState.SENDING))
        return Accepted(f"SM{len(in_flight)}")

    post.sms.answers = [count, count]
    assert post.deliver() == 2
    assert in_flight == [1, 1], "one was written under the old key, the other under the new one"
    with post.database.read() as session:
        current = suppression.digests_of(session, Medium.SMS, PHONE)[0]
    assert [post.look(each).recipient for each in (waiting, new)] == [current] * 2
    post.database.close()
    post.database = old
