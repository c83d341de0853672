"""The pages of the agenda, put together."""

from frontoffice.agenda import (
    appointment_pages,
    block_pages,
    booking_pages,
    day_pages,
    lead_pages,
    message_pages,
)
from frontoffice.agenda.shell import pages

__all__ = [
    "appointment_pages",
    "block_pages",
    "booking_pages",
    "day_pages",
    "lead_pages",
    "message_pages",
    "pages",
]
