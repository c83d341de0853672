"""Alarms and calls for help: seen by all, answered by one, over when somebody says so."""

from datetime import datetime, timedelta

import pytest

from frontoffice.db import Database
from frontoffice.line import helping, staffing
from frontoffice.line.helping import Cry, IsOver
from frontoffice.line.wishes import NobodyCan
from frontoffice.offices.models import Office
from tests.line.desks import Desks

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desks(database: Database, office: Office, now: datetime) -> Desks:
    return Desks(database, office, now)


def cries(desks: Desks) -> list[Cry]:
    with desks.database.read() as session:
        return list(helping.cries(session, desks.office.id, desks.now))


def test_a_call_for_help_shows_who_is_coming_until_it_is_over(desks: Desks) -> None:
    desks.do(staffing.call_for_help, 1)
    [cry] = cries(desks)
    assert (cry.counter, cry.is_alarm, cry.asked, list(cry.coming)) == ("1", False, "", [])
    desks.do(helping.answer, 2, cry.number)
    desks.do(helping.answer, 2, cry.number)
    assert list(cries(desks)[0].coming) == ["2"], "saying so twice is coming once"
    desks.do(helping.settle, 1, cry.number)
    assert cries(desks) == []
    with pytest.raises(IsOver):
        desks.do(helping.answer, 2, cry.number)


def test_a_certain_counter_can_be_asked_if_it_is_open(desks: Desks) -> None:
    desks.do(staffing.call_for_help, 1, from_counter_id=desks.ids[1])
    assert cries(desks)[0].asked == "2"
    with pytest.raises(NobodyCan):
        desks.do(staffing.call_for_help, 1, from_counter_id=desks.ids[4])


def test_alarms_stand_first_and_longer(desks: Desks) -> None:
    desks.do(staffing.alarm, 1)
    desks.now += MINUTE
    desks.do(staffing.call_for_help, 2)
    assert [(cry.is_alarm, cry.counter) for cry in cries(desks)] == [(True, "1"), (False, "2")]
    desks.now += 10 * MINUTE
    assert [cry.is_alarm for cry in cries(desks)] == [True]
    desks.now += 20 * MINUTE
    assert cries(desks) == []
