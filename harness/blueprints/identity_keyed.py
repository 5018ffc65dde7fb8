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
    add_policy,
    add_statement,
    also,
    edit_app_client,
    edit_identity_pool,
    edit_user_pool,
    register_every_app_client,
    trust_the_account,
    weaken,
)
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
_weaken = partial(weaken, _TENANT_ROLES, "own-data")


def _misspell_leading_keys(statement: Document) -> None:
    statement["Condition"]["ForAllValues:StringEquals"] = {"dynamodb:LeadingKey": [_SUB]}


def _any_own_key_suffices(statement: Document) -> None:
    statement["Condition"]["ForAnyValue:StringEquals"] = statement["Condition"].pop("ForAllValues:StringEquals")


def _prefix_of_the_key_suffices(statement: Document) -> None:
    del statement["Condition"]["ForAllValues:StringEquals"]
    statement["Condition"]["ForAllValues:StringLike"] = {"dynamodb:LeadingKeys": [f"{_SUB}*"]}


def _scan_under_vacuous_condition(statement: Document) -> None:
    statement["Action"].append("dynamodb:Scan")
    del statement["Condition"]["Null"]


def _every_action_under_vacuous_condition(statement: Document) -> None:
    statement["Action"] = "dynamodb:*"
    del statement["Condition"]["Null"]


_WITHOUT_VERSION: Document = {
    "Statement": [
        allow("OldItems", "dynamodb:PutItem", _TABLE, {"StringEquals": {"dynamodb:LeadingKeys": [_SUB]}}),
    ]
}


def _any_case_matches(statement: Document) -> None:
    statement["Condition"]["ForAllValues:StringEqualsIgnoreCase"] = statement["Condition"].pop(
        "ForAllValues:StringEquals"
    )


def _objects_without_delimiter(statement: Document) -> None:
    statement["Resource"] = f"{_BUCKET}/{_SUB}*"


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


_UNKEYED_READS = (
    "dynamodb.read.get-item",
    "dynamodb.read.query",
    "dynamodb.read.query-projected",
    "dynamodb.read.batch-get-item",
    "dynamodb.read.batch-get-mixed",
    "dynamodb.read.transact-get-items",
    "dynamodb.read.transact-get-mixed",
    "dynamodb.read.condition-check",
    "dynamodb.read.return-values",
    "dynamodb.read.update-condition",
    "dynamodb.read.failed-update-values",
    "dynamodb.read.failed-check-values",
)
_UNKEYED_WRITES = (
    "dynamodb.write.put-item",
    "dynamodb.write.update-item",
    "dynamodb.write.delete-item",
    "dynamodb.write.batch-write-item",
    "dynamodb.write.batch-write-mixed",
    "dynamodb.write.transact-write-items",
    "dynamodb.write.transact-write-mixed",
    "dynamodb.write.forged-key-random",
    "dynamodb.write.forged-key-prefix",
    "dynamodb.write.forged-key-truncated",
    "dynamodb.write.forged-key-padded",
    "dynamodb.write.forged-key-case",
    "dynamodb.write.forged-key-variable",
)
_ADMINISTRATION = (
    "dynamodb.read.describe-table",
    "dynamodb.read.export-table",
    "dynamodb.write.put-resource-policy",
    "dynamodb.write.update-table",
    "dynamodb.write.update-time-to-live",
    "dynamodb.write.delete-table",
)


def _anybody_signs_up(blueprint: Blueprint) -> Blueprint:
    return edit_user_pool(blueprint, lambda pool: replace(pool, sign_up=True))


def _tokens_not_revoked(blueprint: Blueprint) -> Blueprint:
    return edit_app_client(blueprint, "web", lambda client: replace(client, revokes_tokens=False))


def _missing_users_told(blueprint: Blueprint) -> Blueprint:
    return edit_app_client(blueprint, "web", lambda client: replace(client, hides_missing_users=False))


def _user_pool_not_asked(blueprint: Blueprint) -> Blueprint:
    return edit_identity_pool(blueprint, lambda pool: replace(pool, server_side_token_check=False))


_WEAKNESSES = (
    Weakness(
        id="ddb-leadingkeys-absent-on-one-action",
        title="UpdateItem is granted a second time, without the condition on the partition key",
        change=_also(allow("LegacyUpdate", "dynamodb:UpdateItem", _TABLE)),
        leaks=("dynamodb.write.update-item",),
    ),
    Weakness(
        id="ddb-batch-not-covered",
        title="BatchGetItem is granted for speed in a statement of its own, without the condition",
        change=_also(allow("FastReads", "dynamodb:BatchGetItem", _TABLE)),
        leaks=("dynamodb.read.batch-get-item", "dynamodb.read.batch-get-mixed"),
    ),
    Weakness(
        id="ddb-transact-not-covered",
        title="GetItem inside a transaction is granted without the condition",
        change=_also(
            allow(
                "Transactions",
                ["dynamodb:GetItem", "dynamodb:ConditionCheckItem"],
                _TABLE,
                {"StringLike": {"dynamodb:EnclosingOperation": "Transact*"}},
            )
        ),
        leaks=(
            "dynamodb.read.transact-get-items",
            "dynamodb.read.condition-check",
            "dynamodb.read.failed-check-values",
        ),
    ),
    Weakness(
        id="ddb-scan-vacuous-forallvalues",
        title="Scan under ForAllValues without a Null check: a Scan has no leading key, so the condition is true",
        change=_weaken("OwnItems", _scan_under_vacuous_condition),
        leaks=("dynamodb.read.scan", "dynamodb.read.scan-segment"),
    ),
    Weakness(
        id="ddb-table-level-actions-via-wildcard",
        title="every action on the table is allowed under ForAllValues, which is true of calls without any key",
        change=_weaken("OwnItems", _every_action_under_vacuous_condition),
        leaks=(
            "dynamodb.read.scan",
            "dynamodb.read.scan-segment",
            "dynamodb.read.partiql-select-all",
            *_ADMINISTRATION,
        ),
    ),
    Weakness(
        id="ddb-condition-key-typo-vacuous",
        title="the condition names dynamodb:LeadingKey, a key that no request carries, so ForAllValues is true",
        change=_weaken("OwnItems", _misspell_leading_keys),
        leaks=(*_UNKEYED_READS, *_UNKEYED_WRITES),
    ),
    Weakness(
        id="ddb-foranyvalue-batch-smuggle",
        title="ForAnyValue in place of ForAllValues: one own key carries any number of foreign ones",
        change=_weaken("OwnItems", _any_own_key_suffices),
        leaks=(
            "dynamodb.read.batch-get-mixed",
            "dynamodb.read.transact-get-mixed",
            "dynamodb.write.batch-write-mixed",
            "dynamodb.write.transact-write-mixed",
        ),
    ),
    Weakness(
        id="ddb-stringlike-prefix-collision",
        title="the partition key only has to start with the identity id, with no delimiter behind it",
        change=_weaken("OwnItems", _prefix_of_the_key_suffices),
        leaks=("dynamodb.write.forged-key-prefix",),
    ),
    Weakness(
        id="ddb-tenant-normalisation-collision",
        title="the partition key is compared without regard to case, while DynamoDB keeps both spellings apart",
        change=_weaken("OwnItems", _any_case_matches),
        leaks=("dynamodb.write.forged-key-own-case",),
    ),
    Weakness(
        id="ddb-policy-version-2008",
        title="an older policy beside it has no Version, so its variable is mere text, a key that anybody takes",
        change=partial(add_policy, roles=_TENANT_ROLES, policy_name="old-own-data", document=_WITHOUT_VERSION),
        leaks=("dynamodb.write.forged-key-variable",),
    ),
    Weakness(
        id="s3-prefix-no-trailing-slash",
        title="the object grant ends in the identity id without a slash, so longer prefixes match as well",
        change=_weaken("OwnObjects", _objects_without_delimiter),
        leaks=("s3.write.forged-prefix-collision",),
    ),
    Weakness(
        id="s3-listbucket-without-prefix",
        title="ListBucket is granted without a condition on s3:prefix",
        change=_weaken("OwnListing", lambda statement: statement.pop("Condition")),
        leaks=("s3.read.list-objects-foreign-prefix", "s3.read.list-objects-unprefixed"),
    ),
    Weakness(
        id="s3-copyobject-from-foreign-prefix",
        title="GetObject is granted on the whole bucket, so CopyObject pulls foreign objects into the own folder",
        change=_also(allow("CopySources", "s3:GetObject", f"{_BUCKET}/*")),
        leaks=("s3.read.get-object", "s3.read.head-object", "s3.read.copy-object"),
    ),
    Weakness(
        id="s3-copy-to-foreign-prefix",
        title="PutObject is granted on the whole bucket",
        change=_also(allow("Uploads", "s3:PutObject", f"{_BUCKET}/*")),
        leaks=(
            "s3.write.put-object",
            "s3.write.copy-object-into",
            "s3.write.forged-prefix-random",
            "s3.write.forged-prefix-collision",
        ),
    ),
    Weakness(
        id="s3-delete-not-covered",
        title="DeleteObject is granted on the whole bucket",
        change=_also(allow("CleanUp", "s3:DeleteObject", f"{_BUCKET}/*")),
        leaks=("s3.write.delete-object", "s3.write.delete-objects", "s3.write.delete-objects-mixed"),
    ),
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
