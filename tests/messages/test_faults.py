"""Every message leaves exactly once, whatever dies and whatever goes wrong. The provider's ledger decides."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from frontoffice.messages import sweep
from frontoffice.messages.models import MessageState
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Outgoing, Refused
from tests.messages.campaign import Campaign
from tests.messages.fake_telling import Telling
from tests.messages.fake_twilio import Fault
from tests.messages.parts import MAIL, Post, parameters


@pytest.mark.parametrize("seed", [1])
def test_every_message_leaves_exactly_once(database_url: str, tmp_path: Path, seed: int) -> None:
    verdict = Campaign(database_url, tmp_path, seed).run()
    assert (verdict.doubled, verdict.lost, verdict.unattached) == ([], [], []), verdict.logs
    # It has been tried hard enough to say so.
    assert verdict.faults == set(Fault)
    assert verdict.tellings == set(Telling)
    assert set(verdict.answers) <= {200, 204, 403}, verdict.answers
    assert set(verdict.forged) == {403}
    # Three unclear attempts of one message make it a case for a person.
    assert verdict.left_to_people <= 2
    assert [each for each in ("+49", "1512345", "example.org") if each in verdict.logs] == []


def test_a_full_disk_loses_and_doubles_nothing(post: Post) -> None:
    if not post.database.is_sqlite:
        pytest.skip("PostgreSQL's disk cannot be filled from here; a failed commit is the same to us on both")
    message = post.put(fallback_to=MAIL, parameters=parameters(note="x" * 100_000))

    def fill(pages: int) -> None:
        with post.database.write() as session:
            session.execute(text(f"PRAGMA max_page_count = {pages}"))

    def taken_and_then_no_room(_outgoing: Outgoing) -> Refused:
        fill(1)  # no more than there are
        return Refused(Meaning.DEAD, "21614")  # the mail that is to go instead does not fit in any more

    post.sms.answers = [taken_and_then_no_room]
    with pytest.raises(OperationalError, match="full"):
        post.deliver()
    assert post.look(message).state is MessageState.SENDING
    fill(2**30)
    post.clock.move(minutes=5)
    with post.database.write() as session:
        assert sweep.lapse(session, post.delivery.timing, post.clock()) == 1
    assert post.deliver() == 0  # not before it has been looked for
    for minutes in (2, 1):
        post.clock.move(minutes=minutes)
        post.clarify()
    post.sms.answers = [Refused(Meaning.DEAD, "21614")]
    assert post.deliver() == 2
    assert [each.to for each in post.mail.given] == [MAIL]


def test_a_night_with_two_o_clock_twice_or_not_at_all_sends_once(post: Post) -> None:
    for start in (datetime(2026, 10, 24, 21, 30, tzinfo=UTC), datetime(2027, 3, 27, 21, 30, tzinfo=UTC)):
        post.clock.moment = start
        sent = len(post.sms.given)
        post.put(expires_at=start + timedelta(days=2))
        post.sms.answers = [Refused(Meaning.UNKNOWN, "500")]
        for _ in range(100):  # a tick every ten minutes, until the next evening
            post.deliver()
            post.clarify()
            post.clock.move(minutes=10)
        # The first attempt was unclear and not on record: one more, and neither of them at night.
        assert len(post.sms.given) == sent + 2
        assert {each.valid_for > timedelta(hours=11) for each in post.sms.given[sent:]} == {True}
