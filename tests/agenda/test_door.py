"""Which seats a member of staff may take, and how seats are counted."""

import pytest

from frontoffice.agenda import door as doors
from frontoffice.agenda import seats
from frontoffice.agenda.door import Door, Reach
from frontoffice.booking import sheet
from frontoffice.booking.models import Channel, Share
from frontoffice.errors import NotAllowed
from frontoffice.staff.models import Account, Role


def member(role: Role) -> Account:
    return Account(username="someone", name="Someone", role=role)


def test_the_usual_seats_need_no_right_of_their_own_and_all_others_do() -> None:
    clerk = member(Role.FRONT_DESK)
    assert doors.reaches(clerk) == [Reach.USUAL]
    assert doors.door(clerk, Channel.PHONE, Reach.USUAL) == Door(Channel.PHONE, None)
    for reach in Reach:
        if reach is not Reach.USUAL:
            with pytest.raises(NotAllowed):
                doors.door(clerk, Channel.PHONE, reach)


def test_caseworkers_take_from_all_shares_and_what_the_office_puts_right_spares_emergencies() -> None:
    caseworker = member(Role.CASEWORKER)
    assert doors.reaches(caseworker) == list(Reach)
    assert doors.door(caseworker, Channel.ON_SITE, Reach.EMERGENCY).shares == (Share.EMERGENCY,)
    assert Share.EMERGENCY not in (doors.widest(caseworker).shares or ())
    assert doors.widest(member(Role.FRONT_DESK)).shares is None


def test_what_cannot_be_read_or_is_not_allowed_becomes_the_usual() -> None:
    clerk = member(Role.FRONT_DESK)
    assert doors.read(clerk, "on_site", "emergency") == (Channel.ON_SITE, Reach.USUAL)
    assert doors.read(clerk, "partner", "") == (Channel.PHONE, Reach.USUAL)


def test_seats_are_counted_in_minutes_and_one_too_many_makes_no_free_one() -> None:
    capacity = sheet.seats(sheet.below(12), (2, 1, 0, 0))
    taken = sheet.EMPTY
    for _ in range(3):  # one more than there is
        taken = sheet.occupy(taken, Share.ONLINE, 0, 6)
    online, phone, *_rest = seats.count(capacity, taken)
    assert (online.minutes, online.taken, online.free, online.percent) == (120, 90, 60, 50)
    assert (phone.minutes, phone.taken, phone.free) == (60, 0, 60)
    later, *_rest = seats.count(capacity, taken, first_tick=6)
    assert (later.minutes, later.taken, later.free) == (60, 0, 60)
    assert (online + later).minutes == 180
