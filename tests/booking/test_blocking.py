"""The block list: who is on it, for how long, and that it does not say who is on it."""

from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import select

from frontoffice.booking import blocking
from frontoffice.booking.models import Blocked, BlockedKind
from frontoffice.db import Database
from frontoffice.errors import Invalid, NotFound
from frontoffice.vault import Vault
from tests.conftest import KEY

CLERK = "account:1"
Address = IPv4Address | IPv6Address


def block(
    database: Database,
    kind: BlockedKind,
    value: str,
    now: datetime,
    *,
    until: datetime | None = None,
    reason: str = "sells appointments",
) -> int:
    """Put something on the list; gives the number of its row."""
    with database.write() as session:
        return blocking.block(session, kind, value, reason, until, now, actor=CLERK).id


def is_blocked(database: Database, address: str | None, now: datetime) -> bool:
    """Whether this address may not book."""
    with database.read() as session:
        return blocking.is_network_blocked(session, address, now)


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("192.0.2.17", ["192.0.2.17", "::ffff:192.0.2.17"], ["192.0.2.16", "192.0.2.18"]),
        ("192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
        ("192.0.2.77/24", ["192.0.2.0"], ["192.0.3.0"]),
        ("10.1.0.0/16", ["10.1.255.255"], ["10.2.0.0"]),
        ("198.51.100.128/27", ["198.51.100.159"], ["198.51.100.160"]),
        ("2001:db8:1:2::/64", ["2001:db8:1:2::1", "2001:db8:1:2:ffff::"], ["2001:db8:1:3::1"]),
        ("2001:db8:1:2::5", ["2001:db8:1:2::1"], ["2001:db8:1:3::1"]),
        ("2001:db8::/32", ["2001:db8:ffff::1"], ["2001:db9::1", "192.0.2.17"]),
    ],
)
def test_a_network_is_blocked_with_everything_in_it(
    database: Database, now: datetime, network: str, inside: list[str], outside: list[str]
) -> None:
    assert not any(is_blocked(database, each, now) for each in inside)
    block(database, BlockedKind.NETWORK, network, now)
    assert all(is_blocked(database, each, now) for each in inside)
    assert not any(is_blocked(database, each, now) for each in outside)
    assert not any(is_blocked(database, each, now) for each in (None, "", "nonsense", "unix:"))


@given(st.ip_addresses(), st.ip_addresses(), st.data())
def test_an_address_is_looked_for_in_exactly_the_networks_it_lies_in(
    address: Address, other: Address, data: st.DataObject
) -> None:
    length = data.draw(st.sampled_from(blocking.LENGTHS[address.version]))
    network = blocking._network(f"{address}/{length}")
    assume(getattr(other, "ipv4_mapped", None) is None and getattr(address, "ipv4_mapped", None) is None)
    assert network in blocking._prefixes(address)
    assert (network in blocking._prefixes(other)) == (other in network)


def test_a_block_ends_by_itself_or_when_it_is_taken_back(database: Database, now: datetime) -> None:
    until = now + timedelta(days=1)
    block(database, BlockedKind.NETWORK, "192.0.2.1", now, until=until)
    number = block(database, BlockedKind.NETWORK, "192.0.2.2", now)
    assert is_blocked(database, "192.0.2.1", until - timedelta(seconds=1))
    assert not is_blocked(database, "192.0.2.1", until)
    with database.read() as session:
        assert len(blocking.listed(session, now)) == 2
        assert [each.id for each in blocking.listed(session, until)] == [number]
        assert [each.until for each in blocking.listed(session, until, ended=True)] == [until]
    with database.write() as session:
        assert blocking.forget(session, until + blocking.REMEMBERED - timedelta(seconds=1)) == 0
        assert blocking.forget(session, until + blocking.REMEMBERED) == 1
        blocking.unblock(session, number)
    assert not is_blocked(database, "192.0.2.2", now)
    with pytest.raises(NotFound), database.write() as session:
        blocking.unblock(session, number)


def test_the_same_value_again_changes_the_row(database: Database, database_url: str, now: datetime) -> None:
    first = block(database, BlockedKind.MAIL, "trader@example.org", now)
    until = now + timedelta(days=7)
    rotated = Database(database_url, Vault(["a newer key that is long enough to be one", KEY]))
    assert (
        block(rotated, BlockedKind.MAIL, "T.rader+2@example.org", now, until=until, reason="again") == first
    )
    with rotated.read() as session:
        (row,) = blocking.listed(session, now)
        assert (row.reason, row.until, row.blocked_by) == ("again", until, CLERK)
        assert blocking.found(session, BlockedKind.MAIL, "trader@EXAMPLE.org", now) is row
        assert blocking.found(session, BlockedKind.MAIL, "trader@EXAMPLE.org", until) is None
    rotated.close()


def test_the_list_does_not_tell_who_is_on_it(database: Database, now: datetime) -> None:
    for kind, value in (
        (BlockedKind.PERSON, "Olena Kowalenko 1991-03-27"),
        (BlockedKind.MAIL, "olena@example.org"),
        (BlockedKind.PHONE, "+4915123456789"),
        (BlockedKind.NETWORK, "192.0.2.0/24"),
    ):
        block(database, kind, value, now)
    with database.read() as session:
        rows = session.execute(select(Blocked.__table__)).all()
    assert len(rows) == 4
    for secret in ("lena", "1991", "example", "4915", "192.0"):
        assert not any(secret in str(row) for row in rows)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (BlockedKind.PERSON, "Olena Kowalenko"),
        (BlockedKind.PERSON, "Olena Kowalenko 31.02.1991"),
        (BlockedKind.PERSON, "27.03.1991"),
        (BlockedKind.PERSON, ""),
        (BlockedKind.MAIL, "olena"),
        (BlockedKind.PHONE, "12"),
        (BlockedKind.NETWORK, "everybody"),
        (BlockedKind.NETWORK, "0.0.0.0/0"),
        (BlockedKind.NETWORK, "10.0.0.0/8"),
        (BlockedKind.NETWORK, "2001:db8::/33"),
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(
    database: Database, now: datetime, kind: BlockedKind, value: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        block(database, kind, value, now)
    assert refusal.value.field == "value"


def test_a_block_has_a_reason_and_an_end_that_is_to_come(database: Database, now: datetime) -> None:
    with pytest.raises(Invalid) as no_reason:
        block(database, BlockedKind.PHONE, "+4915123456789", now, reason="  ")
    with pytest.raises(Invalid) as over:
        block(database, BlockedKind.PHONE, "+4915123456789", now, until=now)
    assert (no_reason.value.field, over.value.field) == ("reason", "until")
