"""The session policies Cognito puts on guests in the enhanced flow (aws-semantics 3.6).

The inline one lists whole services; the managed one is AmazonCognitoUnAuthedIdentitiesSessionPolicy, version 4. They
are unioned, then intersected with the role.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from harness.policy import PolicyKind, parse_policy

if TYPE_CHECKING:
    from harness.policy import Policy

_KMS_CRYPTO = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKey*")


def _services(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}:*" for line in names for name in line.split())


_INLINE_ACTIONS = (
    *_services(
        "appsync cloudwatch codewhisperer cognito-identity cognito-idp cognito-sync comprehend dynamodb execute-api",
        "firehose gamelift geo iot kinesisanalytics lambda lex logs machinelearning mobileanalytics personalize polly",
        "rekognition s3 sdb ses sns sqs sumerian transcribe translate",
    ),
    *_KMS_CRYPTO,
    "sagemaker:InvokeEndpoint",
    "textract:DetectDocumentText",
    "textract:AnalyzeDocument",
)
_MANAGED_ACTIONS = (
    "rum:PutRumEvents",
    "sagemaker:InvokeEndpoint",
    *_services("polly comprehend translate transcribe rekognition mobiletargeting firehose personalize"),
    "geo:GetMap*",
    "geo:ListMaps",
    "geo:SearchPlaceIndex*",
    "geo:GetPlace",
    "geo:CalculateRoute*",
    "geo:*Geofence",
    "geo:*Geofences",
    "geo:*DevicePosition*",
    *_KMS_CRYPTO,
)


@cache
def guest_session_policies() -> tuple[Policy, ...]:
    """Return the session policies of every guest session."""
    return (
        _allowing(_INLINE_ACTIONS, "CognitoGuestInlineSessionPolicy"),
        _allowing(_MANAGED_ACTIONS, "AmazonCognitoUnAuthedIdentitiesSessionPolicy"),
    )


def _allowing(actions: tuple[str, ...], name: str) -> Policy:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}],
    }
    return parse_policy(document, kind=PolicyKind.SESSION, name=name)
