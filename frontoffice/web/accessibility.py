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
KIOSK = "tests/kiosk/test_accessible_screens.py"

# When the statement was written, and when it was last compared with what is tested; an office that examines its own
# installation says so in its configuration.
PREPARED = date(2026, 11, 30)
REVIEWED = date(2026, 11, 30)

TESTED = (
    Claim(
        N_(
            "In German every page for visitors is looked at with axe-core by all rules, narrow and wide. With text of "
            "twice the size no page has to be scrolled sideways."
        ),
        WALK,
        "test_everybody_can_use_the_pages_of_visitors_in_german",
    ),
    Claim(
        N_(
            "In all other languages every page for visitors is looked at too, narrow. Contrast is measured in German "
            "and Arabic: the colours are the same everywhere."
        ),
        WALK,
        "test_everybody_can_use_the_pages_of_visitors_in_every_language",
    ),
    Claim(
        N_("The pages of staff are looked at by all rules in German, each in one width."),
        WALK,
        "test_everybody_can_use_the_pages_of_staff",
    ),
    Claim(
        N_("The screens of the kiosk are looked at in every language."),
        KIOSK,
        "test_nor_in_the_other_languages",
    ),
    Claim(
        N_("A numeric keypad is enough to use the kiosk."),
        KIOSK,
        "test_a_number_is_drawn_with_the_numeric_keypad_alone",
    ),
    Claim(
        N_(
            "In German the pages for visitors are walked through with the Tab key, up to 40 steps on each: links, "
            "buttons and fields are reached, and one sees where one is."
        ),
        WALK,
        "test_everybody_can_use_the_pages_of_visitors_in_german",
    ),
    Claim(
        N_(
            "Where a device sets the colours itself, icons, choices and the focus are seen. Each page for visitors is "
            "looked at in light or in dark colours, in German."
        ),
        WALK,
        "test_everything_is_seen_in_a_theme_of_forced_colours",
    ),
    Claim(
        N_("Nothing moves on the waiting-room screen where less motion is wanted."),
        "tests/browser/test_screen.py",
        "test_nothing_moves_where_less_motion_is_wanted_and_a_call_is_seen_all_the_same",
    ),
    Claim(
        N_(
            "Pages for visitors and staff are valid HTML, with one main heading and a title. Pages that report a "
            "mistake are not tested for this."
        ),
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
