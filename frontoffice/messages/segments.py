"""How many parts an SMS is sent and paid in, and letters that keep the number low (3GPP TS 23.038)."""

import unicodedata

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "^{}\\[~]|€\f"  # two places each
_WIDTH = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_EXTENDED, 2)}

# One of these would turn the whole text into UCS-2 with less than half the room. Dates bring them in.
_PLAINER = str.maketrans(
    {
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{THIN SPACE}": " ",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{NON-BREAKING HYPHEN}": "-",
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
        "\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
        "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}": '"',
    }
)

_DOTLESS = {"ı": "i", "œ": "oe", "Œ": "OE"}  # letters that are not a letter and an accent to Unicode


def plainer(text: str) -> str:
    """`text` on one line, with typographic characters replaced by those that every SMS can carry.

    Accents that an SMS cannot carry are left out where that makes the whole text basic, as people do themselves when
    they write in Turkish, Spanish or French: "ağustos" is "agustos" then. Other scripts stay as they are.
    """
    usual = " ".join(text.translate(_PLAINER).split())
    without = "".join(letter if letter in _WIDTH else _bare(letter) for letter in usual)
    return without if is_basic(without) else usual


def _bare(letter: str) -> str:
    return _DOTLESS.get(letter) or unicodedata.normalize("NFD", letter)[0]


def segments(text: str) -> int:
    """The number of parts that `text` takes as an SMS; 1 for an empty one."""
    if is_basic(text):
        return _parts([_WIDTH[letter] for letter in text], 160, 153)
    return _parts([2 if ord(letter) > 0xFFFF else 1 for letter in text], 70, 67)


def is_basic(text: str) -> bool:
    """Whether every letter is one of those of which 160 go into one part."""
    return all(letter in _WIDTH for letter in text)


def _parts(widths: list[int], alone: int, linked: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, room = 1, linked
    for width in widths:  # a letter of two places is never torn apart
        if width > room:
            parts, room = parts + 1, linked
        room -= width
    return parts
