"""DynamoDB's calls on tables themselves -> actions, resources and condition keys.

Actions and resources are those of the Service Authorization Reference. What the store cannot do is authorized all the
same, so that a denial can still be told.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.dynamodb.tables import read_table, read_table_arn
from harness.emulator.operations import accepting, request_tags, resource_tags
from harness.emulator.service import NotDerivableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.dynamodb.tables import TableAddress, TableDirectory

# What is performed, with the parameters that are implemented.
ACCEPTED = {
    "CreateTable": accepting(
        "TableName KeySchema AttributeDefinitions BillingMode ProvisionedThroughput GlobalSecondaryIndexes",
        "LocalSecondaryIndexes Tags ResourcePolicy DeletionProtectionEnabled",
    ),
    "DeleteTable": accepting("TableName"),
    "DescribeTable": accepting("TableName"),
    "ListTables": accepting("ExclusiveStartTableName Limit"),
    "UpdateTable": accepting(
        "TableName AttributeDefinitions BillingMode ProvisionedThroughput GlobalSecondaryIndexUpdates",
        "DeletionProtectionEnabled",
    ),
    "UpdateTimeToLive": accepting("TableName TimeToLiveSpecification"),
    "DescribeTimeToLive": accepting("TableName"),
    "TagResource": accepting("ResourceArn Tags"),
    "UntagResource": accepting("ResourceArn TagKeys"),
    "ListTagsOfResource": accepting("ResourceArn NextToken"),
    "PutResourcePolicy": accepting("ResourceArn Policy ExpectedRevisionId"),
    "GetResourcePolicy": accepting("ResourceArn"),
    "DeleteResourcePolicy": accepting("ResourceArn ExpectedRevisionId"),
    "DescribeContinuousBackups": accepting("TableName"),
    "UpdateContinuousBackups": accepting("TableName PointInTimeRecoverySpecification"),
    "DescribeLimits": accepting(""),
    "ExportTableToPointInTime": accepting(
        "TableArn S3Bucket S3BucketOwner S3Prefix S3SseAlgorithm S3SseKmsKeyId ExportFormat ExportTime ExportType",
        "IncrementalExportSpecification ClientToken",
    ),
}
# Authorized on the table and not performed: their effects lie outside the tables that are stored here.
_ON_THE_TABLE = frozenset(
    {
        "CreateBackup",
        "DescribeContributorInsights",
        "DescribeKinesisStreamingDestination",
        "DisableKinesisStreamingDestination",
        "EnableKinesisStreamingDestination",
    }
)
_ON_ITS_OWN_ARN = {"DescribeBackup": "BackupArn", "DeleteBackup": "BackupArn", "DescribeExport": "ExportArn"}
_ON_EVERYTHING = frozenset(
    {"DescribeLimits", "ListBackups", "ListContributorInsights", "ListExports", "ListGlobalTables", "ListTables"}
)
# The calls by which another account's table can be administered (DynamoDB page on operations that support
# resource-based policies).
_ACROSS_ACCOUNTS = frozenset(
    {"DeleteTable", "DescribeTable", "UpdateTable", "ListTagsOfResource", "TagResource", "UntagResource"}
)
_BACKUP_OR_EXPORT = re.compile(r"arn:aws:dynamodb:[a-z0-9-]+:\d{12}:table/[a-zA-Z0-9_.-]+/(?:backup|export)/[\w-]+")


class TableAdministration:
    """Derives authorization checks for calls sent to one account and Region."""

    def __init__(self, region: str, account: str, tables: TableDirectory) -> None:
        self._region = region
        self._account = account
        self._tables = tables

    def address(self, operation: str, params: Mapping[str, Any]) -> TableAddress | None:
        """Return the table that the call is about, None for a call about no single table.

        Raises NotDerivableError for a table that this call does not reach on AWS.
        """
        arn = params.get("ResourceArn") or params.get("TableArn")
        if "TableName" in params:
            address = read_table(params["TableName"], self._account, self._region)
        elif arn is not None:
            address = read_table_arn(arn, self._region)
        else:
            return None
        if address.account != self._account and operation not in _ACROSS_ACCOUNTS:
            raise NotDerivableError(f"dynamodb:{operation} on a table of another account")
        return address

    def checks(self, operation: str, params: Mapping[str, Any]) -> tuple[AuthorizationCheck, ...]:
        """Return every check the call needs. Raises NotDerivableError for an operation unknown here."""
        if operation in _ON_EVERYTHING:
            return (AuthorizationCheck(f"dynamodb:{operation}", "*"),)
        if operation in _ON_ITS_OWN_ARN:
            return (self._own_arn(operation, params),)
        address = self.address(operation, params)
        if address is None or (operation not in ACCEPTED and operation not in _ON_THE_TABLE):
            raise NotDerivableError(f"the operation dynamodb:{operation}")
        actions = [operation]
        if operation == "CreateTable" and "ResourcePolicy" in params:
            # The page on attaching a policy while creating a table asks for both.
            actions.append("PutResourcePolicy")
        if operation == "CreateTable" and "Tags" in params:
            # Also for an empty list: so it was met (hashicorp/terraform-provider-aws#10943).
            actions.append("TagResource")
        context = {**resource_tags(self._tables.tags(address)), **_tags_in(params)}
        policies = self._tables.resource_policies(address)
        return tuple(
            AuthorizationCheck(f"dynamodb:{action}", address.arn, context, frozenset(), policies, address.account)
            for action in actions
        )

    def _own_arn(self, operation: str, params: Mapping[str, Any]) -> AuthorizationCheck:
        arn = str(params[_ON_ITS_OWN_ARN[operation]])
        if not _BACKUP_OR_EXPORT.fullmatch(arn) or arn.split(":")[3:5] != [self._region, self._account]:
            raise NotDerivableError("a backup or export that is not of this account and Region")
        return AuthorizationCheck(f"dynamodb:{operation}", arn)


def _tags_in(params: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    if "TagKeys" in params:
        return {"aws:tagkeys": tuple(params["TagKeys"])}
    return request_tags({tag["Key"]: tag["Value"] for tag in params.get("Tags", ())})
