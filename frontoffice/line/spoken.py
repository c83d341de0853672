"""What the waiting-room screen says aloud, in the languages of those who wait.

The sentences are kept here and not in the catalogues, because a screen speaks to visitors in languages in which
the pages have no texts (yet). `{ticket}` is spoken letter by letter, so that A017 cannot be heard as "A seventy".
"""

SENTENCES = {
    "de": "Nummer {ticket}, bitte zu Schalter {counter}.",
    "en": "Number {ticket}, please go to counter {counter}.",
    "uk": "Номер {ticket}, будь ласка, підійдіть до віконця {counter}.",
    "ru": "Номер {ticket}, пожалуйста, подойдите к окну {counter}.",
    "ar": "الرقم {ticket}، يُرجى التوجه إلى الشباك {counter}.",
    "tr": "Numara {ticket}, lütfen {counter} numaralı gişeye gelin.",
    "fa": "شماره {ticket}، لطفاً به باجه {counter} مراجعه کنید.",
    "fr": "Numéro {ticket}, veuillez vous rendre au guichet {counter}.",
    "es": "Número {ticket}, por favor acuda a la ventanilla {counter}.",
    "pl": "Numer {ticket}, proszę podejść do okienka {counter}.",
    "ro": "Numărul {ticket}, vă rugăm să mergeți la ghișeul {counter}.",
    "vi": "Số {ticket}, xin mời đến quầy {counter}.",
}
FIRST = "de"


SECOND = [code for code in SENTENCES if code != FIRST]


def second(language: str) -> str | None:
    """The language to say a number in after German, where there is a sentence for it; else None.

    The feed and the board are open to everybody, for screens and phones have no account. So they carry a visitor's
    language only where the screen says it aloud to the whole room anyway: nothing of those who speak German, and
    nothing of those who speak a rare language and could be known by it.
    """
    code = language.split("-", maxsplit=1)[0].lower()
    return code if code in SECOND else None
