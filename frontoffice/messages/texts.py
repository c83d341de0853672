"""What a message says: renders the templates of a kind in a language, in any process (no Flask)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from frontoffice import languages, paths
from frontoffice.messages.models import Medium
from frontoffice.messages.segments import is_basic, plainer
from frontoffice.messages.short_links import shorten

FALLBACK = languages.SOURCE


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text ready to be read. Only a mail has a subject and HTML."""

    text: str
    subject: str = ""
    html: str = ""


def render(
    kind: str,
    medium: Medium,
    language: str,
    parameters: dict[str, str],
    translations: Path = paths.TRANSLATIONS,
    preferences_link: str = "",
) -> Rendered:
    """The text of a message from the parameters that `kinds` names; English where there is no catalogue.

    An SMS says time, code and link only: what else there is to say, also by the office itself, is in the mail.
    `preferences_link`: where people choose what they get; at the end of a mail, and of an SMS without a page.

    Raises jinja2.TemplateError where a template is missing or asks for what is not there, ValueError for a
    time or a time zone that is none.
    """
    templates = _language(language, translations)
    values = _values(templates.code, parameters) | {"preferences_link": preferences_link}
    if medium is Medium.SMS:
        values |= {name: shorten(values[name]) for name in ("link", "preferences_link") if name in values}
        return Rendered(plainer(templates.plain.get_template(f"{kind}.sms.txt").render(values)))
    subject, _, text = (
        templates.plain.get_template(f"{kind}.mail.txt").render(values).lstrip().partition("\n")
    )
    html = templates.html.get_template(f"{kind}.mail.html").render(values)
    return Rendered(text.strip() + "\n", subject.strip(), html)


def _values(language: str, parameters: dict[str, str]) -> dict[str, Any]:
    """What templates can use: lines as lists, and of each moment (`…_at`) its date and time at the office."""
    locale = languages.writing_of(language)
    values: dict[str, Any] = {"note": "", "office_phone": "", **parameters}
    values |= {"language": language, "direction": languages.language_of(language).direction}
    for name in ("documents", "office_address"):
        values[name] = _lines(parameters.get(name, ""))
    names = _lines(parameters.get("service", ""))
    people = [int(each) for each in _lines(parameters.get("people", ""))]
    values["service"] = ", ".join(names)
    values["services"] = list(zip_longest(names, people[: len(names)], fillvalue=1))
    if "reference" in parameters:
        values["reference"] = _grouped(parameters["reference"])
    for name, value in parameters.items():
        if name.endswith("_at"):
            moment = datetime.fromisoformat(value).astimezone(ZoneInfo(parameters["time_zone"]))
            # Of the appointment itself simply the date and the time, of others `until_date`, `until_time`, …
            said = "" if name == "starts_at" else name.removesuffix("at")
            values[f"{said}date"] = format_date(moment.date(), "full", locale)
            short = format_skeleton("MMMEd", moment, moment.tzinfo, locale=locale)
            # In letters that take twice the room of an SMS, the date is in digits.
            values[f"{said}short_date"] = short if is_basic(plainer(short)) else f"{moment:%d.%m.}"
            values[f"{said}time"] = format_skeleton("Hm", moment, moment.tzinfo, locale=locale)
    return values


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class _Language:
    """The templates of a language, and the language they became: dates must be in that of the words."""

    code: str
    plain: Environment
    html: Environment


@lru_cache(maxsize=64)
def _language(language: str, translations: Path) -> _Language:
    catalogue = Translations.load(translations, [languages.folder_of(language)])
    known = isinstance(catalogue, Translations)
    return _Language(
        language if known else FALLBACK,
        _environment(catalogue, str),
        _environment(catalogue, Markup),
    )


def _environment(catalogue: NullTranslations, sentence: type[str]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(paths.TEMPLATES / "messages"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        auto_reload=False,  # it would ask the disk for each part of each message
        trim_blocks=True,
        lstrip_blocks=True,
    )

    # In place of Jinja's own extension, which looks into the catalogue every time: half of the work of a mail.
    @cache
    def translated(source: str) -> str:
        return sentence(catalogue.gettext(source))

    def gettext(source: str, /, **values: Any) -> str:
        return translated(source) % values

    def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
        return sentence(catalogue.ngettext(one, many, number)) % ({"num": number} | values)

    environment.globals |= {"_": gettext, "gettext": gettext, "ngettext": ngettext}
    return environment


def _grouped(reference: str) -> str:
    """A reference as people read it out: K7M2-PXQ4."""
    plain = reference.replace("-", "").replace(" ", "").upper()
    return f"{plain[:4]}-{plain[4:]}" if len(plain) == 8 else reference
