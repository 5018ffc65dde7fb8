from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from harness.blueprints.registry import BLUEPRINTS
from harness.deployment import operate
from harness.errors import TargetError
from harness.scaling import MEASUREMENTS, until_refused
from harness.targets.api import ApiResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.report.limits import Limit
    from harness.targets.embedded import EmbeddedTarget

_REFUSALS = frozenset({"Full"})


def _refusing_after(most: int, code: str) -> Callable[[int], ApiResponse]:
    return lambda number: ApiResponse(200, {}, "") if number <= most else ApiResponse(400, {}, "", code, "no more")


def test_the_last_that_was_added_is_the_figure_and_the_refusal_is_that_of_the_next() -> None:
    figure, refusal = until_refused(_refusing_after(7, "Full"), _REFUSALS)
    assert (figure, refusal.error_code, refusal.message) == (7, "Full", "no more")


def test_a_refusal_for_another_reason_is_no_limit() -> None:
    with pytest.raises(TargetError, match="number 4 failed with Throttling: no more"):
        until_refused(_refusing_after(3, "Throttling"), _REFUSALS)


def test_what_nothing_refuses_has_no_limit() -> None:
    with pytest.raises(TargetError, match="nothing refused"):
        until_refused(lambda _: ApiResponse(200, {}, ""), _REFUSALS)


def test_measurements_name_designs_and_differ() -> None:
    assert {measurement.blueprint for measurement in MEASUREMENTS} <= BLUEPRINTS.keys()
    assert len({measurement.id for measurement in MEASUREMENTS}) == len(MEASUREMENTS)


def _measured(limit_id: str, target: EmbeddedTarget) -> Limit:
    return next(measurement for measurement in MEASUREMENTS if measurement.id == limit_id).on(target)


def _statements(document: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(document)["Statement"]
    return found


def test_the_bucket_holds_a_policy_of_as_many_people_as_were_counted(embedded_target: EmbeddedTarget) -> None:
    limit = _measured("per-user-principals:people", embedded_target)
    (bucket,) = operate(embedded_target, "s3", "ListBuckets")["Buckets"]
    stored = operate(embedded_target, "s3", "GetBucketPolicy", Bucket=bucket["Name"])["Policy"]
    people = {statement["Principal"]["AWS"] for statement in _statements(stored)}
    assert len(people) == limit.measured
    # aws-semantics 2.4: 20 KB; one person more is what did not fit.
    compact = json.dumps(json.loads(stored), separators=(",", ":"))
    assert 20_480 - 20_480 // limit.measured < len(compact) <= 20_480
    assert limit.refused_with.startswith("PolicyTooLarge: ")


def test_the_role_holds_a_policy_of_as_many_projects_as_were_counted(embedded_target: EmbeddedTarget) -> None:
    limit = _measured("project-attributes:projects", embedded_target)
    roles = operate(embedded_target, "iam", "ListRoles")["Roles"]
    (role,) = [role["RoleName"] for role in roles if role["RoleName"].endswith("-member")]
    params = {"RoleName": role, "PolicyName": "projects"}
    stored = operate(embedded_target, "iam", "GetRolePolicy", **params)["PolicyDocument"]
    text = stored if isinstance(stored, str) else json.dumps(stored, separators=(",", ":"))
    projects = [each for each in _statements(unquote(text)) if each["Sid"].startswith("Project")]
    assert len(projects) == limit.measured
    # aws-semantics 6.6: 10,240 characters.
    assert 10_240 - 10_240 // limit.measured < len(unquote(text)) <= 10_240
    assert limit.refused_with == "LimitExceeded: Maximum policy size of 10240 bytes exceeded for role member"


def test_listing_all_projects_takes_two_calls_for_each(embedded_target: EmbeddedTarget) -> None:
    limit = _measured("project-groups:calls-to-list-projects", embedded_target)
    # aws-semantics 6.6: one user in at most 100 groups.
    assert (limit.measured, limit.refused_with) == (200, "")
