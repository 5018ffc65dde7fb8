"""What belongs to somebody: canary items and objects, and how they are planted and looked after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.errors import DeploymentError, SignInRefusedError
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.deployment import Deployment
    from harness.population import Caller, Population
    from harness.sessions import Session
    from harness.targets.target import Target

# The asset that reads are aimed at, and the one whose very name is a canary, for techniques that list names.
PRIVATE = "private"
_BATCH = 25


@dataclass(frozen=True, slots=True)
class Asset:
    """One item and one object of an owner, carrying the same marker.

    `partition` is the partition key and S3 prefix (the owner's identity id), `name` the sort key and the rest of the
    object's name.
    """

    owner: Caller
    partition: str
    name: str
    marker: str
    table: str
    bucket: str

    @property
    def item_key(self) -> dict[str, Any]:
        """Return the item's primary key as DynamoDB wants it."""
        return {"PK": {"S": self.partition}, "SK": {"S": self.name}}

    @property
    def item(self) -> dict[str, Any]:
        """Return the whole item as it was planted."""
        return {**self.item_key, "canary": {"S": self.marker}}

    @property
    def object_key(self) -> str:
        """Return the object's key."""
        return f"{self.partition}/{self.name}.json"

    @property
    def object_body(self) -> bytes:
        """Return the object's content as it was planted."""
        return json.dumps({"canary": self.marker}).encode()


def asset_of(population: Population, deployment: Deployment, session: Session, name: str) -> Asset:
    """Return the asset of this name that belongs to the session's user."""
    return Asset(
        owner=session.caller,
        partition=session.identity_id,
        name=name,
        marker=population.marker(session.caller, name),
        table=deployment.table,
        bucket=deployment.bucket,
    )


def listing_marker(population: Population, owner: Caller) -> str:
    """Return the marker that stands in the name of one object of the owner and in no request that anybody sends."""
    return population.marker(owner, "listing")


def plant(
    target: Target,
    deployment: Deployment,
    population: Population,
    sessions: Mapping[Caller, Session | SignInRefusedError],
    names: Mapping[Caller, Mapping[str, Iterable[str]]],
) -> None:
    """Write the items and objects of everybody as the operator.

    `names` gives per owner and plane (`dynamodb`, `s3`) the names of the assets that the run will aim at.
    Raises DeploymentError when a write fails.
    """
    items = []
    for owner, by_plane in names.items():
        session = sessions[owner]
        if isinstance(session, SignInRefusedError):
            continue
        items += [asset_of(population, deployment, session, name).item for name in by_plane.get("dynamodb", ())]
        for name in by_plane.get("s3", ()):
            asset = asset_of(population, deployment, session, name)
            operate(target, "s3", "PutObject", Bucket=asset.bucket, Key=asset.object_key, Body=asset.object_body)
        listed = f"{session.identity_id}/{listing_marker(population, owner)}.json"
        operate(target, "s3", "PutObject", Bucket=deployment.bucket, Key=listed, Body=b"{}")
    for start in range(0, len(items), _BATCH):
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + _BATCH]]
        answer = operate(target, "dynamodb", "BatchWriteItem", RequestItems={deployment.table: requests})
        if answer.get("UnprocessedItems"):
            raise DeploymentError("DynamoDB left part of the population unwritten; run again with fewer tenants")


def reread(asset: Asset, plane: str) -> ApiRequest:
    """Return the request with which an owner looks whether the asset still stands as planted."""
    if plane == "s3":
        return ApiRequest("s3", "GetObject", {"Bucket": asset.bucket, "Key": asset.object_key})
    return ApiRequest("dynamodb", "GetItem", {"TableName": asset.table, "Key": asset.item_key, "ConsistentRead": True})


def stands(asset: Asset, plane: str, data: Mapping[str, Any]) -> bool:
    """Tell whether the answer to `reread` shows the asset exactly as it was planted."""
    if plane == "s3":
        return bool(data.get("Body") == asset.object_body)
    return bool(data.get("Item") == asset.item)


def restore(asset: Asset, plane: str) -> ApiRequest:
    """Return the request that puts the asset back after an attack has changed it."""
    if plane == "s3":
        params = {"Bucket": asset.bucket, "Key": asset.object_key, "Body": asset.object_body}
        return ApiRequest("s3", "PutObject", params)
    return ApiRequest("dynamodb", "PutItem", {"TableName": asset.table, "Item": asset.item})
