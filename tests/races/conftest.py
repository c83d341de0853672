"""What every race can ask for."""

from collections.abc import Iterator

import pytest

from tests.races.crew import Crew


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Four processes."""
    crew = Crew()
    yield crew
    crew.dismiss()
