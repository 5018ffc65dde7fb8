"""What belongs to somebody: canary items and objects, and how they are planted and looked after."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.deployment import operate
from harness.errors import DeploymentError, SignInRefusedError
from harness.placeholders import TENANT, USER
from harness.population import SHARED, Caller
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.blueprints.spec import Blueprint, Place
    from harness.deployment import Deployment
    from harness.population import Population
    from harness.sessions import Session
    from harness.targets.target import Target

# The asset that reads are aimed at; another one's very name is a canary, for techniques that list names.
PRIVATE = "private"
# The owner of what belongs to no tenant.
PUBLIC = Caller(SHARED, "public")
_IDENTITY_ID = "{identity_id}"
# What tells owners apart in a pattern.
DISCRIMINATORS = (_IDENTITY_ID, TENANT, USER)
_BATCH = 25


@dataclass(frozen=True, slots=True)
class Asset:
    """One item or one object of an owner, carrying a marker.

    `store` is the table or bucket, `pattern` what the partition key or prefix is made by from `discriminator`, which
    tells the owner apart (an identity id, the key of a tenant). `name` is the sort key, or ends the object's key.
    `attribute_patterns` are what an item holds beside its key and its canary.
    """

    owner: Caller
    plane: str
    store: str
    pattern: str
    discriminator: str
    name: str
    marker: str
    path_pattern: str = ""
    attribute_patterns: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return the path of the route that shows the asset."""
        return self.path_of(self.discriminator)

    def path_of(self, discriminator: str) -> str:
        """Return the path under which the route shows an asset of this name of somebody else's."""
        filled = self.path_pattern.replace(TENANT, quote(discriminator, safe=""))
        return filled.replace("{name}", quote(self.name))

    @property
    def path_name(self) -> str:
        """Return the name as it ends the path of the route."""
        return quote(self.name)

    def partition_of(self, discriminator: str) -> str:
        """Return the partition key or prefix of whoever this discriminator tells apart."""
        return _of_owner(self.pattern, discriminator)

    @property
    def partition(self) -> str:
        """Return the owner's partition key, or its prefix without the slash behind it."""
        return self.partition_of(self.discriminator)

    @property
    def prefix(self) -> str:
        """Return the owner's prefix with its slash, empty where the whole bucket is the owner's."""
        return f"{self.partition}/" if self.pattern else ""

    def key_of(self, name: str) -> str:
        """Return the key of the owner's object of that name."""
        return f"{self.prefix}{name}.json"

    @property
    def reading(self) -> ApiRequest:
        """Return the plainest request that reads the asset."""
        return reread(self)

    @property
    def private_key(self) -> str:
        """Return the key of the object that the owner always has."""
        return self.key_of(f"{self.name.partition('/')[0]}/{PRIVATE}")

    @property
    def item_key(self) -> dict[str, Any]:
        """Return the item's primary key as DynamoDB wants it."""
        return {"PK": {"S": self.partition}, "SK": {"S": self.name}}

    @property
    def item(self) -> dict[str, Any]:
        """Return the whole item as it was planted."""
        attributes = {
            name: {"S": _of_owner(pattern, self.discriminator)} for name, pattern in self.attribute_patterns.items()
        }
        return {**self.item_key, "canary": {"S": self.marker}, **attributes}

    @property
    def object_key(self) -> str:
        """Return the object's key."""
        return self.key_of(self.name)

    @property
    def object_body(self) -> bytes:
        """Return the object's content as it was planted."""
        return json.dumps({"canary": self.marker}).encode()


@dataclass(frozen=True)
class Assets:
    """Whose asset is where, once everybody has signed in."""

    blueprint: Blueprint
    deployment: Deployment
    population: Population
    sessions: Mapping[Caller, Session | SignInRefusedError]

    def of(self, owner: Caller, plane: str, name: str) -> Asset:
        """Return an asset of an owner. Raises SignInRefusedError for one whose identity id was never given.

        Raises KeyError when the design has no place for it.
        """
        place = self._place(owner, plane)
        discriminator = self._discriminator(place, owner)
        logical = place.store.replace(TENANT, discriminator)
        stores = self.deployment.buckets if plane == "s3" else self.deployment.tables
        marker = self.population.marker(owner, name)
        # Users of one tenant may share a partition; each has names of its own in it.
        stored = f"{self.population.folder(owner)}/{name}"
        return Asset(
            owner, plane, stores[logical], place.partition, discriminator, stored, marker, place.path, place.attributes
        )

    def listing_marker(self, owner: Caller) -> str:
        """Return the marker that stands in the name of one object of the owner and in no request anybody sends."""
        return self.population.marker(owner, "listing")

    def _place(self, owner: Caller, plane: str) -> Place:
        place = self.blueprint.shared_place(plane) if owner == PUBLIC else self.blueprint.place(plane)
        if place is None:
            raise KeyError(f"{self.blueprint.name} keeps no assets of {owner} on {plane}")
        return place

    def _discriminator(self, place: Place, owner: Caller) -> str:
        tenant = self.population.tenant(owner.tenant)
        if _IDENTITY_ID in place.partition:
            session = self.sessions[owner]
            if isinstance(session, SignInRefusedError):
                raise session
            return session.identity_id
        if USER in place.partition:
            return self.population.user(owner).label
        return "" if tenant is None else tenant.key


def _of_owner(pattern: str, discriminator: str) -> str:
    for placeholder in DISCRIMINATORS:
        pattern = pattern.replace(placeholder, discriminator)
    return pattern


def plant(target: Target, assets: Assets, names: Mapping[Caller, Mapping[str, Iterable[str]]]) -> None:
    """Write the items and objects of everybody as the operator.

    `names` gives per owner and plane (`dynamodb`, `s3`) the names of the assets that the run will aim at.
    Raises DeploymentError when a write fails.
    """
    items: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for owner, by_plane in names.items():
        try:
            for plane, wanted in by_plane.items():
                owned = [assets.of(owner, plane, name) for name in sorted(wanted)]
                if plane != "s3":
                    # A route shows items that may be assets of the plane dynamodb as well.
                    planted = items.setdefault(owned[0].store, {})
                    planted.update({(asset.partition, asset.name): asset.item for asset in owned})
                    continue
                for asset in owned:
                    _put(target, asset.store, asset.object_key, asset.object_body)
                _put(target, owned[0].store, owned[0].key_of(assets.listing_marker(owner)), b"{}")
        except SignInRefusedError:
            # Nobody knows where the assets of somebody without an identity would be; the verdicts say the rest.
            continue
    for table, by_key in items.items():
        wanted_items = list(by_key.values())
        for start in range(0, len(wanted_items), _BATCH):
            requests = [{"PutRequest": {"Item": item}} for item in wanted_items[start : start + _BATCH]]
            answer = operate(target, "dynamodb", "BatchWriteItem", RequestItems={table: requests})
            if answer.get("UnprocessedItems"):
                raise DeploymentError("DynamoDB left part of the population unwritten; run again with fewer tenants")


def _put(target: Target, bucket: str, key: str, body: bytes) -> None:
    operate(target, "s3", "PutObject", Bucket=bucket, Key=key, Body=body)


def reread(asset: Asset) -> ApiRequest:
    """Return the request with which an owner looks whether the asset still stands as planted."""
    if asset.plane == "s3":
        return ApiRequest("s3", "GetObject", {"Bucket": asset.store, "Key": asset.object_key})
    return ApiRequest("dynamodb", "GetItem", {"TableName": asset.store, "Key": asset.item_key, "ConsistentRead": True})


def stands(asset: Asset, data: Mapping[str, Any]) -> bool:
    """Tell whether the answer to `reread` shows the asset exactly as it was planted."""
    if asset.plane == "s3":
        return bool(data.get("Body") == asset.object_body)
    return bool(data.get("Item") == asset.item)


def restore(asset: Asset) -> ApiRequest:
    """Return the request that puts the asset back after an attack has changed it."""
    if asset.plane == "s3":
        params = {"Bucket": asset.store, "Key": asset.object_key, "Body": asset.object_body}
        return ApiRequest("s3", "PutObject", params)
    return ApiRequest("dynamodb", "PutItem", {"TableName": asset.store, "Item": asset.item})
