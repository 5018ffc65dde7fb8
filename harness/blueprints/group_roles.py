"""group-roles: what a user may do with the shared books follows from its user-pool group's IAM role."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.blueprints.contract import Contract, Effect, Grant, Persona, Reach, SignIn
from harness.blueprints.edit import also, edit_app_client, edit_group, edit_identity_pool, edit_roles, trust_the_account
from harness.blueprints.identity_trust import COGNITO, trusting_own_pool
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import (
    AppClientSpec,
    Blueprint,
    GroupSpec,
    IdentityPoolSpec,
    Misconfiguration,
    Place,
    RoleSpec,
    TableSpec,
    UserPoolSpec,
    Weakness,
)

if TYPE_CHECKING:
    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Document

_TABLE = "@{table.books.arn}"
_READ_ACTIONS = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:ConditionCheckItem",
]
_WRITE_ACTIONS = [
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
]


def _policy(sid: str, actions: list[str]) -> dict[str, Document]:
    return {"books": policy(allow(sid, actions, _TABLE))}


_CONTRACT = Contract(
    personas=(
        Persona("reader", SignIn.IDENTITY_POOL, groups=("BooksRead",), role="books-read"),
        Persona("writer", SignIn.IDENTITY_POOL, groups=("BooksWrite",), role="books-write"),
        # In two groups: the lower precedence decides, so the session is a reader's unless it asks otherwise.
        Persona("both", SignIn.IDENTITY_POOL, groups=("BooksRead", "BooksWrite"), role="books-read"),
        # In two groups that share a precedence, and in none: the contract gives them no AWS credentials at all.
        Persona("tied", SignIn.TOKENS, groups=("BooksWrite", "Curators")),
        Persona("newcomer", SignIn.TOKENS),
        Persona("administrator", SignIn.IDENTITY_POOL, groups=("Administrators",), staff=True, role="administrator"),
    ),
    grants=(
        Grant("reader", "dynamodb", Effect.READ, Reach.SHARED),
        Grant("both", "dynamodb", Effect.READ, Reach.SHARED),
        Grant("writer", "dynamodb", Effect.READ, Reach.SHARED),
        Grant("writer", "dynamodb", Effect.WRITE, Reach.SHARED),
        Grant("administrator", "dynamodb", Effect.READ, Reach.ANY),
        Grant("administrator", "dynamodb", Effect.WRITE, Reach.ANY),
    ),
)

# Without the role mapping, or with another role behind the group, nobody can choose the role by its ARN.
_CHOICES = ("identity-pool.session.custom-role-arn", "identity-pool.session.custom-role-arn-of-another")
_WRITES = (
    "dynamodb.write.put-item",
    "dynamodb.write.update-item",
    "dynamodb.write.delete-item",
    "dynamodb.write.batch-write-item",
    "dynamodb.write.transact-write-items",
)


def _without_role_mapping(blueprint: Blueprint) -> Blueprint:
    return edit_identity_pool(blueprint, lambda pool: replace(pool, role_mapping="", authenticated_role="books-write"))


def _ambiguous_users_get_the_default_role(blueprint: Blueprint) -> Blueprint:
    return edit_identity_pool(
        blueprint,
        lambda pool: replace(pool, ambiguous_role_resolution="AuthenticatedRole", authenticated_role="books-write"),
    )


def _trust_the_user_pool_id(blueprint: Blueprint) -> Blueprint:
    trust = trusting_own_pool()
    trust["Statement"][0]["Condition"]["StringEquals"] = {f"{COGNITO}:aud": "@{user_pool.id}"}
    names = [role.name for role in blueprint.roles]
    return edit_roles(blueprint, names, lambda role: replace(role, trust=trust))


def _tokens_for_a_day(blueprint: Blueprint) -> Blueprint:
    return edit_app_client(blueprint, "web", lambda client: replace(client, id_token_minutes=24 * 60))


def _readers_may(sid: str, action: str | list[str], resource: str) -> Change:
    return also(("books-read",), "books", allow(sid, action, resource))


def _administrator_assumable(blueprint: Blueprint) -> Blueprint:
    return _readers_may("AnyRole", "sts:AssumeRole", "*")(trust_the_account(blueprint, "administrator"))


_WEAKNESSES = (
    Weakness(
        id="idp-role-mapping-absent-with-group-roles",
        title="groups have roles, but the identity pool gives everybody its default one, which may write",
        change=_without_role_mapping,
        leaks=(*_WRITES, "identity-pool.session.role-without-group"),
        breaks=(*_CHOICES, "user-pool.session.joined-group", "user-pool.session.group-with-a-role"),
    ),
    Weakness(
        id="idp-ambiguous-role-authenticated",
        title="users in no group, or in groups that tie, get the default role, which may write",
        change=_ambiguous_users_get_the_default_role,
        leaks=("identity-pool.session.role-without-group",),
    ),
    Weakness(
        id="idp-group-precedence-tie",
        title="the tie between two groups is broken by giving both one role",
        change=lambda blueprint: edit_group(blueprint, "Curators", lambda group: replace(group, role="books-write")),
        leaks=("identity-pool.session.role-without-group",),
    ),
    Weakness(
        id="idp-group-precedence-inversion",
        title="the writers' group precedes the readers', so whoever is in both writes",
        change=lambda blueprint: edit_group(blueprint, "BooksWrite", lambda group: replace(group, precedence=1)),
        leaks=_WRITES,
    ),
    Weakness(
        id="up-group-role-passrole-drift",
        title="the readers' group carries the writers' role",
        change=lambda blueprint: edit_group(blueprint, "BooksRead", lambda group: replace(group, role="books-write")),
        leaks=_WRITES,
        breaks=_CHOICES,
    ),
    Weakness(
        id="idp-authz-role-drift",
        title="the readers' role has gathered a write that the application no longer needs",
        change=_readers_may("LegacyImport", "dynamodb:BatchWriteItem", _TABLE),
        leaks=("dynamodb.write.batch-write-item",),
    ),
    Weakness(
        id="sts-base-role-trust-account-root",
        title="the administrators' role trusts the whole account, and readers may call sts:AssumeRole",
        change=_administrator_assumable,
        leaks=("sts.session.assume-admin-role",),
    ),
    Weakness(
        id="up-admin-apis-on-authenticated-role",
        title="readers may do everything to the user pool, because the front end needs some of it",
        change=_readers_may("UserPool", "cognito-idp:*", "@{user_pool.arn}"),
        leaks=(
            "user-pool.read.list-users",
            "user-pool.session.joined-group",
            "user-pool.session.group-with-a-role",
            "user-pool.session.password-set",
        ),
    ),
    Weakness(
        id="up-admin-group-self-service",
        title="readers may put people into groups, as the application does for those who upgrade",
        change=_readers_may("Upgrade", "cognito-idp:AdminAddUserToGroup", "@{user_pool.arn}"),
        leaks=("user-pool.session.joined-group",),
    ),
    Weakness(
        id="up-group-role-passrole-drift/made-by-users",
        title="readers may make groups with any role, and put people into them",
        change=_readers_may(
            "Groups", ["cognito-idp:CreateGroup", "cognito-idp:AdminAddUserToGroup", "iam:PassRole"], "*"
        ),
        leaks=("user-pool.session.group-with-a-role",),
    ),
    Weakness(
        id="tok-groups-stale-after-removal",
        title="ID tokens, and with them the roles of groups, are good for a day",
        change=_tokens_for_a_day,
        leaks=("token.session.after-dismissal", "token.session.expired"),
    ),
)

GROUP_ROLES = Blueprint(
    name="group-roles",
    title="User-pool groups carry IAM roles: readers read the books, writers write them, administrators do everything",
    source="https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html",
    contract=_CONTRACT,
    shared=(Place("dynamodb", "books", "author"),),
    user_pool=UserPoolSpec(
        app_clients=(
            AppClientSpec("web", identity_provider=True),
            AppClientSpec("back-office", identity_provider=False),
        ),
        groups=(
            GroupSpec("Administrators", role="administrator", precedence=0),
            GroupSpec("BooksRead", role="books-read", precedence=10),
            GroupSpec("BooksWrite", role="books-write", precedence=20),
            GroupSpec("Curators", role="curator", precedence=20),
        ),
    ),
    identity_pool=IdentityPoolSpec(authenticated_role=None, role_mapping="Token", ambiguous_role_resolution="Deny"),
    roles=(
        RoleSpec("books-read", trusting_own_pool(), _policy("ReadBooks", _READ_ACTIONS)),
        RoleSpec("books-write", trusting_own_pool(), _policy("ReadAndWriteBooks", [*_READ_ACTIONS, *_WRITE_ACTIONS])),
        RoleSpec("curator", trusting_own_pool(), _policy("ReadBooks", _READ_ACTIONS)),
        RoleSpec("administrator", trusting_own_pool(), _policy("EverythingOnBooks", ["dynamodb:*"])),
    ),
    tables=(TableSpec("books"),),
    misconfigurations=(
        Misconfiguration(
            id="sts-trust-user-pool-id-in-aud",
            title="the roles trust the user pool's id where the identity pool's belongs",
            change=_trust_the_user_pool_id,
            error_code="InvalidIdentityPoolConfigurationException",
        ),
    ),
    weaknesses=_WEAKNESSES,
)
