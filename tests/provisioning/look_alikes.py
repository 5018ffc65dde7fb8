"""Things of other people that look like ours, of every kind: what no sweep may ever touch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from accounts import needed

from harness.deployment import operate
from harness.marks import EXPIRES_TAG, IAM_PATH, RUN_TAG, Marks
from harness.provisioning.kinds.registry import KINDS

if TYPE_CHECKING:
    from harness.targets.target import Target

_OTHER = "0ther123"
_LONG_AGO = "2020-01-01T00:00:00Z"
_OURS = {RUN_TAG: _OTHER, EXPIRES_TAG: _LONG_AGO}
# The beginning of the name, the tags, and the path where there are paths.
_LOOKS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("isolation-0ther123-", {}, IAM_PATH),
    ("billing-", _OURS, IAM_PATH),
    ("isolationist-", _OURS, IAM_PATH),
    ("isolation-tests-", _OURS, IAM_PATH),
    ("isolation-fedcba98-", _OURS, IAM_PATH),
    ("isolation-0ther123-", {RUN_TAG: _OTHER}, IAM_PATH),
    ("isolation-0ther123-", {EXPIRES_TAG: _LONG_AGO}, IAM_PATH),
    ("isolation-0ther123-", {**_OURS, EXPIRES_TAG: "2020-01-01"}, IAM_PATH),
    ("isolation-0ther123-", {**_OURS, EXPIRES_TAG: "2020-01-01T00:00:00+00:00"}, IAM_PATH),
    ("isolation-0ther123-", {**_OURS, EXPIRES_TAG: "1577836800"}, IAM_PATH),
    ("isolation-0ther123-", {**_OURS, RUN_TAG: "Other"}, IAM_PATH),
    ("isolation-0ther123-", {"Isolation:Run": _OTHER, "Isolation:Expires": _LONG_AGO}, IAM_PATH),
    ("isolation-0ther123-", {"isolation-run": _OTHER, "isolation-expires": _LONG_AGO}, IAM_PATH),
    ("isolation-0ther123-", {**_OURS, EXPIRES_TAG: "2999-01-01T00:00:00Z"}, IAM_PATH),
    ("harness-", {"team": "red"}, "/"),
)
# Only what has a path can have the wrong one.
_ELSEWHERE = (("isolation-0ther123-", _OURS, "/"), ("isolation-0ther123-", _OURS, "/isolation-harness/more/"))
_MARKS = Marks("00000000")
_PATHS = ("role", "iam-user", "policy")


def make_look_alikes(target: Target, count: int, threads: int = 1) -> None:
    """Make at least so many, alike many of every kind and every look."""
    trust = needed("role", "")
    operate(target, "iam", "CreateRole", RoleName="look-alikes", **trust)
    role = f"arn:aws:iam::{target.account}:role/look-alikes"
    wanted: list[tuple[str, str, tuple[str, dict[str, str], str], str]] = []
    while len(wanted) < count:
        for kind in KINDS:
            looks = (*_LOOKS, *(_ELSEWHERE if kind in _PATHS else ()))
            wanted += [
                (kind, f"{look[0]}{kind}-{len(wanted) + number}", look, role) for number, look in enumerate(looks)
            ]
    with ThreadPoolExecutor(threads) as pool:
        for made in [pool.submit(_make, target, *each) for each in wanted]:
            made.result()


def _make(target: Target, kind: str, name: str, look: tuple[str, dict[str, str], str], role: str) -> None:
    known = KINDS[kind]
    params = {**known.marked(name, _MARKS, target.region), **needed(kind, role)}
    operate(target, known.service, known.creation, **_with(params, look[1], look[2]))
    if kind == "table":
        operate(target, "dynamodb", "PutItem", TableName=name, Item={"PK": {"S": "kept"}})
    elif kind == "bucket":
        operate(target, "s3", "PutObject", Bucket=name, Key="kept", Body=name.encode())


def _with(params: dict[str, Any], tags: dict[str, str], path: str) -> dict[str, Any]:
    """Return the parameters with these tags in the place of ours, and with the path where there is one."""
    changed = {**params, **({"Path": path} if "Path" in params else {})}
    for member in ("Tags", "tags", "UserPoolTags", "IdentityPoolTags"):
        if member in changed:
            listed = isinstance(changed[member], list)
            changed[member] = [{"Key": key, "Value": value} for key, value in tags.items()] if listed else tags
            if not tags:
                del changed[member]
    if "CreateBucketConfiguration" in changed:
        changed["CreateBucketConfiguration"] = _with(changed["CreateBucketConfiguration"], tags, path)
        if not changed["CreateBucketConfiguration"]:
            del changed["CreateBucketConfiguration"]
    return changed
