"""Reaching for objects past their plain content: by version, by label, and by rewriting who may reach them."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.obtained import ByOperator
from harness.attacks.technique import ControlKind, Feature, Severity, Technique
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step
    from harness.targets.api import ApiResponse

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
# How designs that tell objects apart by labels have been seen to call the label.
_LABELS = ("org", "tenant", "tenantId", "project", "owner", "user")


def _at(aim: Aim, operation: str, **params: Any) -> ApiRequest:
    """Return a request about the object that is aimed at."""
    return ApiRequest("s3", operation, {"Bucket": aim.asset.store, "Key": aim.asset.object_key, **params})


def _by_version(operation: str) -> Callable[[Aim], tuple[Step, ...]]:
    """Return steps that name the version of the object; ids of versions are no secret (they stand in answers)."""

    def steps(aim: Aim) -> tuple[Step, ...]:
        listed = ApiRequest(
            "s3", "ListObjectVersions", {"Bucket": aim.asset.store, "Prefix": aim.asset.object_key, "MaxKeys": 1}
        )

        def named(answer: Mapping[str, Any]) -> ApiRequest:
            return _at(aim, operation, VersionId=answer["Versions"][0]["VersionId"])

        return (ByOperator(listed), named)

    return steps


def _labelled(aim: Aim, tags: Mapping[str, str]) -> ApiRequest:
    tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
    return _at(aim, "PutObjectTagging", Tagging={"TagSet": tag_set})


def _read_labels(aim: Aim) -> tuple[Step, ...]:
    return (ByOperator(_labelled(aim, {"about": aim.asset.marker})), _at(aim, "GetObjectTagging"))


def _take_over(aim: Aim) -> tuple[Step, ...]:
    mine = aim.own_label
    return (_labelled(aim, dict.fromkeys(_LABELS, mine)), _at(aim, "GetObject"))


def _without_labels(aim: Aim) -> tuple[ApiRequest, ...]:
    return (_at(aim, "DeleteObjectTagging"),)


def _given_to_the_owner(aim: Aim) -> ApiRequest:
    # The one ACL that a bucket takes whether it has ACLs or not: whoever may set it may set others where it has.
    return _at(aim, "PutObjectAcl", ACL="bucket-owner-full-control")


def _grants_are_shown(_: Aim, answers: Sequence[ApiResponse]) -> bool:
    return bool(answers[-1].data.get("Grants"))


def _open_bucket(aim: Aim) -> tuple[Step, ...]:
    # Named by their account and not by *, users are no public, so that Block Public Access has no objection.
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{aim.asset.store}/*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": aim.deployment.account}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return (
        ApiRequest("s3", "PutBucketPolicy", {"Bucket": aim.asset.store, "Policy": policy}),
        _at(aim, "GetObject"),
    )


def _policy_as_before(aim: Aim) -> tuple[ApiRequest, ...]:
    bucket = aim.asset.store
    policy = aim.deployment.bucket_policies.get(bucket)
    if policy is None:
        return (ApiRequest("s3", "DeleteBucketPolicy", {"Bucket": bucket}),)
    return (ApiRequest("s3", "PutBucketPolicy", {"Bucket": bucket, "Policy": policy}),)


_BESIDE = partial(
    Technique,
    plane="s3",
    effect=Effect.READ,
    severity=Severity.CRITICAL,
    control=ControlKind.OPERATOR,
    requires=frozenset({Feature.BUCKET}),
)

TECHNIQUES = (
    _BESIDE(
        id="s3.read.get-object-version",
        title="GetObject of a version of a foreign object",
        operation="GetObject",
        actions=("s3:GetObjectVersion",),
        catalogue=("s3-versions-not-covered",),
        documentation=f"{_GUIDE}/Versioning.html",
        steps=_by_version("GetObject"),
    ),
    _BESIDE(
        id="s3.write.delete-object-version",
        title="DeleteObject of a version of a foreign object, for good",
        effect=Effect.WRITE,
        operation="DeleteObject",
        actions=("s3:DeleteObjectVersion",),
        severity=Severity.BLOCKER,
        catalogue=("s3-versions-not-covered",),
        documentation=f"{_GUIDE}/Versioning.html",
        steps=_by_version("DeleteObject"),
    ),
    _BESIDE(
        id="s3.read.get-object-tagging",
        title="GetObjectTagging of a foreign object",
        operation="GetObjectTagging",
        actions=("s3:GetObjectTagging",),
        severity=Severity.NORMAL,
        catalogue=("s3-object-tag-self-assign",),
        documentation=f"{_GUIDE}/object-tagging.html",
        steps=_read_labels,
        clean_up=_without_labels,
    ),
    _BESIDE(
        id="s3.read.relabelled-object",
        title="PutObjectTagging of one's own labels on a foreign object, and GetObject of it",
        operation="PutObjectTagging",
        actions=("s3:PutObjectTagging",),
        catalogue=("s3-object-tag-self-assign",),
        documentation=f"{_GUIDE}/tagging-and-policies.html",
        cwe=("CWE-639", "CWE-863"),
        steps=_take_over,
        clean_up=_without_labels,
    ),
    _BESIDE(
        id="s3.write.put-object-acl",
        title="PutObjectAcl on a foreign object",
        effect=Effect.WRITE,
        operation="PutObjectAcl",
        actions=("s3:PutObjectAcl",),
        catalogue=("s3-acl-grant",),
        documentation=f"{_GUIDE}/about-object-ownership.html",
        cwe=("CWE-732",),
        shows=_grants_are_shown,
        operator_steps=lambda aim: (_given_to_the_owner(aim), _at(aim, "GetObjectAcl")),
        steps=lambda aim: (_given_to_the_owner(aim),),
    ),
    _BESIDE(
        id="s3.read.rewritten-bucket-policy",
        title="PutBucketPolicy that opens the bucket to everybody in the account, and GetObject in a foreign folder",
        operation="PutBucketPolicy",
        actions=("s3:PutBucketPolicy",),
        severity=Severity.BLOCKER,
        catalogue=("s3-bucket-policy-widens",),
        documentation=f"{_GUIDE}/bucket-policies.html",
        cwe=("CWE-269",),
        destructive=True,
        steps=_open_bucket,
        clean_up=_policy_as_before,
    ),
)
