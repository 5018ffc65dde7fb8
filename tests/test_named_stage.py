"""What becomes of names on a target: refused by AWS, refused by the design, or attacked and attacking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import named_stage
from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.colliding_names import Choice
from harness.blueprints.group_roles import GROUP_ROLES
from harness.blueprints.project_broker import PROJECT_BROKER
from harness.blueprints.project_groups import PROJECT_GROUPS
from harness.blueprints.tenant_tagged import TENANT_TAGGED
from harness.blueprints.web_identity_broker import WEB_IDENTITY_BROKER
from harness.errors import DeploymentError
from harness.named_stage import names_of, set_up_names, techniques_between_names
from harness.provisioning.deploy import deploy as deploying
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.blueprints.spec import Blueprint
    from harness.named_stage import NamedStage, NameVerdict

_READING = (TECHNIQUES["dynamodb.read.get-item"], TECHNIQUES["s3.read.get-object"])


def _tried(blueprint: Blueprint, weakness: str = "") -> dict[str, NameVerdict]:
    planted = blueprint.weakness(weakness) if weakness else None
    stage = set_up_names(blueprint, _READING, seed=1, weakness=planted)
    try:
        return {name.id: stage.try_name(name.id) for name in stage.names.values() if name.beside}
    finally:
        stage.close()


@pytest.fixture(scope="module")
def groups() -> Iterator[NamedStage]:
    stage = set_up_names(PROJECT_GROUPS, _READING, seed=1)
    yield stage
    stage.close()


def test_what_aws_lets_nobody_be_called_is_no_proof_of_isolation(groups: NamedStage) -> None:
    for name in ("wildcard", "delimited-by-slash", "capitals"):
        tried = groups.try_name(name)
        assert tried.outcome == "refused by AWS"
        assert tried.verdicts == ()
        assert "CreateRole" in tried.reason


def test_both_tenants_attack_each_other(groups: NamedStage) -> None:
    tried = groups.try_name("delimited-by-hyphen")
    assert tried.outcome == "held"
    assert tried.predicted is False
    directions = [(verdict.attempt.attacker.tenant, verdict.attempt.asset_name) for verdict in tried.verdicts]
    assert directions == [("delimited-by-hyphen", "private"), ("plain", "private")] * 2
    assert all(verdict.name is VerdictName.ISOLATED and verdict.control_used for verdict in tried.verdicts)


def test_an_empty_name_that_can_be_had_is_attacked_too(groups: NamedStage) -> None:
    assert groups.try_name("empty").outcome == "held"


def test_a_design_may_refuse_a_name_itself() -> None:
    sound = _tried(PROJECT_BROKER)
    assert sound["wildcard"].outcome == "refused at sign-in"
    assert "the broker answered" in sound["wildcard"].reason
    assert sound["empty"].outcome == "refused by AWS"
    weakened = _tried(PROJECT_BROKER, "ddb-wildcard-in-tenant-value")
    assert weakened["wildcard"].outcome == "leaked"
    assert weakened["capitals"].outcome == "held"
    assert {leak.attempt.victim.tenant for leak in weakened["wildcard"].leaks if leak.attempt.victim} == {"plain"}


def test_names_that_become_one_key_leak_though_none_of_them_is_a_wildcard() -> None:
    tried = _tried(TENANT_TAGGED, "ddb-tenant-normalisation-collision")
    leaked = {name for name, each in tried.items() if each.outcome == "leaked"}
    assert leaked == {"typed-capitals", "typed-spaced", "typed-full-width"}
    assert {tried[name].predicted for name in leaked} == {None}
    assert {tried[name].name.choice for name in leaked} == {Choice.TYPED}


def test_a_refusal_for_any_other_reason_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def deploy(blueprint: Blueprint, target: object, run_id: str, population: object) -> object:
        if "longer" in {tenant.id for tenant in population.tenants}:  # type: ignore[attr-defined]  # a Population
            raise DeploymentError("CreateBucket is not modelled", "IsolationHarnessNotDerivable")
        return deploying(blueprint, target, run_id, population)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(named_stage, "deploy", deploy)
    tried = _tried(WEB_IDENTITY_BROKER)
    assert tried["longer"].outcome == "not judged"
    assert "not modelled" in tried["longer"].reason
    assert tried["preceded"].outcome == "held"


def test_where_the_victim_has_no_session_nothing_is_judged() -> None:
    stage = set_up_names(WEB_IDENTITY_BROKER, _READING, seed=1)
    try:
        stage.refused["plain"] = ("refused at sign-in", "no session")
        tried = stage.try_name("longer")
    finally:
        stage.close()
    assert tried.outcome == "not judged"
    assert tried.reason == "plain: no session"


def test_every_action_is_tried_once() -> None:
    techniques = techniques_between_names(PROJECT_GROUPS, TECHNIQUES.values())
    assert len({(technique.effect, technique.actions) for technique in techniques}) == len(techniques)
    assert {"dynamodb:GetItem", "dynamodb:PutItem", "s3:GetObject", "s3:ListBucket", "s3:PutObject"} <= {
        action for technique in techniques for action in technique.actions
    }


def test_a_design_without_tenants_of_its_own_has_no_names() -> None:
    assert names_of(GROUP_ROLES, 1) == ()
    with pytest.raises(TypeError, match="group-roles"):
        set_up_names(GROUP_ROLES, _READING, seed=1)


def test_what_the_application_is_said_to_refuse_is_ruled_out_and_not_tried() -> None:
    tried = _tried(replace(WEB_IDENTITY_BROKER, tenant_names="[a-z]+"))
    assert tried["delimited-by-hyphen"].outcome == "ruled out"
    assert "[a-z]+" in tried["delimited-by-hyphen"].reason
    assert tried["preceded"].outcome == "held"
