"""What is installed is what was locked: as far as that can be told without a network. Known holes: `make audit`."""

import json
import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-build.lock", "requirements-node.lock"]


def locked(name: str) -> dict[str, tuple[Requirement, str]]:
    """The requirements of a lock by name, with the text of each."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = {}
    for line in lines:
        wanted = Requirement(line.partition(" --hash")[0].strip())
        found[canonicalize_name(wanted.name)] = (wanted, line)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_library_has_one_version_and_its_hashes(name: str) -> None:
    for wanted, line in locked(name).values():
        assert re.fullmatch(r"==[^,*]+", str(wanted.specifier)), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line
        assert wanted.url is None, line
    assert "://" not in "".join(line for _, line in locked(name).values())


def test_whatever_the_project_asks_for_is_locked_at_a_version_it_takes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [("requirements.lock", each) for each in project["project"]["dependencies"]]
    groups = project["dependency-groups"]
    for group in ("build", "dev"):
        named = [each for each in groups[group] if isinstance(each, str)]
        wanted += [(f"requirements-{group}.lock", each) for each in named]
    wanted += [("requirements-dev.lock", each) for each in groups["build"]]
    for lock, text in wanted:
        asked = Requirement(text)
        found, _ = locked(lock)[canonicalize_name(asked.name)]
        [version] = [each.version for each in found.specifier]
        assert asked.specifier.contains(version, prereleases=True), text


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock"])
def test_the_locks_agree(name: str) -> None:
    development = locked("requirements-dev.lock")
    for library, (wanted, _) in locked(name).items():
        assert str(development[library][0].specifier) == str(wanted.specifier), library


def test_what_is_imported_here_is_what_was_locked() -> None:
    for name, (wanted, _) in locked(LOCKS[0]).items():
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        assert wanted.specifier.contains(metadata.version(name), prereleases=True), name


def test_the_front_end_is_locked_by_content_and_from_no_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, package in packages.items():
        if not name:
            continue
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
        assert not package.get("hasInstallScript"), name
