"""The ticket: the number, on the screen, on paper or on the phone; or why there is none."""

from dataclasses import replace

from flask import Response, jsonify, redirect, render_template, url_for

from kiosk import qr, refusals, sentences, ticket_facts, visit
from kiosk.entries import Act, Entry
from kiosk.pages import Page, blueprint, entry_id, kiosk, language, new_entry_id, see, setup
from kiosk.ticket_image import draw

# Printing a ticket takes about two seconds; then the screen says how it went, and asks again if it does not know yet.
PATIENCE_FOR_PAPER = 0.3


@blueprint.get("/<language>/ticket/<entry_id>")
def ticket(entry_id: str, **_language: str) -> Page:
    """Show the number, or why there is none; only for a few minutes, and then never again."""
    entry = visit.find(kiosk(), entry_id, kiosk().now())
    if entry is None:
        return redirect(url_for("pages.start"), 303)
    if not entry.has_number:
        return refused(entry)
    facts = ticket_facts.facts(_with_wait(entry), setup(), language())
    printing = kiosk().printing
    return render_template(
        "kiosk/ticket.html",
        entry=entry,
        facts=facts,
        code=qr.picture(facts.link) if facts.link else None,
        can_print=entry.print_state == "none" and printing.state == "ok",
        paper=sentences.paper(entry.print_state, printing.state),
        prints=entry.print_state in ("queued", "printing"),
        large=entry.print_state in ("failed", "unknown") or printing.state in sentences.PRINTER,
    )


@blueprint.post("/<language>/ticket/print", endpoint="print_ticket")
def print_ticket(**_language: str) -> Page:
    """Put the ticket on paper; asked for twice it is still one ticket."""
    entry = visit.find(kiosk(), entry_id(), kiosk().now())
    if entry is None or not entry.has_number:
        return redirect(url_for("pages.start"), 303)
    printing = kiosk().printing
    if printing.submit(entry, draw(ticket_facts.slip(_with_wait(entry), setup(), language()))):
        printing.attend(entry.act.id, PATIENCE_FOR_PAPER)
    return see("pages.ticket", entry_id=entry.act.id)


@blueprint.get("/<language>/ticket/<entry_id>/paper")
def paper(entry_id: str, **_language: str) -> Response:
    """For the page's script: whether the printing has ended, one way or the other."""
    entry = visit.find(kiosk(), entry_id, kiosk().now())
    return jsonify(prints=entry is not None and entry.print_state in ("queued", "printing"))


def refused(entry: Entry, again: Act | None = None) -> str:
    """The screen for an entry without a number; `again` is the act, where it can be done once more."""
    known = setup()
    return render_template(
        "kiosk/refusal.html",
        entry=entry,
        service=known.service(entry.result.service or entry.act.service or ""),
        notice=refusals.of(entry, known, language(), kiosk().now()),
        again=again,
        entry_id=new_entry_id(),
    )


def _with_wait(entry: Entry) -> Entry:
    """Cut off from the office, with the range that it told last for that concern, if that is not long ago."""
    if entry.result.wait is not None or not entry.handed_out:
        return entry
    wait = kiosk().last_wait(entry.result.service or entry.act.service)
    return replace(entry, result=replace(entry.result, wait=wait))
