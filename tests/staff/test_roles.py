"""Which role may do what."""

import pytest

from frontoffice.errors import NotAllowed
from frontoffice.staff import roles
from frontoffice.staff.models import Account, AccountOffice, Role
from frontoffice.staff.roles import Permission


def member(role: Role, office_id: int | None = None) -> Account:
    places = [AccountOffice(office_id=office_id)] if office_id else []
    return Account(username="someone", name="Someone", role=role, everywhere=not places, places=places)


def test_every_role_is_in_the_table_and_the_table_cannot_be_changed() -> None:
    assert set(roles.MAY) == set(Role)
    with pytest.raises(TypeError):
        roles.MAY[Role.AUDITOR] = frozenset(Permission)  # type: ignore[index]


def test_who_serves_may_call_and_who_only_runs_the_system_may_not() -> None:
    for role in (Role.FRONT_DESK, Role.CASEWORKER, Role.TEAM_LEAD):
        roles.require(member(role), Permission.SERVE)
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            roles.require(member(role), Permission.SERVE)


def test_only_leads_and_administrators_close_a_colleagues_counter() -> None:
    allowed = {role for role in Role if roles.may(member(role), Permission.CLOSE_ANY_COUNTER)}
    assert allowed == {Role.TEAM_LEAD, Role.ADMINISTRATOR}


def test_an_account_of_one_office_is_nobody_at_another_and_one_without_is_at_home_everywhere() -> None:
    roles.require_office(member(Role.FRONT_DESK, office_id=1), 1)
    roles.require_office(member(Role.FRONT_DESK, office_id=None), 2)
    with pytest.raises(NotAllowed):
        roles.require_office(member(Role.FRONT_DESK, office_id=1), 2)
    nowhere = Account(username="nobody", name="Nobody", role=Role.TEAM_LEAD, everywhere=False)
    with pytest.raises(NotAllowed):
        roles.require_office(nowhere, 1)
