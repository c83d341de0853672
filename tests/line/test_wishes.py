"""Who may call whom: the pure rules one by one, and that the database asks the very same."""

from datetime import datetime
from itertools import product

from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.line import order, wishes
from frontoffice.line.models import Ticket
from frontoffice.line.order import Post, Wish
from frontoffice.offices.models import Office
from tests.line.parts import account, ticket

HERE = Post(counter_id=1, account_id=10, team="Aufenthalt", services={100}, languages={"uk"})


def test_a_concern_goes_where_it_is_served_and_an_unknown_one_everywhere() -> None:
    assert order.may_call(Wish(100), HERE)
    assert not order.may_call(Wish(101), HERE)
    assert order.may_call(Wish(None), HERE)


def test_who_is_kept_for_a_counter_is_called_only_there_whatever_the_concern() -> None:
    assert order.may_call(Wish(101, counter_id=1), HERE)
    assert not order.may_call(Wish(100, counter_id=2), HERE)


def test_who_is_kept_for_a_person_is_called_only_by_them() -> None:
    assert order.may_call(Wish(100, account_id=10), HERE)
    assert not order.may_call(Wish(100, account_id=11), HERE)


def test_who_was_passed_on_to_a_team_is_called_by_any_of_it_whatever_the_concern() -> None:
    assert order.may_call(Wish(101, team="Aufenthalt"), HERE)
    assert not order.may_call(Wish(100, team="Fachkräfte"), HERE)


def test_who_needs_a_language_is_called_only_where_it_is_spoken() -> None:
    assert order.may_call(Wish(100, language="uk"), HERE)
    assert not order.may_call(Wish(100, language="ar"), HERE)


def test_of_a_wish_the_least_is_given_up_that_lets_somebody_call() -> None:
    there = Post(counter_id=2, account_id=11, team="Fachkräfte", services={100, 101}, languages={"ar"})
    posts = [HERE, there]
    for wish, left in (
        (Wish(100, counter_id=1, language="uk"), Wish(100, counter_id=1, language="uk")),
        (Wish(100, counter_id=1, language="ar"), Wish(100, counter_id=1)),  # each is there, but not together
        (Wish(101, language="uk"), Wish(101)),  # spoken where the concern is not served
        (Wish(101, language="uk", team="Aufenthalt"), Wish(101, language="uk", team="Aufenthalt")),
        (Wish(100, account_id=11, counter_id=1), Wish(100, counter_id=1)),
        (Wish(100, account_id=99, counter_id=99, team="x", language="fa"), Wish(100)),
        (Wish(999, language="uk"), Wish(999)),  # served nowhere
    ):
        assert wishes.possible(wish, posts) == left, wish


def test_the_database_asks_the_same_for_every_wish(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        first, second = here.counters[:2]
        first.services, first.team, first.languages = here.services[:1], "Aufenthalt", ["uk", "en"]
        miriam, jonas = account(session), account(session, "jonas")
        wanted = {}
        for number, (service, counter, person, team, language) in enumerate(
            product(
                (0, 1, None),
                (None, first, second),
                (None, miriam, jonas),
                (None, "Aufenthalt", "Fachkräfte"),
                (None, "uk", "ar"),
            ),
            start=1,
        ):
            added = ticket(session, here, number, now, service=service)
            added.for_counter_id = counter.id if counter else None
            added.for_account_id = person.id if person else None
            added.for_team, added.for_language = team, language
            wanted[added] = Wish(added.service_id, added.for_counter_id, added.for_account_id, team, language)
        session.flush()
        post = Post(first.id, miriam.id, first.team, {here.services[0].id}, first.languages)
        asked = wishes.callable_by(first.id, miriam.id, first.languages, first.team)
        found = set(session.scalars(select(Ticket.number).where(*asked)))
        expected = {each.number for each, wish in wanted.items() if order.may_call(wish, post)}
    assert found == expected
    assert 0 < len(found) < len(wanted)
