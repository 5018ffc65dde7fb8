"""The JSON-lines front end: every line is answered, a bad one with what is wrong and its number."""

import json
from typing import Any

import pytest

from harness.decide import decide_lines

ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
REQUEST = {
    "principal": "arn:aws:sts::111122223333:assumed-role/Tenant/ann",
    "action": "s3:GetObject",
    "resource": "arn:aws:s3:::b/x",
    "resource_account": "111122223333",
    "context": {},
}


def line(**fields: Any) -> str:
    return json.dumps({"id": "one", "policies": {"identity": [ALLOW]}, "request": REQUEST} | fields)


def answers(*lines: str, explain: bool = False) -> tuple[list[dict[str, Any]], list[int]]:
    bad: list[int] = []
    return [json.loads(answer) for answer in decide_lines(lines, explain=explain, bad_lines=bad)], bad


def test_good_line_gets_its_id_decision_and_reason() -> None:
    denied = line(id=[2], request=REQUEST | {"action": "dynamodb:Query"})
    assert answers(line(), denied) == (
        [
            {"id": "one", "decision": "allow", "reason": ""},
            {
                "id": [2],
                "decision": "implicit_deny",
                "reason": "because no identity-based policy allows the dynamodb:Query action",
            },
        ],
        [],
    )


def test_explanation_comes_on_demand() -> None:
    ((answer,), bad) = answers(line(), explain=True)
    assert answer["explanation"]["statements"][0]["policy"] == "identity[0]"
    assert bad == []


def test_policies_may_be_text_and_missing_kinds_do_not_limit() -> None:
    policies = {"identity": [json.dumps(ALLOW)], "session": [], "boundary": None}
    ((answer,), _) = answers(line(policies=policies))
    assert answer["decision"] == "allow"


def test_context_keys_have_no_case_and_values_may_be_unquoted() -> None:
    condition = {"Bool": {"aws:SecureTransport": "true"}, "NumericEquals": {"s3:max-keys": "10"}}
    policy = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}}
    context = {"AWS:securetransport": [True], "s3:Max-Keys": 10}
    ((answer,), _) = answers(line(policies={"identity": [policy]}, request=REQUEST | {"context": context}))
    assert answer["decision"] == "allow"


def test_resource_policy_of_an_assume_role_request_is_a_trust_policy() -> None:
    principal = {"Federated": "cognito-identity.amazonaws.com"}
    trust = {"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRoleWithWebIdentity"}}
    request = {
        "principal": "cognito-identity.amazonaws.com",
        "action": "sts:AssumeRoleWithWebIdentity",
        "resource": "arn:aws:iam::111122223333:role/Tenant",
    }
    ((answer,), _) = answers(line(policies={"resource": [trust]}, request=request))
    assert answer["decision"] == "allow"


def test_decision_that_rests_on_a_choice_says_so() -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ArnLike": {"aws:SourceArn": "*"}}}
    context = {"aws:SourceArn": ["arn:aws:s3:::b"]}
    ((answer,), _) = answers(
        line(policies={"identity": [{"Statement": statement}]}, request=REQUEST | {"context": context})
    )
    assert answer["unsettled"] == ["ARN_LIKE_SINGLE_STAR"]


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("nonsense", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "the line must be a JSON object"),
        ('{"id": NaN}', "not JSON: NaN is no number"),
        ('{"id": 1e999}', "not JSON: 1e999 is no number"),
        ('{"id": 1, "id": 2}', "the key 'id' stands twice in one object"),
        ("{}", "the field 'request' is missing"),
        (line(extra=1), "unknown field 'extra'; a line has id, policies and request"),
        (line(request={"principal": "*", "action": "s3:GetObject"}), "request.resource is missing"),
        (line(request=REQUEST | {"region": "x"}), "unknown field request.region"),
        (line(request=REQUEST | {"action": 1}), "request.action must be a string"),
        (line(request=REQUEST | {"context": {"a:b": [None]}}), "request.context['a:b'] must be a list of strings"),
        (line(request=REQUEST | {"context": {"a:b": [], "A:b": []}}), "request.context has 'A:b' twice"),
        (line(policies={"identiy": []}), "unknown kind of policy 'identiy'"),
        (line(policies={"identity": ALLOW}), "policies.identity must be a list of policy documents"),
        (line(policies={"identity": [1]}), "policies.identity[0] must be a policy document"),
        (
            line(policies={"identity": [{"Statement": {"Effect": "Allow", "Action": "Get", "Resource": "*"}}]}),
            "MalformedPolicyDocument: policies.identity[0]: Statement[0].Action[0]: Actions/Conditions must be",
        ),
        ("[" * 100_000, "not JSON: "),
    ],
    ids=lambda text: text[:40],
)
def test_bad_line_is_told_apart_and_the_rest_is_answered(bad: str, error: str) -> None:
    (first, found, last), numbers = answers(line(), bad, line())
    assert found["line"] == 2
    assert found["error"].startswith(error)
    assert "decision" not in found
    assert [first["decision"], last["decision"]] == ["allow", "allow"]
    assert numbers == [2]


def test_blank_lines_are_skipped_but_counted() -> None:
    found, numbers = answers("\n", "nonsense\n", "  ", line() + "\n")
    assert [answer.get("line") for answer in found] == [2, None]
    assert numbers == [2]


def test_bad_line_keeps_its_id() -> None:
    ((answer,), _) = answers(line(id=7, request={}))
    assert (answer["id"], answer["line"]) == (7, 1)
