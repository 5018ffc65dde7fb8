"""project-broker: a function behind an API looks up a user's projects, and narrows the role that it alone assumes."""

from __future__ import annotations

from harness.blueprints import mistaken_users, own_verification
from harness.blueprints.broker_mistakes import (
    ASSUMED,
    COLLECTED,
    FAILING_CLOSED,
    FAILING_OPEN,
    FUNCTION,
    NAME_CHECK,
    PATH,
    QUERY,
    UNCONFINED,
    also_for_users,
    anonymous_callers_served,
    base_role_assumable,
    claims_decoded,
    coding,
    names_made_alike,
    policy_by_template,
    roles_in_records,
    users_found_by_name,
)
from harness.blueprints.contract import Contract, Effect, ExpectedLeak, Grant, Persona, Reach, SignIn
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

_BUCKET = "@{bucket.projects.arn}"
_TABLE = "@{table.memberships.arn}"


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


_WEAKNESSES = (
    Weakness(
        id="api-broker-error-fail-open",
        title="whatever goes wrong while the session policy is made, the role is handed out without one",
        change=coding((FAILING_CLOSED, FAILING_OPEN)),
        leaks=(
            "broker.session.injecting-name",
            "broker.session.wildcard-name",
            "broker.session.too-many-memberships",
            "broker.session.membership-removed",
        ),
    ),
    Weakness(
        id="api-broker-role-session-confused-deputy",
        title="a role that stands in the record of a membership is assumed as it is, and the broker may assume any",
        change=roles_in_records,
        leaks=("broker.session.role-in-membership",),
    ),
    Weakness(
        id="api-cors-and-credential-response-cacheable",
        title="pages of any origin may read the credentials, and nobody is told not to keep them",
        change=coding(('"cache-control": "no-store"', '"access-control-allow-origin": "*"')),
        leaks=("broker.session.cacheable-answer",),
    ),
    Weakness(
        id="tok-signature-stripped-or-tampered",
        title="the route has no authorizer, and the handler decodes tokens without verifying them",
        change=claims_decoded,
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
        change=users_found_by_name,
        leaks=("broker.session.other-pool", "broker.session.unsigned"),
    ),
    Weakness(
        id="api-missing-or-malformed-bearer",
        title="whoever brings no token gets credentials for a demonstration",
        change=anonymous_callers_served,
        leaks=("broker.session.no-token",),
    ),
    Weakness(
        id="tok-access-token-as-id-token",
        title="the handler takes access tokens, which the authorizer of an HTTP API lets in as well",
        change=coding(
            ('    if claims["token_use"] != "id":  # noqa: S105  not a secret\n', ""),
            ('        raise RefusedError(401, "Unauthorized")\n', ""),
        ),
        leaks=("broker.session.access-token",),
    ),
    Weakness(
        id="api-forged-subject-parameter",
        title="a parameter of the request says who the user is",
        change=coding(
            ('sub = claims_of(event)["sub"]', f'sub = {QUERY}.get("sub") or claims_of(event)["sub"]'),
        ),
        leaks=("broker.session.forged-subject",),
    ),
    Weakness(
        id="api-path-tenant-vs-token-tenant",
        title="a parameter of the request names the project, and nobody asks whether the user belongs to it",
        change=coding(
            (
                "projects = projects_of(sub)",
                f'projects = [{QUERY}["project"]] if "project" in {QUERY} else projects_of(sub)',
            ),
        ),
        leaks=("broker.session.forged-subject",),
    ),
    Weakness(
        id="api-broker-membership-writable",
        title="users may write to the table of memberships",
        change=also_for_users("Memberships", "dynamodb:PutItem", _TABLE),
        leaks=("broker.session.membership-written",),
    ),
    Weakness(
        id="ddb-policy-template-json-injection",
        title="the session policy is text into which the names of projects are put",
        change=policy_by_template,
        leaks=("broker.session.injecting-name",),
    ),
    Weakness(
        id="ddb-wildcard-in-tenant-value",
        title="nobody looks what characters the name of a project has",
        change=coding((NAME_CHECK, "")),
        leaks=("broker.session.wildcard-name",),
        leaks_between_names=(
            "s3.read.get-object",
            "s3.write.put-object",
        ),
    ),
    Weakness(
        id="sts-session-policy-size-fail-open",
        title="where the session policy would be too long, the role is assumed without one",
        change=coding(
            ("        raise RefusedError(403, TOO_MANY)\n    try", f"        {UNCONFINED}\n    try"),
        ),
        leaks=("broker.session.too-many-memberships",),
    ),
    Weakness(
        id="sts-session-policy-omitted-branch",
        title="whoever belongs to no project gets the role without a session policy",
        change=coding(
            ('raise RefusedError(403, "You belong to no project.")', "return []"),
            ("policy = policy_for(projects)", "policy = policy_for(projects) if projects else None"),
            ("if len(policy) >", "if policy and len(policy) >"),
            (ASSUMED, 'RoleSessionName=sub, **({"Policy": policy} if policy else {})'),
        ),
        leaks=("broker.session.membership-removed",),
    ),
    Weakness(
        id="api-broker-projects-stale",
        title="memberships are looked up once per user and kept as long as the function is warm",
        change=coding(
            ("def projects_of(sub):", "@functools.cache\ndef projects_of(sub):"),
            ("import json\n", "import functools\nimport json\n"),
        ),
        leaks=("broker.session.membership-removed",),
    ),
    Weakness(
        id="sts-credentials-outlive-revocation",
        title="sessions last an hour, and nobody takes them back from whoever leaves a project",
        change=coding(("SECONDS = 900", "SECONDS = 3600")),
        leaks=("broker.session.outlives-membership",),
    ),
    Weakness(
        id="api-broker-warm-state-bleed",
        title="the list of projects outlives the request, so later callers get those of earlier ones as well",
        change=coding(
            ("def projects_of(sub):", "def projects_of(sub, projects=[]):"),
            (
                'projects = [item["SK"]["S"] for page in pages for item in page["Items"]]',
                COLLECTED,
            ),
        ),
        leaks=("broker.session.after-the-victim",),
    ),
    Weakness(
        id="api-lambda-direct-invoke-forged-claims",
        title="users may invoke the function themselves, with whatever claims they like",
        change=also_for_users("Functions", "lambda:InvokeFunction", "arn:aws:lambda:@{region}:@{account}:function:*"),
        leaks=("broker.session.direct-invoke",),
    ),
    Weakness(
        id="sts-base-role-trust-account-root",
        title="the role behind the sessions trusts the whole account, and users may call sts:AssumeRole",
        change=base_role_assumable,
        leaks=("sts.session.assume-member-role",),
    ),
    Weakness(
        id="s3-prefix-no-trailing-slash",
        title="the session policy ends in the project's name without a slash, so longer names match as well",
        change=coding(('f"{BUCKET}/{project}/*"', 'f"{BUCKET}/{project}*"')),
        leaks=("s3.read.get-object", "s3.write.put-object", "s3.write.forged-prefix-collision"),
        leaks_between_names=(
            "s3.read.get-object",
            "s3.write.put-object",
        ),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="the session policy lets users list the bucket under every prefix",
        change=coding(
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
        change=names_made_alike,
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
            FUNCTION,
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
        routes=(RouteSpec("GET", PATH, RouteAuthorizer.TOKEN, FUNCTION),),
        audience="web",
        credentials_path=PATH,
    ),
    memberships=MembershipSpec("memberships"),
    weaknesses=_WEAKNESSES,
)
