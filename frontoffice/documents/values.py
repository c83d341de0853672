"""What stands in the rows of deliveries: days as other systems write them."""

import re
from datetime import date

from frontoffice.errors import N_, Invalid

_FORMS = (
    re.compile(
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    ),
    re.compile(r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)"),
)


def day(field: str, text: str) -> date:
    """A day: 2027-03-04 (a time behind it does not matter), 4.3.2027 or 20270304. Raises Invalid for that field."""
    for form in _FORMS:
        found = form.fullmatch(text)
        if found:
            try:
                return date(int(found["year"]), int(found["month"]), int(found["day"]))
            except ValueError:
                break
    raise Invalid(field, N_("This is no date. Please write it like 2027-03-04, 04.03.2027 or 20270304."))
