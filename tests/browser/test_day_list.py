"""The list of a day grows shorter while somebody types, and hides nobody whose name is written in other letters."""

from playwright.sync_api import Browser, expect

from frontoffice.paths import STATIC

LIST = """
<input data-filter>
<table data-filtered><tbody><tr><td>Müller, Anna</td></tr><tr><td>محمد</td></tr></tbody></table>
<p data-no-match hidden>No row of this day fits. Press Find to look further.</p>
"""


def test_rows_that_do_not_fit_are_hidden_only_where_another_one_fits(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(LIST)
    page.add_script_tag(path=STATIC / "js/agenda.js", type="module")
    anna, muhammad, further = (
        page.get_by_text("Anna"),
        page.get_by_text("محمد"),
        page.locator("[data-no-match]"),
    )
    page.locator("[data-filter]").fill("muller")
    expect(anna).to_be_visible()
    expect(muhammad).to_be_hidden()
    expect(further).to_be_hidden()
    page.locator("[data-filter]").fill("Mohamad")
    expect(muhammad).to_be_visible()
    expect(further).to_be_visible()
    page.locator("[data-filter]").fill("")
    expect(anna).to_be_visible()
    expect(further).to_be_hidden()
    page.close()
