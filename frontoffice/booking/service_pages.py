"""The page on which somebody chooses what for: one concern at a tap, or several, for several people."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.booking import choice, choosing, places
from frontoffice.booking import visit as visits
from frontoffice.booking.choice import Choice
from frontoffice.booking.models import Withheld
from frontoffice.booking.visit import Visit
from frontoffice.errors import Invalid
from frontoffice.offices.models import Office, Schedule, Service
from frontoffice.web.context import database, say


def services(office_slug: str) -> ResponseReturnValue:
    """Choose a service; `?q=` narrows the list down, `?with=` is what has been chosen already."""
    typed = request.args.get("q", "")
    with database().read() as session:
        office = choosing.office(session, office_slug)
        found = choosing.matching(office.services, typed)
        chosen = _known(office, choice.read(request.args.getlist("with")))
        if chosen.items:
            return render_template(
                "booking/visit.html", **_visit_words(session, office, chosen, found, typed)
            )
        return render_template(
            "booking/services.html",
            current_office=office,
            online=[each for each in found if each.online],
            elsewhere=[each for each in found if not each.online],
            typed=typed,
            has_draw=_has_draw(session, office),
        )


def to_the_choice(office_slug: str, chosen: Choice) -> ResponseReturnValue:
    """Lead back to where a choice can be changed, which also says what is wrong with it."""
    return redirect(url_for("booking.services", office_slug=office_slug, **{"with": str(chosen)}), 303)  # type: ignore[arg-type]


def _has_draw(session: Session, office: Office) -> bool:
    query = select(Withheld.id).join(Schedule, Schedule.id == Withheld.schedule_id)
    return session.scalar(query.where(Schedule.office_id == office.id).limit(1)) is not None


def _visit_words(
    session: Session, office: Office, chosen: Choice, found: list[Service], typed: str
) -> dict[str, Any]:
    by_slug = {each.slug: each for each in office.services}
    items = [(by_slug[slug], people) for slug, people in chosen.items]
    ids = {service.id for service, _people in items}
    offered = places.offered(session, office)
    addable = choice.addable(offered.values(), ids)
    planned, refusal = _planned(items)
    return {
        "current_office": office,
        "items": items,
        "choice": chosen,
        "visit": planned,
        "refusal": say(refusal) if refusal else None,
        "is_offered": choice.is_offered(offered, ids),
        "more": [each for each in found if each.online and each.id in addable],
        "is_searched": len(addable) > 8,
        "typed": typed,
    }


def _planned(items: list[tuple[Service, int]]) -> tuple[Visit | None, Invalid | None]:
    """The visit, or why these make none."""
    try:
        return visits.visit(items), None
    except Invalid as refusal:
        return None, refusal


def _known(office: Office, chosen: Choice) -> Choice:
    """Of a choice, what this office offers online."""
    online = {each.slug for each in office.services if each.online and each.active}
    return Choice(tuple(item for item in chosen.items if item[0] in online))
