"""The page of our own Twilio, for the demonstration: what has left, what became of it, and a phone to answer with."""

import random
from functools import partial
from html import escape
from urllib.parse import parse_qs, urlsplit

import click

from tests.messages.fake_telling import Teller, Telling, seeded_tellings
from tests.messages.fake_twilio import SENDER, TOKEN, FakeTwilio, Fault, seeded

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A stand-in for Twilio</title>
<style>body {{ font: 1rem/1.5 sans-serif; margin: 2rem; }} td, th {{ padding: .25rem 1rem .25rem 0; text-align: start;
vertical-align: top; }}</style></head><body><h1>What has left</h1>
<p>{requests} requests, {taken} messages taken. Reload to see more.</p>
<table><tr><th>To</th><th>Text</th><th>Reports</th><th>Answer</th></tr>{rows}</table></body></html>"""
ROW = """<tr><td>{to}</td><td>{body}</td><td>{way}</td><td><form method="post" action="/reply">
<input type="hidden" name="to" value="{to}"><input name="text" value="STOP" size="8" aria-label="Text">
<button>Send</button></form></td></tr>"""

# Nobody is killed in a demonstration.
FAULTS = [each for each in Fault if each is not Fault.NONE and not each.name.startswith("KILL")]


def page(fake: FakeTwilio) -> str:
    """The ledger, the latest first."""
    rows = "".join(
        ROW.format(to=escape(each.to), body=escape(each.body), way=escape(fake.teller.way_of(each.number)))
        for each in reversed(fake.ledger)
    )
    return PAGE.format(requests=len(fake.met), taken=len(fake.ledger), rows=rows)


def reply(fake: FakeTwilio, form: str) -> int:
    """Hand a text from a phone to the office that wrote to it; gives its answer."""
    fields = {name: values[0] for name, values in parse_qs(form).items()}
    written = [each for each in fake.ledger if each.to == fields.get("to") and each.reports_to]
    if not written:
        return 404
    url = urlsplit(written[-1].reports_to)
    prefix = url.path.partition("/twilio/status/")[0]
    sid = f"SM{random.getrandbits(128):032x}"
    content = {"MessageSid": sid, "From": fields["to"], "To": SENDER, "Body": fields.get("text", "")}
    return fake.teller.inbound(f"{url.scheme}://{url.netloc}{prefix}/twilio/inbound", content)


@click.command()
@click.option("--port", default=8200, show_default=True)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same faults.")
@click.option(
    "--faults", default=0.0, show_default=True, help="The share of requests that go wrong, from 0 to 1."
)
def main(port: int, seed: int, faults: float) -> None:
    """A stand-in for Twilio on this machine: for `frontoffice demo --twilio http://127.0.0.1:8200`."""
    plan = seeded(seed, dict.fromkeys(FAULTS, faults / len(FAULTS)))
    ways = [each for each in Telling if each is not Telling.USUAL]
    teller = Teller(TOKEN, seeded_tellings(seed, dict.fromkeys(ways, faults / len(ways))))
    with FakeTwilio(plan, port=port, hang=30, teller=teller) as fake:
        fake.page, fake.reply = partial(page, fake), partial(reply, fake)
        click.echo(f"What has left: http://127.0.0.1:{port}/   (Ctrl+C ends it)")
        fake.wait()


if __name__ == "__main__":
    main()
