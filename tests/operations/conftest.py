"""What tests of operations share."""

import pytest

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages import channels
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.timing import Timing
from frontoffice.worker import Context


@pytest.fixture
def context(config: Config, database: Database) -> Context:
    """What a worker's jobs are given."""
    timing = Timing()
    delivery = Delivery(database, channels.providers(config.messages, timing), config.messages, timing)
    return Context(config, database, delivery, stopping=lambda: False)
