"""A probe that cannot fail proves nothing: for every rule there is a target that lacks it, and calibration names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from lax_targets import (
    confirming_sign_ups,
    embedded,
    letting,
    never_asking_the_user_pool,
    reading_policies,
    setting,
    with_texts,
    without_condition,
    without_denials,
)

from harness.calibration.calibration import Enforced
from harness.calibration.measuring import measure
from harness.calibration.rules import Rule
from harness.calibration.sites import SITES
from harness.emulator.authorization import Enforcement
from harness.emulator.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lax_targets import LaxTarget

    from harness.targets.embedded import EmbeddedTarget
    from harness.targets.target import Target

_STORES = ("stores",)
_POLICY_KINDS = ("boundaries", "bucket-policies", "table-policies")
_MAPPINGS = ("groups", "rules", "tags")
# What Cognito, its authorizers and the signatures check, whatever IAM would allow.
_NOT_IAM = frozenset(
    {
        Rule.SIGNATURES,
        Rule.CUSTOM_ROLE_CHECK,
        Rule.IDENTITY_OWNERSHIP,
        Rule.GUESTS_CLOSED,
        Rule.CLASSIC_FLOW_CLOSED,
        Rule.TOKEN_SIGNATURES,
        Rule.TOKEN_ALGORITHMS,
        Rule.TOKEN_KEY_IDS,
        Rule.TOKEN_AUDIENCE,
        Rule.TOKEN_ISSUER,
        Rule.SERVER_SIDE_TOKEN_CHECK,
        Rule.SIGN_UP_CLOSED,
        Rule.SIGN_UP_CONFIRMATION,
        Rule.USER_NAMES,
        Rule.USER_EXISTENCE,
        Rule.WRITE_ATTRIBUTES,
        Rule.IMMUTABLE_ATTRIBUTES,
        Rule.SIGN_OUT,
        Rule.API_TOKEN_AUTHORIZERS,
        Rule.API_COGNITO_AUTHORIZERS,
        Rule.API_FUNCTION_AUTHORIZERS,
    }
)
_FAULTS: dict[Fault, set[Rule]] = {
    Fault.SKIP_TOKEN_SIGNATURE: {Rule.TOKEN_SIGNATURES, Rule.TOKEN_ALGORITHMS, Rule.TOKEN_KEY_IDS},
    Fault.ACCEPT_PUBLIC_KEY_AS_SECRET: {Rule.TOKEN_ALGORITHMS},
    # An unsigned token names no key at all.
    Fault.ACCEPT_UNKNOWN_KEY_ID: {Rule.TOKEN_SIGNATURES, Rule.TOKEN_KEY_IDS},
    # Nobody waits for a token to expire.
    Fault.SKIP_TOKEN_EXPIRY: set(),
    Fault.SKIP_TOKEN_ISSUER: {Rule.TOKEN_ISSUER},
    Fault.SKIP_TOKEN_AUDIENCE: {Rule.TOKEN_AUDIENCE},
    Fault.SKIP_IDENTITY_OWNERSHIP: {Rule.IDENTITY_OWNERSHIP},
    Fault.SKIP_CUSTOM_ROLE_CHECK: {Rule.CUSTOM_ROLE_CHECK},
    Fault.SKIP_TRUST_POLICY: {
        Rule.IDENTITY_POLICIES_STS,
        Rule.TRUST_PRINCIPALS,
        Rule.TRUST_ACTIONS,
        Rule.IDENTITY_POOL_TRUST,
        Rule.WEB_IDENTITY_TRUST,
    },
}


@dataclass(frozen=True)
class _Lax:
    """A target that lacks something, the rules that calibration must name, and the sites at which that is measured."""

    what: str
    make: Callable[[EmbeddedTarget], LaxTarget]
    broken: frozenset[Rule]
    at: tuple[str, ...] = _STORES


def _lax(what: str, make: Callable[[EmbeddedTarget], LaxTarget], *broken: Rule, at: tuple[str, ...] = _STORES) -> _Lax:
    return _Lax(what, make, frozenset(broken), at)


def _operation(operation: str, *broken: Rule, when: str = "", at: tuple[str, ...] = _STORES) -> _Lax:
    what = f"{operation} {when}".strip()
    return _lax(f"{what} for everybody at {at[0]}", letting(operation, when), *broken, at=at)


_ROLES, _BUCKETS, _TABLES = ("PutRolePolicy", "CreatePolicy"), ("PutBucketPolicy",), ("PutResourcePolicy",)
_TRUSTS = ("CreateRole",)
_LAX = (
    _operation(
        "GetItem",
        Rule.SIGNATURES,
        Rule.IDENTITY_POLICIES_DYNAMODB,
        Rule.SESSION_POLICIES,
        Rule.LEADING_KEYS_GET_ITEM,
        Rule.DYNAMODB_ATTRIBUTES,
        Rule.TABLE_POLICIES,
        at=("stores", "table-policies"),
    ),
    _operation("BatchGetItem", Rule.LEADING_KEYS_BATCH_GET_ITEM),
    _operation("Query", Rule.LEADING_KEYS_QUERY, Rule.LEADING_KEYS_INDEX, when="'foreign'"),
    _operation("Query", Rule.INDEX_RESOURCES, Rule.LEADING_KEYS_INDEX, when="by-group"),
    _operation("Query", Rule.INDEX_RESOURCES, Rule.LEADING_KEYS_QUERY, Rule.LEADING_KEYS_INDEX, Rule.DYNAMODB_SELECT),
    _operation("Scan", Rule.LEADING_KEYS_SCAN),
    _operation("PutItem", Rule.LEADING_KEYS_PUT_ITEM),
    _operation("UpdateItem", Rule.LEADING_KEYS_UPDATE_ITEM, Rule.DYNAMODB_RETURN_VALUES),
    _operation("DeleteItem", Rule.LEADING_KEYS_DELETE_ITEM),
    _operation("BatchWriteItem", Rule.LEADING_KEYS_BATCH_WRITE_ITEM),
    _operation("TransactGetItems", Rule.LEADING_KEYS_TRANSACT_GET_ITEMS),
    _operation("TransactWriteItems", Rule.LEADING_KEYS_TRANSACT_WRITE_ITEMS, when="ConditionCheck"),
    _operation("ExecuteStatement", Rule.LEADING_KEYS_PARTIQL_READS, when="SELECT"),
    _operation("ExecuteStatement", Rule.LEADING_KEYS_PARTIQL_WRITES, when="DELETE"),
    _operation("GetRole", Rule.IDENTITY_POLICIES_IAM),
    _operation(
        "GetObject",
        Rule.SIGNATURES,
        Rule.IDENTITY_POLICIES_S3,
        Rule.EXPLICIT_DENY,
        Rule.PERMISSIONS_BOUNDARIES,
        Rule.SESSION_POLICIES,
        Rule.SESSION_TAGS,
        Rule.POLICY_VARIABLES,
        Rule.BUCKET_POLICY_GRANTS,
        Rule.BUCKET_POLICY_DENIALS,
        at=("stores", "boundaries", "bucket-policies"),
    ),
    _operation("GetObject", Rule.BUCKET_POLICY_GRANTS, when="'granted'", at=_POLICY_KINDS),
    _operation(
        "GetObject",
        Rule.IDENTITY_ID_VARIABLE,
        Rule.WEB_IDENTITY_SESSION_POLICIES,
        Rule.GROUP_ROLES,
        Rule.ATTRIBUTE_RULES,
        Rule.PRINCIPAL_TAG_MAPS,
        at=("identities", *_MAPPINGS),
    ),
    _operation("ListRoles", Rule.GUEST_SCOPE_DOWN, at=("guests",)),
    _operation("ListIdentities", Rule.IDENTITY_POLICIES_COGNITO_IDENTITY, at=("identities",)),
    _operation("ListUsers", Rule.IDENTITY_POLICIES_COGNITO_IDP, at=("identities",)),
    _operation("Invoke", Rule.IDENTITY_POLICIES_LAMBDA, at=("http-api",)),
    _lax(
        "session tags stand for anything",
        reading_policies(with_texts((r"\${aws:PrincipalTag/org}", "*")), *_ROLES),
        Rule.SESSION_TAGS,
    ),
    _lax(
        "mapped tags stand for anything",
        reading_policies(with_texts((r"\${aws:PrincipalTag/org}", "*")), *_ROLES),
        Rule.PRINCIPAL_TAG_MAPS,
        at=("tags",),
    ),
    _lax(
        "variables stand for anything",
        reading_policies(with_texts((r"\${aws:userid}", "*"), ('StringEquals(?=": {"s3:)', "StringLike")), *_ROLES),
        Rule.POLICY_VARIABLES,
    ),
    _lax(
        "identity ids stand for anything",
        reading_policies(with_texts((r"\${cognito-identity.amazonaws.com:sub}", "*")), *_ROLES),
        Rule.IDENTITY_ID_VARIABLE,
        at=("identities",),
    ),
    _lax(
        "no condition on leading keys",
        reading_policies(without_condition("dynamodb:LeadingKeys"), *_ROLES),
        *(rule for rule in Rule if rule.startswith("leading-keys-")),
    ),
    _lax(
        "no condition on attributes",
        reading_policies(without_condition("dynamodb:Attributes"), *_ROLES),
        Rule.DYNAMODB_ATTRIBUTES,
    ),
    _lax(
        "no condition on what is selected",
        reading_policies(without_condition("dynamodb:Select"), *_ROLES),
        Rule.DYNAMODB_SELECT,
    ),
    _lax(
        "no condition on what is returned",
        reading_policies(without_condition("dynamodb:ReturnValues"), *_ROLES),
        Rule.DYNAMODB_RETURN_VALUES,
    ),
    _lax(
        "no condition on prefixes",
        reading_policies(without_condition("s3:prefix"), *_ROLES),
        Rule.S3_PREFIX,
        Rule.POLICY_VARIABLES,
    ),
    _lax("no Deny in policies of roles", reading_policies(without_denials, *_ROLES), Rule.EXPLICIT_DENY),
    _lax(
        "no Deny in those of buckets",
        reading_policies(without_denials, *_BUCKETS),
        Rule.BUCKET_POLICY_DENIALS,
        at=_POLICY_KINDS,
    ),
    _lax(
        "no Deny in those of tables", reading_policies(without_denials, *_TABLES), Rule.TABLE_POLICIES, at=_POLICY_KINDS
    ),
    _lax(
        "no boundaries", setting("CreateRole", PermissionsBoundary=None), Rule.PERMISSIONS_BOUNDARIES, at=_POLICY_KINDS
    ),
    _lax("no session policies", setting("AssumeRole", Policy=None), Rule.SESSION_POLICIES),
    _lax(
        "no session policies for web identities",
        setting("AssumeRoleWithWebIdentity", Policy=None),
        Rule.WEB_IDENTITY_SESSION_POLICIES,
        at=("identities",),
    ),
    _lax(
        "aud is not looked at",
        reading_policies(without_condition("cognito-identity.amazonaws.com:aud"), *_TRUSTS),
        Rule.IDENTITY_POOL_TRUST,
        Rule.WEB_IDENTITY_TRUST,
        at=("identities", "groups"),
    ),
    _lax(
        "amr is not looked at",
        reading_policies(without_condition("cognito-identity.amazonaws.com:amr"), *_TRUSTS),
        Rule.IDENTITY_POOL_TRUST,
        Rule.WEB_IDENTITY_TRUST,
        at=("identities", "groups"),
    ),
    _lax(
        "trust in one is trust in the account",
        reading_policies(with_texts((r"(arn:aws:iam::\d+):role/[^\"]+", r"\1:root")), *_TRUSTS),
        Rule.TRUST_PRINCIPALS,
    ),
    _lax(
        "trust is for tags too",
        reading_policies(with_texts((r"\[\"sts:AssumeRole\"\]|\"sts:AssumeRole\"$", '"sts:*"')), *_TRUSTS),
        Rule.TRUST_ACTIONS,
    ),
    _lax(
        "guests are let in",
        setting("CreateIdentityPool", AllowUnauthenticatedIdentities=True),
        Rule.GUESTS_CLOSED,
        at=("identities",),
    ),
    _lax(
        "the classic flow is open",
        setting("CreateIdentityPool", AllowClassicFlow=True),
        Rule.CLASSIC_FLOW_CLOSED,
        at=("guests",),
    ),
    _lax("users are not asked for", never_asking_the_user_pool, Rule.SERVER_SIDE_TOKEN_CHECK, at=("identities",)),
    _lax(
        "everybody signs up",
        setting("CreateUserPool", AdminCreateUserConfig={"AllowAdminCreateUserOnly": False}),
        Rule.SIGN_UP_CLOSED,
        at=("accounts",),
    ),
    _lax("sign-ups are confirmed", confirming_sign_ups, Rule.SIGN_UP_CONFIRMATION, at=("sign-ups",)),
    _lax(
        "capital letters make another name",
        setting("CreateUserPool", UsernameConfiguration={"CaseSensitive": True}),
        Rule.USER_NAMES,
        at=("sign-ups",),
    ),
    _lax(
        "missing users are told",
        setting("CreateUserPoolClient", PreventUserExistenceErrors="LEGACY"),
        Rule.USER_EXISTENCE,
        at=("accounts",),
    ),
    _lax(
        "all attributes are writable",
        setting("CreateUserPoolClient", WriteAttributes=None),
        Rule.WRITE_ATTRIBUTES,
        at=("accounts",),
    ),
    _lax(
        "all attributes are mutable",
        setting(
            "CreateUserPool",
            Schema=[{"Name": name, "AttributeDataType": "String", "Mutable": True} for name in ("kept", "closed")],
        ),
        Rule.IMMUTABLE_ATTRIBUTES,
        at=("accounts",),
    ),
    _lax(
        "no tokens are revoked",
        setting("CreateUserPoolClient", EnableTokenRevocation=False),
        Rule.SIGN_OUT,
        at=("accounts",),
    ),
    _lax(
        "routes ask for nothing",
        setting("CreateRoute", AuthorizationType="NONE", AuthorizerId=None),
        Rule.IDENTITY_POLICIES_EXECUTE_API,
        Rule.API_TOKEN_AUTHORIZERS,
        Rule.API_FUNCTION_AUTHORIZERS,
        at=("http-api",),
    ),
    _lax(
        "methods ask for nothing",
        setting("PutMethod", authorizationType="NONE", authorizerId=None),
        Rule.API_COGNITO_AUTHORIZERS,
        at=("rest-api",),
    ),
)


@pytest.fixture
def target() -> Iterator[EmbeddedTarget]:
    with embedded() as made:
        yield made


def _missing(target: Target, sites: tuple[str, ...]) -> tuple[set[Rule], list[str]]:
    """Return the rules that are not enforced, and what was found of those that are neither enforced nor not."""
    names = {f"calibration-{site}" for site in sites}
    rules = {probe.rule for design in SITES if design.blueprint.name in names for probe in design.probes}
    calibration = measure(target, rules)
    assert calibration.left == ()
    found = {rule: calibration.enforced(rule) for rule in rules}
    unclear = [f"{rule}: {calibration.why(rule)}" for rule in rules if found[rule] not in (Enforced.YES, Enforced.NO)]
    return {rule for rule in rules if found[rule] is Enforced.NO}, unclear


def test_a_target_that_lets_everybody_do_everything_enforces_no_rule_of_iam(target: EmbeddedTarget) -> None:
    target.enforce(Enforcement.ALLOW_ALL)
    calibration = measure(target)
    assert {rule for rule in Rule if calibration.enforced(rule) is Enforced.NO} == set(Rule) - _NOT_IAM
    assert {rule for rule in Rule if calibration.enforced(rule) is Enforced.YES} == _NOT_IAM


def test_a_target_that_refuses_everybody_everything_has_no_control_that_works(target: EmbeddedTarget) -> None:
    target.enforce(Enforcement.DENY_ALL)
    calibration = measure(target)
    assert {calibration.enforced(rule) for rule in set(Rule) - _NOT_IAM} == {Enforced.NOT_AVAILABLE}


@pytest.mark.parametrize("fault", Fault)
def test_a_target_fault_is_named_by_the_rules_that_it_breaks(target: EmbeddedTarget, fault: Fault) -> None:
    target.plant_faults([fault])
    at = ("stores", "identities", "groups") if fault is Fault.SKIP_TRUST_POLICY else ("identities", "groups")
    assert _missing(target, at) == (_FAULTS[fault], [])


@pytest.mark.parametrize("lax", _LAX, ids=lambda lax: lax.what)
def test_a_target_that_lacks_something_is_named_by_the_rules_that_it_breaks(target: EmbeddedTarget, lax: _Lax) -> None:
    assert _missing(lax.make(target), lax.at) == (set(lax.broken), [])


def test_every_rule_is_seen_to_be_missing_on_some_target() -> None:
    assert {rule for lax in _LAX for rule in lax.broken} | {
        rule for rules in _FAULTS.values() for rule in rules
    } == set(Rule)
