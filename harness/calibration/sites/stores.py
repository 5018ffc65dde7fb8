"""A table, a bucket, and roles that reach different things in them: what IAM, DynamoDB and S3 enforce."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract
from harness.blueprints.policies import ACCOUNT, allow, policy
from harness.blueprints.spec import Blueprint, BucketSpec, IndexSpec, RoleSpec, TableSpec
from harness.calibration.probe import Call, Probe
from harness.calibration.rules import Rule
from harness.calibration.site import SiteDesign
from harness.calibration.sites.leading_keys import ITEM_ACTIONS, LEADING_KEY_PROBES, items
from harness.calibration.sites.requests import (
    FOREIGN,
    OWN,
    get_item,
    get_object,
    key,
    list_objects,
    put_objects,
    role,
)
from harness.secret import Secret
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from harness.blueprints.spec import Document
    from harness.calibration.probe import Asked, Caller
    from harness.calibration.site import Site
    from harness.targets.api import AwsCredentials
    from harness.targets.http import RouteCall

_TABLE, _BUCKET = "@{table.items.arn}", "@{bucket.files.arn}"
_INDEX = f"{_TABLE}/index/by-group"
_ELSEWHERE_TABLE = "arn:aws:dynamodb:@{region}:@{account}:table/isolation-elsewhere"
_ELSEWHERE_ROLE = "arn:aws:iam::@{account}:role/isolation-harness/isolation-elsewhere"
_WRONG_SIGNATURE = ("InvalidSignatureException", "SignatureDoesNotMatch")
_WRONG_TOKEN = (
    *_WRONG_SIGNATURE,
    "InvalidClientTokenId",
    "InvalidToken",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
)


def _trusting(principal: str, *actions: str) -> Document:
    """Return a trust policy for those whom a principal of the account stands for."""
    return policy({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions) or ["sts:AssumeRole"]})


_TRUSTING_ACCOUNT = _trusting(ACCOUNT)
_KEYS_OF = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [OWN]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
_ROLES = (
    # Has no policy, and is what others assume.
    RoleSpec("nobody", _TRUSTING_ACCOUNT),
    RoleSpec(
        "wide",
        _TRUSTING_ACCOUNT,
        {
            "everything": policy(
                allow("Items", ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"], [_TABLE, _INDEX]),
                allow("Objects", "s3:GetObject", f"{_BUCKET}/*"),
                allow("Listing", "s3:ListBucket", _BUCKET),
                allow("Roles", ["sts:AssumeRole", "sts:TagSession", "iam:GetRole"], "*"),
            )
        },
    ),
    # May do something else here, and this elsewhere.
    RoleSpec(
        "elsewhere",
        _TRUSTING_ACCOUNT,
        {
            "elsewhere": policy(
                allow("OtherTable", "dynamodb:GetItem", _ELSEWHERE_TABLE),
                allow("OtherItemCalls", ["dynamodb:PutItem", "dynamodb:Query"], _TABLE),
                allow("OtherObjects", "s3:GetObject", [f"{_BUCKET}/elsewhere/*", f"{_BUCKET}-elsewhere/*"]),
                allow("OtherObjectCalls", "s3:PutObject", f"{_BUCKET}/*"),
                allow("OtherRoles", ["sts:AssumeRole", "iam:GetRole"], _ELSEWHERE_ROLE),
                allow("OtherRoleCalls", ["sts:TagSession", "iam:ListRolePolicies"], "*"),
            )
        },
    ),
    RoleSpec(
        "confined",
        _TRUSTING_ACCOUNT,
        {
            "own": policy(
                allow("OwnItems", list(ITEM_ACTIONS), [_TABLE, _INDEX], _KEYS_OF),
                allow("OwnListing", "s3:ListBucket", _BUCKET, {"StringLike": {"s3:prefix": f"{OWN}/*"}}),
            )
        },
    ),
    RoleSpec(
        "limited",
        _trusting(ACCOUNT, "sts:AssumeRole", "sts:TagSession"),
        {
            "limits": policy(
                allow(
                    "SomeAttributes",
                    "dynamodb:GetItem",
                    _TABLE,
                    {
                        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["PK", "SK", "open"]},
                        "Null": {"dynamodb:Attributes": "false"},
                    },
                ),
                allow("SomeSelected", "dynamodb:Query", _TABLE, {"StringEquals": {"dynamodb:Select": "COUNT"}}),
                allow(
                    "NoneReturned", "dynamodb:UpdateItem", _TABLE, {"StringEquals": {"dynamodb:ReturnValues": "NONE"}}
                ),
                allow("Folder", "s3:GetObject", f"{_BUCKET}/limited/*"),
                {"Sid": "NotThis", "Effect": "Deny", "Action": "s3:GetObject", "Resource": f"{_BUCKET}/limited/denied"},
                allow("CalledAlike", "s3:GetObject", f"{_BUCKET}/users/${{aws:userid}}"),
                allow("ListedAlike", "s3:ListBucket", _BUCKET, {"StringEquals": {"s3:prefix": "users/${aws:userid}"}}),
                allow("Tagged", "s3:GetObject", f"{_BUCKET}/tagged/${{aws:PrincipalTag/org}}"),
            )
        },
    ),
    RoleSpec("guarded", _trusting("@{role.elsewhere.arn}")),
)
_SESSION_POLICY = policy(allow("NoMore", "s3:ListBucket", "*"))


def _furnish(site: Site) -> None:
    put_objects(site, OWN, "limited/open", "limited/denied", "tagged/a", "tagged/b")
    put_objects(site, "users/somebody")
    requests = [{"PutRequest": {"Item": item}} for item in items()]
    site.operate("dynamodb", "BatchWriteItem", RequestItems={site.table: requests})


def _assuming(name: str, **params: object) -> Asked:
    def asks(site: Site) -> ApiRequest:
        arn = site.deployment.roles[name]
        return ApiRequest("sts", "AssumeRole", {"RoleArn": arn, "RoleSessionName": "isolation-harness", **params})

    return asks


def _get_role(site: Site) -> ApiRequest:
    return ApiRequest("iam", "GetRole", {"RoleName": site.deployment.roles["nobody"].rpartition("/")[2]})


def _of_the_caller(site: Site) -> ApiRequest | RouteCall:
    name = f"users/{site.role_user_id('limited')}"
    put_objects(site, name)
    return get_object(name)(site)


def _with_wrong_secret(site: Site) -> AwsCredentials:
    right = site.assumed("wide")
    return replace(right, secret_access_key=Secret(right.secret_access_key.reveal()[::-1]))


def _with_wrong_token(site: Site) -> AwsCredentials:
    right, other = site.assumed("wide"), site.assumed("nobody")
    return replace(right, session_token=other.session_token)


def _identity_policies(rule: Rule, action: str, asks: Asked) -> Probe:
    """Return the probe of identity policies for one service."""

    def by(caller: Caller) -> Call:
        return Call(by=caller, asks=asks, actions=(action,), operation=action)

    return Probe(rule, (by(role("wide")),), (by(role("nobody")), by(role("elsewhere"))))


def _signed(caller: Caller, codes: tuple[str, ...]) -> tuple[Call, ...]:
    read_item = Call(by=caller, asks=get_item(OWN), codes=codes, operation="dynamodb:GetItem")
    read_object = Call(by=caller, asks=get_object(OWN), codes=codes, operation="s3:GetObject")
    return read_item, read_object


def _dynamodb(name: str, asks: Asked, operation: str) -> Call:
    return Call(by=role(name), asks=asks, actions=(f"dynamodb:{operation}",), operation=operation)


def _s3(caller: Caller, asks: Asked, action: str = "s3:GetObject") -> Call:
    return Call(by=caller, asks=asks, actions=(action,), operation=action)


def _query(**params: object) -> Asked:
    values = {":pk": {"S": OWN}}
    condition = {"KeyConditionExpression": "PK = :pk", "ExpressionAttributeValues": values}
    return lambda site: ApiRequest("dynamodb", "Query", {"TableName": site.table, **condition, **params})


def _update(**params: object) -> Asked:
    values = {":v": {"S": "calibration"}}
    change = {"UpdateExpression": "SET filled = :v", "ExpressionAttributeValues": values}
    return lambda site: ApiRequest(
        "dynamodb", "UpdateItem", {"TableName": site.table, "Key": key(OWN), **change, **params}
    )


def _by_group(name: str) -> Call:
    by_index = {"KeyConditionExpression": "GSI = :g", "ExpressionAttributeValues": {":g": {"S": OWN}}}
    asks = _query(IndexName="by-group", **by_index)
    return Call(by=role(name), asks=asks, actions=("dynamodb:Query",), operation="Query on an index")


_PROBES = (
    Probe(
        Rule.SIGNATURES,
        _signed(role("wide"), ()),
        (*_signed(_with_wrong_secret, _WRONG_SIGNATURE), *_signed(_with_wrong_token, _WRONG_TOKEN)),
    ),
    _identity_policies(Rule.IDENTITY_POLICIES_DYNAMODB, "dynamodb:GetItem", get_item(OWN)),
    _identity_policies(Rule.IDENTITY_POLICIES_S3, "s3:GetObject", get_object(OWN)),
    _identity_policies(Rule.IDENTITY_POLICIES_STS, "sts:AssumeRole", _assuming("nobody")),
    _identity_policies(Rule.IDENTITY_POLICIES_IAM, "iam:GetRole", _get_role),
    Probe(
        Rule.EXPLICIT_DENY,
        (_s3(role("limited"), get_object("limited/open")),),
        (_s3(role("limited"), get_object("limited/denied")),),
    ),
    Probe(
        Rule.SESSION_POLICIES,
        (
            _s3(role("wide", policy=_SESSION_POLICY), list_objects(), "s3:ListBucket"),
            _s3(role("wide"), get_object(OWN)),
        ),
        (
            _s3(role("wide", policy=_SESSION_POLICY), get_object(OWN)),
            Call(by=role("wide", policy=_SESSION_POLICY), asks=get_item(OWN), actions=("dynamodb:GetItem",)),
        ),
    ),
    Probe(
        Rule.SESSION_TAGS,
        (_s3(role("limited", tags={"org": "a"}), get_object("tagged/a")),),
        (
            _s3(role("limited", tags={"org": "a"}), get_object("tagged/b")),
            _s3(role("limited"), get_object("tagged/a")),
        ),
    ),
    Probe(
        Rule.POLICY_VARIABLES,
        (
            _s3(role("limited"), _of_the_caller),
            _s3(
                role("limited"),
                lambda site: list_objects(Prefix=f"users/{site.role_user_id('limited')}")(site),
                "s3:ListBucket",
            ),
        ),
        (
            _s3(role("limited"), get_object("users/somebody")),
            _s3(role("limited"), list_objects(Prefix="users/somebody"), "s3:ListBucket"),
        ),
    ),
    Probe(
        Rule.TRUST_PRINCIPALS,
        (Call(by=role("wide"), asks=_assuming("nobody")),),
        (Call(by=role("wide"), asks=_assuming("guarded"), actions=("sts:AssumeRole",), operation="sts:AssumeRole"),),
    ),
    Probe(
        Rule.TRUST_ACTIONS,
        (Call(by=role("wide"), asks=_assuming("limited", Tags=[{"Key": "org", "Value": "a"}])),),
        (
            Call(
                by=role("wide"),
                asks=_assuming("nobody", Tags=[{"Key": "org", "Value": "a"}]),
                actions=("sts:TagSession",),
                operation="sts:TagSession",
            ),
        ),
    ),
    Probe(
        Rule.S3_PREFIX,
        (_s3(role("confined"), list_objects(Prefix=f"{OWN}/"), "s3:ListBucket"),),
        (
            _s3(role("confined"), list_objects(Prefix=f"{FOREIGN}/"), "s3:ListBucket"),
            _s3(role("confined"), list_objects(), "s3:ListBucket"),
        ),
    ),
    Probe(
        Rule.INDEX_RESOURCES, (_by_group("wide"), _dynamodb("elsewhere", _query(), "Query")), (_by_group("elsewhere"),)
    ),
    *LEADING_KEY_PROBES,
    Probe(
        Rule.DYNAMODB_ATTRIBUTES,
        (_dynamodb("limited", get_item(OWN, ProjectionExpression="PK, SK"), "GetItem"),),
        (_dynamodb("limited", get_item(OWN, ProjectionExpression="PK, closed"), "GetItem"),),
    ),
    Probe(
        Rule.DYNAMODB_SELECT,
        (_dynamodb("limited", _query(Select="COUNT"), "Query"),),
        (_dynamodb("limited", _query(), "Query"),),
    ),
    Probe(
        Rule.DYNAMODB_RETURN_VALUES,
        (_dynamodb("limited", _update(), "UpdateItem"),),
        (_dynamodb("limited", _update(ReturnValues="ALL_OLD"), "UpdateItem"),),
    ),
)

STORES = SiteDesign(
    Blueprint(
        name="calibration-stores",
        title="A table, a bucket, and roles that reach different things in them",
        source=Rule.IDENTITY_POLICIES_DYNAMODB.documentation,
        contract=Contract((), ()),
        tables=(TableSpec("items", indexes=(IndexSpec("by-group", "GSI"),)),),
        buckets=(BucketSpec("files"),),
        roles=_ROLES,
    ),
    _PROBES,
    _furnish,
)
