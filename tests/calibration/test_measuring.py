from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from lax_targets import LaxTarget, embedded

from harness.calibration.calibration import Calibration, Enforced, Measured
from harness.calibration.measuring import measure
from harness.calibration.rules import Rule
from harness.calibration.sites import SITES
from harness.deployment import operate
from harness.targets.api import ApiRequest, ApiResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.targets.embedded import EmbeddedTarget

_LISTS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("dynamodb", "ListTables", {}, "TableNames"),
    ("s3", "ListBuckets", {}, "Buckets"),
    ("iam", "ListRoles", {}, "Roles"),
    ("iam", "ListUsers", {}, "Users"),
    ("iam", "ListPolicies", {"Scope": "Local"}, "Policies"),
    ("cognito-idp", "ListUserPools", {"MaxResults": 60}, "UserPools"),
    ("cognito-identity", "ListIdentityPools", {"MaxResults": 60}, "IdentityPools"),
    ("lambda", "ListFunctions", {}, "Functions"),
    ("apigateway", "GetRestApis", {}, "items"),
    ("apigatewayv2", "GetApis", {}, "Items"),
)


@pytest.fixture
def target() -> Iterator[EmbeddedTarget]:
    with embedded() as made:
        yield made


def _everything(target: EmbeddedTarget) -> dict[str, Any]:
    """Return all that stands in the account."""
    return {
        operation: operate(target, service, operation, **params)[member]
        for service, operation, params, member in _LISTS
    }


def test_the_embedded_target_enforces_every_rule_and_nothing_of_the_calibration_is_left(
    target: EmbeddedTarget,
) -> None:
    before = _everything(target)
    calibration = measure(target)
    assert {rule: calibration.why(rule) for rule in calibration.missing(Rule)} == {}
    assert set(calibration.measured) == set(Rule)
    assert calibration.left == ()
    assert _everything(target) == before


def test_every_rule_is_measured_at_one_site() -> None:
    measured = [probe.rule for design in SITES for probe in design.probes]
    assert sorted(measured) == sorted(Rule)


def test_only_the_sites_of_the_rules_asked_for_are_made(target: EmbeddedTarget) -> None:
    before = target.calls
    calibration = measure(target, [Rule.PERMISSIONS_BOUNDARIES])
    assert set(calibration.measured) == {Rule.PERMISSIONS_BOUNDARIES}
    assert not any(operation.startswith(("cognito", "dynamodb")) for operation in target.log.by_operation())
    assert calibration.calls == target.calls - before


class _Failing(LaxTarget):
    """A target that breaks down in the middle of a calibration."""

    def __init__(self, target: EmbeddedTarget, operation: str, error: BaseException) -> None:
        super().__init__(target)
        self._failing, self._error = operation, error

    def send(self, request: ApiRequest, credentials: Any) -> ApiResponse:
        if request.operation == self._failing:
            raise self._error
        return super().send(request, credentials)


@pytest.mark.parametrize("operation", ["Scan", "BatchGetItem"])
def test_nothing_is_left_when_a_calibration_is_interrupted(target: EmbeddedTarget, operation: str) -> None:
    before = _everything(target)
    with pytest.raises(KeyboardInterrupt):
        measure(_Failing(target, operation, KeyboardInterrupt()))
    assert _everything(target) == before


def test_what_the_set_up_is_refused_for_is_not_available_and_nothing_is_left(target: EmbeddedTarget) -> None:
    class Without(LaxTarget):
        def send_as_operator(self, request: ApiRequest) -> ApiResponse:
            if request.operation == "SetPrincipalTagAttributeMap":
                return ApiResponse(501, {}, "", "NotImplemented", "principal tags are not supported")
            return super().send_as_operator(request)

    before = _everything(target)
    calibration = measure(Without(target), [Rule.PRINCIPAL_TAG_MAPS, Rule.ATTRIBUTE_RULES])
    assert calibration.enforced(Rule.PRINCIPAL_TAG_MAPS) is Enforced.NOT_AVAILABLE
    assert "SetPrincipalTagAttributeMap" in calibration.why(Rule.PRINCIPAL_TAG_MAPS)
    assert calibration.enforced(Rule.ATTRIBUTE_RULES) is Enforced.YES
    assert _everything(target) == before


@pytest.mark.parametrize(
    ("answer", "enforced"),
    [
        pytest.param(
            ApiResponse(400, {}, "", "ThrottlingException", "Rate exceeded"), Enforced.UNCLEAR, id="throttled"
        ),
        pytest.param(ApiResponse(500, {}, "", "InternalServerError", "oh no"), Enforced.UNCLEAR, id="broken"),
        pytest.param(ApiResponse(400, {}, "", "ValidationException", "bad"), Enforced.UNCLEAR, id="refused-otherwise"),
        pytest.param(
            ApiResponse(400, {}, "", "AccessDeniedException", "no identity-based policy allows it"),
            Enforced.YES,
            id="refused",
        ),
        pytest.param(
            ApiResponse(
                400,
                {},
                "",
                "AccessDeniedException",
                "User: u is not authorized to perform: dynamodb:DescribeTable on resource: t because",
            ),
            Enforced.UNCLEAR,
            id="refused-another-action",
        ),
    ],
)
def test_only_a_refusal_worded_as_authorization_words_it_shows_that_a_rule_is_enforced(
    target: EmbeddedTarget, answer: ApiResponse, enforced: Enforced
) -> None:
    class Answering(LaxTarget):
        def send(self, request: ApiRequest, credentials: Any) -> ApiResponse:
            scans = request.operation == "Scan" and not super().send(request, credentials).succeeded
            return answer if scans else super().send(request, credentials)

    assert measure(Answering(target), [Rule.LEADING_KEYS_SCAN]).enforced(Rule.LEADING_KEYS_SCAN) is enforced


def test_a_control_is_tried_until_it_works_where_changes_of_iam_are_seen_later(target: EmbeddedTarget) -> None:
    class Settling(LaxTarget):
        settling_seconds = 30.0
        early = 3

        def send(self, request: ApiRequest, credentials: Any) -> ApiResponse:
            if request.operation == "Scan" and self.early:
                self.early -= 1
                return ApiResponse(400, {}, "", "AccessDeniedException", "not yet")
            return super().send(request, credentials)

    assert measure(Settling(target), [Rule.LEADING_KEYS_SCAN]).missing([Rule.LEADING_KEYS_SCAN]) == ()


def test_a_calibration_survives_the_way_to_another_process() -> None:
    one = Measured(Rule.S3_PREFIX, Enforced.NO, "what must be refused was allowed")
    other = Measured(Rule.SIGNATURES, Enforced.YES, "refused")
    calibration = Calibration("localstack", {one.rule: one, other.rule: other}, 12, ("bucket b",))
    assert Calibration.from_json(json.loads(json.dumps(calibration.as_json()))) == calibration
    # What was not measured is missing as well.
    assert calibration.missing([Rule.SIGNATURES, Rule.S3_PREFIX, Rule.SIGN_OUT]) == (Rule.S3_PREFIX, Rule.SIGN_OUT)


@pytest.mark.parametrize("rule", Rule)
def test_a_rule_says_what_it_means_and_where_aws_says_so(rule: Rule) -> None:
    assert rule.meaning
    assert rule.documentation.startswith("https://docs.aws.amazon.com/")
    assert rule.section


def test_what_shards_have_measured_is_taken_together_and_the_worse_of_two_counts() -> None:
    def measured(**found: Enforced) -> Calibration:
        rows = {Rule[name]: Measured(Rule[name], enforced, "seen") for name, enforced in found.items()}
        return Calibration("remote", rows, 10)

    one = measured(SIGNATURES=Enforced.YES, EXPLICIT_DENY=Enforced.NO)
    other = measured(SIGNATURES=Enforced.UNCLEAR, EXPLICIT_DENY=Enforced.YES, S3_PREFIX=Enforced.YES)
    for parts in ([one, None, other], [None, other, one]):
        whole = Calibration.together(parts)
        assert whole is not None
        found = {rule: whole.enforced(rule) for rule in whole.measured}
        assert found == {
            Rule.SIGNATURES: Enforced.UNCLEAR,
            Rule.EXPLICIT_DENY: Enforced.NO,
            Rule.S3_PREFIX: Enforced.YES,
        }
        assert whole.calls == 20
    assert Calibration.together([None]) is None
