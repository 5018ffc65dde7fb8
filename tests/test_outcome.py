from __future__ import annotations

import base64

import pytest

from harness.attacks.catalogue import TECHNIQUES
from harness.outcome import Outcome, holds, observe, searchable
from harness.targets.api import ApiResponse


def _refused(code: str, message: str, status: int = 400) -> ApiResponse:
    return ApiResponse(status, {}, "", code, message)


_DENIED = "User: arn:x is not authorized to perform: {} on resource: arn:y because no identity-based policy allows it"


@pytest.mark.parametrize(
    ("technique", "service", "response", "outcome"),
    [
        ("dynamodb.read.get-item", "dynamodb", ApiResponse(200, {}, ""), Outcome.ALLOWED),
        (
            "dynamodb.read.get-item",
            "dynamodb",
            _refused("AccessDeniedException", _DENIED.format("dynamodb:GetItem")),
            Outcome.REFUSED,
        ),
        # Refused, but for something the attempt did not ask for: it proves nothing.
        (
            "dynamodb.read.get-item",
            "dynamodb",
            _refused("AccessDeniedException", _DENIED.format("dynamodb:DescribeTable")),
            Outcome.TROUBLE,
        ),
        ("dynamodb.read.get-item", "dynamodb", _refused("ValidationException", "bad"), Outcome.TROUBLE),
        ("dynamodb.read.get-item", "dynamodb", _refused("ThrottlingException", "slow"), Outcome.TROUBLE),
        ("dynamodb.read.get-item", "dynamodb", _refused("ExpiredTokenException", "old"), Outcome.TROUBLE),
        ("dynamodb.read.get-item", "dynamodb", _refused("UnrecognizedClientException", "?"), Outcome.TROUBLE),
        ("dynamodb.read.get-item", "dynamodb", _refused("IsolationHarnessNotDerivable", "?", 501), Outcome.TROUBLE),
        ("dynamodb.read.get-item", "dynamodb", _refused("ResourceNotFoundException", "?"), Outcome.TROUBLE),
        ("dynamodb.read.get-item", "dynamodb", _refused("EndpointConnectionError", "", 0), Outcome.TROUBLE),
        (
            "dynamodb.read.batch-get-item",
            "dynamodb",
            ApiResponse(200, {"UnprocessedKeys": {"t": {}}}, ""),
            Outcome.TROUBLE,
        ),
        ("s3.read.get-object", "s3", _refused("AccessDenied", "Access Denied", 403), Outcome.REFUSED),
        ("s3.read.get-object", "s3", _refused("NoSuchKey", "", 404), Outcome.TROUBLE),
        ("s3.read.get-object", "s3", _refused("AccessDenied", _DENIED.format("s3:ListBucket"), 403), Outcome.TROUBLE),
        ("s3.read.head-object", "s3", _refused("403", "Forbidden", 403), Outcome.REFUSED),
        ("s3.read.head-object", "s3", _refused("404", "Not Found", 404), Outcome.TROUBLE),
        (
            "s3.write.delete-objects",
            "s3",
            ApiResponse(200, {"Errors": [{"Code": "AccessDenied"}]}, ""),
            Outcome.REFUSED,
        ),
        ("s3.write.delete-objects", "s3", ApiResponse(200, {"Errors": [{"Code": "SlowDown"}]}, ""), Outcome.TROUBLE),
        (
            "token.session.unsigned",
            "cognito-identity",
            _refused("NotAuthorizedException", "Invalid login token. Couldn't verify signed token."),
            Outcome.REFUSED,
        ),
        (
            "token.session.unsigned",
            "cognito-identity",
            _refused("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool."),
            Outcome.TROUBLE,
        ),
        (
            "token.session.unsigned",
            "cognito-identity",
            _refused("InvalidIdentityPoolConfigurationException", "Invalid identity pool configuration."),
            Outcome.TROUBLE,
        ),
    ],
)
def test_only_a_refusal_by_authorization_for_the_right_reason_counts(
    technique: str, service: str, response: ApiResponse, outcome: Outcome
) -> None:
    assert observe(TECHNIQUES[technique], service, response, control=False).outcome is outcome


def test_a_control_that_is_refused_anything_it_needs_is_refused() -> None:
    denied = _refused("AccessDenied", _DENIED.format("s3:GetObject"), 403)
    technique = TECHNIQUES["s3.write.copy-object-into"]
    assert observe(technique, "s3", denied, control=True).outcome is Outcome.REFUSED
    assert observe(technique, "s3", denied, control=False).outcome is Outcome.TROUBLE


@pytest.mark.parametrize("data", [{"Item": {"canary": {"S": "canary-1"}}}, {"Body": b'{"canary": "canary-1"}'}])
def test_a_canary_is_seen_wherever_it_stands(data: dict[str, object]) -> None:
    assert holds(searchable([ApiResponse(200, {}, ""), ApiResponse(200, data, "")]), "canary-1")


@pytest.mark.parametrize("before", range(3))
@pytest.mark.parametrize("after", range(3))
def test_a_canary_is_seen_in_base64_of_whatever_it_is_a_part_of(before: int, after: int) -> None:
    encoded = base64.b64encode(b"x" * before + b"canary-1" + b"y" * after).decode()
    assert holds(searchable([ApiResponse(200, {"B": encoded}, "")]), "canary-1")
    assert not holds(searchable([ApiResponse(200, {"B": encoded}, "")]), "canvas-1")


def test_an_error_behind_authorization_shows_that_it_let_the_request_through() -> None:
    technique = TECHNIQUES["dynamodb.write.delete-table"]
    protected = "Resource cannot be deleted as it is currently protected against deletion."
    passed = observe(technique, "dynamodb", _refused("ValidationException", protected), control=False)
    assert passed.outcome is Outcome.ALLOWED
    malformed = observe(technique, "dynamodb", _refused("ValidationException", "Invalid table name"), control=False)
    assert malformed.outcome is Outcome.TROUBLE


def test_a_canary_in_an_error_text_is_only_an_echo() -> None:
    assert not holds(searchable([_refused("AccessDenied", "resource canary-1")]), "canary-1")
    assert not holds(searchable([ApiResponse(200, {"Item": "canary-2"}, "")]), "canary-1")
