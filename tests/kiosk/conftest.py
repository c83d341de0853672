"""A lobby for the kiosk's tests: an office, a device paired with it, and its running program."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kiosk.fake_office import FakeOffice
from tests.kiosk.hall import Hall, opened
from tests.kiosk.lobby import KioskProcess, Visitor, pair


@pytest.fixture
def office() -> Iterator[FakeOffice]:
    """An office that listens."""
    office = FakeOffice()
    yield office
    office.demolish()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The directory of a device that is not paired."""
    return tmp_path / "device"


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., KioskProcess]]:
    """Starts the device's program, as often as wanted; it is ended with the test."""
    started: list[KioskProcess] = []

    def start(patience: float = 3.0, expected: int = 200) -> KioskProcess:
        kiosk = KioskProcess(data, patience)
        started.append(kiosk)
        kiosk.start(expected)
        return kiosk

    yield start
    for kiosk in started:
        # Whatever state it is in: it must stand that at any time.
        kiosk.kill()
        kiosk.forget_port()


@pytest.fixture
def paired(office: FakeOffice, data: Path) -> FakeOffice:
    """The office, with the device paired."""
    pair(office, data)
    return office


@pytest.fixture
def kiosk(paired: FakeOffice, start: Callable[..., KioskProcess]) -> KioskProcess:
    """The running program of a paired device."""
    return start()


@pytest.fixture
def visitor(kiosk: KioskProcess) -> Visitor:
    """A visitor in front of it."""
    return Visitor(kiosk)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """An office with everything and a running kiosk, which the tests of a file share."""
    with opened(tmp_path_factory.mktemp("device")) as hall:
        yield hall


@pytest.fixture
def guest(hall: Hall) -> Visitor:
    """Somebody new in the hall, where nobody has an appointment yet."""
    hall.office.appointments.clear()
    hall.office.late.clear()
    return hall.visitor()
