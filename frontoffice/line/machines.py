"""Kiosks that need somebody: staff see them on their desks and in the team view."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from frontoffice.staff import device_reports
from frontoffice.staff.device_reports import Notice


def troubled(session: Session, office_id: int, now: datetime) -> Sequence[Notice]:
    """What is wrong with devices of an office that somebody should look after, by their names."""
    return device_reports.notices(session, office_id, now)
