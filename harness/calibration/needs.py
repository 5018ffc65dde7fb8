"""On which rules a refusal rests: worked out from a sound design's data and from the technique, and rather too many."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from harness.attacks.technique import Feature
from harness.blueprints.contract import Effect
from harness.blueprints.spec import ApiKind, RouteAuthorizer
from harness.calibration.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.attacks.technique import Technique
    from harness.blueprints.spec import Blueprint, Document

_VARIABLE = re.compile(r"\$\{([^}]+)\}")
_IDENTITY_ID = "cognito-identity.amazonaws.com:sub"
_PRINCIPAL_TAG = "aws:principaltag/"
_POLICIES_OF: Mapping[str, Rule] = {
    "dynamodb": Rule.IDENTITY_POLICIES_DYNAMODB,
    "s3": Rule.IDENTITY_POLICIES_S3,
    "sts": Rule.IDENTITY_POLICIES_STS,
    "iam": Rule.IDENTITY_POLICIES_IAM,
    "cognito-identity": Rule.IDENTITY_POLICIES_COGNITO_IDENTITY,
    "cognito-idp": Rule.IDENTITY_POLICIES_COGNITO_IDP,
    "lambda": Rule.IDENTITY_POLICIES_LAMBDA,
    "execute-api": Rule.IDENTITY_POLICIES_EXECUTE_API,
}
_LEADING_KEYS_OF: Mapping[str, Rule] = {
    "GetItem": Rule.LEADING_KEYS_GET_ITEM,
    "BatchGetItem": Rule.LEADING_KEYS_BATCH_GET_ITEM,
    "Query": Rule.LEADING_KEYS_QUERY,
    "Scan": Rule.LEADING_KEYS_SCAN,
    "PutItem": Rule.LEADING_KEYS_PUT_ITEM,
    "UpdateItem": Rule.LEADING_KEYS_UPDATE_ITEM,
    "DeleteItem": Rule.LEADING_KEYS_DELETE_ITEM,
    "BatchWriteItem": Rule.LEADING_KEYS_BATCH_WRITE_ITEM,
    "TransactGetItems": Rule.LEADING_KEYS_TRANSACT_GET_ITEMS,
    "TransactWriteItems": Rule.LEADING_KEYS_TRANSACT_WRITE_ITEMS,
}
_PARTIQL = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")
_INDEXES = frozenset({Feature.OWNER_INDEX, Feature.COMMON_INDEX})
_CONDITION_KEYS: Mapping[str, Rule] = {
    "dynamodb:attributes": Rule.DYNAMODB_ATTRIBUTES,
    "dynamodb:select": Rule.DYNAMODB_SELECT,
    "dynamodb:returnvalues": Rule.DYNAMODB_RETURN_VALUES,
}
# What Cognito and STS themselves refuse, by the technique that tries it.
_OWN_RULES: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("token.session.unsigned", (Rule.TOKEN_SIGNATURES, Rule.IDENTITY_OWNERSHIP)),
    ("token.session.foreign-key", (Rule.TOKEN_SIGNATURES, Rule.IDENTITY_OWNERSHIP)),
    ("token.session.tampered*", (Rule.TOKEN_SIGNATURES, Rule.IDENTITY_OWNERSHIP)),
    ("token.session.public-key-as-secret", (Rule.TOKEN_ALGORITHMS, Rule.TOKEN_SIGNATURES)),
    ("token.session.unknown-key-id", (Rule.TOKEN_KEY_IDS, Rule.TOKEN_SIGNATURES)),
    # Nobody waits for a token to expire; where time cannot be shifted the capability is missing.
    ("token.session.expired", (Rule.TOKEN_SIGNATURES,)),
    ("token.session.after-dismissal", (Rule.TOKEN_SIGNATURES, Rule.GROUP_ROLES)),
    ("token.session.access-token", (Rule.TOKEN_AUDIENCE,)),
    ("token.session.other-app-client", (Rule.TOKEN_AUDIENCE,)),
    ("token.session.other-pool*", (Rule.TOKEN_ISSUER, Rule.TOKEN_AUDIENCE)),
    ("token.session.after-sign-out", (Rule.SERVER_SIDE_TOKEN_CHECK,)),
    ("token.session.after-disabling", (Rule.SERVER_SIDE_TOKEN_CHECK,)),
    ("identity-pool.session.foreign-identity-*", (Rule.IDENTITY_OWNERSHIP,)),
    ("identity-pool.session.guest-linked-to-login", (Rule.IDENTITY_OWNERSHIP,)),
    ("identity-pool.session.custom-role-arn*", (Rule.CUSTOM_ROLE_CHECK, Rule.IDENTITY_POOL_TRUST)),
    ("identity-pool.session.uninvited-guest", (Rule.GUESTS_CLOSED, Rule.IDENTITY_POOL_TRUST)),
    ("identity-pool.session.role-without-group", (Rule.IDENTITY_POOL_TRUST,)),
    ("identity-pool.session.classic-flow", (Rule.CLASSIC_FLOW_CLOSED, Rule.WEB_IDENTITY_TRUST)),
    ("identity-pool.session.guest-sheds-scope-down", (Rule.CLASSIC_FLOW_CLOSED, Rule.GUEST_SCOPE_DOWN)),
    ("identity-pool.session.guest-takes-members-role", (Rule.GUESTS_CLOSED, Rule.WEB_IDENTITY_TRUST)),
    ("identity-pool.session.guest-found-by-listing", (Rule.IDENTITY_POLICIES_COGNITO_IDENTITY,)),
    ("identity-pool.session.provider-added", (Rule.IDENTITY_POLICIES_COGNITO_IDENTITY,)),
    ("identity-pool.session.roles-set", (Rule.IDENTITY_POLICIES_COGNITO_IDENTITY, Rule.IDENTITY_POOL_TRUST)),
    ("identity-pool.session.tags-mapped", (Rule.IDENTITY_POLICIES_COGNITO_IDENTITY,)),
    ("identity-pool.session.identities-deleted", (Rule.IDENTITY_POLICIES_COGNITO_IDENTITY,)),
    ("identity-pool.session.developer-*", (Rule.IDENTITY_POLICIES_COGNITO_IDENTITY,)),
    ("sts.session.assume-*", (Rule.IDENTITY_POLICIES_STS, Rule.TRUST_PRINCIPALS)),
    ("sts.session.external-id-guessed", (Rule.IDENTITY_POLICIES_STS, Rule.TRUST_PRINCIPALS)),
    ("sts.session.tag-chosen", (Rule.TRUST_PRINCIPALS, Rule.TRUST_ACTIONS, Rule.SESSION_TAGS)),
    ("sts.session.chained-without-tags", (Rule.TRUST_PRINCIPALS, Rule.SESSION_TAGS)),
    ("sts.session.web-identity-of-another-pool", (Rule.WEB_IDENTITY_TRUST,)),
    ("sts.session.web-identity-w*", (Rule.WEB_IDENTITY_TRUST, Rule.WEB_IDENTITY_SESSION_POLICIES)),
    ("sts.session.named-after-another", (Rule.WEB_IDENTITY_TRUST, Rule.WEB_IDENTITY_SESSION_POLICIES)),
    ("user-pool.session.rewrite-*", (Rule.WRITE_ATTRIBUTES, Rule.IMMUTABLE_ATTRIBUTES)),
    ("user-pool.session.victims-*", (Rule.WRITE_ATTRIBUTES,)),
    ("user-pool.session.tag-by-open-attribute", (Rule.WRITE_ATTRIBUTES,)),
    ("user-pool.session.client-metadata", (Rule.WRITE_ATTRIBUTES,)),
    ("user-pool.read.user-existence", (Rule.USER_EXISTENCE,)),
    ("user-pool.session.claim-at-sign-up", (Rule.WRITE_ATTRIBUTES,)),
    ("user-pool.session.stranger", (Rule.SIGN_UP_CLOSED,)),
    ("user-pool.session.unread-mail", (Rule.SIGN_UP_CLOSED, Rule.SIGN_UP_CONFIRMATION)),
    ("user-pool.session.name-in-*", (Rule.SIGN_UP_CLOSED, Rule.USER_NAMES)),
    ("user-pool.session.refresh-after-sign-out", (Rule.SIGN_OUT,)),
    ("user-pool.read.list-users", (Rule.IDENTITY_POLICIES_COGNITO_IDP,)),
    ("user-pool.session.administered-claim", (Rule.IDENTITY_POLICIES_COGNITO_IDP,)),
    ("user-pool.session.joined-group", (Rule.IDENTITY_POLICIES_COGNITO_IDP, Rule.GROUP_ROLES)),
    ("user-pool.session.group-with-a-role", (Rule.IDENTITY_POLICIES_COGNITO_IDP, Rule.GROUP_ROLES)),
    ("user-pool.session.password-set", (Rule.IDENTITY_POLICIES_COGNITO_IDP,)),
)
_PLANES_OF_OWN_RULES = frozenset({"token", "identity-pool", "user-pool", "sts"})
# What is signed beforehand, or not at all, and looked at by the signature alone.
_BY_SIGNATURE = (
    "s3.read.presigned",
    "s3.read.link-*",
    "execute-api.read.unsigned-route",
    "execute-api.read.other-verb",
)


def needed_by(blueprint: Blueprint, technique: Technique) -> frozenset[Rule]:
    """Return the rules on which a refusal of the technique rests in a sound design.

    Where IAM does not keep callers from the stores of a design, no refusal isolates anything: identity policies of the
    stores are needed by every technique. A technique of Cognito or STS that is not known here needs every rule.
    """
    return frozenset(_needed(blueprint, technique))


def rules_of(blueprint: Blueprint, techniques: Iterable[Technique]) -> frozenset[Rule]:
    """Return all rules on which refusals of these techniques rest in a design."""
    return frozenset(rule for technique in techniques for rule in needed_by(blueprint, technique))


def _needed(blueprint: Blueprint, technique: Technique) -> Iterator[Rule]:
    if blueprint.tables:
        yield Rule.IDENTITY_POLICIES_DYNAMODB
    if blueprint.buckets:
        yield Rule.IDENTITY_POLICIES_S3
    for service in {action.partition(":")[0] for action in technique.actions} & set(_POLICIES_OF):
        yield _POLICIES_OF[service]
    if technique.effect is not Effect.SESSION or technique.actions:
        yield from _of_sessions(blueprint)
        yield from _of_stores(blueprint, technique)
    yield from _of_routes(blueprint, technique)
    if any(fnmatchcase(technique.id, pattern) for pattern in _BY_SIGNATURE):
        yield Rule.SIGNATURES
    yield from _of_cognito(blueprint, technique)


def _of_sessions(blueprint: Blueprint) -> Iterator[Rule]:
    """Yield what gives the sessions of the design the rights that they have, and no more."""
    pool, text = blueprint.identity_pool, _words(blueprint)
    if pool is not None and pool.role_mapping:
        yield Rule.GROUP_ROLES if pool.role_mapping == "Token" else Rule.ATTRIBUTE_RULES
    variables = {name.partition(",")[0].strip().lower() for name in _VARIABLE.findall(text)}
    # A condition may compare the caller's value without a variable.
    if _IDENTITY_ID in text.lower():
        yield Rule.IDENTITY_ID_VARIABLE
    if _PRINCIPAL_TAG in text.lower():
        mapped = pool is not None and (pool.principal_tags or pool.default_tags)
        yield Rule.PRINCIPAL_TAG_MAPS if mapped else Rule.SESSION_TAGS
    if any(name != _IDENTITY_ID and not name.startswith(_PRINCIPAL_TAG) for name in variables):
        yield Rule.POLICY_VARIABLES
    if any(_denies(document) for role in blueprint.roles for document in role.policies.values()):
        yield Rule.EXPLICIT_DENY
    if any(role.boundary is not None for role in blueprint.roles):
        yield Rule.PERMISSIONS_BOUNDARIES
    if any(persona.session_policy is not None for persona in blueprint.contract.personas):
        yield Rule.WEB_IDENTITY_SESSION_POLICIES
    if "assume_role" in text:
        # A function assumes roles: what it passes along is all that tells its users apart.
        yield from (Rule.SESSION_POLICIES, Rule.TRUST_PRINCIPALS)
        if "Tags" in text:
            yield Rule.SESSION_TAGS


def _of_stores(blueprint: Blueprint, technique: Technique) -> Iterator[Rule]:
    """Yield what keeps the request from what it is aimed at, or from what a session obtained is tried on."""
    services = {technique.plane, *(action.partition(":")[0] for action in technique.actions)}
    text = _words(blueprint).lower()
    if "dynamodb" in services:
        if "leadingkeys" in text or "partitionkeyvalues" in text:
            yield from _leading_keys(technique)
        yield from (rule for key, rule in _CONDITION_KEYS.items() if key in text)
        if technique.requires & _INDEXES:
            yield Rule.INDEX_RESOURCES
        if any(table.policy is not None for table in blueprint.tables):
            yield Rule.TABLE_POLICIES
    if "s3" in services:
        if "s3:prefix" in text and technique.operation.startswith("List"):
            yield Rule.S3_PREFIX
        policies = [bucket.policy for bucket in blueprint.buckets if bucket.policy is not None]
        if policies:
            yield Rule.BUCKET_POLICY_GRANTS
        if any(_denies(document) for document in policies):
            yield Rule.BUCKET_POLICY_DENIALS


def _leading_keys(technique: Technique) -> Iterator[Rule]:
    asked = {technique.operation, *(action.partition(":")[2] for action in technique.actions)}
    yield from (rule for operation, rule in _LEADING_KEYS_OF.items() if operation in asked)
    if technique.operation in _PARTIQL:
        reads = technique.effect is Effect.READ
        yield Rule.LEADING_KEYS_PARTIQL_READS if reads else Rule.LEADING_KEYS_PARTIQL_WRITES
    if technique.requires & _INDEXES:
        yield Rule.LEADING_KEYS_INDEX


def _of_routes(blueprint: Blueprint, technique: Technique) -> Iterator[Rule]:
    """Yield what keeps callers from the routes of an API, for techniques that call one."""
    if blueprint.api is None or technique.operation not in ("GET", "POST"):
        return
    authorizers = {route.authorizer for route in blueprint.api.routes}
    if RouteAuthorizer.IAM in authorizers:
        yield Rule.IDENTITY_POLICIES_EXECUTE_API
    if RouteAuthorizer.FUNCTION in authorizers:
        yield Rule.API_FUNCTION_AUTHORIZERS
    if RouteAuthorizer.TOKEN in authorizers:
        http = blueprint.api.kind is ApiKind.HTTP
        yield Rule.API_TOKEN_AUTHORIZERS if http else Rule.API_COGNITO_AUTHORIZERS


def _of_cognito(blueprint: Blueprint, technique: Technique) -> Iterator[Rule]:
    if technique.plane not in _PLANES_OF_OWN_RULES:
        return
    found = [rules for pattern, rules in _OWN_RULES if fnmatchcase(technique.id, pattern)]
    yield from (rule for rules in found or (tuple(Rule),) for rule in rules)
    pool = blueprint.identity_pool
    if pool is not None and pool.role_mapping and technique.plane == "identity-pool":
        yield Rule.GROUP_ROLES if pool.role_mapping == "Token" else Rule.ATTRIBUTE_RULES


def _words(blueprint: Blueprint) -> str:
    """Return the permission policies of a design and the sources of its functions, which write policies too."""
    documents: list[object] = [
        *(document for role in blueprint.roles for document in role.policies.values()),
        *(bucket.policy for bucket in blueprint.buckets),
        *(table.policy for table in blueprint.tables),
        *(persona.session_policy for persona in blueprint.contract.personas),
    ]
    return "\n".join([json.dumps(documents), *(function.source for function in blueprint.functions)])


def _denies(document: Document) -> bool:
    return '"Effect": "Deny"' in json.dumps(document)
