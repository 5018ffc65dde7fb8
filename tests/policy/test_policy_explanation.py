"""What a decision says about itself."""

import json
from typing import Any

from harness.policy import Outcome, PolicyKind, PolicySet, Request, explain, parse_policy

ME = "arn:aws:sts::111122223333:assumed-role/Tenant/ann"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders"
TENANT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "OwnItems",
            "Effect": "Allow",
            "Action": "dynamodb:Query",
            "Resource": TABLE,
            "Condition": {
                "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/tenant}#*", "shared"]},
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        },
        {"Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"},
    ],
}
TAG = {"aws:principaltag/tenant": ("acme",)}


def policies(*documents: dict[str, Any]) -> PolicySet:
    return PolicySet(
        identity=tuple(
            parse_policy(document, kind=PolicyKind.IDENTITY, name=f"policy-{index}")
            for index, document in enumerate(documents)
        )
    )


def request(context: dict[str, tuple[str, ...]] | None = None, action: str = "dynamodb:Query") -> Request:
    return Request(ME, action, TABLE, {**TAG, **(context or {})})


def test_allow_names_its_statement_and_what_was_compared() -> None:
    explanation = explain(policies(TENANT), request({"dynamodb:leadingkeys": ("acme#1",)}))
    (statement,) = explanation.statements
    assert explanation.outcome is Outcome.ALLOW
    assert explanation.sentence == ""
    assert explanation.limiting_kind is None
    assert (statement.policy, statement.kind, statement.statement) == ("policy-0", PolicyKind.IDENTITY, "OwnItems")
    assert statement.effect == "Allow"
    compared = statement.conditions[0]
    assert compared.operator == "ForAllValues:StringLike"
    assert compared.key == "dynamodb:leadingkeys"
    assert compared.policy_values == ("acme#*", "shared")
    assert compared.request_values == ("acme#1",)
    assert compared.holds


def test_implicit_denial_shows_the_near_miss_and_the_absent_key() -> None:
    explanation = explain(policies(TENANT), request())
    (near_miss,) = explanation.near_misses
    assert explanation.outcome is Outcome.IMPLICIT_DENY
    assert explanation.statements == ()
    assert explanation.sentence == "because no identity-based policy allows the dynamodb:Query action"
    assert [(trace.operator, trace.request_values, trace.holds) for trace in near_miss.conditions] == [
        ("ForAllValues:StringLike", None, True),
        ("Null", None, False),
    ]
    assert explanation.absent_keys == ("dynamodb:leadingkeys",)


def test_variable_without_value_is_shown_as_none() -> None:
    bare = Request(ME, "dynamodb:Query", TABLE, {"dynamodb:leadingkeys": ("acme#1",)})
    (near_miss,) = explain(policies(TENANT), bare).near_misses
    assert near_miss.conditions[0].policy_values == (None, "shared")
    assert near_miss.conditions[0].holds is False


def test_statement_without_sid_is_named_by_its_place() -> None:
    explanation = explain(policies(TENANT), request(action="dynamodb:DeleteTable"))
    (statement,) = explanation.statements
    assert explanation.outcome is Outcome.EXPLICIT_DENY
    assert (statement.statement, statement.position, statement.effect) == ("Statement[1]", 1, "Deny")
    assert explanation.limiting_kind is PolicyKind.IDENTITY


def test_statements_about_other_resources_are_no_near_misses() -> None:
    elsewhere = Request(ME, "dynamodb:Query", TABLE + "2", TAG)
    assert explain(policies(TENANT), elsewhere).near_misses == ()


def test_near_misses_are_of_the_limiting_kind() -> None:
    allow_all = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    session = parse_policy(TENANT, kind=PolicyKind.SESSION, name="session")
    limited = PolicySet(identity=policies(allow_all).identity, session=(session,))
    explanation = explain(limited, request({"dynamodb:leadingkeys": ("globex#1",)}))
    assert explanation.limiting_kind is PolicyKind.SESSION
    assert [statement.policy for statement in explanation.near_misses] == ["session"]


def test_explanation_is_plain_json() -> None:
    explanation = explain(policies(TENANT), request({"dynamodb:leadingkeys": ("acme#1",)}))
    plain = json.loads(json.dumps(explanation.as_dict()))
    assert plain["outcome"] == "allow"
    assert plain["statements"][0]["kind"] == "identity"
    assert plain["statements"][0]["conditions"][1] == {
        "operator": "Null",
        "key": "dynamodb:leadingkeys",
        "policy_values": ["false"],
        "request_values": ["acme#1"],
        "holds": True,
    }


def test_deny_that_a_malformed_value_kept_from_applying_is_reported() -> None:
    deny = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"NumericGreaterThan": {"s3:max-keys": "10"}},
    }
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    both = policies({"Version": "2012-10-17", "Statement": [deny, allow]})
    assert explain(both, request({"s3:max-keys": ("many",)})).unsettled == ("MALFORMED_TYPED_VALUE",)
    assert explain(both, request({"s3:max-keys": ("9",)})).unsettled == ()


def test_choice_that_another_failing_condition_makes_idle_is_not_reported() -> None:
    condition = {"NumericEquals": {"s3:max-keys": "10"}, "StringEquals": {"aws:PrincipalTag/tenant": "globex"}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    found = explain(policies({"Version": "2012-10-17", "Statement": statement}), request({"s3:max-keys": ("many",)}))
    assert found.unsettled == ()


def test_choice_about_another_resource_is_not_reported() -> None:
    early = "arn:aws:s3:${aws:RequestedRegion}::shared/*"
    deny = {"Effect": "Deny", "Action": "*", "Resource": early}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    both = policies({"Version": "2012-10-17", "Statement": [deny, allow]})
    reached = Request(ME, "s3:GetObject", "arn:aws:s3:eu-west-1::shared/x", {"aws:requestedregion": ("eu-west-1",)})
    assert explain(both, reached).unsettled == ("VARIABLE_BEFORE_FIFTH_COLON",)
    assert explain(both, request({"aws:requestedregion": ("eu-west-1",)})).unsettled == ()


def test_wildcard_inside_a_part_is_reported_only_where_it_crosses_a_colon() -> None:
    allow = {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:dynamodb:e*1:*:table/*"}
    one = policies({"Version": "2012-10-17", "Statement": allow})
    assert explain(one, request()).unsettled == ()
    crossing = Request(ME, "dynamodb:Query", "arn:aws:dynamodb:eu:1:111122223333:table/x", resource_account="")
    assert explain(one, crossing).unsettled == ("RESOURCE_WILDCARD_CROSSES_COLONS",)
