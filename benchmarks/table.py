"""The table of ratios, as Markdown: what was measured, on what, and how it stands to what was promised."""

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import Row
from benchmarks.servers import ROOT

PAGE = ROOT / "docs" / "performance.md"
# Between these two lines of the page stands the table; what people have written around it stays.
BEGIN, END = "<!-- table -->", "<!-- end of table -->"


def written(rows: Iterable[Row], machine: Iterable[str], command: str, seconds: float) -> str:
    """The table and what it was measured on."""
    lines = [
        f"Commit {_commit()}, made by `{command}` in {seconds / 60:.1f} minutes on:",
        "",
        *(f"- {each}" for each in machine),
        "",
        "| what | database | measured | against | ratio | floor | goal | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row.what, row.engine, row.figures, row.against, *_promised(row)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def page(table: str) -> str:
    """The page of the documentation with this table in it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def machine() -> list[str]:
    """What it was measured on."""
    return [
        f"{os.cpu_count()} cores ({_processor()}), {_memory()}, {platform.system()} {platform.machine()}",
        "the load comes from the same cores",
        f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("Flask", "SQLAlchemy", "psycopg", "gunicorn")),
    ]


def _promised(row: Row) -> list[str]:
    if row.ratio is None:
        return ["", "", "", ""]
    if row.floor is None:
        return [f"{row.ratio:.2f}", "", "", ""]
    sign = "≤ " if row.at_most else ""
    words = {"goal": "goal met", "floor": "floor met", "below": "**below**"}
    goal = "" if row.goal is None else f"{sign}{row.goal:.2g}"
    return [f"{row.ratio:.2f}", f"{sign}{row.floor:.2g}", goal, words[row.verdict]]


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        found = subprocess.run(  # noqa: S603 (fixed words)
            command,
            cwd=ROOT,
            env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()


def _processor() -> str:
    return _line(Path("/proc/cpuinfo"), "model name") or platform.processor() or "unknown"


def _memory() -> str:
    kilobytes = _line(Path("/proc/meminfo"), "MemTotal").split()
    return f"{int(kilobytes[0]) / 2**20:.0f} GB memory" if kilobytes else "unknown memory"


def _line(file: Path, name: str) -> str:
    if not file.exists():
        return ""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
