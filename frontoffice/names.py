"""Names by sound and in any script: a clerk types Mohamad and finds محمد, Muhammad and Mohammed.

A word is written in Latin letters (anyascii), and then reduced to what all spellings of it share: its consonants, those
that languages write differently as one. What is only mistyped is found by likeness (Jaro–Winkler, jellyfish).
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise, product

import jellyfish
from anyascii import anyascii

COMPOUND = 0.7  # how well two words fit that are one elsewhere
LIKE = 0.93  # from which likeness on two words are taken for each other
SHORTEST = 3  # letters, or consonants, of a beginning that is looked for by sound
READINGS = 64  # of a word at most: the rest of a longer one is read in the usual way only

# What languages write differently, longest first; several where it is read in several ways.
_SPELLINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("shch|tsch|tch|cz|sch|ts|tz", ("s",)),  # Schtscherbak, Shcherbak; Tkaczenko, Tkatschenko
    ("dsch|dzh|dj|dz", ("j", "s")),  # Dschamila, Djamila, Dzhamila
    ("sh|zh", ("s", "sh")),  # Sahar and Zahra, in Arabic shr and zhra, where an h follows an s
    ("ch", ("h", "s")),  # Chalid and Khalid; Tkachenko
    ("kh", ("h",)),
    ("gh", ("g",)),
    ("ph", ("f",)),
    ("th|dh", ("t", "th", "s")),  # Osman and Reza, in Arabic letters `thman and rdh
    ("d", ("t", "s")),  # Mohammed, Mehmet; Ramazan, in Arabic letters rmdan
    ("g", ("g", "h", "j")),  # Oleh, in Ukrainian Oleg; Gamal, Jamal
    ("ck|q", ("k",)),
    ("c", ("k", "j")),  # Cem, Dschem
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
_BEFORE_CONSONANTS = re.compile(r"^l(?=[^aeiouy])")  # the article as Arabic letters leave it, ldyn
_SERVANT = re.compile(r"^([`']?ab[aeo]?d)[aeiou]?l")  # Abdulkarim, Abd al-Karim


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
    forms = {word, _SERVANT.sub(r"\1", word)} | ({_ARTICLE.sub("", word)} if len(word) > 4 else set())
    return frozenset(key for form in forms for key in _keys(form) if key)


def closeness(typed: str, name: str) -> float:
    """How well a name fits what was typed, from 0 (not at all) to 1: every word typed must fit a word of the name."""
    return _closest(words_of(typed), words_of(name))


def sort_key(name: str) -> list[str]:
    """By this, names of all scripts stand in one order."""
    return words_of(name) or [name.casefold()]


def _closest(typed: Sequence[str], words: Sequence[str]) -> float:
    fits = [max((_fit(each, word) for word in words), default=0.0) for each in typed]
    if fits and not all(fits):
        fits = _with_compounds(typed, words, fits)
    return min(fits, default=0.0)


def _with_compounds(typed: Sequence[str], words: Sequence[str], fits: list[float]) -> list[float]:
    """What fits when two words are read as one: Abdul Rahman, Abdulrahman; Nureddin, in Arabic letters nwr ldyn."""
    there = _compounds(words)
    known = frozenset().union(*(sounds(word) for word in words), *(sounds(each) for _, each in there))
    fits = [fit or (COMPOUND if sounds(each) & known else 0.0) for each, fit in zip(typed, fits, strict=True)]
    for place, both in _compounds(typed):
        if sounds(both) & known:
            fits[place : place + 2] = [fit or COMPOUND for fit in fits[place : place + 2]]
    return fits


def _compounds(words: Sequence[str]) -> list[tuple[int, str]]:
    """Each two neighbours as one word, with and without an article between them; and where they stand."""
    return [
        (place, one + each)
        for place, (one, other) in enumerate(pairwise(words))
        for each in dict.fromkeys((other, _BEFORE_CONSONANTS.sub("", other)))
    ]


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
    begins, rest = _beginning(word)
    plain = re.sub(r"(.)\1+", r"\1", rest.replace("'", "").replace("`", ""))
    choices, last, readings = [begins], 0, len(begins)
    for found in _SOUNDS.finditer(plain):
        ways = _SPELLINGS[int((found.lastgroup or "s0")[1:])][1]
        ways = ways if readings * len(ways) <= READINGS else ways[:1]
        readings *= len(ways)
        choices += [(plain[last : found.start()],), ways]
        last = found.end()
    choices.append((plain[last:],))
    for parts in product(*choices):
        key = re.sub(r"(.)\1+", r"\1", "".join(parts))
        yield key.rstrip("h") or key  # Fatimah, Fatima


def _beginning(word: str) -> tuple[tuple[str, ...], str]:
    """How a word may begin, and its rest: one that begins with a vowel keeps that it does (Ali, in Arabic `ly)."""
    rest = word.lstrip("aeiou'`")
    if rest != word:
        return ("a",), rest
    if word[:1] in ("y", "j"):  # Yusuf, Jusuf; Yevhen, Evgeni
        return ("j", "a") if word[1:2] == "e" else ("j",), word[1:]
    return ("",), word
