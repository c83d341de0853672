"""Which ladder an office has: as configured, with what it does differently itself."""

import hashlib
from collections.abc import Iterable
from datetime import date

from frontoffice.config import Documents, OfficeReminders, WatchRule
from frontoffice.documents.document_kinds import ABOUT, DocumentKind
from frontoffice.documents.ladder import Ladder, Rule
from frontoffice.offices.models import Office


def of(office: Office, settings: Documents) -> Ladder:
    """The ladder of an office."""
    return _made(_own(office), settings)


def of_all(offices: Iterable[Office], settings: Documents) -> dict[int, Ladder]:
    """The ladders of many offices by their numbers; those that differ in nothing share one."""
    usual = _made(OfficeReminders(), settings)
    return {each.id: _made(_own(each), settings) if each.document_reminders else usual for each in offices}


def _made(own: OfficeReminders, settings: Documents) -> Ladder:
    title = settings.title_days if own.title_days is None else own.title_days
    passport = settings.passport_days if own.passport_days is None else own.passport_days
    days: dict[str, tuple[int, ...]] = {
        kind: passport if about.is_passport else title for kind, about in ABOUT.items()
    }
    return Ladder(
        days | dict(settings.days) | dict(own.days), tuple(_rule(each) for each in settings.rules + own.rules)
    )


def service(office: Office, settings: Documents, kind: DocumentKind) -> str:
    """The slug of the service that people with such a document come for."""
    chosen = dict(settings.services) | dict(_own(office).services)
    return chosen.get(kind.value) or ABOUT[kind].service


def fingerprint(ladder: Ladder) -> str:
    """Tells two ladders apart (64 hex digits)."""
    rules = [
        (
            sorted(each.kinds),
            each.expires_from,
            each.expires_until,
            each.moves_to,
            each.mutes,
            each.quiet_from,
            each.quiet_until,
        )
        for each in ladder.rules
    ]
    said = repr((sorted((str(kind), days) for kind, days in ladder.days.items()), rules))
    return hashlib.sha256(said.encode()).hexdigest()


def _own(office: Office) -> OfficeReminders:
    return OfficeReminders.model_validate(office.document_reminders or {})


def _rule(rule: WatchRule) -> Rule:
    return Rule(
        frozenset(rule.kinds),
        rule.expires_from or date.min,
        rule.expires_until or date.max,
        rule.moves_to,
        rule.mutes,
        rule.quiet_from,
        rule.quiet_until,
    )
