"""What the accessibility statement says (§ 12b BGG and the laws of the Länder, after Decision (EU) 2018/1523).

It names what is tested, and with it the tests that do so: one that is taken away must be taken out of the statement.
"""

from datetime import date
from typing import NamedTuple

from frontoffice.errors import N_


class Claim(NamedTuple):
    """A sentence of the statement, and the test that it rests on: file and function."""

    sentence: str
    file: str
    test: str


WALK = "tests/browser/test_accessibility.py"

# When the statement was written, and when it was last compared with what is tested; an office that examines its own
# installation says so in its configuration.
PREPARED = date(2026, 11, 30)
REVIEWED = date(2026, 11, 30)

TESTED = (
    Claim(
        N_(
            "In German every page for visitors is looked at with axe-core by all rules, narrow and wide. With text of "
            "twice the size nothing is cut off."
        ),
        WALK,
        "test_everybody_can_use_the_pages_of_visitors_in_german",
    ),
    Claim(
        N_("In Arabic and in plain German every page for visitors is looked at by all rules, narrow only."),
        WALK,
        "test_everybody_can_use_the_pages_of_visitors_from_right_to_left_and_in_plain_german",
    ),
    Claim(
        N_("In the other languages some of the pages are looked at, and by some of the rules."),
        WALK,
        "test_everybody_can_use_the_pages_of_visitors_in_the_other_languages",
    ),
    Claim(
        N_("The pages of staff are looked at by all rules in German, each in one width."),
        WALK,
        "test_everybody_can_use_the_pages_of_staff",
    ),
    Claim(
        N_("The screens of the kiosk are looked at too, and a numeric keypad is enough to use them."),
        "tests/kiosk/test_accessible_screens.py",
        "test_axe_finds_nothing_on_the_screens",
    ),
    Claim(
        N_("Everything can be reached with the keyboard, and one sees where one is: tested in German."),
        WALK,
        "test_everybody_can_use_the_pages_of_visitors_in_german",
    ),
    Claim(
        N_("All pages are valid HTML, with one main heading and a title."),
        WALK,
        "test_every_page_is_valid_html",
    ),
    Claim(
        N_("An appointment can be booked without JavaScript."),
        "tests/browser/test_main_job.py",
        "test_a_visitor_books_without_javascript",
    ),
    Claim(
        N_("No text is missing in any of the languages that are offered."),
        "tests/test_translations.py",
        "test_every_sentence_in_the_sources_is_translated",
    ),
)

# What is known not to be as it should.
KNOWN_GAPS = (
    N_("The pages have no videos in sign language."),
    N_("People with disabilities have not tested the pages yet: what programs can find is only a part."),
)
