"""What is refused as MalformedPolicyDocument, with AWS's reason and the place; aws-semantics 6.5 and 6.6."""

import json
from typing import Any

import pytest

from harness.policy import (
    MalformedPolicyDocument,
    PolicyKind,
    PolicyTooLarge,
    check_inline_total,
    check_size,
    parse_policy,
)

SYNTAX = "Syntax errors in policy."
SID = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
TOO_LONG_FOR_STS = (
    "1 validation error detected: Value at 'policy' failed to satisfy constraint: "
    "Member must have length less than or equal to 2048"
)
VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def statement(**elements: Any) -> dict[str, Any]:
    """Return a document with one statement; an element given as None is left out."""
    merged = {name: value for name, value in {**GOOD, **elements}.items() if value is not None}
    return {"Version": "2012-10-17", "Statement": [merged]}


REFUSED: list[tuple[str, Any, PolicyKind, str, str]] = [
    ("not JSON", "{", PolicyKind.IDENTITY, SYNTAX, ""),
    ("empty text", "", PolicyKind.SESSION, SYNTAX, ""),
    ("a list", "[]", PolicyKind.IDENTITY, SYNTAX, ""),
    ("deep nesting", "[" * 100_000, PolicyKind.IDENTITY, SYNTAX, ""),
    ("a key twice", '{"Statement": [], "Statement": []}', PolicyKind.IDENTITY, SYNTAX, ""),
    ("NaN", '{"Statement": NaN}', PolicyKind.IDENTITY, SYNTAX, "NaN"),
    ("a number of 5,000 digits", '{"Statement": 1' + "0" * 5_000 + "}", PolicyKind.IDENTITY, SYNTAX, "Statement"),
    ("unknown top element", {"Version": "2012-10-17", "Statement": [GOOD], "Foo": 1}, PolicyKind.IDENTITY, SYNTAX, ""),
    ("no Statement", {"Version": "2012-10-17"}, PolicyKind.IDENTITY, SYNTAX, ""),
    ("no statements", {"Version": "2012-10-17", "Statement": []}, PolicyKind.IDENTITY, SYNTAX, "Statement"),
    ("statement is text", {"Statement": ["x"]}, PolicyKind.IDENTITY, SYNTAX, "Statement[0]"),
    (
        "future version",
        {"Version": "2026-01-01", "Statement": [GOOD]},
        PolicyKind.IDENTITY,
        "Policy document must be version 2012-10-17 or greater.",
        "Version",
    ),
    ("version is a number", {"Version": 2012, "Statement": [GOOD]}, PolicyKind.IDENTITY, SYNTAX, "Version"),
    ("unknown element", statement(Foo=1), PolicyKind.IDENTITY, SYNTAX, "Statement[0].Foo"),
    ("effect in lower case", statement(Effect="allow"), PolicyKind.IDENTITY, SYNTAX, "Statement[0].Effect"),
    ("effect is a list", statement(Effect=["Allow"]), PolicyKind.IDENTITY, SYNTAX, "Statement[0].Effect"),
    (
        "no action",
        statement(Action=None),
        PolicyKind.IDENTITY,
        "Policy statement must contain actions.",
        "Statement[0]",
    ),
    (
        "empty actions",
        statement(Action=[]),
        PolicyKind.IDENTITY,
        "Policy statement must contain actions.",
        "Statement[0]",
    ),
    ("Action and NotAction", statement(NotAction="s3:*"), PolicyKind.IDENTITY, SYNTAX, "Statement[0].NotAction"),
    ("action without vendor", statement(Action="GetItem"), PolicyKind.IDENTITY, VENDOR, "Statement[0].Action[0]"),
    (
        "action with two colons",
        statement(Action=["s3:Get:x"]),
        PolicyKind.IDENTITY,
        "Actions/Condition can contain only one colon.",
        "Statement[0].Action[0]",
    ),
    (
        "wildcard in the vendor",
        statement(Action="s*:Get"),
        PolicyKind.IDENTITY,
        "Vendor s* is not valid",
        "Statement[0].Action[0]",
    ),
    (
        "no resource",
        statement(Resource=None),
        PolicyKind.IDENTITY,
        "Policy statement must contain resources.",
        "Statement[0]",
    ),
    (
        "resource is no ARN",
        statement(Resource=["*", "bucket"]),
        PolicyKind.IDENTITY,
        'Resource bucket must be in ARN format or "*".',
        "Statement[0].Resource[1]",
    ),
    (
        "unknown partition",
        statement(Resource="arn:x:s3:::b"),
        PolicyKind.IDENTITY,
        'Partition "x" is not valid for resource "arn:x:s3:::b".',
        "Statement[0].Resource[0]",
    ),
    (
        "short ARN",
        statement(Resource="arn:aws:s3:b"),
        PolicyKind.IDENTITY,
        "The policy failed legacy parsing",
        "Statement[0].Resource[0]",
    ),
    (
        "the same Sid twice",
        {"Version": "2012-10-17", "Statement": [{"Sid": "A", **GOOD}, {"Sid": "A", **GOOD}]},
        PolicyKind.IDENTITY,
        "Statement IDs (SID) in a single policy must be unique.",
        "Statement[1].Sid",
    ),
    (
        "blank in a Sid",
        statement(Sid="a b"),
        PolicyKind.IDENTITY,
        SID,
        "Statement[0].Sid",
    ),
    (
        "principal in an identity policy",
        statement(Principal="*"),
        PolicyKind.IDENTITY,
        "Policy document should not specify a principal.",
        "Statement[0].Principal",
    ),
    (
        "no principal in a bucket policy",
        statement(),
        PolicyKind.RESOURCE,
        "Missing required field Principal",
        "Statement[0]",
    ),
    (
        "Principal and NotPrincipal",
        statement(Principal="*", NotPrincipal="*"),
        PolicyKind.RESOURCE,
        SYNTAX,
        "Statement[0]",
    ),
    (
        "unknown principal type",
        statement(Principal={"Foo": "*"}),
        PolicyKind.RESOURCE,
        SYNTAX,
        "Statement[0].Principal",
    ),
    (
        "wildcard inside a principal's ARN",
        statement(Principal={"AWS": "arn:aws:iam::111122223333:role/*"}),
        PolicyKind.RESOURCE,
        'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/*"',
        "Statement[0].Principal.AWS",
    ),
    (
        "resource in a trust policy",
        statement(Principal="*", Action="sts:AssumeRole"),
        PolicyKind.TRUST,
        "Has prohibited field Resource",
        "Statement[0].Resource",
    ),
    (
        "unknown operator",
        statement(Condition={"StringEqual": {"a:b": "c"}}),
        PolicyKind.IDENTITY,
        SYNTAX,
        "Statement[0].Condition.StringEqual",
    ),
    (
        "unknown set operator",
        statement(Condition={"ForNoValue:StringEquals": {"a:b": "c"}}),
        PolicyKind.IDENTITY,
        SYNTAX,
        "Statement[0].Condition.ForNoValue:StringEquals",
    ),
    (
        "NullIfExists",
        statement(Condition={"NullIfExists": {"a:b": "true"}}),
        PolicyKind.IDENTITY,
        SYNTAX,
        "Statement[0].Condition.NullIfExists",
    ),
    (
        "condition key without vendor",
        statement(Condition={"StringEquals": {"prefix": "c"}}),
        PolicyKind.IDENTITY,
        VENDOR,
        "Statement[0].Condition.StringEquals.prefix",
    ),
    (
        "null as condition value",
        statement(Condition={"StringEquals": {"a:b": None}}),
        PolicyKind.IDENTITY,
        SYNTAX,
        "Statement[0].Condition.StringEquals.a:b",
    ),
    ("condition is text", statement(Condition="x"), PolicyKind.IDENTITY, SYNTAX, "Statement[0].Condition"),
]


@pytest.mark.parametrize(
    ("document", "kind", "reason", "where"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_malformed_document_is_refused_with_reason_and_place(
    document: Any, kind: PolicyKind, reason: str, where: str
) -> None:
    with pytest.raises(MalformedPolicyDocument) as refused:
        parse_policy(document, kind=kind)
    assert (refused.value.reason, refused.value.where) == (reason, where)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (statement(Action="unknown:Nothing"), PolicyKind.IDENTITY),
        (statement(Condition={"StringEquals": {"no:such-key": "x"}}), PolicyKind.SESSION),
        (statement(Sid="with blanks", Principal={"AWS": "AIDA1234567890123456"}), PolicyKind.RESOURCE),
        (statement(Resource=["arn:aws:s3:*", "arn:*:s3:::b", "arn:aws-cn:s3:::b"]), PolicyKind.BOUNDARY),
        (
            statement(Resource=None, Action="sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}),
            PolicyKind.TRUST,
        ),
        ({"Id": "x", "Statement": GOOD}, PolicyKind.SCP),
    ],
)
def test_unusual_document_is_accepted(document: Any, kind: PolicyKind) -> None:
    assert len(parse_policy(document, kind=kind).statements) == 1


def test_policies_are_shared_values() -> None:
    one, other = (parse_policy(statement(), kind=PolicyKind.IDENTITY, name="a") for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != parse_policy(statement(), kind=PolicyKind.SESSION, name="a")


@pytest.mark.parametrize(
    ("kind", "limit", "text"),
    [
        (PolicyKind.IDENTITY, 6_144, "Cannot exceed quota for PolicySize: 6144"),
        (PolicyKind.TRUST, 2_048, "Cannot exceed quota for ACLSizePerRole: 2048"),
        (
            PolicyKind.SESSION,
            2_048,
            TOO_LONG_FOR_STS,
        ),
        (PolicyKind.SCP, 5_120, "You have exceeded the maximum policy size of 5120 bytes."),
        (PolicyKind.RESOURCE, 20_480, "Policy exceeds the maximum allowed document size."),
    ],
)
def test_document_may_be_as_long_as_its_limit_and_no_longer(kind: PolicyKind, limit: int, text: str) -> None:
    check_size("x" * limit, kind)
    with pytest.raises(PolicyTooLarge) as refused:
        check_size("x" * (limit + 1), kind)
    assert refused.value.reason == text


def test_white_space_counts_in_session_policies_only() -> None:
    check_size(" " * 10_000, PolicyKind.IDENTITY)
    with pytest.raises(PolicyTooLarge):
        check_size(" " * 2_049, PolicyKind.SESSION)


def test_inline_policies_of_a_role_share_one_limit() -> None:
    document = json.dumps(statement(), indent=4)
    fits = 10_240 // len("".join(document.split()))
    check_inline_total([document] * fits, owner="role", name="R")
    with pytest.raises(PolicyTooLarge) as refused:
        check_inline_total([document] * (fits + 1), owner="role", name="R")
    assert refused.value.reason == "Maximum policy size of 10240 bytes exceeded for role R"
