"""The broker of project-broker: memberships come and go, and one session reaches only so many (aws-semantics 5.1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness.assets import PRIVATE, reread
from harness.attacks.catalogue import matching
from harness.attacks.plan import controls
from harness.blueprints.project_broker import PROJECT_BROKER
from harness.forgery import claims_of
from harness.memberships import Memberships
from harness.population import Caller
from harness.sessions import credentials_from
from harness.stage import Stage, set_up
from harness.targets.http import BearerToken, HttpRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.targets.api import ApiResponse, AwsCredentials
    from harness.targets.http import HttpResponse

MEMBER = Caller("t1", "member")
# The article counts on about 50 projects per user; semantics 5.1 derives 9 to 20 for policies like its own.
ARTICLES_CEILING = 50
AN_HOUR = 3600.0


class World:
    """A deployed broker, and one of its users."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.target = stage.target
        self.session = stage.execution.aiming.session(MEMBER)
        token = self.session.id_token
        assert token is not None
        self.token = token
        own = tuple(tenant.key for tenant in stage.population.user(MEMBER).tenants)
        table = stage.deployment.tables["memberships"]
        self.memberships = Memberships(table, claims_of(token)["sub"], own)

    def ask(self) -> HttpResponse:
        api = PROJECT_BROKER.api
        assert api is not None
        request = HttpRequest("GET", self.stage.deployment.api_url + api.credentials_path)
        return self.target.send_http(request, BearerToken(self.token))

    def credentials(self) -> AwsCredentials:
        found = credentials_from(json.loads(self.ask().body))
        assert found is not None
        return found

    def join(self, *projects: str) -> None:
        for request in self.memberships.adding(projects):
            assert self.target.send_as_operator(request).succeeded

    def leave(self, *projects: str) -> None:
        for request in self.memberships.removing(projects):
            assert self.target.send_as_operator(request).succeeded

    def read(self, home: str, credentials: AwsCredentials) -> ApiResponse:
        asset = self.stage.execution.aiming.assets.of(Caller(home, "member"), "s3", PRIVATE)
        return self.target.send(reread(asset), credentials)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    planned = controls(PROJECT_BROKER, matching(["s3.read.get-object"]), 3)
    stage = set_up(PROJECT_BROKER, planned, tenants=3, seed=1)
    yield World(stage)
    stage.close()


@pytest.fixture
def second_project(world: World) -> Iterator[str]:
    tenant = world.stage.population.tenant("t2")
    assert tenant is not None
    yield tenant.key
    world.leave(tenant.key)


def test_a_membership_counts_from_the_next_credentials_on(world: World, second_project: str) -> None:
    before = world.credentials()
    world.join(second_project)
    assert world.read("t2", before).error_code == "AccessDenied"
    assert world.read("t2", world.credentials()).succeeded


def test_who_leaves_keeps_old_credentials_until_they_expire(world: World, second_project: str) -> None:
    world.join(second_project)
    old = world.credentials()
    world.leave(second_project)
    assert world.read("t2", world.credentials()).error_code == "AccessDenied"
    assert world.read("t2", old).succeeded
    with world.target.time_shifted(AN_HOUR + 1):
        assert world.read("t2", old).error_code == "ExpiredToken"


def test_who_belongs_to_nothing_gets_nothing(world: World) -> None:
    world.leave(*world.memberships.tenants)
    answer = world.ask()
    world.join(*world.memberships.tenants)
    assert (answer.status, json.loads(answer.body)) == (403, {"message": "You belong to no project."})


def test_nobody_on_the_way_keeps_credentials(world: World) -> None:
    assert world.ask().headers["cache-control"] == "no-store"


def test_one_session_reaches_fewer_projects_than_the_article_says_and_none_beyond(world: World) -> None:
    names = [f"project-{number:02}" for number in range(ARTICLES_CEILING)]
    try:
        ceiling = 0
        for name in names:
            world.join(name)
            answer = world.ask()
            if answer.status != 200:
                break
            ceiling += 1
    finally:
        world.leave(*names)
    assert 9 <= ceiling + len(world.memberships.tenants) < 25
    said = json.loads(answer.body)
    assert (answer.status, said) == (403, {"message": "You belong to more projects than one session can reach."})


def test_without_a_token_nothing_is_said_about_anybody(world: World) -> None:
    api = PROJECT_BROKER.api
    assert api is not None
    answer = world.target.send_http(HttpRequest("GET", world.stage.deployment.api_url + api.credentials_path), None)
    assert (answer.status, json.loads(answer.body)) == (401, {"message": "Unauthorized"})
