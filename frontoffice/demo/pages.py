"""The demonstration's own pages: who you can be, and an inbox of what would have left."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from frontoffice import clock
from frontoffice.demo import sample
from frontoffice.demo.people import ACCOUNTS
from frontoffice.messages import inbox
from frontoffice.web.context import config, database

pages = Blueprint("demo", __name__, url_prefix="/demo")


@pages.before_request
def _only_in_the_demonstration() -> None:
    if not config().demo.enabled:
        abort(404)


@pages.get("/")
def index() -> ResponseReturnValue:
    """One page that links to every role."""
    with database().read() as session:
        office = sample.office(session)
        codes = sample.codes_to_try(session, office, clock.now())
    return render_template(
        "demo/index.html", office=office, codes=codes, people=ACCOUNTS, kiosk_url=config().demo.kiosk_url
    )


@pages.get("/inbox")
def read_inbox() -> ResponseReturnValue:
    """Each text as it would have arrived, newest first."""
    with database().read() as session:
        arrived, to_come = inbox.arrived(session, limit=60), inbox.to_come(session, limit=10)
    return render_template("demo/inbox.html", arrived=arrived, to_come=to_come)
