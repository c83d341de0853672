"""The languages in which an office keeps its texts, and which texts are missing."""

from collections.abc import Iterable, Mapping

from frontoffice import languages
from frontoffice.offices.draft import ServiceDraft

# In the order in which pages show them. An office may have texts in others, too.
LANGUAGES = (*languages.SUPPORTED, *languages.COMING)


def codes(*texts: Mapping[str, object] | None) -> list[str]:
    """The languages to show: the usual ones, and those in which there are texts."""
    return list(dict.fromkeys([*LANGUAGES, *(code for each in texts for code in each or ())]))


def direction_of(code: str) -> str:
    """Which way the language is written."""
    try:
        return languages.language_of(code).direction
    except ValueError:
        return "ltr"


def missing(service: ServiceDraft) -> dict[str, int]:
    """How many texts of a service are missing in each of the usual languages: name, sentence, documents.

    A list of documents counts as missing where it is not as long as the German one: what one language does not name,
    people forget to bring.
    """
    names, plain, documents = service.names or {}, service.plain or {}, service.documents or {}
    needed = len(documents.get("de", ()))
    return {
        code: (code not in names) + (code not in plain) + (len(documents.get(code, ())) != needed)
        for code in LANGUAGES
    }


def missing_together(services: Iterable[ServiceDraft]) -> dict[str, int]:
    """The same for all services that are offered."""
    counted = [missing(each) for each in services if each.active]
    return {code: sum(each[code] for each in counted) for code in LANGUAGES}
