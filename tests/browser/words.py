"""Finds what a page says in another language than its own, where that is written in other letters than Latin ones."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from babel.messages.pofile import read_po

from frontoffice.paths import TRANSLATIONS

# Three words in a row are a sentence, or a name; what is one word may be a code, a unit or a mail address.
SENTENCE = re.compile(r"[A-Za-zÀ-ɏ][a-zÀ-ɏ’'-]+(?:[ ,]+[A-Za-zÀ-ɏ][\wÀ-ɏ’'-]*){2,}")

# What a page says in its own language, to eyes and ears: its texts, and what stands in attributes for people. What is
# marked as being in another language, or as given by people (bdi), is not looked at, nor what the screen says aloud.
SAID = """() => {
    const names = new Set(["aria-label", "title", "alt", "placeholder", "content"]);
    const own = document.documentElement.lang, said = [];
    const listen = (element, above) => {
        const language = element.getAttribute("lang") ?? above;
        if (["SCRIPT", "STYLE", "BDI"].includes(element.tagName)) return;
        if (element.tagName === "NOSCRIPT")
            return listen(new DOMParser().parseFromString(element.textContent, "text/html").body, language);
        if (language === own) for (const { name, value } of element.attributes)
            if (names.has(name) || (name.startsWith("data-") && name !== "data-speech")) said.push(value);
        for (const each of (element instanceof HTMLTemplateElement ? element.content : element).childNodes) {
            if (each.nodeType === Node.ELEMENT_NODE) listen(each, language);
            else if (each.nodeType === Node.TEXT_NODE && language === own) said.push(each.data);
        }
    };
    listen(document.documentElement, own);
    return said.map((each) => each.trim().replace(/\\s+/g, " ")).filter((each) => each);
}"""


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


def foreign(said: Iterable[str], names: frozenset[str]) -> Iterator[str]:
    """Latin sentences, and anything that we also say in English or German, on a page in Cyrillic or Arabic letters.

    `said` is what SAID finds; `names` are no faults.
    """
    for text in said:
        if text in ours() and text not in names:
            yield text
        yield from (each for each in SENTENCE.findall(text) if not any(name in each for name in names))


def untranslated(said: Iterable[str], names: frozenset[str]) -> Iterator[str]:
    """Whole sentences of ours in English or German, on a page in another language with Latin letters.

    A word or two may be the same in both languages. `names` are no faults.
    """
    for text in said:
        if len(text.split()) > 2 and text in ours() and text not in names:
            yield text
