"""Reaching for the names of objects: listings with every kind of prefix, and what a missing key tells."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.obtained import ByOperator
from harness.attacks.technique import Callers, ControlKind, Feature, LeakKind, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.outcome import Outcome
from harness.population import NOBODYS_ENDING
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step
    from harness.targets.api import ApiResponse


def _list(operation: str = "ListObjectsV2", **params: Any) -> tuple[ApiRequest, ...]:
    return (ApiRequest("s3", operation, params),)


def _list_uploads(aim: Aim) -> tuple[Step, ...]:
    # Somebody is uploading to the victim's folder; the name of what is uploaded gives it away.
    key = aim.asset.key_of(aim.asset.marker)
    begun = ApiRequest("s3", "CreateMultipartUpload", {"Bucket": aim.asset.store, "Key": key})
    return (ByOperator(begun), ApiRequest("s3", "ListMultipartUploads", {"Bucket": aim.asset.store}))


def _shows_folder(aim: Aim, answers: Sequence[ApiResponse]) -> bool:
    folders = answers[-1].data.get("CommonPrefixes", [])
    return any(aim.asset.object_key.startswith(folder["Prefix"]) for folder in folders)


def _head(aim: Aim, key: str) -> tuple[ApiRequest, ...]:
    return (ApiRequest("s3", "HeadObject", {"Bucket": aim.asset.store, "Key": key}),)


def _tells_that_it_is_missing(answer: ApiResponse) -> Outcome | None:
    return Outcome.ALLOWED if answer.error_code == "404" else None


_LIST = partial(
    Technique,
    plane="s3",
    effect=Effect.READ,
    operation="ListObjectsV2",
    severity=Severity.NORMAL,
    documentation="https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html",
    actions=("s3:ListBucket",),
    requires=frozenset({Feature.BUCKET}),
)

TECHNIQUES = (
    _LIST(
        id="s3.read.list-objects-foreign-prefix",
        title="ListObjectsV2 of a foreign folder",
        catalogue=("s3-listbucket-without-prefix",),
        steps=lambda aim: _list(Bucket=aim.asset.store, Prefix=aim.asset.prefix),
    ),
    _LIST(
        id="s3.read.list-objects-unprefixed",
        title="ListObjectsV2 of the whole bucket",
        catalogue=("s3-list-empty-prefix-allowed",),
        control=ControlKind.WITNESS,
        steps=lambda aim: _list(Bucket=aim.asset.store),
    ),
    _LIST(
        id="s3.read.list-objects-empty-prefix",
        title="ListObjectsV2 of the whole bucket by naming the empty prefix",
        catalogue=("s3-list-empty-prefix-allowed",),
        control=ControlKind.WITNESS,
        steps=lambda aim: _list(Bucket=aim.asset.store, Prefix=""),
    ),
    _LIST(
        id="s3.read.list-top-folders",
        title="ListObjectsV2 of the folders at the top of the bucket",
        catalogue=("s3-list-empty-prefix-allowed",),
        control=ControlKind.WITNESS,
        requires=frozenset({Feature.PARTITIONED_BUCKET}),
        shows=_shows_folder,
        steps=lambda aim: _list(Bucket=aim.asset.store, Prefix="", Delimiter="/"),
    ),
    _LIST(
        id="s3.read.list-objects-prefix-collision",
        title="ListObjectsV2 under the own prefix with something behind it",
        catalogue=("s3-prefix-no-trailing-slash",),
        victim=Victim.NOBODY,
        callers=Callers.OWNERS,
        requires=frozenset({Feature.PARTITIONED_BUCKET}),
        control_steps=lambda aim: _list(Bucket=aim.own.store, Prefix=aim.own.prefix),
        # Keys that people choose go on with one 2; nobody's goes on with two.
        steps=lambda aim: _list(
            Bucket=aim.own.store, Prefix=f"{aim.own.partition_of(aim.own.discriminator + NOBODYS_ENDING)}/"
        ),
    ),
    _LIST(
        id="s3.read.list-object-versions",
        title="ListObjectVersions of a foreign folder",
        operation="ListObjectVersions",
        actions=("s3:ListBucketVersions",),
        catalogue=("s3-versions-not-covered", "s3-listbucket-without-prefix"),
        control=ControlKind.OPERATOR,
        steps=lambda aim: _list("ListObjectVersions", Bucket=aim.asset.store, Prefix=aim.asset.prefix),
    ),
    _LIST(
        id="s3.read.list-multipart-uploads",
        title="ListMultipartUploads of the whole bucket while somebody uploads to a foreign folder",
        operation="ListMultipartUploads",
        actions=("s3:ListBucketMultipartUploads",),
        catalogue=("s3-multipart-not-covered", "s3-listbucket-without-prefix"),
        documentation="https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html",
        control=ControlKind.OPERATOR,
        steps=_list_uploads,
    ),
    _LIST(
        id="s3.read.missing-key",
        title="HeadObject of a key that is missing in a foreign folder, to be told that it is",
        operation="HeadObject",
        actions=("s3:GetObject",),
        catalogue=("s3-missing-key-oracle",),
        documentation="https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html",
        cwe=("CWE-204",),
        control=ControlKind.OPERATOR,
        allowed_means=LeakKind.ORACLE,
        reads=_tells_that_it_is_missing,
        operator_steps=lambda aim: _head(aim, aim.asset.object_key),
        steps=lambda aim: _head(aim, aim.asset.key_of("missing")),
    ),
)
