"""Reaching for objects: every way the S3 API touches an object, aimed by whoever uses it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.technique import Callers, Feature, LeakKind, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.population import NOBODYS_ENDING
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.attacks.aim import Aim

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html"
_OVERWRITTEN = b'{"canary": "overwritten"}'


def _call(operation: str, **params: Any) -> tuple[ApiRequest, ...]:
    return (ApiRequest("s3", operation, params),)


def _copy_and_read(aim: Aim) -> tuple[ApiRequest, ...]:
    # The answer to CopyObject holds no content; what was carried off is read from the own folder.
    landed = aim.own.key_of(f"carried-off/{aim.asset.owner.tenant}-{aim.asset.owner.persona}")
    source = {"Bucket": aim.asset.store, "Key": aim.asset.object_key}
    return (
        *_call("CopyObject", Bucket=aim.own.store, Key=landed, CopySource=source),
        *_call("GetObject", Bucket=aim.own.store, Key=landed),
    )


def _copy_over(aim: Aim) -> tuple[ApiRequest, ...]:
    source = {"Bucket": aim.own.store, "Key": aim.own.private_key}
    return _call("CopyObject", Bucket=aim.asset.store, Key=aim.asset.object_key, CopySource=source)


def _put_own(aim: Aim) -> tuple[ApiRequest, ...]:
    return _call("PutObject", Bucket=aim.own.store, Key=aim.own.object_key, Body=_OVERWRITTEN)


def _forged(prefix_of: Callable[[Aim], str]) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    return lambda aim: _call("PutObject", Bucket=aim.own.store, Key=f"{prefix_of(aim)}/{aim.own.name}.json", Body=b"{}")


def _delete_several(aim: Aim, *keys: str) -> tuple[ApiRequest, ...]:
    objects = [{"Key": key} for key in keys]
    return _call("DeleteObjects", Bucket=aim.asset.store, Delete={"Objects": objects})


_READ = partial(
    Technique,
    plane="s3",
    effect=Effect.READ,
    severity=Severity.CRITICAL,
    documentation=_GUIDE,
    requires=frozenset({Feature.BUCKET}),
)
_WRITE = partial(
    Technique,
    plane="s3",
    effect=Effect.WRITE,
    severity=Severity.BLOCKER,
    documentation=_GUIDE,
    requires=frozenset({Feature.BUCKET}),
)
_FORGED = partial(
    _WRITE,
    operation="PutObject",
    actions=("s3:PutObject",),
    severity=Severity.NORMAL,
    victim=Victim.NOBODY,
    control_steps=_put_own,
    requires=frozenset({Feature.PARTITIONED_BUCKET}),
    callers=Callers.OWNERS,
)

TECHNIQUES = (
    _READ(
        id="s3.read.get-object",
        title="GetObject from a foreign folder",
        operation="GetObject",
        actions=("s3:GetObject",),
        catalogue=("s3-prefix-no-trailing-slash",),
        steps=lambda aim: _call("GetObject", Bucket=aim.asset.store, Key=aim.asset.object_key),
    ),
    _READ(
        id="s3.read.head-object",
        title="HeadObject in a foreign folder",
        operation="HeadObject",
        actions=("s3:GetObject",),
        severity=Severity.NORMAL,
        catalogue=("s3-missing-key-oracle",),
        allowed_means=LeakKind.ORACLE,
        steps=lambda aim: _call("HeadObject", Bucket=aim.asset.store, Key=aim.asset.object_key),
    ),
    _READ(
        id="s3.read.copy-object",
        title="CopyObject from a foreign folder into the own one",
        operation="CopyObject",
        actions=("s3:GetObject",),
        catalogue=("s3-copyobject-from-foreign-prefix",),
        callers=Callers.OWNERS,
        steps=_copy_and_read,
    ),
    _READ(
        id="s3.read.get-object-range",
        title="GetObject of some bytes of a foreign object",
        operation="GetObject",
        actions=("s3:GetObject",),
        catalogue=("s3-prefix-no-trailing-slash",),
        # From the second byte on: whoever asks for all of them asks for the object.
        steps=lambda aim: _call("GetObject", Bucket=aim.asset.store, Key=aim.asset.object_key, Range="bytes=1-"),
    ),
    _WRITE(
        id="s3.write.put-object",
        title="PutObject over a foreign object",
        operation="PutObject",
        actions=("s3:PutObject",),
        catalogue=("s3-copy-to-foreign-prefix",),
        steps=lambda aim: _call("PutObject", Bucket=aim.asset.store, Key=aim.asset.object_key, Body=_OVERWRITTEN),
    ),
    _WRITE(
        id="s3.write.copy-object-into",
        title="CopyObject from the own folder over a foreign object",
        operation="CopyObject",
        actions=("s3:PutObject",),
        catalogue=("s3-copy-to-foreign-prefix",),
        callers=Callers.OWNERS,
        steps=_copy_over,
    ),
    _WRITE(
        id="s3.write.delete-object",
        title="DeleteObject in a foreign folder",
        operation="DeleteObject",
        actions=("s3:DeleteObject",),
        catalogue=("s3-copy-to-foreign-prefix",),
        steps=lambda aim: _call("DeleteObject", Bucket=aim.asset.store, Key=aim.asset.object_key),
    ),
    _WRITE(
        id="s3.write.delete-objects",
        title="DeleteObjects with a foreign key",
        operation="DeleteObjects",
        actions=("s3:DeleteObject",),
        catalogue=("s3-copy-to-foreign-prefix",),
        steps=lambda aim: _delete_several(aim, aim.asset.object_key),
    ),
    _WRITE(
        id="s3.write.delete-objects-mixed",
        title="DeleteObjects with a foreign key behind an own one",
        operation="DeleteObjects",
        actions=("s3:DeleteObject",),
        catalogue=("s3-copy-to-foreign-prefix",),
        callers=Callers.OWNERS,
        steps=lambda aim: _delete_several(aim, aim.own.key_of("none"), aim.asset.object_key),
    ),
    _FORGED(
        id="s3.write.forged-prefix-random",
        title="PutObject under a prefix that is nobody's",
        catalogue=("s3-copy-to-foreign-prefix",),
        steps=_forged(lambda _: "unauthorized_string"),
    ),
    _FORGED(
        id="s3.write.forged-prefix-collision",
        title="PutObject under the own prefix with something behind it",
        catalogue=("s3-prefix-no-trailing-slash",),
        # Keys that people choose go on with one 2; nobody's goes on with two.
        steps=_forged(lambda aim: aim.own.partition_of(aim.own.discriminator + NOBODYS_ENDING)),
    ),
)
