"""identity-keyed: partition keys and S3 prefixes start with the caller's Cognito identity id."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness.blueprints.contract import (
    Contract,
    Effect,
    ExpectedLeak,
    Grant,
    Persona,
    Reach,
    SignIn,
)
from harness.blueprints.edit import (
    add_statement,
    also,
    edit_app_client,
    edit_identity_pool,
    edit_user_pool,
    register_every_app_client,
    trust_the_account,
)
from harness.blueprints.identity_keyed_statements import STATEMENT_WEAKNESSES
from harness.blueprints.identity_trust import trusting_own_pool
from harness.blueprints.policies import IDENTITY_POOL, allow
from harness.blueprints.spec import (
    AppClientSpec,
    Blueprint,
    BucketSpec,
    GroupSpec,
    IdentityPoolSpec,
    Place,
    RoleSpec,
    TableSpec,
    UserPoolSpec,
    Weakness,
)

if TYPE_CHECKING:
    from harness.blueprints.spec import Document

_SUB = "${cognito-identity.amazonaws.com:sub}"
_TENANT_ROLES = ("member", "guest")
_TABLE = "@{table.items.arn}"
_BUCKET = "@{bucket.files.arn}"


def _own_data_only() -> dict[str, Document]:
    return {
        "own-data": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "OwnItems",
                    "Effect": "Allow",
                    "Action": [
                        "dynamodb:GetItem",
                        "dynamodb:BatchGetItem",
                        "dynamodb:Query",
                        "dynamodb:PutItem",
                        "dynamodb:UpdateItem",
                        "dynamodb:DeleteItem",
                        "dynamodb:BatchWriteItem",
                        "dynamodb:ConditionCheckItem",
                    ],
                    "Resource": _TABLE,
                    # Null keeps ForAllValues from being true of a request that has no key at all (aws-semantics 1.3).
                    "Condition": {
                        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [_SUB]},
                        "Null": {"dynamodb:LeadingKeys": "false"},
                    },
                },
                {
                    "Sid": "OwnObjects",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    "Resource": f"{_BUCKET}/{_SUB}/*",
                },
                {
                    "Sid": "OwnListing",
                    "Effect": "Allow",
                    "Action": "s3:ListBucket",
                    "Resource": _BUCKET,
                    "Condition": {"StringLike": {"s3:prefix": [f"{_SUB}/*"]}},
                },
            ],
        }
    }


_SEE_EVERYTHING: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "EveryItem",
            "Effect": "Allow",
            "Action": [
                "dynamodb:GetItem",
                "dynamodb:BatchGetItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:ConditionCheckItem",
            ],
            "Resource": _TABLE,
        },
        {"Sid": "EveryObject", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{_BUCKET}/*"},
        {"Sid": "EveryListing", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": _BUCKET},
    ],
}

_CONTRACT = Contract(
    personas=(
        Persona("member", SignIn.IDENTITY_POOL, role="member"),
        Persona("guest", SignIn.GUEST, role="guest"),
        Persona("admin", SignIn.IDENTITY_POOL, groups=("admins",), staff=True, role="admin"),
    ),
    grants=(
        *(
            Grant(persona, plane, effect, Reach.OWN)
            for persona in _TENANT_ROLES
            for plane in ("dynamodb", "s3")
            for effect in (Effect.READ, Effect.WRITE)
        ),
        Grant("admin", "dynamodb", Effect.READ, Reach.ANY),
        Grant("admin", "s3", Effect.READ, Reach.ANY),
    ),
    expected_leaks=(
        ExpectedLeak(
            technique="identity-pool.session.guest-linked-to-login",
            reason="whoever names a guest's identity beside a login of their own makes it theirs: that is how Cognito "
            "links logins (idp-guest-takeover-by-linking), so a guest's identity must never be what data hangs on",
        ),
        ExpectedLeak(
            technique="identity-pool.session.foreign-identity-without-token",
            victim_persona="guest",
            reason="a guest's identity id is itself the credential: Cognito asks for nothing else "
            "(idp-guest-identity-id-is-bearer), so it must never be readable by another tenant",
        ),
    ),
)


_also = partial(also, _TENANT_ROLES, "own-data")


def _admin_role_assumable(blueprint: Blueprint) -> Blueprint:
    trusting = trust_the_account(blueprint, "admin")
    return add_statement(trusting, ("member",), "own-data", allow("AnyRole", "sts:AssumeRole", "*"))


def _member_role_assumable(blueprint: Blueprint) -> Blueprint:
    trusting = trust_the_account(blueprint, "member")
    grant = allow("OwnRole", "sts:AssumeRole", "@{role.member.arn}")
    return add_statement(trusting, ("member",), "own-data", grant)


def _roles_settable(blueprint: Blueprint) -> Blueprint:
    settable = _also(allow("PoolRoles", "cognito-identity:SetIdentityPoolRoles", IDENTITY_POOL))(blueprint)
    return _also(allow("PassRoles", "iam:PassRole", "*"))(settable)


def _trust_another_user_pool(blueprint: Blueprint) -> Blueprint:
    return edit_identity_pool(blueprint, lambda pool: replace(pool, trusts_outsiders=True))


def _anybody_signs_up(blueprint: Blueprint) -> Blueprint:
    return edit_user_pool(blueprint, lambda pool: replace(pool, sign_up=True))


def _tokens_not_revoked(blueprint: Blueprint) -> Blueprint:
    return edit_app_client(blueprint, "web", lambda client: replace(client, revokes_tokens=False))


def _missing_users_told(blueprint: Blueprint) -> Blueprint:
    return edit_app_client(blueprint, "web", lambda client: replace(client, hides_missing_users=False))


def _user_pool_not_asked(blueprint: Blueprint) -> Blueprint:
    return edit_identity_pool(blueprint, lambda pool: replace(pool, server_side_token_check=False))


_WEAKNESSES = (
    *STATEMENT_WEAKNESSES,
    Weakness(
        id="sts-base-role-trust-account-root",
        title="the admin role trusts the whole account and members may call sts:AssumeRole",
        change=_admin_role_assumable,
        leaks=("sts.session.assume-admin-role",),
    ),
    Weakness(
        id="sts-session-policy-allows-chaining",
        title="members may assume their own role directly, shedding what Cognito put into the session",
        change=_member_role_assumable,
        leaks=("sts.session.assume-member-role",),
    ),
    Weakness(
        id="x-second-app-client-or-environment",
        title="the back-office app client is registered as an identity provider too",
        change=register_every_app_client,
        leaks=("token.session.other-app-client",),
    ),
    Weakness(
        id="up-self-signup-into-trusted-pool",
        title="anybody may sign up to a pool whose users are taken for members",
        change=_anybody_signs_up,
        leaks=("user-pool.session.stranger",),
    ),
    Weakness(
        id="up-refresh-after-signout",
        title="token revocation is off, so signing out ends nothing but what the application remembers",
        change=_tokens_not_revoked,
        leaks=("user-pool.session.refresh-after-sign-out",),
    ),
    Weakness(
        id="up-user-existence-oracle",
        title="the app client tells unknown names from wrong passwords",
        change=_missing_users_told,
        leaks=("user-pool.read.user-existence",),
    ),
    Weakness(
        id="tok-server-side-check-off",
        title="the identity pool does not ask the user pool whether the user still counts",
        change=_user_pool_not_asked,
        leaks=("token.session.after-sign-out", "token.session.after-disabling"),
    ),
    Weakness(
        id="idp-other-user-pool-as-provider",
        title="a foreign user pool is registered as a provider of the identity pool",
        change=_trust_another_user_pool,
        leaks=("token.session.other-pool",),
    ),
    Weakness(
        id="idp-guest-identity-id-is-bearer",
        title="members may list the identities of the pool, those of guests among them",
        change=_also(allow("WhoIsThere", "cognito-identity:ListIdentities", IDENTITY_POOL)),
        leaks=("identity-pool.session.guest-found-by-listing",),
    ),
    Weakness(
        id="idp-authz-role-drift",
        title="members may set the roles of the identity pool, and pass it any",
        change=_roles_settable,
        leaks=("identity-pool.session.roles-set",),
    ),
)

IDENTITY_KEYED = Blueprint(
    name="identity-keyed",
    title="Partition key and S3 prefix are the caller's identity id, for guests and signed-in users",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html",
    places=(Place("dynamodb", "items", "{identity_id}"), Place("s3", "files", "{identity_id}")),
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec("web", identity_provider=True),
            AppClientSpec("back-office", identity_provider=False),
        ),
        groups=(GroupSpec("admins", role="admin", precedence=1),),
    ),
    identity_pool=IdentityPoolSpec(authenticated_role="member", unauthenticated_role="guest", role_mapping="Token"),
    roles=(
        RoleSpec("member", trusting_own_pool(), _own_data_only()),
        RoleSpec("guest", trusting_own_pool("unauthenticated"), _own_data_only()),
        RoleSpec("admin", trusting_own_pool(), {"see-everything": _SEE_EVERYTHING}),
    ),
    tables=(TableSpec("items"),),
    buckets=(BucketSpec("files"),),
    contract=_CONTRACT,
    weaknesses=_WEAKNESSES,
)
