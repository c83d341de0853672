"""Guesses at a card's date of birth from several processes at once: together they get no more than the limit."""

from datetime import datetime

from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import looking_up
from frontoffice.documents.card_models import CardState
from frontoffice.offices.models import Office
from tests.documents.cards import BORN, SERIAL, add_card
from tests.races.crew import Crew

ROUNDS = 6  # with four processes: 24 guesses at one number, of which ten are looked at


def guess(session: Session, _config: Config, number: str, born: str, network: str, now: datetime) -> str:
    looked = looking_up.look(session, number, born, now, network=network)
    return "refused" if looked.is_refused else "found" if looked.found else "unknown"


def test_a_number_stands_ten_wrong_dates_whoever_guesses(
    database: Database, config: Config, office: Office, now: datetime, crew: Crew
) -> None:
    add_card(database, office, now, CardState.READY)
    rounds = [
        [
            (guess, SERIAL, f"1980-{place + 1:02}-{each + 1:02}", f"network {place} {each}", now)
            for place in range(4)
        ]
        for each in range(ROUNDS)
    ]
    answers = [answer for each in crew.race(config, rounds) for answer in each]
    assert {"unknown": answers.count("unknown"), "refused": answers.count("refused")} == {
        "unknown": looking_up.OF_NUMBER,
        "refused": 4 * ROUNDS - looking_up.OF_NUMBER,
    }
    [[last]] = crew.race(config, [[(guess, SERIAL, BORN, "another network", now)]])
    assert last == "refused", "the right date comes too late"


def test_a_network_stands_sixty_misses_over_all_numbers(
    database: Database, config: Config, office: Office, now: datetime, crew: Crew
) -> None:
    add_card(database, office, now, CardState.READY)
    rounds = [
        [(guess, f"C0{place}X{each:05}", BORN, "one network", now) for place in range(4)]
        for each in range(20)
    ]
    answers = [answer for each in crew.race(config, rounds) for answer in each]
    assert (answers.count("unknown"), answers.count("refused")) == (looking_up.OF_NETWORK, 20)
