"""What is read often and changes seldom, such as offices and services: kept in the process for some seconds."""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session, object_session

KEPT_SECONDS, MOST_KEPT = 5.0, 1000
MEMORY, CHANGES = "memory", "changes what is seldom changed"  # in a session's `info`

T = TypeVar("T")


class Memory:
    """What one process keeps of one database.

    What this process changes about objects of a class that is `seldom_changed` is seen at once; what another
    process changes, after KEPT_SECONDS.
    """

    def __init__(self) -> None:
        self._edition = 0
        self._kept: dict[Hashable, tuple[int, float, Any]] = {}

    def get(self, key: Hashable, read: Callable[[], Any]) -> Any:
        """What is kept under the key; else what `read` gives, which must not change afterwards."""
        edition, until, value = self._kept.get(key, (-1, 0.0, None))
        if edition != self._edition or until < monotonic():
            edition, until = self._edition, monotonic() + KEPT_SECONDS
            value = read()
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (edition, until, value)
        return value

    def forget(self) -> None:
        """Read everything anew."""
        self._edition += 1


def remembered(session: Session, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` gives (nothing that changes), or gave some seconds ago under this key; see Memory."""
    if CHANGES in session.info:
        return read()  # only this transaction may see what it has changed
    kept: T = session.info[MEMORY].get(key, read)
    return kept


def seldom_changed(kind: type[Any]) -> None:
    """Say that objects of this class are changed so seldom that `remembered` may be used for them."""

    def changed(_mapper: object, _connection: object, changed: object) -> None:
        session = object_session(changed)
        assert session is not None  # it is being flushed
        session.info[CHANGES] = True

    for what in ("after_insert", "after_update", "after_delete"):
        event.listen(kind, what, changed)
