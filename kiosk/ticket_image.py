"""A ticket drawn as a picture, so that every script prints: Arabic shaped and right to left, Cyrillic, Turkish."""

import re
from dataclasses import dataclass

import arabic_reshaper
from bidi.algorithm import get_display
from PIL import Image, ImageDraw

from kiosk import fonts, qr

WIDTH = 576  # dots: what a printer for 80 mm paper prints on a line
MARGIN = 12
LARGEST_NUMBER = 170
INK_BELOW = 150  # of 255: lighter dots at the rims of letters stay white

# They keep text of the other direction apart on screens; what orders the letters on paper knows none of them.
_ISOLATES = re.compile("[\u2066-\u2069]")


@dataclass(frozen=True)
class TicketSlip:
    """What stands on the paper, in the visitor's language; `link` becomes a QR code with `link_text` above it."""

    office: str
    heading: str
    number: str
    lines: tuple[str, ...]
    footer: str
    right_to_left: bool = False
    link: str | None = None
    link_text: str = ""


@dataclass(frozen=True)
class _Style:
    size: int
    weight: int = fonts.REGULAR
    above: int = 0


def draw(ticket: TicketSlip) -> Image.Image:
    """The paper as a black-and-white picture, 576 dots wide and as high as needed."""
    parts = [_words(ticket.office, _Style(28, fonts.BOLD), ticket.right_to_left)]
    parts.append(_words(ticket.heading, _Style(34, above=14), ticket.right_to_left))
    parts.append(_number(ticket.number))
    for line in ticket.lines:
        parts.append(_words(line, _Style(32, above=8), ticket.right_to_left))
    if ticket.link:
        parts.append(_words(ticket.link_text, _Style(26, above=18), ticket.right_to_left))
        parts.append(_code(ticket.link))
    parts.append(_words(ticket.footer, _Style(24, above=10), ticket.right_to_left))
    paper = Image.new("L", (WIDTH, sum(part.height for part in parts) + 2 * MARGIN), 255)
    top = MARGIN
    for part in parts:
        paper.paste(part, ((WIDTH - part.width) // 2, top))
        top += part.height
    return paper.point(lambda value: 255 if value >= INK_BELOW else 0, "1")


def _words(text: str, style: _Style, right_to_left: bool) -> Image.Image:
    """A paragraph, each line in the middle."""
    step = round(style.size * 1.35)
    lines = _folded(text, style)
    part = Image.new("L", (WIDTH, style.above + step * len(lines)), 255)
    pen = ImageDraw.Draw(part)
    for position, line in enumerate(lines):
        seen = _as_seen(line, right_to_left)
        x = (WIDTH - _length(seen, style)) / 2
        baseline = style.above + step * position + style.size
        for piece, font in fonts.runs(seen, style.weight, style.size):
            pen.text((x, baseline), piece, fill=0, font=font, anchor="ls")
            x += font.getlength(piece)
    return part


def _folded(text: str, style: _Style) -> list[str]:
    """The text cut into lines between words; a word that is too long for a line is cut, too."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _length(_shaped(longer), style) <= WIDTH - 2 * MARGIN:
            lines[-1] = longer
            continue
        lines += [""] if lines[-1] else []
        for letter in word:
            if _length(_shaped(lines[-1] + letter), style) > WIDTH - 2 * MARGIN:
                lines.append("")
            lines[-1] += letter
    return lines


def _shaped(text: str) -> str:
    return str(arabic_reshaper.reshape(_ISOLATES.sub("", text)))


def _as_seen(text: str, right_to_left: bool) -> str:
    """The letters in their joined forms, and in the order in which they stand from left to right."""
    return str(get_display(_shaped(text), base_dir="R" if right_to_left else "L"))


def _length(text: str, style: _Style) -> float:
    return sum(font.getlength(piece) for piece, font in fonts.runs(text, style.weight, style.size))


def _number(number: str) -> Image.Image:
    """The number, as large as the paper's width allows. Ticket codes are Latin in every language."""
    size = LARGEST_NUMBER
    while size > 40 and _length(number, _Style(size, fonts.BOLD)) > WIDTH - 2 * MARGIN:
        size -= 10
    part = Image.new("L", (WIDTH, round(size * 1.15)), 255)
    ((piece, font), *_) = fonts.runs(number, fonts.BOLD, size)
    ImageDraw.Draw(part).text((WIDTH / 2, part.height / 2), piece, fill=0, font=font, anchor="mm")
    return part


def _code(link: str) -> Image.Image:
    rows = qr.modules(link)
    # Whole dots per module: a code that was scaled in between is hard to read.
    dots = max(3, min(8, 340 // len(rows)))
    part = Image.new("L", (len(rows), len(rows)), 255)
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            if is_dark:
                part.putpixel((x, y), 0)
    return part.resize((len(rows) * dots, len(rows) * dots), Image.Resampling.NEAREST)
