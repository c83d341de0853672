"""Everybody who can ask the API for something, each with what proves to be them, in an office where they have work."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from frontoffice.booking import appointing, holding, planning, search
from frontoffice.booking.person import Person
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.partners.models import Scope
from frontoffice.staff.models import Role
from frontoffice.staff.roles import MAY, Permission
from frontoffice.vault import Vault
from frontoffice.web.needs import Kind, Need
from tests.conftest import KEY
from tests.line.parts import CREDENTIAL, account, kiosk, ticket, token
from tests.partners.parts import add_partner
from tests.sample import RENEWAL, sample_office

SITE = {"site": {"base_url": "http://localhost", "secret_keys": [KEY]}}


class Machine(StrEnum):
    """Who asks and is no member of staff."""

    VISITOR = "visitor"
    APPOINTMENT = "appointment"  # who has the secret of an appointment
    DEVICE = "device"
    PARTNER = "partner"
    SYSTEM = "system"


Caller = Machine | Role
CALLERS: list[Caller] = [*Machine, *Role]
OF_MACHINES: dict[Need, Caller] = {
    Kind.PUBLIC: Machine.VISITOR,
    Kind.LINK: Machine.APPOINTMENT,
    Kind.DEVICE: Machine.DEVICE,
    Kind.PARTNER: Machine.PARTNER,
    Kind.SYSTEM: Machine.SYSTEM,
}


@dataclass(frozen=True)
class Known:
    """What there is: by the names that paths call it, and what each caller sends as the bearer's token."""

    paths: dict[str, str | int]
    tokens: dict[Caller, str | None]


def filled(url: str, vault: Vault) -> Known:
    """An office with an appointment, tickets that wait, accounts of every role, a kiosk, a partner and a system."""
    config = Config.model_validate({**SITE, "database": {"url": url}})
    database, now = Database(url, vault), datetime.now(UTC)
    tokens: dict[Caller, str | None] = {Machine.VISITOR: None}
    with database.write() as session:
        place = sample_office(session)
        planning.plan(session, place, now.date(), 14, now)
        wanted = visit([(next(each for each in place.services if each.slug == RENEWAL), 1)])
        start = search.next_free(session, place, wanted, now.date(), now=now, rules=config.booking)
        assert start is not None
        _, held = holding.hold(session, place, wanted, start, now, rules=config.booking)
        person = Person("Amina Diallo", now.date().replace(year=1991, day=1), "amina@mail.example", None)
        appointment = appointing.book(session, held, person, "en", now, settings=config)
        tokens[Machine.APPOINTMENT] = appointing.secret_of(session, appointment)
        paths = {
            "office": place.slug,
            "counter": place.counters[0].id,
            "reference": appointment.reference,
        }
        for role in Role:
            tokens[role] = token(session, account(session, role.value, role, place), now)
        kiosk(session, place)
        tokens[Machine.DEVICE] = CREDENTIAL.format(series="A")
        for number in range(1, 4):
            ticket(session, place, number, now)
    tokens[Machine.PARTNER] = add_partner(database).token
    tokens[Machine.SYSTEM] = add_partner(database, "System", scopes=(Scope.WATCHES, Scope.CARDS)).token
    with database.engine.connect() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return Known(paths, tokens)


def who_may(needs: frozenset[Need]) -> Caller:
    """Somebody for whom the operation is; a team lead where that is possible, who may do most."""
    for need in needs:
        if need in OF_MACHINES:
            return OF_MACHINES[need]
    return next(role for role in (Role.TEAM_LEAD, *Role) if needs & MAY[role])


def refusals(caller: Caller, needs: frozenset[Need], path: str) -> set[int]:
    """How it is said to the caller that this is not for them; empty where it is."""
    if path == "/api/v1/partner":  # every token is told whose it is
        needs |= {Kind.SYSTEM}
    if Kind.PUBLIC in needs or caller in {OF_MACHINES.get(each) for each in needs}:
        return set()
    if Kind.LINK in needs:
        return {401, 404}  # a wrong secret is answered as an unknown reference
    if needs & {Kind.PARTNER, Kind.SYSTEM}:
        return {403} if caller in (Machine.PARTNER, Machine.SYSTEM) else {401}
    if isinstance(caller, Machine) or not any(isinstance(each, Permission) for each in needs):
        return {401}
    return set() if needs & MAY[caller] else {403}
