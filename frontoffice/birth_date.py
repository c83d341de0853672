"""Dates of birth as people have them: in any usual order, in any digits, with a day or month that nobody knows.

In many passports the day, or day and month, are not known. Germany writes them as zeros (00.00.1980), the line
for machines leaves them open (ICAO Doc 9303-3, 4.8). A whole date is a `date`; one with unknown parts is
`Incomplete`. Both have `isoformat()`, which is what is kept and compared: 1991-03-27, 1980-05-00, 1980-00-00.
"""

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache

from babel import Locale
from babel.dates import format_date, format_skeleton, get_month_names

from frontoffice import languages
from frontoffice.errors import N_, Invalid

EARLIEST = 1900

# The years that a calendar counts now and a lifetime back, seen from ours: Iran's and Afghanistan's, and the Islamic.
_OTHER_CALENDARS = range(1278, 1500)

_UNKNOWN = re.compile(r"0{1,2}|[x?*_\-–—<]{1,2}", re.IGNORECASE)
_TIME = re.compile(r"[T\s]0?0:00(:00(\.0+)?)?(Z|[+-]00:?00)?$")  # what a spreadsheet adds to a date
_PARTED = re.compile(r"[\s./,،;:|\\\u200e\u200f\u061c]+|(?<=[^\W_])[-–](?=[^\W_])")
_ORDINAL = re.compile(r"(?<=\d)(st|nd|rd|th|er|\.?º)$", re.IGNORECASE)
# Where one language has other names for the months: the Levant and Iraq, the Maghreb, Afghanistan.
_OTHER_MONTHS = ("ar_SY", "ar_DZ", "ar_MA", "fa_AF")
_FILLING = {"de", "del", "of", "г", "г.", "року", "р"}  # 27 de marzo de 1991, 27 марта 1991 г.


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A date of birth of which only the year is known, or year and month; what is not known is 0."""

    year: int
    month: int = 0
    day: int = 0

    def isoformat(self) -> str:
        """1980-00-00."""
        return f"{self.year:04}-{self.month:02}-{self.day:02}"

    def __format__(self, form: str) -> str:
        """As a date does, with zeros for what is not known: %d.%m.%Y gives 00.00.1980."""
        parts = {"%d": f"{self.day:02}", "%m": f"{self.month:02}", "%Y": f"{self.year:04}"}
        return re.sub("%[dmY]", lambda part: parts[part[0]], form) if form else self.isoformat()

    def strftime(self, form: str) -> str:
        """As a date's."""
        return format(self, form)


BirthDate = date | Incomplete


def parse(typed: str, today: date) -> BirthDate:
    """A date of birth as somebody typed it: 27.3.1991, 27/03/1991, 1991-03-27, 27 März 1991, 27031991, 00.00.1980.

    Day before month, as everywhere but in America; a month before the day is understood where it can be nothing else.
    Raises Invalid (field `born`), which says what to do.
    """
    tidy = _tidy(_TIME.sub("", typed.strip()))
    if re.fullmatch(r"\d{8}", tidy):
        year_last = EARLIEST <= int(tidy[4:]) <= today.year
        tidy = f"{tidy[:2]} {tidy[2:4]} {tidy[4:]}" if year_last else f"{tidy[:4]} {tidy[4:6]} {tidy[6:]}"
    parts = [_ORDINAL.sub("", part) for part in _PARTED.split(tidy) if part and part not in _FILLING]
    if len(parts) != 3:
        raise Invalid("born", N_("Please enter your date of birth: day, month and year."))
    first, middle, last = parts
    if len(first) == 4 and first.isdecimal():
        return of_parts(last, middle, first, today)
    month_first = month_of(first) and not first.isdecimal()
    if month_first or (middle.isdecimal() and int(middle) > 12 and first.isdecimal() and int(first) <= 12):
        first, middle = middle, first
    return of_parts(first, middle, last, today)


def of_parts(day: str, month: str, year: str, today: date) -> BirthDate:
    """A date of birth from its three parts, in digits of any script; the month may be a word, unknown parts 00.

    Who types the whole date into the field for the day has it read as `parse` does. Raises Invalid (field `born`).
    """
    if len(day.strip()) > 2 and not (month.strip() or year.strip()):
        return parse(day, today)
    parts = [_tidy(each) for each in (day, month, year)]
    if not all(parts):
        raise Invalid(
            "born",
            N_("Please enter your date of birth: day, month and year. What your passport does not say: 00."),
        )
    known_day, known_month = _number(parts[0]), month_of(parts[1])
    if known_day is None or known_month is None or not re.fullmatch(r"\d{4}", parts[2]):
        raise Invalid("born", N_("Please enter your date of birth in numbers, the year with four digits."))
    return _checked(known_day, known_month, int(parts[2]), today)


def month_of(typed: str) -> int | None:
    """A month as a number, in digits of any script or as a word of any of our languages; 0 if left open, else None."""
    tidy = _tidy(typed)
    number = _number(tidy)
    return number if number is not None else _months().get(tidy.casefold().rstrip("."))


def from_iso(kept: str) -> BirthDate:
    """What `isoformat()` gave. Raises ValueError."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", kept, re.ASCII)
    if found is None:
        raise ValueError(f"not a date of birth: {kept!r}")
    year, month, day = map(int, found.groups())
    if month and day:
        return date(year, month, day)
    return _incomplete(year, month, day)


def written(born: BirthDate, language: str) -> str:
    """As the language writes it: 27/03/1991; of an incomplete one what is known: May 1980, 1980."""
    locale = languages.writing_of(language)
    if isinstance(born, Incomplete):
        skeleton, known = ("yMMMM", born.month) if born.month else ("y", 1)
        return format_skeleton(skeleton, date(born.year, known, 1), locale=locale)
    return format_date(born, _numeric(str(locale)), locale)


def _checked(day: int, month: int, year: int, today: date) -> BirthDate:
    if year in _OTHER_CALENDARS:
        raise Invalid(
            "born", N_("Please enter the date as it stands in your passport, with a year such as 1991.")
        )
    try:
        born = date(year, month, day) if day and month else _incomplete(year, month, day)
    except ValueError:
        raise Invalid("born", N_("This date does not exist. Please check day, month and year.")) from None
    if (year, month, day) > (today.year, today.month, today.day):
        raise Invalid("born", N_("This date lies in the future. Please check the year."))
    if year < EARLIEST:
        raise Invalid("born", N_("This date lies too far in the past. Please check the year."))
    return born


def _incomplete(year: int, month: int, day: int) -> Incomplete:
    if not (1 <= year <= 9999 and month <= 12) or (day and not month):
        raise ValueError("a day needs its month")
    return Incomplete(year, month, day)


def _number(typed: str) -> int | None:
    if _UNKNOWN.fullmatch(typed):
        return 0
    return int(typed) if re.fullmatch(r"\d{1,2}", typed) else None


def _tidy(typed: str) -> str:
    """Digits of every script as 0–9, letters in one form."""
    text = unicodedata.normalize("NFC", typed.strip())
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


@cache
def _months() -> dict[str, int]:
    """The names of months in all our languages; one that means two of them is left out."""
    names: dict[str, set[int]] = {}
    ours = (languages.writing_of(code) for code in (*languages.SUPPORTED, *languages.COMING))
    for locale in (*ours, *map(Locale.parse, _OTHER_MONTHS)):
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale).items():
                    names.setdefault(_tidy(name).casefold().rstrip("."), set()).add(number)
    for number, name in enumerate(calendar.month_name):
        names.setdefault(name.casefold(), set()).add(number)
    return {name: numbers.pop() for name, numbers in names.items() if len(numbers) == 1 and name}


@cache
def _numeric(locale: str) -> str:
    """The language's own order of the numbers, with two digits for day and month and four for the year."""
    short: str = Locale.parse(locale).date_formats["short"].pattern
    for letter, digits in (("d", "dd"), ("M", "MM"), ("y", "y")):
        short = re.sub(f"{letter}+", digits, short)
    return short
