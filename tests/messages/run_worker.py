"""A real worker as a process of its own, with short waits; started with the path of a configuration."""

import sys
from datetime import timedelta
from pathlib import Path

from frontoffice import config, worker
from frontoffice.db import Database
from frontoffice.messages.timing import Timing
from frontoffice.vault import Vault

TIMING = Timing(
    batch=4,
    lease=timedelta(seconds=2.5),
    connect=timedelta(seconds=0.3),
    answer=timedelta(seconds=0.5),
    first_wait=timedelta(seconds=0.1),
    longest_wait=timedelta(seconds=0.4),
    look_after=timedelta(seconds=1.2),
    look_again=timedelta(seconds=0.4),
    stop=timedelta(seconds=1),
    later=timedelta(seconds=0.3),
)


def main() -> None:
    """Work until told to stop."""
    settings = config.load(Path(sys.argv[1]))
    database = Database(settings.database.url, Vault(settings.site.secret_keys))
    jobs = [
        job._replace(every_seconds=min(job.every_seconds, 0.2))
        for job in worker.JOBS
        if job.name.startswith("messages")
    ]
    worker.run(settings, database, jobs=jobs, timing=TIMING)
    database.close()


if __name__ == "__main__":
    main()
