"""A small office for tests: three services, one schedule, eight counters."""

from datetime import date, time

from sqlalchemy.orm import Session

from frontoffice.offices.models import Biometrics, Counter, Office, OpeningHours, Schedule, Service

RENEWAL = "residence-permit-renewal"
PICK_UP = "eat-pick-up"
COUNSELLING = "welcome-counselling"


def sample_office(session: Session, slug: str = "musterstadt", seats_online: int = 2) -> Office:
    """An office open Monday to Friday, 08:00 to 12:00, with `seats_online` seats and one for the phone; flushed."""
    services = [
        _service(RENEWAL, 1, "Aufenthaltserlaubnis verlängern", "Renew residence permit", minutes=30),
        _service(PICK_UP, 2, "Karte abholen", "Pick up card", minutes=10, walk_in=True),
        _service(COUNSELLING, 3, "Beratung", "Counselling", minutes=60, online=False, walk_in=True),
    ]
    office = Office(
        slug=slug,
        name="Ausländerbehörde Musterstadt",
        street="Rathausplatz 1",
        postal_code="12345",
        city="Musterstadt",
        phone="+49 30 1234567",
        mail="termine@musterstadt.example",
        land="NW",
        languages=["de", "en"],
        services=services,
        counters=[Counter(name=str(number), room="Wartezone A", services=services) for number in range(1, 9)],
    )
    office.schedules = [
        Schedule(
            slug="main",
            name="Team Aufenthalt",
            services=services,
            opening_hours=[
                OpeningHours(
                    weekday=weekday,
                    opens=time(8),
                    closes=time(12),
                    valid_from=date(2026, 1, 1),
                    seats_online=seats_online,
                    seats_phone=1,
                )
                for weekday in range(5)
            ],
        )
    ]
    session.add(office)
    session.flush()
    return office


def _service(
    slug: str,
    position: int,
    german: str,
    english: str,
    minutes: int,
    *,
    online: bool = True,
    walk_in: bool = False,
) -> Service:
    return Service(
        slug=slug,
        position=position,
        names={"de": german, "en": english},
        plain={"de": f"{german}.", "en": f"{english}."},
        documents={"de": ["Reisepass", "Gebühr"], "en": ["Passport", "Fee"]},
        legal_basis="§ 8 AufenthG",
        minutes=minutes,
        biometrics=Biometrics.YES,
        online=online,
        walk_in=walk_in,
    )
