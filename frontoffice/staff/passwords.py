"""Passwords: which are good enough, and their hashes (argon2id, RFC 9106)."""

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from zxcvbn import zxcvbn

from frontoffice.errors import N_, Invalid

SHORTEST = 12
LONGEST = 200  # characters; hashing a novel would keep a processor busy
EASY = 2  # zxcvbn's score below which it is guessed in well under a million tries
ESTIMATED = 72  # characters that the estimate looks at

# 64 MiB, three passes: the low-memory choice of RFC 9106. Other hashes are renewed when their owner signs in.
hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4, type=Type.ID)


def hashed(password: str, *about: str) -> str:
    """The hash to store for a new password; `about` are words that are easy to guess: the user name, the name.

    Raises Invalid where it is too short, too long, or easy to guess: common ones, rows of keys, the name with a year.
    """
    if len(password) < SHORTEST:
        sentence = N_("A password needs at least %(length)s characters. A sentence is easy to remember.")
        raise Invalid("password", sentence, length=SHORTEST)
    if len(password) > LONGEST:
        raise Invalid("password", N_("A password has at most %(length)s characters."), length=LONGEST)
    words = [word for each in about for word in (each, *each.split())]
    if zxcvbn(password[:ESTIMATED], user_inputs=words)["score"] < EASY:
        raise Invalid(
            "password",
            N_("This password is easy to guess. Please choose another one, such as four words at random."),
        )
    return hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether the password belongs to the hash; takes about a tenth of a second on purpose."""
    try:
        return hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False
