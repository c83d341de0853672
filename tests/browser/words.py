"""Finds what a page says in another language than its own, where that is written in other letters than Latin ones."""

import re
from collections.abc import Iterator
from functools import cache
from xml.etree.ElementTree import Element

import html5lib
from babel.messages.pofile import read_po

from frontoffice.paths import TRANSLATIONS

# Three words in a row are a sentence, or a name; what is one word may be a code, a unit or a mail address.
SENTENCE = re.compile(r"[A-Za-zÀ-ɏ][a-zÀ-ɏ’'-]+(?:[ ,]+[A-Za-zÀ-ɏ][\wÀ-ɏ’'-]*){2,}")
SAID = ("aria-label", "title", "alt", "placeholder", "content")
NOT_SAID = ("data-speech",)  # the screen calls people in all languages


@cache
def ours() -> frozenset[str]:
    """All that we say in English and German, to visitors and to staff."""
    known: set[str] = set()
    for domain in ("messages", "staff"):
        with (TRANSLATIONS / f"de/LC_MESSAGES/{domain}.po").open("rb") as file:
            for each in read_po(file):
                for text in (each.id, each.string):
                    known.update((text,) if isinstance(text, str) else text or ())
    return frozenset(each for each in known if re.search("[A-Za-z]{3}", each))


def foreign(html: str, names: frozenset[str]) -> Iterator[str]:
    """Latin sentences, and anything that we also say in English or German, on a page in Cyrillic or Arabic letters.

    `names` are no faults; nor is what is marked as being in another language.
    """
    page = html5lib.parse(html, namespaceHTMLElements=False)
    for text in _said(page, page.get("lang", ""), page.get("lang", "")):
        if text in ours() and text not in names:
            yield text
        yield from (each for each in SENTENCE.findall(text) if not any(name in each for name in names))


def untranslated(html: str, names: frozenset[str]) -> Iterator[str]:
    """Whole sentences of ours in English or German, on a page in another language with Latin letters.

    A word or two may be the same in both languages. `names` are no faults.
    """
    page = html5lib.parse(html, namespaceHTMLElements=False)
    for text in _said(page, page.get("lang", ""), page.get("lang", "")):
        if len(text.split()) > 2 and text in ours() and text not in names:
            yield text


def _said(element: Element, lang: str, own: str) -> Iterator[str]:
    lang = element.get("lang", lang)
    if not isinstance(element.tag, str) or element.tag in ("script", "style"):
        return
    if lang == own:
        yield from (" ".join(text.split()) for text in (element.text or "", *_attributes(element)))
    for child in element:
        yield from _said(child, lang, own)
        if lang == own:
            yield " ".join((child.tail or "").split())


def _attributes(element: Element) -> list[str]:
    return [
        value
        for name, value in element.attrib.items()
        if name in SAID or (name.startswith("data-") and name not in NOT_SAID)
    ]
