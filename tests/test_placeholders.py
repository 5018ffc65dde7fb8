from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from harness.blueprints.group_roles import GROUP_ROLES
from harness.deployment import Deployment
from harness.errors import DeploymentError
from harness.placeholders import filled_in
from harness.population import Population, populate
from harness.secret import Secret

_PEOPLE = populate(GROUP_ROLES, seed=1, tenants=3, run_secret=Secret("run"))
_DEPLOYMENT = Deployment(
    "some-design", "abc12345", "us-east-1", "123456789012", iam_users={"t1-person": "one", "t2-person": "two"}
)


def _statements(statement: dict[str, Any], population: Population = _PEOPLE) -> list[dict[str, Any]]:
    filled = json.loads(filled_in({"Version": "2012-10-17", "Statement": [statement]}, _DEPLOYMENT, population.tenants))
    assert isinstance(filled["Statement"], list)
    return filled["Statement"]


def test_a_statement_for_each_user_names_each_and_has_a_sid_of_its_own() -> None:
    statement = {"Sid": "Own", "ForEach": "user", "Principal": {"AWS": "@{iam_user.{user}.arn}"}, "Resource": "{user}/"}
    assert _statements(statement) == [
        {
            "Sid": f"Own{number}",
            "Principal": {"AWS": f"arn:aws:iam::123456789012:user/isolation-harness/{name}"},
            "Resource": f"{label}/",
        }
        for number, label, name in ((1, "t1-person", "one"), (2, "t2-person", "two"))
    ]


def test_a_statement_for_each_tenant_holds_its_key() -> None:
    keys = [tenant.key for tenant in _PEOPLE.tenants]
    assert [made["Resource"] for made in _statements({"ForEach": "tenant", "Resource": "{tenant}"})] == keys


def test_a_key_cannot_change_the_document_around_it() -> None:
    hostile = '", "Effect": "Allow", "x": "\\'
    people = replace(_PEOPLE, tenants=tuple(replace(tenant, key=hostile) for tenant in _PEOPLE.tenants))
    made = _statements({"ForEach": "tenant", "Resource": "{tenant}", "Effect": "Deny"}, people)
    assert made == [{"Resource": hostile, "Effect": "Deny"}] * 3


def test_what_a_statement_can_be_repeated_for_is_said() -> None:
    with pytest.raises(DeploymentError, match="ForEach 'role'; there is tenant and user"):
        _statements({"ForEach": "role"})


def test_a_name_that_was_not_deployed_is_said() -> None:
    with pytest.raises(DeploymentError, match=r"@\{role.nobody.arn\}"):
        _statements({"Resource": "@{role.nobody.arn}"})
