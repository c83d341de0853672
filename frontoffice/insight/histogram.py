"""Minutes counted in fixed steps, so that medians over any span can be found from sums. No database, no clock.

Medians of days cannot be put together to the median of a month; counts can. The steps are one minute up to an hour,
five up to two hours, a quarter of an hour up to four; what is longer is one step. A step holds what is at least its
first minute and less than the next step's.
"""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import timedelta
from math import ceil

STEPS: tuple[int, ...] = (*range(60), *range(60, 120, 5), *range(120, 240, 15), 240)
LONGEST = STEPS[-1]


def step_of(span: timedelta) -> int:
    """The first minute of the step that a span falls into; what is negative counts as nothing."""
    minutes = max(0, span // timedelta(minutes=1))
    return STEPS[bisect_right(STEPS, minutes) - 1]


def share_below(counts: Mapping[int, int], share: float) -> int | None:
    """So many minutes that at least `share` (0 to 1) of all took less; None where there is nothing.

    It is the upper end of the step in which the value of that rank lies. LONGEST + 1 stands for "LONGEST or more".
    """
    wanted = max(1, ceil(share * sum(counts.values()) - 1e-9))
    reached = 0
    for first in sorted(counts):
        reached += counts[first]
        if reached >= wanted and counts[first]:
            return _end(first)
    return None


def _end(first: int) -> int:
    place = STEPS.index(first)
    return STEPS[place + 1] if first != LONGEST else LONGEST + 1
