"""Providers' answers are written down together only where that can do no harm."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.provider import Accepted, Outcome, Outgoing
from tests.messages.parts import Post


class Killed(BaseException):
    """The worker ends in the middle of its work."""


def _mails(post: Post, many: int) -> list[int]:
    return [post.put(medium=Medium.MAIL, to=f"m{number}@example.org") for number in range(many)]


def test_the_answer_of_a_slow_provider_is_written_before_the_next_message_leaves(post: Post) -> None:
    written: list[int] = []

    def slow(_outgoing: Outgoing) -> Outcome:
        with post.database.read() as session:
            sent = session.scalars(select(Message.id).where(Message.state == MessageState.SENT))
            written.append(len(sent.all()))
        post.clock.move(milliseconds=10)
        return Accepted(f"SM{len(written)}")

    _mails(post, 3)
    post.mail.answers = [slow] * 3
    assert post.deliver() == 3
    assert written == [0, 1, 2]


def test_answers_of_one_moment_are_written_together_each_with_its_own_time(post: Post) -> None:
    begin = post.clock()

    def quick(_outgoing: Outgoing) -> Outcome:
        post.clock.move(milliseconds=3)
        return Accepted(f"SM{post.clock()}")

    def killed(_outgoing: Outgoing) -> Outcome:
        raise Killed

    messages = _mails(post, 6)
    post.mail.answers = [quick, quick, quick, quick, quick, killed]
    with pytest.raises(Killed):
        post.deliver()
    # The fourth answer came 12 ms after the first message had left. The fifth one waited for the sixth.
    assert post.states(*messages) == [MessageState.SENT] * 4 + [MessageState.SENDING] * 2
    taken = [post.look(each).accepted_at for each in messages[:4]]
    assert [round((each - begin).total_seconds() * 1000) for each in taken if each] == [3, 6, 9, 12]


def test_an_answer_that_cannot_be_written_keeps_no_other_from_it(post: Post) -> None:
    messages = _mails(post, 5)
    for each in messages:
        post.change(each, provider=post.mail.name)
    post.mail.answers = [Accepted(each) for each in ("a", "b", "a", "c", "d")]
    with pytest.raises(DBAPIError):
        post.deliver()
    assert post.states(*messages) == [
        MessageState.SENT if number != 2 else MessageState.SENDING for number in range(5)
    ]


def test_more_are_claimed_at_once_where_they_leave_quickly(post: Post) -> None:
    claimed: list[int] = []

    def taken(seconds: float) -> Outcome:
        with post.database.read() as session:
            sending = session.scalars(select(Message.id).where(Message.state == MessageState.SENDING)).all()
        claimed.append(len(sending))
        post.clock.move(seconds=seconds)
        return Accepted(f"SM{len(claimed)}")

    _mails(post, 75)
    post.mail.answers = [lambda _: taken(0)] * 30 + [lambda _: taken(1)] * 45
    assert post.deliver() == 75
    # 10, then 20; the 40 of which a single one took a second are the last so many.
    assert [claimed[0], claimed[10], claimed[30], claimed[70]] == [10, 20, 40, 5]
