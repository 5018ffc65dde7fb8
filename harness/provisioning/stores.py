"""Making a blueprint's tables and buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.blueprints.spec import TenantKeys
from harness.deployment import operate
from harness.placeholders import TENANT, filled_in, of_each_tenant
from harness.provisioning.making import make

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint, BucketSpec, TableSpec
    from harness.deployment import Deployment
    from harness.population import Population
    from harness.targets.target import Target


def make_stores(blueprint: Blueprint, target: Target, deployment: Deployment, population: Population) -> None:
    """Make the tables and buckets, those named after tenants once per tenant."""
    for table in blueprint.tables:
        actual = deployment.name_of(table.name)
        deployment.tables[table.name] = actual
        keys = {name for index in table.indexes for name in (index.partition_key, index.sort_key)} | {"PK", "SK"}
        make(
            target,
            deployment,
            "table",
            actual,
            BillingMode="PAY_PER_REQUEST",
            # Attackers try to delete it; none must succeed, however wide a grant is.
            DeletionProtectionEnabled=True,
            KeySchema=_key_schema("PK", "SK"),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in sorted(keys)],
            **_indexes(table),
        )
    for bucket in blueprint.buckets:
        for name, ending in _bucket_names(blueprint, bucket, population):
            # Bucket names are the world's, so they carry the account.
            actual = f"isolation-{deployment.account}-{deployment.run_id}-{ending}"
            deployment.buckets[name] = actual
            make(target, deployment, "bucket", actual)
            if bucket.versioned:
                versioning = {"Status": "Enabled"}
                operate(target, "s3", "PutBucketVersioning", Bucket=actual, VersioningConfiguration=versioning)


def put_bucket_policies(blueprint: Blueprint, target: Target, deployment: Deployment, population: Population) -> None:
    """Give the buckets their policies; the principals named in them must exist."""
    for bucket in blueprint.buckets:
        if bucket.policy is None:
            continue
        for name, document in of_each_tenant(bucket.name, bucket.policy, population.tenants):
            policy = filled_in(document, deployment, population.tenants)
            actual = deployment.buckets[name]
            operate(target, "s3", "PutBucketPolicy", Bucket=actual, Policy=policy)
            deployment.bucket_policies[actual] = policy


def put_table_policies(blueprint: Blueprint, target: Target, deployment: Deployment, population: Population) -> None:
    """Give the tables their resource policies; the principals named in them must exist."""
    for table in blueprint.tables:
        if table.policy is None:
            continue
        arn = f"arn:aws:dynamodb:{deployment.region}:{deployment.account}:table/{deployment.tables[table.name]}"
        policy = filled_in(table.policy, deployment, population.tenants)
        operate(target, "dynamodb", "PutResourcePolicy", ResourceArn=arn, Policy=policy)


def _key_schema(partition_key: str, sort_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition_key, "KeyType": "HASH"},
        {"AttributeName": sort_key, "KeyType": "RANGE"},
    ]


def _indexes(table: TableSpec) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for index in table.indexes:
        projection: dict[str, Any] = {"ProjectionType": "ALL"}
        if index.projected is not None:
            projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.projected)}
        kind = "LocalSecondaryIndexes" if index.is_local else "GlobalSecondaryIndexes"
        made.setdefault(kind, []).append(
            {
                "IndexName": index.name,
                "KeySchema": _key_schema(index.partition_key, index.sort_key),
                "Projection": projection,
            }
        )
    return made


def _bucket_names(blueprint: Blueprint, bucket: BucketSpec, population: Population) -> list[tuple[str, str]]:
    """Return per bucket its name in the blueprint, and the end of its name in the account."""
    if TENANT not in bucket.name:
        return [(bucket.name, bucket.name)]
    # A bucket's name is too short for a UUID, so tenants that have one stand in it by their ids.
    by_key = blueprint.tenant_keys is TenantKeys.NAME
    return [
        (bucket.name.replace(TENANT, tenant.key), bucket.name.replace(TENANT, tenant.key if by_key else tenant.id))
        for tenant in population.tenants
    ]
