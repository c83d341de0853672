"""Where the files are that are not Python: in the wheel beside this module, in a checkout at its top."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def _place(in_wheel: str, in_checkout: str) -> Path:
    packaged = PACKAGE / in_wheel
    return packaged if packaged.exists() else PACKAGE.parent / in_checkout


TEMPLATES = _place("templates", "templates")
STATIC = _place("static", "assets/built")
TRANSLATIONS = _place("translations", "translations")
MIGRATIONS = _place("migrations", "migrations")
EXAMPLE_OFFICE = _place("office.example.toml", "office.example.toml")
