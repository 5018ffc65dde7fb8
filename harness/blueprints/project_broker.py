"""project-broker: a function behind an API looks up a user's projects, and narrows the role that it alone assumes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.blueprints import mistaken_users, own_verification
from harness.blueprints.contract import Contract, Effect, ExpectedLeak, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import add_statement, edit_function, edit_route, set_environment, trust_the_account
from harness.blueprints.functions import source_of
from harness.blueprints.identity_trust import TRUSTING_LAMBDA
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import (
    ApiSpec,
    AppClientSpec,
    Blueprint,
    BucketSpec,
    FunctionSpec,
    MembershipSpec,
    Place,
    RoleSpec,
    RouteAuthorizer,
    RouteSpec,
    TableSpec,
    TenantKeys,
    UserPoolSpec,
    Weakness,
)

if TYPE_CHECKING:
    from harness.blueprints.edit import Change

_BUCKET = "@{bucket.projects.arn}"
_TABLE = "@{table.memberships.arn}"
_FUNCTION = "credentials"
_PATH = "/auths/resources"


_PERSONAS = (
    Persona("member", SignIn.API, role="base"),
    # In several projects at once, in one session.
    Persona("consultant", SignIn.API, role="base", spans=2),
)
_NOT_ASKED = (
    "an authorizer reads the token and does not ask the user pool whether the user still counts, so an ID token is "
    "good until it expires (tok-revoked-still-valid-offline); the design accepts that hour"
)
_CONTRACT = Contract(
    personas=_PERSONAS,
    grants=tuple(
        Grant(persona.name, "s3", effect, Reach.OWN) for persona in _PERSONAS for effect in (Effect.READ, Effect.WRITE)
    ),
    expected_leaks=tuple(
        ExpectedLeak(f"broker.session.after-{what}", _NOT_ASKED) for what in ("sign-out", "disabling")
    ),
)


def _coding(*changes: tuple[str, str]) -> Change:
    return lambda blueprint: edit_function(blueprint, _FUNCTION, *changes)


def _also_for_users(sid: str, action: str, resource: str) -> Change:
    """Return a change that gives users one thing more, by the role and by the session policy."""
    extra = {"Effect": "Allow", "Action": action, "Resource": resource}

    def change(blueprint: Blueprint) -> Blueprint:
        passing = edit_function(
            blueprint,
            _FUNCTION,
            ('"Statement": statements}', '"Statement": [*statements, json.loads(os.environ["ALSO"])]}'),
        )
        told = set_environment(passing, _FUNCTION, ALSO=json.dumps(extra))
        return add_statement(told, ("base",), "projects", {"Sid": sid, **extra})

    return change


# The piece of the handler that takes the claims from the authorizer, and one that reads them out of any token.
_VERIFIED = 'claims = event["requestContext"]["authorizer"]["jwt"]["claims"]'
_DECODED = """token = event["headers"].get("authorization", "").removeprefix("Bearer ")
    if token.count(".") != 2:
        raise RefusedError(401, "Unauthorized")
    part = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))"""
_DECODING = ((_VERIFIED, _DECODED), ("import json\n", "import base64\nimport json\n"))


def _opened(blueprint: Blueprint) -> Blueprint:
    return edit_route(blueprint, _PATH, lambda route: replace(route, authorizer=RouteAuthorizer.NONE))


def _claims_decoded(blueprint: Blueprint) -> Blueprint:
    return edit_function(_opened(blueprint), _FUNCTION, *_DECODING)


def _users_found_by_name(blueprint: Blueprint) -> Blueprint:
    by_name = """return {"sub": sub_of(claims["cognito:username"])}


def sub_of(username):
    found = boto3.client("cognito-idp").admin_get_user(UserPoolId=os.environ["USER_POOL"], Username=username)
    return next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")"""
    decoding = edit_function(_opened(blueprint), _FUNCTION, *_DECODING, ("return claims", by_name))
    told = set_environment(decoding, _FUNCTION, USER_POOL="@{user_pool.id}")
    pool = "arn:aws:cognito-idp:@{region}:@{account}:userpool/@{user_pool.id}"
    finding = allow("FindUsers", "cognito-idp:AdminGetUser", pool)
    return add_statement(told, ("broker",), "broker", finding)


def _anonymous_callers_served(blueprint: Blueprint) -> Blueprint:
    return edit_function(
        _claims_decoded(blueprint),
        _FUNCTION,
        ('        raise RefusedError(401, "Unauthorized")\n    part', '        return {"sub": "anonymous"}\n    part'),
        ("    pages =", '    if sub == "anonymous":\n        return ["demo"]\n    pages ='),
    )


_NAME_CHECK = """    if not all(PROJECT.fullmatch(project) for project in projects):
        raise RefusedError(403, "A project of yours has a name that no session can be confined to.")
"""
_TEMPLATED = """template = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    for number, project in enumerate(projects):
        template = template.replace(f"PROJECT-{number}/", f"{project}/")
    return template"""


def _policy_by_template(blueprint: Blueprint) -> Blueprint:
    return edit_function(
        blueprint,
        _FUNCTION,
        (_NAME_CHECK, ""),
        ('return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))', _TEMPLATED),
        (
            '[f"{BUCKET}/{project}/*" for project in projects]',
            '[f"{BUCKET}/PROJECT-{n}/*" for n in range(len(projects))]',
        ),
        ('[f"{project}/*" for project in projects]', '[f"PROJECT-{n}/*" for n in range(len(projects))]'),
    )


def _base_role_assumable(blueprint: Blueprint) -> Blueprint:
    able = _also_for_users("AnyRole", "sts:AssumeRole", "*")(blueprint)
    return trust_the_account(able, "base")


def _names_made_alike(blueprint: Blueprint) -> Blueprint:
    found = 'projects = [item["SK"]["S"] for page in pages for item in page["Items"]]'
    alike = 'projects = [unicodedata.normalize("NFKC", item["SK"]["S"]) for page in pages for item in page["Items"]]'
    return edit_function(blueprint, _FUNCTION, (found, alike), ("import re\n", "import re\nimport unicodedata\n"))


_UNCONFINED = 'return STS.assume_role(RoleArn=os.environ["BASE_ROLE"], RoleSessionName=sub)["Credentials"]'
_COLLECTED = """found = [item["SK"]["S"] for page in pages for item in page["Items"]]
    projects += [project for project in found if project not in projects]"""
_QUERY = '(event.get("queryStringParameters") or {})'
_ASSUMED = "RoleSessionName=sub, Policy=policy"
_WEAKNESSES = (
    Weakness(
        id="tok-signature-stripped-or-tampered",
        title="the route has no authorizer, and the handler decodes tokens without verifying them",
        change=_claims_decoded,
        leaks=(
            "broker.session.unsigned",
            "broker.session.foreign-key",
            "broker.session.tampered",
            "broker.session.public-key-as-secret",
            "broker.session.unknown-key-id",
            "broker.session.key-id-as-path",
            "broker.session.expired",
            "broker.session.not-yet-valid",
        ),
    ),
    Weakness(
        id="tok-wrong-issuer-attacker-pool",
        title="tokens are decoded, not verified, and users are found by the name in them, whoever issued them",
        change=_users_found_by_name,
        leaks=("broker.session.other-pool", "broker.session.unsigned"),
    ),
    Weakness(
        id="api-missing-or-malformed-bearer",
        title="whoever brings no token gets credentials for a demonstration",
        change=_anonymous_callers_served,
        leaks=("broker.session.no-token",),
    ),
    Weakness(
        id="tok-access-token-as-id-token",
        title="the handler takes access tokens, which the authorizer of an HTTP API lets in as well",
        change=_coding(
            ('    if claims["token_use"] != "id":  # noqa: S105  not a secret\n', ""),
            ('        raise RefusedError(401, "Unauthorized")\n', ""),
        ),
        leaks=("broker.session.access-token",),
    ),
    Weakness(
        id="api-forged-subject-parameter",
        title="a parameter of the request says who the user is",
        change=_coding(
            ('sub = claims_of(event)["sub"]', f'sub = {_QUERY}.get("sub") or claims_of(event)["sub"]'),
        ),
        leaks=("broker.session.forged-subject",),
    ),
    Weakness(
        id="api-path-tenant-vs-token-tenant",
        title="a parameter of the request names the project, and nobody asks whether the user belongs to it",
        change=_coding(
            (
                "projects = projects_of(sub)",
                f'projects = [{_QUERY}["project"]] if "project" in {_QUERY} else projects_of(sub)',
            ),
        ),
        leaks=("broker.session.forged-subject",),
    ),
    Weakness(
        id="api-broker-membership-writable",
        title="users may write to the table of memberships",
        change=_also_for_users("Memberships", "dynamodb:PutItem", _TABLE),
        leaks=("broker.session.membership-written",),
    ),
    Weakness(
        id="ddb-policy-template-json-injection",
        title="the session policy is text into which the names of projects are put",
        change=_policy_by_template,
        leaks=("broker.session.injecting-name",),
    ),
    Weakness(
        id="ddb-wildcard-in-tenant-value",
        title="nobody looks what characters the name of a project has",
        change=_coding((_NAME_CHECK, "")),
        leaks=("broker.session.wildcard-name",),
        leaks_between_names=(
            "s3.read.get-object",
            "s3.write.put-object",
        ),
    ),
    Weakness(
        id="sts-session-policy-size-fail-open",
        title="where the session policy would be too long, the role is assumed without one",
        change=_coding(
            ("        raise RefusedError(403, TOO_MANY)\n    try", f"        {_UNCONFINED}\n    try"),
        ),
        leaks=("broker.session.too-many-memberships",),
    ),
    Weakness(
        id="sts-session-policy-omitted-branch",
        title="whoever belongs to no project gets the role without a session policy",
        change=_coding(
            ('raise RefusedError(403, "You belong to no project.")', "return []"),
            ("policy = policy_for(projects)", "policy = policy_for(projects) if projects else None"),
            ("if len(policy) >", "if policy and len(policy) >"),
            (_ASSUMED, 'RoleSessionName=sub, **({"Policy": policy} if policy else {})'),
        ),
        leaks=("broker.session.membership-removed",),
    ),
    Weakness(
        id="api-broker-projects-stale",
        title="memberships are looked up once per user and kept as long as the function is warm",
        change=_coding(
            ("def projects_of(sub):", "@functools.cache\ndef projects_of(sub):"),
            ("import json\n", "import functools\nimport json\n"),
        ),
        leaks=("broker.session.membership-removed",),
    ),
    Weakness(
        id="sts-credentials-outlive-revocation",
        title="sessions last an hour, and nobody takes them back from whoever leaves a project",
        change=_coding(("SECONDS = 900", "SECONDS = 3600")),
        leaks=("broker.session.outlives-membership",),
    ),
    Weakness(
        id="api-broker-warm-state-bleed",
        title="the list of projects outlives the request, so later callers get those of earlier ones as well",
        change=_coding(
            ("def projects_of(sub):", "def projects_of(sub, projects=[]):"),
            (
                'projects = [item["SK"]["S"] for page in pages for item in page["Items"]]',
                _COLLECTED,
            ),
        ),
        leaks=("broker.session.after-the-victim", "s3.read.get-object"),
    ),
    Weakness(
        id="api-lambda-direct-invoke-forged-claims",
        title="users may invoke the function themselves, with whatever claims they like",
        change=_also_for_users("Functions", "lambda:InvokeFunction", "arn:aws:lambda:@{region}:@{account}:function:*"),
        leaks=("broker.session.direct-invoke",),
    ),
    Weakness(
        id="sts-base-role-trust-account-root",
        title="the role behind the sessions trusts the whole account, and users may call sts:AssumeRole",
        change=_base_role_assumable,
        leaks=("sts.session.assume-member-role",),
    ),
    Weakness(
        id="s3-prefix-no-trailing-slash",
        title="the session policy ends in the project's name without a slash, so longer names match as well",
        change=_coding(('f"{BUCKET}/{project}/*"', 'f"{BUCKET}/{project}*"')),
        leaks=("s3.read.get-object", "s3.write.put-object", "s3.write.forged-prefix-collision"),
        leaks_between_names=(
            "s3.read.get-object",
            "s3.write.put-object",
        ),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="the session policy lets users list the bucket under every prefix",
        change=_coding(
            (
                '            "Condition": {"StringLike": {"s3:prefix": [f"{project}/*" for project in projects]}},\n',
                "",
            ),
        ),
        leaks=("s3.read.list-objects-foreign-prefix", "s3.read.list-objects-unprefixed"),
    ),
    *mistaken_users.WEAKNESSES,
    *own_verification.WEAKNESSES,
    Weakness(
        id="tok-duplicate-claim-or-type-confusion",
        title="names of projects that look alike are made one before they are checked",
        change=_names_made_alike,
        leaks=("broker.session.look-alike-name",),
    ),
)

PROJECT_BROKER = Blueprint(
    name="project-broker",
    title="A function behind an API looks memberships up and hands out a role that a session policy confines to them",
    source="https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
    contract=_CONTRACT,
    places=(Place("s3", "projects", "{tenant}"),),
    tenant_keys=TenantKeys.NAME,
    user_pool=UserPoolSpec(app_clients=(AppClientSpec("web", identity_provider=False),)),
    roles=(
        RoleSpec(
            "broker",
            TRUSTING_LAMBDA,
            {
                "broker": policy(
                    allow("LookUp", "dynamodb:Query", _TABLE),
                    allow("HandOut", "sts:AssumeRole", "@{role.base.arn}"),
                )
            },
        ),
        RoleSpec(
            "base",
            policy(
                {
                    "Sid": "BrokerAlone",
                    "Effect": "Allow",
                    "Principal": {"AWS": "@{role.broker.arn}"},
                    "Action": "sts:AssumeRole",
                }
            ),
            {
                "projects": policy(
                    allow("Objects", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"{_BUCKET}/*"),
                    allow("Listing", "s3:ListBucket", _BUCKET),
                )
            },
        ),
    ),
    tables=(TableSpec("memberships"),),
    buckets=(BucketSpec("projects"),),
    functions=(
        FunctionSpec(
            _FUNCTION,
            source=source_of("project_credentials"),
            role="broker",
            environment={
                "BUCKET": _BUCKET,
                "MEMBERSHIPS": "@{table.memberships.name}",
                "BASE_ROLE": "@{role.base.arn}",
            },
        ),
    ),
    api=ApiSpec(
        "auths",
        routes=(RouteSpec("GET", _PATH, RouteAuthorizer.TOKEN, _FUNCTION),),
        audience="web",
        credentials_path=_PATH,
    ),
    memberships=MembershipSpec("memberships"),
    weaknesses=_WEAKNESSES,
)
