"""What several tests need. Everything else stands beside the test that uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import settings

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.http.door import HttpDoor
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from built_allure import BuiltAllure
    from doors import Door
    from embedded_aws import EmbeddedAws
    from suites_runs import RunSuites

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# Sessions load the models of the services anew.
_BOTO: Any = boto3.Session()


@pytest.fixture
def embedded_target() -> Iterator[EmbeddedTarget]:
    """An embedded target of its own, dropped afterwards."""
    target = EmbeddedTarget()
    yield target
    target.close()


@dataclass(frozen=True)
class Served:
    """A cloud behind an HTTP door, whose root user has the key `test`."""

    cloud: EmbeddedCloud
    door: HttpDoor

    def client(self, service: str, region: str = "us-east-1", key: str = "test", **settings: Any) -> Any:
        """Return a boto3 client of the door, which does not repeat what failed."""
        config = Config(retries={"total_max_attempts": 1}).merge(settings.pop("config", Config()))
        credentials = {"aws_access_key_id": key, "aws_secret_access_key": "test", **settings}
        return _BOTO.client(service, region_name=region, endpoint_url=self.door.url, config=config, **credentials)


@pytest.fixture(scope="session")
def served_for_all() -> Iterator[Served]:
    """The one door of the session; starting and stopping one takes a while."""
    cloud = EmbeddedCloud(account="000000000000", well_known_roots=True)
    with HttpDoor(cloud) as door:
        yield Served(cloud, door)
    cloud.close()


@pytest.fixture
def served(served_for_all: Served) -> Served:
    """A cloud behind an HTTP door in which nothing is stored yet."""
    served_for_all.cloud.reset()
    return served_for_all


@pytest.fixture(scope="session", params=["in process", "over HTTP"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """Each of the two doors of the emulator in turn, for tests beside `emulator/doors.py`."""
    from doors import InProcess, OverHttp  # noqa: PLC0415  found only from the tests that stand beside it

    if request.param == "in process":
        yield InProcess()
        return
    over_http = OverHttp()
    yield over_http
    over_http.close()


@pytest.fixture
def aws(door: Door) -> Iterator[EmbeddedAws]:
    """An embedded cloud with an operator, reached through each door, for tests beside `emulator/embedded_aws.py`."""
    from embedded_aws import EmbeddedAws  # noqa: PLC0415  as above

    embedded = EmbeddedAws(door)
    yield embedded
    embedded.close()


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The Allure results of a made-up run on each of two targets, for tests beside `report/made_up_run.py`."""
    from made_up_run import results_of  # noqa: PLC0415  as above

    folder = tmp_path_factory.mktemp("results")
    return [results_of(target, folder) for target in ("embedded", "sandbox")]


@pytest.fixture(scope="session")
def built(results: list[Path], tmp_path_factory: pytest.TempPathFactory) -> BuiltAllure:
    """The Allure page of these results, with the reports of the run beside it."""
    from built_allure import like_the_repository  # noqa: PLC0415  as above
    from made_up_run import RUN  # noqa: PLC0415  as above

    from harness.report.building import build  # noqa: PLC0415  takes the whole catalogue

    allure = like_the_repository(tmp_path_factory.mktemp("built") / "repository")
    build(allure.folder / "reports", [RUN])
    allure.build(results)
    return allure


@pytest.fixture
def run_suites(tmp_path: Path) -> RunSuites:
    """What runs the suites as a user does, for tests beside `suites/suites_runs.py`."""
    from suites_runs import RunSuites  # noqa: PLC0415  as above

    return RunSuites(tmp_path)
