"""Where a reminder leads: the right service, the first free times before the date, and what else can be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from frontoffice.booking import choosing, search
from frontoffice.config import Config
from frontoffice.documents import ladders, watching
from frontoffice.documents.document_kinds import ABOUT, EMERGENCY, RENEWAL, TRANSFER, DocumentKind
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.offices.models import Office, Service

DAYS_SHOWN, TIMES_SHOWN = 3, 4
CLOSE = timedelta(days=21)  # so near to the date the waiting list alone is no answer
HALF_A_YEAR = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Way:
    """What somebody can do about a date. `service` is None where nothing can be booked online for it.

    `free`: the first days before the date with some times each. Without any, `can_wait` says that the waiting list may
    help, and `emergency` is the service for urgent cases, where the date is close or over and the office has one.
    `is_application`: whether what runs until the date is extended by an application, unlike a card or a passport.
    """

    service: Service | None
    free: Sequence[tuple[date, Sequence[datetime]]]
    later: date | None
    can_wait: bool
    is_close: bool
    is_over: bool
    is_application: bool
    emergency: Service | None


def way(session: Session, watch: ExpiryWatch, now: datetime, *, settings: Config) -> Way:
    """The way from a date to an appointment."""
    office, today = watch.office, watching.today_at(watch.office, now)
    found = _service(session, watch, settings)
    days: dict[date, list[datetime]] = {}
    if found is not None and found.online:
        place, visit = choosing.chosen(session, office.slug, [(found.slug, 1)])
        furthest = today + timedelta(days=settings.booking.horizon_days)
        until = max(watch.ends_on, furthest) + timedelta(days=1)
        days = search.free_starts(session, place, visit, today, until, now=now, rules=settings.booking)
    before = {day: times for day, times in days.items() if day <= watch.ends_on}
    shown = [(day, times[:TIMES_SHOWN]) for day, times in list(before.items())[:DAYS_SHOWN]]
    is_over = watch.ends_on < today
    is_close = not is_over and watch.ends_on - today <= CLOSE
    return Way(
        service=found if found is not None and found.online else None,
        free=shown,
        later=next((day for day in days if day > watch.ends_on), None),
        can_wait=found is not None and found.online and watch.ends_on > today,
        is_close=is_close,
        is_over=is_over,
        is_application=ABOUT[watch.kind].service != TRANSFER and not ABOUT[watch.kind].is_passport,
        emergency=_by_slug(office, EMERGENCY) if is_close or is_over else None,
    )


def _service(session: Session, watch: ExpiryWatch, settings: Config) -> Service | None:
    """What people come for with such a document, as far as the office offers it."""
    wanted = ladders.service(watch.office, settings.documents, watch.kind)
    if watch.kind is DocumentKind.PASSPORT:
        # With half a year or less left on the title, the title is renewed together with the new passport.
        title = _title_that_ends_soon(session, watch)
        wanted = ladders.service(watch.office, settings.documents, title) if title else wanted
    return _by_slug(watch.office, wanted) or _by_slug(watch.office, RENEWAL)


def _title_that_ends_soon(session: Session, watch: ExpiryWatch) -> DocumentKind | None:
    contact = watching.contact_of(session, watch)
    if contact is None:
        return None
    for other in watching.of_contact(session, contact, watch.office):
        is_title = not ABOUT[other.kind].is_passport and other.state is WatchState.ACTIVE
        if is_title and other.ends_on <= watch.ends_on + HALF_A_YEAR:
            return other.kind
    return None


def _by_slug(office: Office, slug: str) -> Service | None:
    return next((each for each in office.services if each.slug == slug and each.active), None)
