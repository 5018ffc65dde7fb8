"""Kinds of policies that a target may lack altogether: boundaries, and those of buckets and tables. A site for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract
from harness.blueprints.policies import ACCOUNT, allow, policy
from harness.blueprints.spec import Blueprint, BucketSpec, RoleSpec, TableSpec
from harness.calibration.probe import Call, Probe
from harness.calibration.rules import Rule
from harness.calibration.site import SiteDesign
from harness.calibration.sites.requests import OWN, get_item, get_object, put_objects, role

if TYPE_CHECKING:
    from harness.blueprints.spec import Document
    from harness.calibration.site import Site

_TRUSTING_ACCOUNT: Document = policy({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
_BUCKET, _TABLE = "@{bucket.files.arn}", "@{table.items.arn}"


def _stating(effect: str, name: str, action: str, resource: str) -> Document:
    """Return a statement of a resource's policy about one role."""
    principal = {"AWS": f"@{{role.{name}.arn}}"}
    return {"Sid": name, "Effect": effect, "Principal": principal, "Action": action, "Resource": resource}


def _read(name: str) -> Call:
    return Call(by=role("bounded"), asks=get_object(name), actions=("s3:GetObject",), operation="s3:GetObject")


def _furnish(site: Site) -> None:
    put_objects(site, "inside/x", "outside/x")


BOUNDARIES = SiteDesign(
    Blueprint(
        name="calibration-boundaries",
        title="A role with a permissions boundary",
        source=Rule.PERMISSIONS_BOUNDARIES.documentation,
        contract=Contract((), ()),
        buckets=(BucketSpec("files"),),
        roles=(
            RoleSpec(
                "bounded",
                _TRUSTING_ACCOUNT,
                {"all": policy(allow("All", "s3:GetObject", f"{_BUCKET}/*"))},
                boundary=policy(allow("Inside", "s3:GetObject", f"{_BUCKET}/inside/*")),
            ),
        ),
    ),
    (Probe(Rule.PERMISSIONS_BOUNDARIES, (_read("inside/x"),), (_read("outside/x"),)),),
    _furnish,
)


def _get_object(by: str, name: str) -> Call:
    return Call(by=role(by), asks=get_object(name), actions=("s3:GetObject",), operation="s3:GetObject")


def _furnish_bucket(site: Site) -> None:
    put_objects(site, "granted", "open", "denied")


BUCKET_POLICIES = SiteDesign(
    Blueprint(
        name="calibration-bucket-policies",
        title="A bucket with a policy of its own",
        source=Rule.BUCKET_POLICY_GRANTS.documentation,
        contract=Contract((), ()),
        buckets=(
            BucketSpec(
                "files",
                policy=policy(
                    _stating("Allow", "granted", "s3:GetObject", f"{_BUCKET}/granted"),
                    _stating("Deny", "wide", "s3:GetObject", f"{_BUCKET}/denied"),
                ),
            ),
        ),
        roles=(
            RoleSpec("granted", _TRUSTING_ACCOUNT),
            RoleSpec("nobody", _TRUSTING_ACCOUNT),
            RoleSpec("wide", _TRUSTING_ACCOUNT, {"all": policy(allow("All", "s3:GetObject", f"{_BUCKET}/*"))}),
        ),
    ),
    (
        Probe(
            Rule.BUCKET_POLICY_GRANTS,
            (_get_object("granted", "granted"),),
            (_get_object("nobody", "granted"), _get_object("granted", "open")),
        ),
        Probe(
            Rule.BUCKET_POLICY_DENIALS,
            # What the policy gives shows that it is there, so that its Deny would be seen.
            (_get_object("wide", "open"), _get_object("granted", "granted")),
            (_get_object("wide", "denied"),),
        ),
    ),
    _furnish_bucket,
)


def _get(name: str) -> Call:
    return Call(by=role(name), asks=get_item(OWN), actions=("dynamodb:GetItem",), operation="GetItem")


TABLE_POLICIES = SiteDesign(
    Blueprint(
        name="calibration-table-policies",
        title="A table with a policy of its own",
        source=Rule.TABLE_POLICIES.documentation,
        contract=Contract((), ()),
        tables=(
            TableSpec(
                "items",
                policy=policy(
                    _stating("Allow", "granted", "dynamodb:GetItem", _TABLE),
                    _stating("Deny", "denied", "dynamodb:GetItem", _TABLE),
                ),
            ),
        ),
        roles=(
            RoleSpec("granted", _TRUSTING_ACCOUNT),
            RoleSpec("nobody", _TRUSTING_ACCOUNT),
            RoleSpec("denied", _TRUSTING_ACCOUNT, {"all": policy(allow("All", "dynamodb:GetItem", _TABLE))}),
        ),
    ),
    (Probe(Rule.TABLE_POLICIES, (_get("granted"),), (_get("nobody"), _get("denied"))),),
)
