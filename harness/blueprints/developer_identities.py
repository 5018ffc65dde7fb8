"""developer-identities: the application's own function tells the identity pool who the users are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, ExpectedLeak, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import add_statement, also, edit_function
from harness.blueprints.functions import source_of
from harness.blueprints.identity_trust import COGNITO, TRUSTING_LAMBDA, trusting_own_pool
from harness.blueprints.policies import IDENTITY_POOL, allow, policy
from harness.blueprints.spec import (
    ApiSpec,
    AppClientSpec,
    Blueprint,
    BucketSpec,
    FunctionSpec,
    IdentityPoolSpec,
    Place,
    RoleSpec,
    RouteAuthorizer,
    RouteSpec,
    UserPoolSpec,
    Weakness,
)

if TYPE_CHECKING:
    from harness.blueprints.edit import Change

_PROVIDER = "accounts.example.com"
_FUNCTION, _PATH = "credentials", "/credentials"
_BUCKET = "@{bucket.drive.arn}"
_SUB = f"${{{COGNITO}:sub}}"
_NOT_ASKED = (
    "the authorizer and the function believe an ID token until it expires, and neither asks the user pool "
    "(tok-revoked-still-valid-offline); the identity pool believes the function"
)

_CONTRACT = Contract(
    personas=(Persona("member", SignIn.API, role="member"),),
    grants=(
        Grant("member", "s3", Effect.READ, Reach.OWN),
        Grant("member", "s3", Effect.WRITE, Reach.OWN),
    ),
    expected_leaks=tuple(
        ExpectedLeak(f"broker.session.after-{what}", _NOT_ASKED) for what in ("sign-out", "disabling")
    ),
)

_also = partial(also, ("member",), "own-folder")


def _may(operation: str) -> Change:
    return _also(allow(operation, f"cognito-identity:{operation}", IDENTITY_POOL))


def _identity_named_by_the_client(blueprint: Blueprint) -> Blueprint:
    """Let clients that remember their identity name it, and find the user that belongs to it."""
    found = """named = (event.get("queryStringParameters") or {}).get("identity_id")
    if named:
        users = COGNITO.lookup_developer_identity(IdentityPoolId=POOL, IdentityId=named)
        return users["DeveloperUserIdentifierList"][0]
    return claims["sub"]"""
    looking = edit_function(blueprint, _FUNCTION, ('return claims["sub"]', found))
    grant = allow("FindUsers", "cognito-identity:LookupDeveloperIdentity", IDENTITY_POOL)
    return add_statement(looking, ("broker",), "identities", grant)


_WEAKNESSES = (
    Weakness(
        id="idp-identity-id-substitution",
        title="clients that remember their identity id may name it in place of the user",
        change=_identity_named_by_the_client,
        leaks=("broker.session.forged-subject",),
    ),
    Weakness(
        id="idp-administration-wildcard",
        title="users have cognito-identity:*, and so say themselves who they are",
        change=_also(allow("Identities", "cognito-identity:*", "*")),
        leaks=(
            "identity-pool.session.developer-token-of-another",
            "identity-pool.session.developer-login-linked",
            "identity-pool.session.developer-identities-merged",
            "identity-pool.session.developer-user-looked-up",
            "identity-pool.session.provider-added",
        ),
    ),
    Weakness(
        id="idp-guest-takeover-by-linking",
        title="users may fetch tokens for their own devices, and so link a login of theirs to any identity",
        change=_may("GetOpenIdTokenForDeveloperIdentity"),
        leaks=(
            "identity-pool.session.developer-login-linked",
            "identity-pool.session.developer-token-of-another",
        ),
    ),
)

DEVELOPER_IDENTITIES = Blueprint(
    name="developer-identities",
    title="The application says who its users are: a function fetches their identity, and a folder belongs to each",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/developer-authenticated-identities.html",
    contract=_CONTRACT,
    places=(Place("s3", "drive", "{identity_id}"),),
    user_pool=UserPoolSpec(app_clients=(AppClientSpec("web", identity_provider=False),)),
    identity_pool=IdentityPoolSpec(authenticated_role="member", developer_provider=_PROVIDER),
    roles=(
        RoleSpec(
            "member",
            trusting_own_pool(),
            {
                "own-folder": policy(
                    allow("OwnFolder", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"{_BUCKET}/{_SUB}/*"),
                    allow("OwnListing", "s3:ListBucket", _BUCKET, {"StringLike": {"s3:prefix": [f"{_SUB}/*"]}}),
                )
            },
        ),
        RoleSpec(
            "broker",
            TRUSTING_LAMBDA,
            {
                "identities": policy(
                    allow("Identify", "cognito-identity:GetOpenIdTokenForDeveloperIdentity", IDENTITY_POOL)
                )
            },
        ),
    ),
    buckets=(BucketSpec("drive"),),
    functions=(
        FunctionSpec(
            _FUNCTION,
            source=source_of("developer_credentials"),
            role="broker",
            environment={"IDENTITY_POOL": "@{identity_pool.id}", "PROVIDER": _PROVIDER},
        ),
    ),
    api=ApiSpec(
        "accounts",
        routes=(RouteSpec("GET", _PATH, RouteAuthorizer.TOKEN, _FUNCTION),),
        audience="web",
        credentials_path=_PATH,
    ),
    weaknesses=_WEAKNESSES,
)
