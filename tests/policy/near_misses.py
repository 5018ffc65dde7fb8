"""Random policies with requests that nearly match them, for comparing the engine with the reference.

Values come from a small world in which most differ in one character, and a policy takes half of its values from the
request it is for, so that every clause decides some of the cases.
"""

from random import Random
from types import ModuleType
from typing import Any

import harness.policy

HOME, AWAY = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{HOME}:role/Tenant"
PRINCIPALS = [
    *[f"arn:aws:sts::{HOME}:assumed-role/Tenant/ann"] * 6,
    f"arn:aws:sts::{AWAY}:assumed-role/Tenant/ann",
    f"arn:aws:iam::{HOME}:user/ann",
    f"arn:aws:iam::{HOME}:root",
    f"arn:aws:sts::{HOME}:federated-user/ann",
    "cognito-identity.amazonaws.com",
    f"arn:aws:iam::{HOME}:oidc-provider/issuer.example/pool",
    "lambda.amazonaws.com",
    "*",
]
NAMED = [
    "*",
    HOME,
    AWAY,
    ROLE,
    f"arn:aws:iam::{HOME}:root",
    f"arn:aws:iam::{HOME}:role/Tenan",
    f"arn:aws:iam::{HOME}:role/paths/Tenant",
    f"arn:aws:iam::{AWAY}:role/Tenant",
    f"arn:aws:sts::{HOME}:assumed-role/Tenant/ann",
    f"arn:aws:sts::{HOME}:assumed-role/Tenant/bob",
    f"arn:aws:iam::{HOME}:user/ann",
    f"arn:aws:sts::{HOME}:federated-user/ann",
]
PROVIDERS = [
    "cognito-identity.amazonaws.com",
    f"arn:aws:iam::{HOME}:oidc-provider/issuer.example/pool",
    "www.amazon.com",
]
SERVICES = ["lambda.amazonaws.com", "s3.amazonaws.com", "cognito-identity.amazonaws.com"]
TENANTS = ["acme", "acm", "acme2", "Acme", "globex", "a*", "a?me", "*", "", "a:me", "${x}", "äcme"]
KEYS = {
    "aws:PrincipalTag/tenant": TENANTS,
    "s3:prefix": ["acme/", "acme/x", "acme2/", "", "acme", "acme/*", "globex/acme/"],
    "dynamodb:LeadingKeys": TENANTS,
    "aws:TagKeys": TENANTS,
    "aws:PrincipalArn": [
        ROLE,
        f"arn:aws:iam::{HOME}:role/paths/Tenant",
        f"arn:aws:iam::{HOME}:user/ann",
        "arn:aws",
        "*",
    ],
    "aws:SourceArn": [
        "arn:aws:s3:::shared",
        "arn:aws:s3:::shared/acme:x",
        "arn:aws:sns:eu-west-1:111122223333:topic",
        "arn:aws:sns:eu-west-1:111122223333:my:topic",
        "arn:aws:sns:eu:111122223333:topic",
        "shared",
    ],
    "s3:max-keys": ["10", "9", "10.0", "011", "-1", "ten", "", "1e1"],
    "aws:CurrentTime": [
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00+01:00",
        "2025-12-31T23:59:59.5Z",
        "2025-12-31T23:59:59Z",
        "2025-12-31T23:59:59-01:00",
        "2026",
        "2026-01",
        "1767225600",
        "2026-13-01",
        "now",
    ],
    "aws:SourceIp": ["10.0.0.1", "10.0.0.2", "10.0.1.1", "::1", "2001:db8::1", "10.0.0.1/32", "ten"],
    "aws:SecureTransport": ["true", "false", "TRUE", "yes", ""],
    "custom:blob": ["YWNtZQ==", "YWNtZg==", "YWNtZQ", "=", ""],
    "aws:PrincipalAccount": [HOME, AWAY],
    "aws:PrincipalType": ["AssumedRole", "User", "Account"],
}
POLICY_VALUES = {
    "aws:SourceIp": ["10.0.0.0/24", "10.0.0.7/29", "0.0.0.0/0", "::/0", "2001:db8::/32", "10.0.0.0/33", "::1/128"],
    "aws:SourceArn": [
        "*",
        "arn:aws:s3:::*",
        "arn:aws:s3:*",
        "arn:aws:*:*:*:*",
        "arn:aws:sns:*:111122223333:t?pic",
        "arn:aws:sns:*topic",
        "arn:aws:s*:*:*:x",
        "arn:aws:s*:*:*:topic",
        "arn:*:s3:::shared*",
        "arn:aws:s3:::shared/${aws:PrincipalTag/tenant}:x",
    ],
    "aws:PrincipalArn": ["arn:aws:iam::*:role/*", f"arn:aws:iam::{HOME}:*", "arn:aws:iam::*:role/Ten?nt"],
    "s3:prefix": [
        "acme/*",
        "*",
        "${aws:PrincipalTag/tenant}/*",
        "?cme/*",
        "*/acme/",
        "${aws:PrincipalTag/tenant}/",
        "acm*me/",
    ],
    "aws:SecureTransport": ["${aws:SecureTransport}", "${custom:none, 'true'}"],
}
TEXTS = ["String", "Arn"]
VARIABLES = [
    "${aws:PrincipalTag/tenant}",
    "${AWS:principaltag/TENANT}",
    "${aws:PrincipalTag/tenant, 'acme'}",
    "${aws:TagKeys}",
    "${aws:PrincipalTag/none}",
    "${aws:PrincipalTag/none, 'globex'}",
    "${*}",
    "a${?}me",
    "${$}{x}",
    "${aws:PrincipalTag/tenant}*",
    "*${aws:PrincipalTag/tenant}",
    "?${aws:PrincipalTag/none, 'cme'}",
    "${unclosed",
]
ACTIONS = ["s3:GetObject", "s3:ListBucket", "dynamodb:Query", "S3:getobject", "kms:Decrypt"]
ACTION_PATTERNS = ["*", "s3:*", "s3:Get*", "S3:GETOBJECT", "dynamodb:Q?ery", "*:*", "kms:*", "s3:*Object", "sts:*"]
RESOURCES = [
    "arn:aws:s3:::shared/acme/x",
    "arn:aws:s3:::shared/acme2/x",
    "arn:aws:s3:::shared/globex/acme/x",
    "arn:aws:s3:::shared",
    "arn:aws:s3:::shared/a:me/x:y",
    "arn:aws:s3:::shared/a*/x",
    "arn:aws:s3:::shared//x",
    f"arn:aws:dynamodb:eu-west-1:{HOME}:table/acme",
    f"arn:aws:dynamodb:eu-west-1:{AWAY}:table/acme",
    f"arn:aws:kms:eu-west-1:{HOME}:key/acme",
]
RESOURCE_PATTERNS = [
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::shared/*",
    "arn:aws:s3:::shared/acme*",
    "arn:aws:s3:::shared/*/x",
    "arn:aws:s3:::shared/a?me/x",
    "arn:aws:s3:::shared/?cme/*",
    "arn:aws:${custom:none, 's3'}:::*",
    "arn:aws:s3:::SHARED/*",
    "arn:aws:s3:::shared/${aws:PrincipalTag/tenant}/*",
    "arn:aws:s3:::shared/${aws:PrincipalTag/tenant}*",
    "arn:aws:s3:::shared/${aws:PrincipalTag/tenant}/x",
    "arn:aws:s3:::shared/${aws:PrincipalTag/tenant, 'acme'}/?",
    "arn:aws:s3:::shared/${aws:PrincipalTag/none}/*",
    "arn:aws:s3:::shared/*${aws:PrincipalTag/tenant}*/x",
    "arn:aws:s3:::shared/a${*}/x",
    "arn:aws:dynamodb:*:111122223333:table/*",
    "arn:aws:dynamodb:e*t-1:*:table/acme",
    "arn:aws:dynamodb:${aws:RequestedRegion, 'eu-west-1'}:*:table/${aws:PrincipalTag/tenant}",
    "arn:aws:kms:*",
]
ROLE_ACTIONS = ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"]


Case = tuple[dict[str, Any], dict[str, Any]]


def case(random: Random) -> Case:
    """Return policies and a request as plain JSON values, in the form the reference reads."""
    request = _request(random)
    policies: dict[str, Any] = {"identity": [], "resource": [], **dict.fromkeys(("session", "boundary", "scp", "rcp"))}
    focus = random.choice((_one_condition, _one_condition, _one_condition, _one_resource, _kinds, _kinds, _anything))
    policies |= focus(random, request)
    return policies, request


def _one_condition(random: Random, request: dict[str, Any]) -> dict[str, Any]:
    """Let one condition decide: of an Allow, or of a Deny beside an Allow."""
    request.update(_plain_caller())
    operator, key, wanted = _condition(random, request)
    return _one_statement(random, {"Resource": "*", "Condition": {operator: {key: wanted}}})


def _one_resource(random: Random, request: dict[str, Any]) -> dict[str, Any]:
    """Let one Resource or NotResource decide."""
    request.update(_plain_caller())
    element = random.choice(("Resource", "Resource", "NotResource"))
    return _one_statement(random, {element: _some(random, RESOURCE_PATTERNS)})


def _one_statement(random: Random, parts: dict[str, Any]) -> dict[str, Any]:
    denies = random.random() < 0.5
    statements = [{"Effect": "Deny" if denies else "Allow", "Action": "*", **parts}]
    if denies:
        statements.append({"Effect": "Allow", "Action": "*", "Resource": "*"})
    return {"identity": [{"Version": "2012-10-17", "Statement": statements}]}


def _plain_caller() -> dict[str, str]:
    return {"principal": PRINCIPALS[0], "action": "s3:GetObject", "resource_account": HOME}


def _kinds(random: Random, request: dict[str, Any]) -> dict[str, Any]:
    """Let the combination decide: each kind of policy allows, is silent or is missing, the resource's names one."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    nothing = {**everything, "Action": "none:None"}
    on_role = request["action"].startswith("sts:")
    if request["principal"] == PRINCIPALS[0] and random.random() < 0.4:
        request["context"].pop("aws:principalarn", None)
        request["context"]["aws:PrincipalArn"] = [f"arn:aws:iam::{HOME}:role/paths/Tenant"]

    def policy(statement: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"Version": "2012-10-17", "Statement": [statement]}]

    if random.random() < 0.25:
        request["resource_account"] = AWAY
    policies: dict[str, Any] = {"identity": policy(random.choice((everything, nothing)))}
    for kind in ("session", "boundary", "scp"):
        policies[kind] = random.choice((None, None, policy(everything), policy(nothing)))
    if random.random() < 0.8:
        effect = random.choice(("Allow",) * 5 + ("Deny",))
        element = random.choice(("Principal",) * 5 + ("NotPrincipal",))
        statement = {"Effect": effect, element: _principal(random, request), "Action": "*", "Resource": "*"}
        if on_role:
            del statement["Resource"]
        policies["resource"] = policy(statement)
    return policies


def _anything(random: Random, request: dict[str, Any]) -> dict[str, Any]:
    """Let whatever comes decide: any kinds, several statements, several conditions."""
    policies: dict[str, Any] = {}
    policies["identity"] = [document(random, request, "identity") for _ in range(random.choice((0, 1, 1, 1, 2)))]
    for kind, share in (("session", 0.25), ("boundary", 0.2), ("scp", 0.1), ("rcp", 0.08)):
        if random.random() < share:
            policies[kind] = [document(random, request, kind)]
    on_role = request["action"].startswith("sts:")
    if on_role or random.random() < 0.3:
        policies["resource"] = [document(random, request, "trust" if on_role else "resource")]
    return policies


def compiled(
    policies: dict[str, Any], request: dict[str, Any], *, engine: ModuleType = harness.policy, **more: Any
) -> tuple[Any, Any]:
    """Return the policy set and the request of an engine (a mutant is one too) for plain JSON values."""
    trust = request["action"].startswith("sts:")

    def several(kind: str) -> tuple[Any, ...]:
        as_kind = "trust" if kind == "resource" and trust else kind
        return tuple(
            engine.parse_policy(document, kind=engine.PolicyKind(as_kind), name=f"{kind}[{position}]")
            for position, document in enumerate(policies[kind])
        )

    sets = {kind: None if policies[kind] is None else several(kind) for kind in policies}
    context = {key.lower(): tuple(values) for key, values in request["context"].items()}
    return engine.PolicySet(**sets), engine.Request(**{**request, "context": context}, **more)


def _request(random: Random) -> dict[str, Any]:
    on_role = random.random() < 0.12
    context: dict[str, list[str]] = {}
    for key, values in KEYS.items():
        often = key in {"aws:PrincipalTag/tenant", "dynamodb:LeadingKeys", "s3:prefix"}
        derived = key.startswith("aws:Principal") and key != "aws:PrincipalTag/tenant"
        if random.random() < (0.75 if often else 0.12 if derived else 0.35):
            count = random.choice(
                (1, 1, 1, 1, 2, 3, 0) if key in {"dynamodb:LeadingKeys", "aws:TagKeys"} else (1,) * 12 + (2,)
            )
            name = random.choice((key, key.lower()))
            context[name] = [random.choice(values) for _ in range(count)]
    return {
        "principal": random.choice(PRINCIPALS),
        "action": random.choice(ROLE_ACTIONS if on_role else ACTIONS),
        "resource": ROLE if on_role else random.choice(RESOURCES),
        "resource_account": random.choice(("",) * 4 + (HOME,) * 4 + (AWAY,)),
        "context": context,
    }


def document(random: Random, request: dict[str, Any], kind: str) -> dict[str, Any]:
    count = random.choice((1, 1, 2, 3))
    statements = [statement(random, request, kind) for _ in range(count)]
    document: dict[str, Any] = {"Statement": statements[0] if count == 1 and random.random() < 0.5 else statements}
    version = random.choice(("2012-10-17",) * 9 + ("2008-10-17", None))
    return document if version is None else {"Version": version, **document}


def statement(random: Random, request: dict[str, Any], kind: str) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": random.choice(("Allow", "Allow", "Allow", "Deny"))}
    if kind in {"resource", "trust", "rcp"}:
        element = random.choice(("Principal",) * 7 + ("NotPrincipal",))
        statement[element] = _principal(random, request)
    inverted = random.random() < 0.1
    service, _, name = request["action"].partition(":")
    near = [*[request["action"], "*", f"{service}:*", f"{service}:{name[:3]}*"] * 4, *ACTION_PATTERNS]
    statement["NotAction" if inverted else "Action"] = _some(random, ACTION_PATTERNS if inverted else near)
    if kind != "trust":
        element = "NotResource" if random.random() < 0.15 else "Resource"
        patterns = [*RESOURCE_PATTERNS, *[request["resource"], "*"] * 9]
        statement[element] = _some(random, RESOURCE_PATTERNS if element == "NotResource" else patterns)
    conditions: dict[str, dict[str, Any]] = {}
    for _ in range(random.choice((0, 0, 1, 1, 1, 2))):
        operator, key, wanted = _condition(random, request)
        conditions.setdefault(operator, {})[key] = wanted
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principal(random: Random, request: dict[str, Any]) -> Any:
    if random.random() < 0.2:
        return "*"
    kind = random.choice(("AWS", "AWS", "AWS", "Federated", "Service"))
    listed = {"AWS": NAMED, "Federated": PROVIDERS, "Service": SERVICES}[kind]
    principal = request["principal"]
    if kind == "AWS" and principal.startswith("arn:") and "provider" not in principal:
        listed = [*listed, principal, principal]
    return {kind: _some(random, listed)}


def _condition(random: Random, request: dict[str, Any]) -> tuple[str, str, Any]:
    key = random.choice([*KEYS, "s3:prefix", "aws:SourceArn"])
    family = {
        "s3:max-keys": "Numeric",
        "aws:CurrentTime": "Date",
        "aws:SourceIp": "Ip",
        "aws:SecureTransport": "Bool",
        "custom:blob": "Binary",
        "aws:SourceArn": "Arn",
        "aws:PrincipalArn": random.choice(("Arn", "String")),
    }.get(key, "String")
    if random.random() < 0.1:
        return "Null", key, random.choice(("true", "false", True, False, "maybe"))
    operator = random.choice(_operators(family))
    set_operator = random.choice(("", "", "ForAllValues:", "ForAnyValue:"))
    name = set_operator + operator + ("IfExists" if random.random() < 0.15 else "")
    values = [*KEYS[key], *POLICY_VALUES.get(key, []), *_own(request, key) * 4]
    if family in {"String", "Arn", "Bool"}:
        values += VARIABLES if family == "String" else VARIABLES[:5]
    wanted = _some(random, values)
    if family in {"Numeric", "Bool"} and random.random() < 0.15:
        wanted = 10 if family == "Numeric" else True
    return name, random.choice((key, key.lower(), key.upper())), wanted


def _operators(family: str) -> list[str]:
    ordered = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"]
    return {
        "String": [
            *("StringEquals", "StringNotEquals", "StringLike", "StringNotLike"),
            *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        ],
        "Arn": ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringLike"],
        "Numeric": ["Numeric" + order for order in ordered],
        "Date": ["Date" + order for order in ordered],
        "Ip": ["IpAddress", "NotIpAddress"],
        "Bool": ["Bool"],
        "Binary": ["BinaryEquals"],
    }[family]


def _own(request: dict[str, Any], key: str) -> list[str]:
    return [value for name, values in request["context"].items() if name.lower() == key.lower() for value in values]


def _some(random: Random, values: list[str]) -> Any:
    count = random.choice((1, 1, 1, 2, 3))
    chosen = [random.choice(values) for _ in range(count)]
    return chosen[0] if count == 1 and random.random() < 0.6 else chosen
