"""Reaching for keys that are nobody's: items put under partition keys that resemble one's own or another's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.attacks.technique import Callers, Feature, LeakKind, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.population import NOBODYS_ENDING
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.aim import Aim

_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html"
_VARIABLES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"
# By which designs whose keys are identity ids name the caller in their policies.
_OWN_IDENTITY = "${cognito-identity.amazonaws.com:sub}"


def _put(table: str, partition: str, name: str) -> tuple[ApiRequest, ...]:
    item = {"PK": {"S": partition}, "SK": {"S": name}, "canary": {"S": "forged"}}
    return (ApiRequest("dynamodb", "PutItem", {"TableName": table, "Item": item}),)


def _put_own(aim: Aim) -> tuple[ApiRequest, ...]:
    return _put(aim.own.store, aim.own.partition, aim.own.name)


def _forged(value_of: Callable[[Aim], str]) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    """Return steps that put an item under a partition key which is nobody's."""
    return lambda aim: _put(aim.own.store, value_of(aim), aim.own.name)


_FORGED = partial(
    Technique,
    plane="dynamodb",
    effect=Effect.WRITE,
    operation="PutItem",
    actions=("dynamodb:PutItem",),
    severity=Severity.NORMAL,
    documentation=_GUIDE,
    catalogue=("ddb-leadingkeys-absent-on-one-action",),
    victim=Victim.NOBODY,
    control_steps=_put_own,
    # Where owners may not put items, the operator shows what it is to.
    operator_steps=_put_own,
    requires=frozenset({Feature.PARTITIONED_TABLE}),
    callers=Callers.OWNERS,
)

TECHNIQUES = (
    _FORGED(
        id="dynamodb.write.forged-key-random",
        title="PutItem under a partition key that is nobody's",
        steps=_forged(lambda _: "unauthorized_string"),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-prefix",
        title="PutItem under the own key with something behind it",
        catalogue=("ddb-stringlike-prefix-collision",),
        steps=_forged(lambda aim: aim.own.partition_of(aim.own.discriminator + NOBODYS_ENDING)),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-truncated",
        title="PutItem under the beginning of the own key",
        catalogue=("ddb-stringlike-prefix-collision",),
        steps=_forged(lambda aim: aim.own.partition_of(aim.own.discriminator[:-1])),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-padded",
        title="PutItem under the own key with a blank before it",
        catalogue=("ddb-partition-key-type-or-encoding-forgery",),
        steps=_forged(lambda aim: f" {aim.own.partition}"),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-own-case",
        title="PutItem under the own key in capitals",
        catalogue=("ddb-partition-key-type-or-encoding-forgery", "ddb-tenant-normalisation-collision"),
        steps=_forged(lambda aim: aim.own.partition_of(aim.own.discriminator.upper())),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-case",
        title="PutItem under a foreign key in capitals",
        catalogue=("ddb-partition-key-type-or-encoding-forgery",),
        victim=Victim.SOMEBODY,
        allowed_means=LeakKind.PERMISSION,
        steps=_forged(lambda aim: aim.asset.partition_of(aim.asset.discriminator.upper())),
    ),
    _FORGED(
        id="dynamodb.write.forged-key-variable",
        title="PutItem under the very text of the policy variable that should stand for the own key",
        documentation=_VARIABLES,
        catalogue=("ddb-policy-version-2008",),
        requires=frozenset({Feature.IDENTITY_KEYED_TABLE}),
        steps=_forged(lambda aim: aim.own.partition_of(_OWN_IDENTITY)),
    ),
)
