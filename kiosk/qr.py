"""QR codes: as shapes for an inline SVG picture, and as rows of modules for paper."""

from dataclasses import dataclass

import qrcode

QUIET_ZONE = 4


@dataclass(frozen=True)
class Picture:
    """A square of `size` units, quiet zone included; `path` draws the dark modules."""

    size: int
    path: str


def modules(text: str) -> list[list[bool]]:
    """The QR code of a text as rows of modules, dark ones true, quiet zone included."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text)
    code.make(fit=True)
    return [[bool(is_dark) for is_dark in row] for row in code.get_matrix()]


def picture(text: str) -> Picture:
    """The QR code of a text."""
    rows = modules(text)
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )
    return Picture(len(rows), path)
