"""How many processes and connections the web server takes."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from frontoffice import serving
from frontoffice.config import Config, ConfigError
from tests.conftest import KEY


def configured(url: str, **web: int) -> Config:
    return Config.model_validate(
        {"site": {"base_url": "http://localhost", "secret_keys": [KEY]}, "database": {"url": url}, "web": web}
    )


POSTGRESQL, SQLITE = "postgresql://office@localhost/office", "sqlite:///office.db"


@pytest.mark.parametrize("cores", [1, 2, 8, 64])
@pytest.mark.parametrize("threads", [2, 40, 200])
def test_all_processes_together_stay_below_what_postgresql_allows(cores: int, threads: int) -> None:
    allowed = 100 - 3 - serving.CONNECTIONS_FOR_OTHERS
    config = configured(POSTGRESQL, threads=threads)
    processes = serving.processes_for(config, cores)
    size = serving.pool_size_for(config, processes, allowed)
    assert serving.FEWEST_CONNECTIONS <= size <= threads
    listening = 1
    assert processes * (2 * size + listening) <= allowed


def test_more_processes_than_connections_are_refused_with_what_to_do() -> None:
    config = configured(POSTGRESQL, processes=50)
    with pytest.raises(ConfigError, match=r"web\.processes lower"):
        serving.pool_size_for(config, serving.processes_for(config, 2), 72)


def test_sqlite_has_one_process_and_refuses_more() -> None:
    assert serving.processes_for(configured(SQLITE), 64) == 1
    with pytest.raises(ConfigError, match="use PostgreSQL"):
        serving.processes_for(configured(SQLITE, processes=2), 64)


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="frontoffice upgrade"):
        serving.open_database(configured(f"sqlite:///{tmp_path}/empty.db"))


def test_a_process_that_ends_without_a_folder_to_count_in_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worker = cast(serving.Worker, SimpleNamespace(pid=4711))
    monkeypatch.delenv(serving.METRICS_FOLDER, raising=False)
    serving._forget_process(None, worker)
    open_streams = tmp_path / "gauge_livesum_4711.db"
    open_streams.touch()
    monkeypatch.setenv(serving.METRICS_FOLDER, str(tmp_path))
    serving._forget_process(None, worker)
    assert not open_streams.exists()
