"""per-user-principals: every person is an IAM user, named in the bucket policy with a folder of the person's own.

The article rejects it because the policy of a bucket has a limit: `harness/scaling.py` measures how many people fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import add_bucket_statements, edit_bucket_statement
from harness.blueprints.policies import allow
from harness.blueprints.spec import Blueprint, BucketSpec, Place, Weakness

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Document

_BUCKET = "@{bucket.files.arn}"
_PERSON = {"AWS": "@{iam_user.{user}.arn}"}
# Everybody in the account: a fixed value, so Block Public Access does not call such a policy public.
_COLLEAGUES: Document = {
    "Principal": {"AWS": "*"},
    "Condition": {"StringEquals": {"aws:PrincipalAccount": "@{account}"}},
}
_OBJECT_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]


def _objects_of(resource: str) -> Document:
    return {
        "Sid": "OwnObjects",
        "ForEach": "user",
        "Effect": "Allow",
        "Principal": _PERSON,
        "Action": _OBJECT_ACTIONS,
        "Resource": resource,
    }


_POLICY: Document = {
    "Version": "2012-10-17",
    "Statement": [
        _objects_of(f"{_BUCKET}/{{user}}/*"),
        {
            "Sid": "OwnListing",
            "ForEach": "user",
            "Effect": "Allow",
            "Principal": _PERSON,
            "Action": "s3:ListBucket",
            "Resource": _BUCKET,
            "Condition": {"StringLike": {"s3:prefix": ["{user}/*"]}},
        },
    ],
}

_CONTRACT = Contract(
    personas=(Persona("person", SignIn.IAM_USER),),
    grants=(
        Grant("person", "s3", Effect.READ, Reach.OWN),
        Grant("person", "s3", Effect.WRITE, Reach.OWN),
    ),
)


def _colleagues_may(sid: str, action: str | list[str], resource: str) -> Change:
    statement = {**allow(sid, action, resource), **_COLLEAGUES}
    return lambda blueprint: add_bucket_statements(blueprint, "files", statement)


def _listing(edit: Callable[[Document], object]) -> Change:
    return lambda blueprint: edit_bucket_statement(blueprint, "files", "OwnListing", edit)


def _objects(edit: Callable[[Document], object]) -> Change:
    return lambda blueprint: edit_bucket_statement(blueprint, "files", "OwnObjects", edit)


def _allow_everything_but(blueprint: Blueprint) -> Blueprint:
    """Let everybody do everything, and deny what is known to be dangerous outside the own folder."""
    allowed: Document = {
        "Sid": "AllowAll",
        "ForEach": "user",
        "Effect": "Allow",
        "Principal": _PERSON,
        "Action": [*_OBJECT_ACTIONS, "s3:ListBucket"],
        "Resource": [_BUCKET, f"{_BUCKET}/*"],
    }
    foreign_objects: Document = {
        "Sid": "NotTheirs",
        "ForEach": "user",
        "Effect": "Deny",
        "Principal": _PERSON,
        "Action": ["s3:GetObject", "s3:PutObject"],
        "NotResource": f"{_BUCKET}/{{user}}/*",
    }
    # ForAnyValue is false without a prefix, so a listing of the whole bucket escapes.
    foreign_listing: Document = {
        "Sid": "NotTheirListing",
        "ForEach": "user",
        "Effect": "Deny",
        "Principal": _PERSON,
        "Action": "s3:ListBucket",
        "Resource": _BUCKET,
        "Condition": {"ForAnyValue:StringNotLike": {"s3:prefix": ["{user}/*"]}},
    }
    return add_bucket_statements(blueprint, "files", allowed, foreign_objects, foreign_listing)


_BY_LINK: Document = {
    "Principal": {"AWS": "*"},
    "Condition": {"StringEquals": {"aws:PrincipalAccount": "@{account}", "s3:authType": "REST-QUERY-STRING"}},
}
_WEAKNESSES = (
    Weakness(
        id="s3-presigned-url-cross-tenant",
        title="so that links can be shared, the bucket policy lets everybody in the account read by presigned link",
        change=lambda blueprint: add_bucket_statements(
            blueprint, "files", {**allow("Links", "s3:GetObject", f"{_BUCKET}/*"), **_BY_LINK}
        ),
        leaks=("s3.read.presigned",),
    ),
    Weakness(
        id="s3-bucket-policy-widens",
        title="the bucket policy also lets everybody in the account read every object",
        change=_colleagues_may("SharedReading", "s3:GetObject", f"{_BUCKET}/*"),
        leaks=("s3.read.get-object", "s3.read.head-object", "s3.read.copy-object"),
    ),
    Weakness(
        id="s3-copy-to-foreign-prefix",
        title="the bucket policy also lets everybody in the account put objects anywhere",
        change=_colleagues_may("Uploads", "s3:PutObject", f"{_BUCKET}/*"),
        leaks=(
            "s3.write.put-object",
            "s3.write.copy-object-into",
            "s3.write.multipart-upload",
            "s3.write.forged-prefix-random",
            "s3.write.forged-prefix-collision",
        ),
    ),
    Weakness(
        id="s3-acl-grant",
        title="the bucket policy also lets everybody in the account set ACLs of every object",
        change=_colleagues_may("Sharing", "s3:PutObjectAcl", f"{_BUCKET}/*"),
        leaks=("s3.write.put-object-acl",),
    ),
    Weakness(
        id="s3-delete-not-covered",
        title="deleting is granted on the whole bucket, to everybody in the account",
        change=_colleagues_may("CleanUp", "s3:DeleteObject", f"{_BUCKET}/*"),
        leaks=("s3.write.delete-object", "s3.write.delete-objects", "s3.write.delete-objects-mixed"),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="listing is granted to each person without a condition on s3:prefix",
        change=_listing(lambda statement: statement.pop("Condition")),
        leaks=("s3.read.list-objects-foreign-prefix", "s3.read.list-objects-unprefixed"),
    ),
    Weakness(
        id="s3-list-empty-prefix-allowed",
        title="the condition on s3:prefix lets a request without any prefix through",
        change=_listing(
            lambda statement: statement.update(Condition={"StringLikeIfExists": {"s3:prefix": ["{user}/*"]}})
        ),
        leaks=("s3.read.list-objects-unprefixed",),
    ),
    Weakness(
        id="s3-prefix-no-trailing-slash",
        title="a person's folder ends without a slash, so whatever begins like it is the person's as well",
        change=_objects(lambda statement: statement.update(Resource=f"{_BUCKET}/{{user}}*")),
        leaks=("s3.write.forged-prefix-collision",),
        leaks_between_names=(
            "s3.read.get-object",
            "s3.write.put-object",
        ),
    ),
    Weakness(
        id="x-deny-list-instead-of-allow-list",
        title="everything is allowed, and the policy denies what somebody thought of: neither deleting nor listing all",
        change=_allow_everything_but,
        leaks=(
            "s3.write.delete-object",
            "s3.write.delete-objects",
            "s3.write.delete-objects-mixed",
            "s3.read.list-objects-unprefixed",
        ),
    ),
)

PER_USER_PRINCIPALS = Blueprint(
    name="per-user-principals",
    title="Each person is an IAM user whom the bucket policy names, with a folder of their own",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-bucket-policies.html",
    contract=_CONTRACT,
    places=(Place("s3", "files", "{user}"),),
    buckets=(BucketSpec("files", _POLICY),),
    weaknesses=_WEAKNESSES,
)
