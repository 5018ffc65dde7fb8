"""What must hold for every policy and every request, whatever the documentation says in detail."""

import json
import re
import sys
from random import Random
from typing import Any

import mutants
import near_misses
import reference
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import harness.policy
from harness.policy import Outcome, PolicyKind, PolicySet, decide, explain, parse_policy
from harness.policy.matching import arn_glob, glob
from harness.policy.variables import Variable, tokenize

randoms = st.randoms(use_true_random=False)
often = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
patterns = st.text("ab*?:/.", max_size=14)
texts = st.text("ab*?:/.\n", max_size=14)


def outcome(policies: dict[str, Any], request: dict[str, Any]) -> Outcome:
    return decide(*near_misses.compiled(policies, request))


def documents_of(policies: dict[str, Any]) -> list[dict[str, Any]]:
    return [document for kind in policies.values() for document in kind or []]


@often
@given(randoms)
def test_adding_a_deny_never_turns_a_denial_into_an_allow(random: Random) -> None:
    policies, request = near_misses.case(random)
    before = outcome(policies, request)
    added = near_misses.statement(random, request, "identity") | {"Effect": "Deny"}
    policies["identity"].append({"Version": "2012-10-17", "Statement": added})
    after = outcome(policies, request)
    assert after is not Outcome.ALLOW or before is Outcome.ALLOW


@often
@given(randoms, st.sampled_from(["session", "boundary", "scp", "rcp"]))
def test_adding_a_limiting_policy_never_adds_access(random: Random, kind: str) -> None:
    policies, request = near_misses.case(random)
    # A federated user has no permissions without a session policy, so that its first one does add access.
    assume(kind != "session" or policies["session"] is not None or ":federated-user/" not in request["principal"])
    # Policies of one kind count together: only the first one limits.
    assume(policies[kind] is None)
    before = outcome(policies, request)
    policies[kind] = [near_misses.document(random, request, kind)]
    assert outcome(policies, request) is not Outcome.ALLOW or before is Outcome.ALLOW


@often
@given(randoms)
def test_order_of_statements_values_and_keys_is_irrelevant(random: Random) -> None:
    policies, request = near_misses.case(random)
    before = outcome(policies, request)
    for kind, documents in policies.items():
        policies[kind] = documents and [_shuffled(random, document) for document in documents]
        random.shuffle(policies[kind] or [])
    request["context"] = _shuffled(random, request["context"])
    assert outcome(policies, request) is before


@often
@given(randoms)
def test_case_of_key_names_is_irrelevant(random: Random) -> None:
    policies, request = near_misses.case(random)
    before = outcome(policies, request)
    for document in documents_of(policies):
        for statement in reference.as_list(document["Statement"]):
            for operator, keys in statement.get("Condition", {}).items():
                statement["Condition"][operator] = {key.swapcase(): wanted for key, wanted in keys.items()}
    request["context"] = {key.swapcase(): values for key, values in request["context"].items()}
    assert outcome(policies, request) is before


@often
@given(randoms)
def test_renaming_tenants_in_policy_and_request_keeps_the_decision(random: Random) -> None:
    policies, request = near_misses.case(random)
    # A policy that spells part of a name means that name and no other.
    text = json.dumps([policies, request], ensure_ascii=False)
    assume(not any(part in text for part in ('acm"', "acm*", "Acme", "äcme", "?cme", "'cme'", "a?me", "a*", "a${")))
    names = {"acme": "initech", "globex": "hooli"}
    assert outcome(_renamed(policies, names), _renamed(request, names)) is outcome(policies, request)


@often
@given(randoms)
def test_statements_of_an_explanation_alone_give_the_same_decision(random: Random) -> None:
    policies, request = near_misses.case(random)
    policy_set, compiled_request = near_misses.compiled(policies, request)
    explanation = explain(policy_set, compiled_request)
    named = {(trace.policy, trace.position) for trace in explanation.statements}
    alone: dict[str, Any] = {}
    for kind, documents in policies.items():
        kept: list[Any] | None = None if documents is None else []
        for index, document in enumerate(documents or []):
            statements = reference.as_list(document["Statement"])
            chosen = [
                statement for position, statement in enumerate(statements) if (f"{kind}[{index}]", position) in named
            ]
            if chosen and kept is not None:
                kept.append({**document, "Statement": chosen})
        alone[kind] = kept
    assert outcome(alone, request) is explanation.outcome


@often
@given(randoms)
def test_traces_tell_what_was_compared(random: Random) -> None:
    explanation = explain(*near_misses.compiled(*near_misses.case(random)))
    for trace in explanation.statements:
        assert all(condition.holds for condition in trace.conditions)
        assert (trace.effect == "Deny") == (explanation.outcome is Outcome.EXPLICIT_DENY)
    for trace in explanation.near_misses:
        assert explanation.outcome is Outcome.IMPLICIT_DENY
        assert trace.kind is explanation.limiting_kind
        assert not all(condition.holds for condition in trace.conditions)
    assert json.loads(json.dumps(explanation.as_dict())) == explanation.as_dict() | {
        name: json.loads(json.dumps(explanation.as_dict()[name])) for name in ("statements", "near_misses")
    }


@settings(max_examples=800, deadline=None)
@given(patterns, texts)
def test_wildcards_agree_with_the_reference_matcher(pattern: str, text: str) -> None:
    tokens = [token for token in tokenize(pattern, variables=False, wildcards=True) if not isinstance(token, Variable)]
    assert glob(tokens)(text) == reference.fits(reference.wild(pattern), text)
    assert arn_glob(tokens)(text) == reference.arn_fits(reference.wild(pattern), text)


@settings(max_examples=500, deadline=None)
@given(patterns, texts)
def test_wildcards_agree_with_regular_expressions(pattern: str, text: str) -> None:
    tokens = [token for token in tokenize(pattern, variables=False, wildcards=True) if not isinstance(token, Variable)]
    expression = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    assert glob(tokens)(text) == bool(re.fullmatch(expression, text, re.DOTALL))


@settings(max_examples=400, deadline=None)
@given(patterns, st.text("ab*?", max_size=4), texts)
def test_patterns_with_a_variable_agree_with_the_reference(pattern: str, value: str, text: str) -> None:
    with_variable = pattern[:7] + "${aws:PrincipalTag/t}" + pattern[7:]
    condition = {"StringLike": {"s3:prefix": with_variable}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    policies: dict[str, Any] = {"identity": [{"Version": "2012-10-17", "Statement": [statement]}]}
    request = {
        "principal": near_misses.PRINCIPALS[0],
        "action": "s3:ListBucket",
        "resource": "arn:aws:s3:::b",
        "resource_account": "",
        "context": {"aws:PrincipalTag/t": [value], "s3:prefix": [text]},
    }
    assert outcome(policies, request) == reference.decide(policies, request)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["Allow", "*", "a:b", "true"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["AWS", "StringEquals", "Bool", "a:b", "Effect"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def odd(*usual: Any) -> st.SearchStrategy[Any]:
    """Return the usual values of an element, and now and then any JSON."""
    return st.sampled_from(usual) | st.sampled_from(usual) | any_json


odd_statements = st.fixed_dictionaries(
    {"Effect": odd("Allow", "Deny"), "Action": odd("*", "s3:Get*"), "Resource": odd("*", "arn:aws:s3:::${a:b}")},
    optional={
        "Sid": odd("A", "B"),
        "Principal": odd("*", {"AWS": "111122223333"}),
        "NotAction": any_json,
        "Condition": odd({"StringLike": {"a:b": "${a:b}*"}}, {"Null": {"a:b": "true"}}),
    },
)
odd_documents = any_json | st.fixed_dictionaries(
    {"Statement": odd_statements | st.lists(odd_statements, max_size=2) | any_json},
    optional={"Version": odd("2012-10-17"), "Id": odd("x")},
)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd_documents, st.sampled_from(PolicyKind))
def test_any_json_is_parsed_or_refused_as_malformed(document: Any, kind: PolicyKind) -> None:
    try:
        policy = parse_policy(json.dumps(document), kind=kind)
    except harness.policy.MalformedPolicyDocument as refused:
        reason = refused.reason
    else:
        named = kind in {PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.RCP}
        policies = PolicySet(resource=(policy,)) if named else PolicySet(identity=(policy,))
        context = {"a:b": ("true",)}
        reason = explain(policies, harness.policy.Request("*", "s3:GetObject", "arn:aws:s3:::b", context)).outcome
    assert reason


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30), st.text(max_size=20), st.text(max_size=30), st.text(max_size=20))
def test_any_text_in_a_request_is_decided(principal: str, action: str, resource: str, value: str) -> None:
    policy = parse_policy(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringLike": {"a:b": f"{value}${{a:b}}*"}},
            },
        },
        kind=PolicyKind.IDENTITY,
    )
    request = harness.policy.Request(principal, action, resource, {"a:b": (value,)})
    found = explain(PolicySet(identity=(policy,)), request)
    assert found.outcome is decide(PolicySet(identity=(policy,)), request)


def _shuffled(random: Random, element: Any) -> Any:
    if isinstance(element, dict):
        items = list(element.items())
        random.shuffle(items)
        return {key: _shuffled(random, value) for key, value in items}
    if isinstance(element, list):
        items = [_shuffled(random, value) for value in element]
        random.shuffle(items)
        return items
    return element


def _renamed(element: Any, names: dict[str, str]) -> Any:
    """Return the JSON value with every tenant renamed; names are told from longer ones only by the reader."""
    text = json.dumps(element)
    for old, new in names.items():
        text = text.replace(old, new)
    return json.loads(text)


def test_engine_imports_nothing_else_of_the_project() -> None:
    sources = [path.read_text(encoding="utf-8") for path in mutants.PACKAGE.glob("*.py")]
    imported = {module for source in sources for module in re.findall(r"^(?:from|import) (\S+)", source, re.MULTILINE)}
    outside = {module for module in imported if module.split(".")[0] not in sys.stdlib_module_names}
    assert {module for module in outside if not module.startswith("harness.policy")} == set()
