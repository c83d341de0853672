"""What the tests of the waiting list can ask for: the office of the booking tests, and rules that let offers be."""

import pytest

from frontoffice.config import Config
from tests.booking.conftest import planned, renewal, rules

__all__ = ["planned", "renewal", "rules"]


@pytest.fixture
def config(config: Config) -> Config:
    """As usual, but a time that is given back an hour before its start is offered too."""
    booking = config.booking.model_copy(update={"return_at_once_hours": 0})
    return config.model_copy(update={"booking": booking})
