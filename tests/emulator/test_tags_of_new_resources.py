"""Tags that come with what is made: kept, shown, listed page by page, and condition keys of the call that sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from function_services import REGION, FunctionServices, allow, document, function

from harness.emulator.service import NOT_DERIVABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TAGS = {"isolation:run": "abc12345", "team": "red"}
PAIRS = [{"Key": key, "Value": value} for key, value in TAGS.items()]
HERE = f"arn:aws:apigateway:{REGION}::"
_TRUST = document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"})


@pytest.fixture(scope="module")
def services() -> Iterator[FunctionServices]:
    services = FunctionServices()
    services.role("execution")
    yield services
    services.target.close()


def _role(services: FunctionServices) -> str:
    return f"arn:aws:iam::{services.account}:role/execution"


def _new(services: FunctionServices, kind: str, name: str, tags: Mapping[str, str]) -> tuple[str, str, dict[str, Any]]:
    """Return the call that makes something with tags."""
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    keys = {
        "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    kinds: dict[str, tuple[str, str, dict[str, Any]]] = {
        "bucket": ("s3", "CreateBucket", {"Bucket": name, "CreateBucketConfiguration": {"Tags": pairs}}),
        "function": ("lambda", "CreateFunction", {**function(name, _role(services)), "Tags": dict(tags)}),
        "http-api": ("apigatewayv2", "CreateApi", {"Name": name, "ProtocolType": "HTTP", "Tags": dict(tags)}),
        "rest-api": ("apigateway", "CreateRestApi", {"name": name, "tags": dict(tags)}),
        "user-pool": ("cognito-idp", "CreateUserPool", {"PoolName": name, "UserPoolTags": dict(tags)}),
        "identity-pool": (
            "cognito-identity",
            "CreateIdentityPool",
            {"IdentityPoolName": name, "AllowUnauthenticatedIdentities": False, "IdentityPoolTags": dict(tags)},
        ),
        "table": ("dynamodb", "CreateTable", {"TableName": name, "Tags": pairs, **keys}),
    }
    return kinds[kind]


def _with_tag(key: str) -> dict[str, Any]:
    """Return a statement that allows everything where the tag `team` is red."""
    return allow("*", "*", Condition={"StringEquals": {f"aws:{key}/team": "red"}})


def test_a_function_has_the_tags_it_was_made_with(services: FunctionServices) -> None:
    service, operation, params = _new(services, "function", "tagged", TAGS)
    made = services.operate(service, operation, **params)
    arn = made["FunctionArn"]
    assert services.operate("lambda", "GetFunction", FunctionName="tagged")["Tags"] == TAGS
    services.operate("lambda", "TagResource", Resource=arn, Tags={"team": "blue", "more": ""})
    services.operate("lambda", "UntagResource", Resource=arn, TagKeys=["isolation:run", "none"])
    assert services.operate("lambda", "ListTags", Resource=arn)["Tags"] == {"team": "blue", "more": ""}


@pytest.mark.parametrize(
    ("service", "creation", "described", "collection", "api_id", "arn", "tags"),
    [
        ("apigatewayv2", "CreateApi", "GetApi", "apis", "ApiId", "ResourceArn", "Tags"),
        ("apigateway", "CreateRestApi", "GetRestApi", "restapis", "restApiId", "resourceArn", "tags"),
    ],
)
def test_an_api_has_the_tags_it_was_made_with(
    services: FunctionServices,
    service: str,
    creation: str,
    described: str,
    collection: str,
    api_id: str,
    arn: str,
    tags: str,
) -> None:
    named = {"Name": "n", "ProtocolType": "HTTP"} if service == "apigatewayv2" else {"name": "n"}
    made = services.operate(service, creation, **named, **{tags: TAGS})
    identifier = made.get("ApiId") or made["id"]
    assert made[tags] == TAGS == services.operate(service, described, **{api_id: identifier})[tags]
    on = {arn: f"{HERE}/{collection}/{identifier}"}
    services.operate(service, "TagResource", **on, **{tags: {"team": "blue"}})
    services.operate(service, "UntagResource", **on, **{f"{tags[:-1]}Keys": ["isolation:run"]})
    assert services.operate(service, "GetTags", **on)[tags] == {"team": "blue"}
    answer = services.call(services.operator, service, "GetTags", **{arn: f"{HERE}/{collection}/none"})
    assert answer.error_code == "NotFoundException"


def test_a_bucket_has_the_tags_it_was_made_with(services: FunctionServices) -> None:
    service, operation, params = _new(services, "bucket", "tagged-bucket", TAGS)
    services.operate(service, operation, **params)
    assert services.operate("s3", "GetBucketTagging", Bucket="tagged-bucket")["TagSet"] == PAIRS
    twice = {"Bucket": "other", "CreateBucketConfiguration": {"Tags": [*PAIRS, PAIRS[0]]}}
    assert services.call(services.operator, "s3", "CreateBucket", **twice).error_code == "InvalidTag"
    elsewhere = {"Bucket": "other", "CreateBucketConfiguration": {"Bucket": {"Type": "Directory"}}}
    assert services.call(services.operator, "s3", "CreateBucket", **elsewhere).status == 501


def test_buckets_are_listed_page_by_page(services: FunctionServices) -> None:
    for number in range(5):
        services.operate("s3", "CreateBucket", Bucket=f"page-{number}")
    seen: list[list[str]] = []
    more: dict[str, str] = {}
    while True:
        answer = services.operate("s3", "ListBuckets", Prefix="page-", MaxBuckets=2, **more)
        seen.append([bucket["Name"] for bucket in answer["Buckets"]])
        if "ContinuationToken" not in answer:
            break
        more = {"ContinuationToken": answer["ContinuationToken"]}
    assert seen == [["page-0", "page-1"], ["page-2", "page-3"], ["page-4"]]
    wrong = services.call(services.operator, "s3", "ListBuckets", ContinuationToken="none")
    assert (wrong.error_code, wrong.status) == ("InvalidArgument", 400)


@pytest.mark.parametrize(
    ("service", "creation", "listing", "member", "limit", "given", "token"),
    [
        ("apigatewayv2", "CreateApi", "GetApis", "Items", {"MaxResults": "2"}, "NextToken", "NextToken"),
        ("apigateway", "CreateRestApi", "GetRestApis", "items", {"limit": 2}, "position", "position"),
        ("lambda", "CreateFunction", "ListFunctions", "Functions", {"MaxItems": 2}, "NextMarker", "Marker"),
    ],
)
def test_lists_come_page_by_page(
    service: str, creation: str, listing: str, member: str, limit: dict[str, Any], given: str, token: str
) -> None:
    services = FunctionServices()
    services.role("execution")
    for number in range(5):
        params: dict[str, Any] = {"Name": f"n{number}", "ProtocolType": "HTTP"}
        if service == "apigateway":
            params = {"name": f"n{number}"}
        elif service == "lambda":
            params = function(f"n{number}", _role(services))
        services.operate(service, creation, **params)
    pages: list[int] = []
    more: dict[str, str] = {}
    while True:
        answer = services.operate(service, listing, **limit, **more)
        pages.append(len(answer[member]))
        if not answer.get(given):
            break
        more = {token: answer[given]}
    assert pages == [2, 2, 1]
    wrong = services.call(services.operator, service, listing, **{token: "none"})
    assert wrong.status == 400
    services.target.close()


@pytest.mark.parametrize(
    ("kind", "action", "tagging"),
    [
        # S3 API page "CreateBucket", and what Lambda answers to those who may not tag.
        ("bucket", "s3:CreateBucket", "s3:TagResource"),
        ("function", "lambda:CreateFunction", "lambda:TagResource"),
    ],
)
def test_tags_of_a_new_resource_take_the_leave_to_tag(
    services: FunctionServices, kind: str, action: str, tagging: str
) -> None:
    may = allow([action, "iam:PassRole"], "*")
    alone = services.session(f"{kind}-maker", may)
    service, operation, params = _new(services, kind, f"refused-{kind}", TAGS)
    refused = services.call(alone, service, operation, **params)
    assert (refused.status, tagging in refused.message) == (403, True), refused
    service, operation, params = _new(services, kind, f"untagged-{kind}", {})
    assert services.call(alone, service, operation, **params).succeeded
    service, operation, params = _new(services, kind, f"allowed-{kind}", TAGS)
    both = services.session(f"{kind}-tagger", may, allow(tagging, "*"))
    assert services.call(both, service, operation, **params).succeeded


def test_the_tags_of_a_new_table_take_the_leave_to_tag_even_if_there_are_none(services: FunctionServices) -> None:
    """So it was met: hashicorp/terraform-provider-aws#10943."""
    maker = services.session("table-maker", allow("dynamodb:CreateTable", "*"))
    _, _, params = _new(services, "table", "tagged", {})
    refused = services.call(maker, "dynamodb", "CreateTable", **params)
    assert (refused.status, "dynamodb:TagResource" in refused.message) == (400, True), refused
    del params["Tags"]
    assert services.call(maker, "dynamodb", "CreateTable", **params).succeeded


@pytest.mark.parametrize(
    ("operation", "tagging", "named"),
    [
        ("CreateRole", "iam:TagRole", {"RoleName": "n", "AssumeRolePolicyDocument": _TRUST}),
        ("CreateUser", "iam:TagUser", {"UserName": "n"}),
        ("CreatePolicy", "iam:TagPolicy", {"PolicyName": "n", "PolicyDocument": document(allow("s3:GetObject", "*"))}),
    ],
)
def test_tags_of_what_is_new_in_iam_take_the_leave_to_tag(
    services: FunctionServices, operation: str, tagging: str, named: dict[str, Any]
) -> None:
    """IAM page "Tags for IAM resources"; met as iann0036/iamlive#97."""
    may = allow(f"iam:{operation}", "*")
    alone = services.session(f"{operation}-alone", may)
    refused = services.call(alone, "iam", operation, **named, Tags=PAIRS)
    assert (refused.status, tagging in refused.message) == (403, True), refused
    both = services.session(f"{operation}-both", may, allow(tagging, "*"))
    assert services.call(both, "iam", operation, **named, Tags=PAIRS).succeeded


@pytest.mark.parametrize("kind", ["bucket", "function", "http-api", "rest-api", "user-pool", "identity-pool", "table"])
def test_a_policy_may_ask_for_the_tags_of_a_new_resource(services: FunctionServices, kind: str) -> None:
    caller = services.session(f"asked-{kind}", _with_tag("RequestTag"), allow("iam:PassRole", "*"))
    for team, succeeds in (("blue", False), ("red", True)):
        service, operation, params = _new(services, kind, f"asked-{kind}-{team}", {**TAGS, "team": team})
        answer = services.call(caller, service, operation, **params)
        assert answer.succeeded is succeeds, answer


@pytest.mark.parametrize(
    ("kind", "deletion", "named", "member"),
    [
        ("function", "DeleteFunction", "FunctionName", "FunctionName"),
        ("http-api", "DeleteApi", "ApiId", "ApiId"),
        ("rest-api", "DeleteRestApi", "restApiId", "id"),
    ],
)
def test_a_policy_may_ask_for_the_tags_that_are_there(
    services: FunctionServices, kind: str, deletion: str, named: str, member: str
) -> None:
    caller = services.session(f"there-{kind}", _with_tag("ResourceTag"))
    for team, succeeds in (("blue", False), ("red", True)):
        service, operation, params = _new(services, kind, f"there-{kind}-{team}", {**TAGS, "team": team})
        made = services.operate(service, operation, **params)
        answer = services.call(caller, service, deletion, **{named: made[member]})
        assert answer.succeeded is succeeds, answer


def test_whether_a_route_has_the_tags_of_its_api_is_not_known(services: FunctionServices) -> None:
    made = services.operate("apigatewayv2", "CreateApi", Name="n", ProtocolType="HTTP", Tags=TAGS)
    caller = services.session("routes", _with_tag("ResourceTag"))
    answer = services.call(caller, "apigatewayv2", "GetRoutes", ApiId=made["ApiId"])
    assert (answer.error_code, answer.status) == (NOT_DERIVABLE, 501)


def test_the_parts_of_a_rest_api_have_its_tags(services: FunctionServices) -> None:
    made = [
        services.operate("apigateway", "CreateRestApi", name="n", tags={**TAGS, "team": team})["id"]
        for team in ("red", "blue")
    ]
    caller = services.session("parts", _with_tag("ResourceTag"))
    answers = [services.call(caller, "apigateway", "GetResources", restApiId=api) for api in made]
    assert [answer.succeeded for answer in answers] == [True, False]


def test_what_is_tagged_stands_escaped_in_the_arn_of_the_permission(services: FunctionServices) -> None:
    own, other = (f"{HERE}/restapis/{services.operate('apigateway', 'CreateRestApi', name='n')['id']}" for _ in "12")
    caller = services.session("escaped", allow("apigateway:PUT", f"{HERE}/tags/{quote(own, safe='')}"))
    assert services.call(caller, "apigateway", "TagResource", resourceArn=own, tags=TAGS).succeeded
    refused = services.call(caller, "apigateway", "TagResource", resourceArn=other, tags=TAGS)
    assert (refused.error_code, refused.status) == ("AccessDeniedException", 403)
