"""What the tests of the draw can ask for: the office of the booking tests."""

from tests.booking.conftest import clock, counselling, planned, renewal, rules, visitor

__all__ = ["clock", "counselling", "planned", "renewal", "rules", "visitor"]
