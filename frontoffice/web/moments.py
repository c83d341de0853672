"""How moments are written where a page is about no office, or about several: day and time by the house's clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask_babel import get_locale

ZONE = ZoneInfo("Europe/Berlin")


def moment(at: datetime) -> str:
    """23.11.26, 08:00."""
    locale = get_locale()
    form = "d MMM y, HH:mm" if locale and locale.language == "en" else "dd.MM.y, HH:mm"
    return format_datetime(at, form, tzinfo=ZONE, locale=locale)
