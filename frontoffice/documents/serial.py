"""The numbers of a card, as people type them, scanners send them and cameras read them. Pure.

The serial number of an electronic residence permit has nine characters, four for the authority and five at random,
of an alphabet without vowels and without letters that are mistaken for others; it begins with a letter. In the
machine-readable zone (ICAO Doc 9303, parts 3 and 5) a check digit follows each field: weights 7, 3, 1, modulo 10.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from frontoffice import birth_date
from frontoffice.errors import N_, Invalid

ALPHABET = "0123456789CFGHJKLMNPRTVWXYZ"
LENGTH = 9
LONGEST_TYPED = 400  # characters of three lines with whatever stands around them
FILLER = "<"

# An order number is whatever the specialist system writes on the leaflet: letters and digits, at least one digit.
_ORDER = re.compile(r"(?=.*[0-9])[A-Z0-9]{6,20}")
_PUNCTUATION = re.compile(r"[\s\-./_·–—]+")

# What cameras read for a digit, and in serial numbers for digits and letters that do occur in them.
_AS_DIGITS = str.maketrans("OQDILSBZG", "000115826")
_NEVER_IN_SERIALS = str.maketrans("OQDISB", "000158")
# Only pairs that the check digit tells apart: not 6 and G, or 1 and L, whose values differ by tens.
_ALIKE = {"2": "Z", "Z": "2", "7": "T", "T": "7", "V": "Y", "Y": "V"}

_FIRST_LINE = re.compile(r"(?P<code>[AIC][A-Z0-9<])[DO0]<<(?P<serial>[A-Z0-9]{9})(?P<check>[A-Z0-9])")
_SECOND_LINE = re.compile(
    r"(?P<born>[A-Z0-9<]{6})(?P<check>[A-Z0-9])[MFX<](?P<expiry>[A-Z0-9<]{6})(?P<last>[A-Z0-9])"
)
# Two lines of 36 (TD2): the names stand in the first one, all else in the second.
_TWO_LINES = re.compile(
    r"(?P<serial>[A-Z0-9]{9})(?P<serial_check>[A-Z0-9])[DO0]?[A-Z<]{2,3}"
    r"(?P<born>[A-Z0-9<]{6})(?P<check>[A-Z0-9])[MFX<](?P<expiry>[A-Z0-9<]{6})(?P<last>[A-Z0-9])"
)


class NotReadable(Invalid):
    """The machine-readable lines were not copied or read as they are."""

    code = "not_readable"

    def __init__(self, field: str = "number") -> None:
        super().__init__(
            field,
            N_(
                "We could not read these lines for certain. Please take the picture again in good light, "
                "or enter the serial number and the date of birth."
            ),
        )


@dataclass(frozen=True, slots=True)
class Lines:
    """What the machine-readable lines say: serial number, date of birth ("1990-03-07", with "00" for what is unknown),
    and until when the card is valid (None where that cannot be read for certain)."""

    serial: str
    born: str
    valid_until: date | None


class Meant(NamedTuple):
    """A number in the form that is compared.

    `number` is a serial or an order number, `order` the order number that it may be as well, and `doubt` what is to be
    said where nothing is found: it resembles a serial number with an error.
    """

    number: str
    order: str | None = None
    doubt: Invalid | None = None


def check_digit(field: str) -> int:
    """The check digit of a field: weights 7, 3, 1; A is 10 … Z is 35, `<` is 0 (ICAO Doc 9303-3, 4.9)."""
    values = (0 if each == FILLER else int(each, 36) for each in field)
    return sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10


def tidy(typed: str) -> str:
    """A number in capital letters, without spaces and hyphens, each O as 0: the form that is compared."""
    return _PUNCTUATION.sub("", typed[:LONGEST_TYPED]).upper().replace("O", "0")


def serial_number(typed: str, field: str = "number") -> str:
    """A serial number, with its check digit behind it or without. Raises Invalid, which says what is wrong."""
    tidied = tidy(typed)
    serial = tidied[:LENGTH]
    if len(tidied) not in (LENGTH, LENGTH + 1):
        raise Invalid(
            field,
            N_("A serial number has nine letters and numbers. You entered %(length)s."),
            length=len(tidied),
        )
    wrong = next((each for each in serial if each not in ALPHABET), None)
    if wrong is not None:
        raise Invalid(
            field,
            N_("“%(letter)s” does not occur in serial numbers. Please compare with the card, sign by sign."),
            letter=wrong,
        )
    if serial[0].isdigit():
        raise Invalid(field, N_("A serial number begins with a letter. Please compare with the card."))
    if len(tidied) > LENGTH and tidied[LENGTH] != str(check_digit(serial)):
        raise Invalid(
            field,
            N_("There is a typing error in this serial number. Please compare with the card, sign by sign."),
        )
    return serial


def meant(typed: str, field: str = "number") -> Meant:
    """What somebody who types a serial number or an order number can mean. Raises Invalid for what can be neither.

    An order number may begin like a serial number, and look like one with a typing error: only whether it is found
    tells the two apart.
    """
    tidied = tidy(typed)
    if not tidied:
        raise Invalid(field, N_("Please enter the serial number or the order number."))
    order = tidied if _ORDER.fullmatch(tidied) else None
    try:
        found = serial_number(tidied, field)
    except Invalid as problem:
        is_doubtful = _looks_like_a_serial(tidied)
        if order is not None:
            return Meant(order, None, problem if is_doubtful else None)
        if is_doubtful:
            raise
        raise Invalid(
            field,
            N_(
                "This is neither a serial number (nine letters and numbers) nor an order number "
                "(it stands on your leaflet). Please check it."
            ),
        ) from problem
    return Meant(found, None if order == found else order, None)


def order_number(typed: str, field: str = "order") -> str:
    """An order number in the form that is compared: 6 to 20 letters and digits. Raises Invalid."""
    tidied = tidy(typed)
    if not _ORDER.fullmatch(tidied):
        raise Invalid(field, N_("An order number has 6 to 20 letters and numbers."))
    return tidied


def birth(day: str, month: str, year: str, today: date) -> str:
    """A date of birth as "1990-03-07". Where a passport names no day or no month it is "00". Raises Invalid (born)."""
    return birth_date.of_parts(day, month, year, today).isoformat()


def birth_from(text: str, today: date, field: str = "born") -> str:
    """A date of birth in ISO form, checked; "1990-00-00" where only the year is known. Raises Invalid."""
    matched = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)
    if not matched or not text.isascii():
        raise Invalid(field, N_("Please enter the date of birth like this: 1990-03-07."))
    year, month, day = (int(each) for each in matched.groups())
    try:
        born = date(year, month or 1, day or 1)
    except ValueError:
        raise Invalid(field, N_("This date does not exist. Please check day, month and year.")) from None
    if born > today:
        raise Invalid(field, N_("This date lies in the future. Please check the year."))
    if year < 1900:
        raise Invalid(field, N_("This date lies too far in the past. Please check the year."))
    return text


def are_lines(typed: str) -> bool:
    """Whether that is meant as machine-readable lines, and not as a number."""
    return any(each in typed for each in "<«‹") or len(tidy(typed)) > 26


def lines(typed: str, today: date, field: str = "number") -> Lines:
    """What the machine-readable lines say, as a camera or a person copied them: two or three of them.

    Spaces, small letters and `«` do not matter. Letters and digits that are mistaken for each other are mended
    where only one reading agrees with the check digits. Raises NotReadable.
    """
    for first, second in _pairs(typed):
        serial = _serial(first["serial"], first.get("serial_check") or first["check"])
        born = _numeric_date(second["born"], second["check"])
        if serial is None or born is None:
            continue
        year, month, day = _century(born, today, past=True)
        try:
            known = birth_from(f"{year:04}-{month:02}-{day:02}", today)
        except Invalid:
            continue
        return Lines(serial, known, _valid_until(second["expiry"], second["last"], today))
    raise NotReadable(field)


def serial_in(typed: str) -> str | None:
    """The serial number in the first machine-readable line by itself, as scanners send it line by line; else None."""
    for text in _texts(typed):
        for matched in _FIRST_LINE.finditer(text):
            serial = _serial(matched["serial"], matched["check"])
            if serial:
                return serial
    return None


def is_other_line(typed: str) -> bool:
    """Whether that is the second or third machine-readable line by itself, which a scanner sends after the first."""
    texts = _texts(typed)
    return any(_SECOND_LINE.match(text) for text in texts) or any(
        FILLER in text and not any(each.isdigit() for each in text) for text in texts
    )


def _looks_like_a_serial(tidied: str) -> bool:
    """Nine or ten characters, beginning with a letter, nearly all of the alphabet: somebody meant a serial number."""
    if len(tidied) not in (LENGTH, LENGTH + 1) or tidied[0] not in ALPHABET or tidied[0].isdigit():
        return False
    return sum(each not in ALPHABET for each in tidied) <= 2


def _texts(typed: str) -> list[str]:
    text = typed[:LONGEST_TYPED].upper().replace("«", "<<").replace("‹", "<").replace("〈", "<")
    return [re.sub(r"[^A-Z0-9<]", "", line) for line in text.splitlines() if line.strip()]


def _pairs(typed: str) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Where the serial number, and where the date of birth may stand."""
    texts = _texts(typed)
    whole = "".join(texts)
    for text in (*texts, whole):
        for matched in _TWO_LINES.finditer(text):
            yield matched.groupdict(), matched.groupdict()
    for first in _FIRST_LINE.finditer(whole):
        # After the first line, wherever the lines were broken: what is no date fails at its check digit.
        for start in range(first.end(), len(whole)):
            second = _SECOND_LINE.match(whole, start)
            if second:
                yield first.groupdict(), second.groupdict()


def _serial(read: str, check: str) -> str | None:
    """The serial number that was meant; None where none, or more than one, agrees with the check digit."""
    serial, digit = read.translate(_NEVER_IN_SERIALS), check.translate(_AS_DIGITS)
    if not digit.isdigit():
        return None
    meant = {each for each in (serial, *_readings(serial)) if _is_serial(each)}
    if serial in meant and check_digit(serial) == int(digit):
        return serial
    fitting = [each for each in meant if check_digit(each) == int(digit)]
    return fitting[0] if len(fitting) == 1 else None


def _readings(serial: str) -> Iterator[str]:
    """The same with one sign taken for the one that resembles it."""
    for place, each in enumerate(serial):
        if each in _ALIKE:
            yield serial[:place] + _ALIKE[each] + serial[place + 1 :]


def _is_serial(text: str) -> bool:
    return all(each in ALPHABET for each in text) and not text[0].isdigit()


def _numeric_date(read: str, check: str) -> tuple[int, int, int] | None:
    """Year (two digits), month and day; None where the check digit says otherwise. Unknown parts are 0."""
    digits, digit = read.translate(_AS_DIGITS), check.translate(_AS_DIGITS)
    if not digit.isdigit() or check_digit(digits) != int(digit):
        return None
    digits = digits.replace(FILLER, "0")
    if not digits.isdigit():
        return None
    return int(digits[:2]), int(digits[2:4]), int(digits[4:])


def _century(parts: tuple[int, int, int], today: date, *, past: bool) -> tuple[int, int, int]:
    """With the year in full: a birth is the last such day until today, an expiry the first after ten years ago."""
    year, month, day = parts
    full = today.year // 100 * 100 + year
    if past:
        is_later = (full, month, day) > (today.year, today.month, today.day)
        return (full - 100 if is_later else full), month, day
    return (full + 100 if full < today.year - 10 else full), month, day


def _valid_until(read: str, check: str, today: date) -> date | None:
    parts = _numeric_date(read, check)
    if parts is None:
        return None
    try:
        return date(*_century(parts, today, past=False))
    except ValueError:
        return None
