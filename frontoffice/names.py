"""Names by sound and in any script: a clerk types Mohamad and finds محمد, Muhammad and Mohammed.

A word is written in Latin letters (anyascii), and then reduced to what all spellings of it share: its consonants, those
that languages write differently as one. What is only mistyped is found by likeness (Jaro–Winkler, jellyfish).
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product

import jellyfish
from anyascii import anyascii

LIKE = 0.93  # from which likeness on two words are taken for each other
SHORTEST = 3  # letters, or consonants, of a beginning that is looked for by sound

# What languages write differently, longest first; several where it is read in several ways.
_SPELLINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("shch|tsch|tch|cz|sch|sh|zh|ts|tz", ("s",)),  # Schtscherbak, Shcherbak; Tkaczenko, Tkatschenko
    ("dsch|dzh|dj|dz", ("j", "s")),  # Dschamila, Djamila, Dzhamila
    ("ch", ("h", "s")),  # Chalid and Khalid; Tkachenko
    ("kh", ("h",)),
    ("gh", ("g",)),
    ("ph", ("f",)),
    ("th|dh|d", ("t",)),  # Mohammed, Mehmet
    ("ck|q|c", ("k",)),
    ("x", ("ks",)),
    ("z", ("s",)),
    ("v", ("f",)),
    ("w", ("f", "")),  # Kowalenko; Nour, in Arabic nwr
    ("j", ("j", "")),  # Khadija; Tatjana, Tatiana
    ("[aeiouy]", ("",)),
)
_SOUNDS = re.compile("|".join(f"(?P<s{number}>{each})" for number, (each, _) in enumerate(_SPELLINGS)))
_ARTICLE = re.compile(r"^(?:[ae]l|l(?='|[^aeiouy]))")  # al-Ahmad, el Ahmad; in Arabic letters one word
_ARTICLES = {"al", "el", "ul"}


def words_of(name: str) -> list[str]:
    """The words of a name in small Latin letters, articles left out."""
    parts = [_in_latin(word) for word in re.split(r"[\s\-‐–’.,]+", name)]
    latin = [re.sub(r"[^a-z'`]", "", word.lower()) for word in " ".join(parts).split()]
    return [word for word in latin if word.strip("'`") and word not in _ARTICLES]


def _in_latin(word: str) -> str:
    latin: str = anyascii(word)
    # Each sign of Chinese begins with a capital: LiNa.
    return latin if word.lower() != word.upper() else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", latin)


@lru_cache(maxsize=20_000)
def sounds(word: str) -> frozenset[str]:
    """The keys of a word in Latin letters: two words that have one in common sound alike."""
    forms = {word} | ({_ARTICLE.sub("", word)} if len(word) > 4 else set())
    return frozenset(key for form in forms for key in _keys(form) if key)


def closeness(typed: str, name: str) -> float:
    """How well a name fits what was typed, from 0 (not at all) to 1: every word typed must fit a word of the name."""
    return _closest(words_of(typed), words_of(name))


def sort_key(name: str) -> list[str]:
    """By this, names of all scripts stand in one order."""
    return words_of(name) or [name.casefold()]


def _closest(typed: Iterable[str], words: Sequence[str]) -> float:
    return min((max((_fit(each, word) for word in words), default=0.0) for each in typed), default=0.0)


@lru_cache(maxsize=20_000)
def _fit(typed: str, word: str) -> float:
    if word == typed:
        return 1.0
    if word.startswith(typed):
        return 0.9
    if sounds(typed) & sounds(word):
        return 0.8
    if any(len(one) >= SHORTEST and other.startswith(one) for one in sounds(typed) for other in sounds(word)):
        return 0.6
    alike: float = jellyfish.jaro_winkler_similarity(typed, word)
    return alike / 2 if min(len(typed), len(word)) > SHORTEST and alike >= LIKE else 0.0


def _keys(word: str) -> Iterable[str]:
    # A name that begins with a vowel keeps that it does: Ali, in Arabic `ly; Olena and Elena.
    rest = word.lstrip("aeiou'`")
    begins = "a" if rest != word else ""
    if not begins and word[:1] == "y":
        begins, rest = "j", word[1:]  # Yusuf, Jusuf
    elif word[:1] == "j":
        begins, rest = "j", word[1:]
    plain, choices, last = rest.replace("'", "").replace("`", ""), [], 0
    for found in _SOUNDS.finditer(plain):
        choices += [(plain[last : found.start()],), _SPELLINGS[int((found.lastgroup or "s0")[1:])][1]]
        last = found.end()
    choices.append((plain[last:],))
    for parts in product(*choices[:24]):
        key = re.sub(r"(.)\1+", r"\1", begins + "".join(parts))
        yield key.rstrip("h") or key  # Fatimah, Fatima
