"""Until when an offer stands: minutes of the daytime, because nobody is woken for an appointment. Pure."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from frontoffice.messages import quiet


def deadline(
    now: datetime,
    latest: datetime,
    zone: ZoneInfo,
    *,
    minutes: int,
    least: int,
    quiet_from: int,
    quiet_until: int,
) -> datetime | None:
    """The end of an offer made `now`: after so many `minutes` outside of the quiet hours, at the `latest` then.

    None where fewer than `least` minutes of daytime would be left: then nobody could answer, and none is made.
    """
    left, spent = timedelta(minutes=minutes), timedelta()
    moment = now
    while left:
        moment = quiet.end(moment, zone, quiet_from, quiet_until) or moment
        pause = quiet.begin(moment, zone, quiet_from, quiet_until)
        step = left if pause is None else min(left, pause - moment)
        step = min(step, latest - moment)
        if step <= timedelta():
            break
        moment, left, spent = moment + step, left - step, spent + step
    return moment if spent >= timedelta(minutes=least) else None
