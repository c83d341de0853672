"""The fonts of the screens, for drawing on paper: which file has which character is read from the stylesheet."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageFont

PACKAGE = Path(__file__).resolve().parent
REGULAR, BOLD = 400, 700

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FACE = re.compile(
    r"@font-face\{[^}]*font-weight:(?P<weight>\d+);[^}]*src:url\(\.\./fonts/(?P<file>[\w.-]+)\)[^}]*"
    r"unicode-range:(?P<ranges>[^}]+)\}"
)


@dataclass(frozen=True)
class Face:
    """One file of a font and the characters it is for."""

    path: Path
    weight: int
    ranges: tuple[tuple[int, int], ...]

    def has(self, character: str) -> bool:
        """Whether this file is the one for the character."""
        return any(first <= ord(character) <= last for first, last in self.ranges)


def folder(in_wheel: str, in_checkout: str) -> Path:
    """A folder of files that both programs use; in a wheel it lies once, beside the office's program."""
    installed = PACKAGE.parent / "frontoffice" / in_wheel
    return installed if installed.is_dir() else PACKAGE.parent / in_checkout


@cache
def faces() -> tuple[Face, ...]:
    """All faces; where two have a character, the one that comes first here is meant. Empty if nothing is built."""
    built = folder("static", "assets/built")
    try:
        stylesheet = (built / "css/kern.css").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    found = [
        Face(built / "fonts" / match["file"], int(match["weight"]), _ranges(match["ranges"]))
        for match in _FACE.finditer(stylesheet)
    ]
    # In a stylesheet the later rule wins.
    return tuple(reversed(found))


def runs(text: str, weight: int, size: int) -> list[tuple[str, Font]]:
    """The text, left to right, cut where another file has the next characters; with the font for each piece."""
    pieces: list[tuple[str, Face | None]] = []
    for character in text:
        face = _face(character, weight)
        if pieces and (pieces[-1][1] == face or character == " "):
            pieces[-1] = (pieces[-1][0] + character, pieces[-1][1])
        else:
            pieces.append((character, face))
    return [(piece, _font(face, size)) for piece, face in pieces]


def _face(character: str, weight: int) -> Face | None:
    of_weight = [face for face in faces() if face.weight == weight]
    return next((face for face in of_weight if face.has(character)), next(iter(of_weight), None))


@cache
def _font(face: Face | None, size: int) -> Font:
    if face is None:
        return ImageFont.load_default(size)
    # Texts come already shaped and in the order of sight, so that no shaping library of the system is needed.
    return ImageFont.truetype(str(face.path), size, layout_engine=ImageFont.Layout.BASIC)


def _ranges(css: str) -> tuple[tuple[int, int], ...]:
    ranges = []
    for part in css.split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        ranges.append((int(first, 16), int(last or first, 16)))
    return tuple(ranges)
