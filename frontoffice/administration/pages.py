"""The pages of the settings, put together."""

from frontoffice.administration import (
    channel_pages,
    counter_pages,
    day_pages,
    file_pages,
    office_pages,
    schedule_pages,
    service_pages,
    text_pages,
)
from frontoffice.administration.shell import pages

__all__ = [
    "channel_pages",
    "counter_pages",
    "day_pages",
    "file_pages",
    "office_pages",
    "pages",
    "schedule_pages",
    "service_pages",
    "text_pages",
]
