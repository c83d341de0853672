"""A hall with everything: an office with topics, hours and documents, a kiosk that many tests share, a printer."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.printer import PrinterSettings
from kiosk.settings import DataDirectory
from tests.kiosk.fake_office import FakeOffice
from tests.kiosk.fake_printer import FakePrinter
from tests.kiosk.lobby import KioskProcess, Visitor, pair

LANGUAGES = ["de", "de-simple", "en", "uk", "ru", "ar", "tr", "fa", "fr", "es"]
TOPICS = [("pick_up", "Karte", "Card"), ("stay", "Aufenthalt", "Residence"), ("work", "Arbeit", "Work")]


class FullOffice(FakeOffice):
    """An office that tells all it can; `late` are the codes of appointments whose time is over."""

    def __init__(self) -> None:
        super().__init__()
        self.languages = LANGUAGES
        self.late: set[str] = set()
        self.wait: dict[str, int] | None = {"low": 10, "high": 25}

    def setup(self) -> dict[str, Any]:
        """What a device is told."""
        setup = super().setup()
        setup["office"] |= {
            "street": "Rathausplatz 1",
            "postal_code": "12345",
            "city": "Musterstadt",
            "phone": "+49 30 1234567",
            "mail": "office@musterstadt.example",
        }
        setup["topics"] = [{"slug": slug, "names": {"de": de, "en": en}} for slug, de, en in TOPICS]
        setup["services"] = [
            _service("eat-pick-up", "Kartenabholung", "Card pick-up", "pick_up", walk_in=True),
            _service("emergency", "Notfall", "Emergency", None, walk_in=True),
            _service("advice", "Beratung zum Aufenthalt", "Advice about residence", "stay", walk_in=True),
            _service("renewal", "Verlängerung", "Renewal", "stay", walk_in=False),
            _service("blue-card", "Blaue Karte EU", "EU Blue Card", "work", walk_in=False),
            _service("employer", "Neuer Arbeitgeber", "New employer", "work", walk_in=False, online=False),
        ]
        today = datetime.now(ZoneInfo("Europe/Berlin")).date()
        spans = [{"opens": "08:00", "closes": "12:00"}, {"opens": "13:00", "closes": "16:00"}]
        setup["hours"] = [
            {
                "date": (today + timedelta(days=day)).isoformat(),
                "spans": spans if day < 4 else [],
                "holiday": day == 4,
            }
            for day in range(14)
        ]
        setup["rules"] = {"early_minutes": 60, "too_late_minutes": 30}
        setup["waits"] = {"advice": {"low": 30, "high": 45}}
        setup["ticket_url"] = "https://office.example/ticket"
        return setup

    def _answer(self, entry: dict[str, Any]) -> dict[str, Any]:
        known = entry["code"] or f"{entry['born']} {entry['due']}"
        if known in self.late and not entry["late_ok"]:
            self.appointments[known] = {"refusal": "too_late", **self.appointments[known]}
        elif known in self.late:
            self.appointments[known].pop("refusal", None)
        answer = super()._answer(entry | {"code": known})
        if answer["outcome"] == "accepted":
            return answer | {"wait": self.wait, "room": "Room 12"}
        appointment = self.appointments.get(known, {})
        refused = {key: appointment.get(key) for key in ("due_at", "service", "office")}
        unknown = {} if appointment or entry["code"] else {"code": "unknown_birth"}
        # Its own words are tested elsewhere; here the kiosk's are to be seen.
        return answer | refused | unknown | {"sentence": None}


@dataclass(frozen=True)
class Hall:
    """An office and a kiosk for all tests of a file."""

    office: FullOffice
    kiosk: KioskProcess

    def visitor(self) -> Visitor:
        """Somebody new before the kiosk."""
        return Visitor(self.kiosk)

    def latest(self) -> dict[str, Any]:
        """The entry that the office has got last."""
        return self.office.received[-1][-1]


@contextmanager
def opened(folder: Path, printer: FakePrinter | None = None) -> Iterator[Hall]:
    """A hall whose kiosk runs."""
    office = FullOffice()
    pair(office, folder)
    if printer is not None:
        DataDirectory(folder).store_printer(PrinterSettings("network", printer.address))
    kiosk = KioskProcess(folder)
    try:
        kiosk.start()
        yield Hall(office, kiosk)
    finally:
        kiosk.kill()
        kiosk.forget_port()
        office.demolish()


def doors(visitor: Visitor) -> list[str]:
    """Where the start screen leads."""
    return re.findall(r'class="kiosk-door" href="([^"]+)"', visitor.page.text)


def offers(visitor: Visitor) -> list[str]:
    """What a refusal offers: addresses, and words of what is done here and now."""
    return [
        address or words
        for address, words in re.findall(
            r'kern-btn--primary kiosk-button"(?: href="([^"]+)")?><span class="kern-label">([^<]+)<',
            visitor.page.text,
        )
    ]


def concerns(visitor: Visitor) -> list[str]:
    """What can be chosen."""
    return re.findall(r'<span class="kiosk-concern__name">([^<]+)<', visitor.page.text)


def _service(
    slug: str, german: str, english: str, topic: str | None, *, walk_in: bool, online: bool = True
) -> dict[str, Any]:
    return {
        "slug": slug,
        "names": {"de": german, "en": english},
        "plain": {"de": f"{german}, einfach gesagt.", "en": f"{english}, said simply."},
        "walk_in": walk_in,
        "topic": topic,
        "online": online,
        "documents": {"de": ["Reisepass", f"Formular {german}"], "en": ["Passport", f"Form {english}"]},
    }
