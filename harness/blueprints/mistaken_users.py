"""Weaknesses of the project broker whose handler takes one user for another, by something that users can choose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.blueprints.edit import add_statement, edit_function, edit_user_pool, set_environment
from harness.blueprints.identity_trust import TRUSTING_LAMBDA
from harness.blueprints.policies import allow
from harness.blueprints.spec import FunctionSpec, MembershipSpec, RoleSpec, Weakness

if TYPE_CHECKING:
    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Blueprint

_FUNCTION = "credentials"
_SUB = 'sub = claims_of(event)["sub"]'
_PROJECTS = "projects = projects_of(sub)"
_DEFINITIONS = "def projects_of(sub):"
_ACCOUNT = """def account_of(name):
    found = COGNITO.admin_get_user(UserPoolId=os.environ["USER_POOL"], Username=name)
    return next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")


"""
_ACCOUNTS = """def projects_of_all(email):
    projects = []
    for user in COGNITO.list_users(UserPoolId=os.environ["USER_POOL"], Filter=f'email = "{email}"')["Users"]:
        sub = next(each["Value"] for each in user["Attributes"] if each["Name"] == "sub")
        try:
            projects += projects_of(sub)
        except RefusedError:
            continue
    if not projects:
        raise RefusedError(403, "You belong to no project.")
    return sorted(set(projects))


"""
_WELCOME = """def handler(event, context):
    event["response"].update(autoConfirmUser=True, autoVerifyEmail=True)
    return event
"""


def _looking_up(definition: str, *changes: tuple[str, str]) -> Change:
    """Return the change by which the handler looks users up in the user pool."""

    def change(blueprint: Blueprint) -> Blueprint:
        client = ('STS = boto3.client("sts")', 'STS = boto3.client("sts")\nCOGNITO = boto3.client("cognito-idp")')
        coded = edit_function(blueprint, _FUNCTION, *changes, client, (_DEFINITIONS, definition + _DEFINITIONS))
        told = set_environment(coded, _FUNCTION, USER_POOL="@{user_pool.id}")
        finding = allow("FindUsers", ["cognito-idp:AdminGetUser", "cognito-idp:ListUsers"], "@{user_pool.arn}")
        return add_statement(told, ("broker",), "broker", finding)

    return change


def _by_name(name: str) -> Change:
    """Return the change by which the handler takes for the user whoever has the name that the claims come to."""
    return _looking_up(_ACCOUNT, (_SUB, f"claims = claims_of(event)\n        sub = account_of({name})"))


def _by_email(condition: str = "") -> Change:
    both = f'projects = projects_of_all(claims["email"]){condition}'
    return _looking_up(_ACCOUNTS, (_SUB, 'claims = claims_of(event)\n        sub = claims["sub"]'), (_PROJECTS, both))


def _anybody_signs_up(blueprint: Blueprint) -> Blueprint:
    return edit_user_pool(blueprint, lambda pool: replace(pool, sign_up=True))


def _names_in_lower_case(blueprint: Blueprint) -> Blueprint:
    sensitive = edit_user_pool(_anybody_signs_up(blueprint), lambda pool: replace(pool, case_sensitive=True))
    return _by_name('claims["cognito:username"].lower()')(sensitive)


def _names_normalised(blueprint: Blueprint) -> Blueprint:
    mistaken = _by_name('unicodedata.normalize("NFKC", claims["cognito:username"])')(_anybody_signs_up(blueprint))
    return edit_function(mistaken, _FUNCTION, ("import re\n", "import re\nimport unicodedata\n"))


def _mail_verified_unseen(blueprint: Blueprint) -> Blueprint:
    mistaken = _by_email(' if claims.get("email_verified") == "true" else projects_of(sub)')(blueprint)
    welcoming = replace(
        mistaken,
        roles=(*mistaken.roles, RoleSpec("welcome", TRUSTING_LAMBDA)),
        functions=(*mistaken.functions, FunctionSpec("welcome", source=_WELCOME, role="welcome")),
    )
    return edit_user_pool(
        _anybody_signs_up(welcoming), lambda pool: replace(pool, triggers={**pool.triggers, "PreSignUp": "welcome"})
    )


def _memberships_by_name(blueprint: Blueprint) -> Blueprint:
    named = edit_function(
        blueprint,
        _FUNCTION,
        (_SUB, 'claims = claims_of(event)\n        sub = claims["sub"]'),
        (_PROJECTS, 'projects = projects_of(claims["cognito:username"])'),
    )
    return replace(named, memberships=MembershipSpec("memberships", user_key="username"))


WEAKNESSES = (
    Weakness(
        id="up-email-domain-tenant-unverified-change",
        title="accounts with one e-mail address are taken for one person, whether it is verified or not",
        change=_by_email(),
        leaks=("user-pool.session.victims-email",),
    ),
    Weakness(
        id="up-presignup-autoconfirm",
        title="accounts with one verified address are one person, and a trigger verifies everybody's unseen",
        change=_mail_verified_unseen,
        leaks=("user-pool.session.unread-mail",),
    ),
    Weakness(
        id="up-preferred-username-as-tenant-key",
        title="the user is whoever has the name that is the preferred one",
        change=_by_name('claims.get("preferred_username") or claims["cognito:username"]'),
        leaks=("user-pool.session.victims-preferred-name",),
    ),
    Weakness(
        id="up-username-email-case-collision",
        title="anybody signs up, the user pool tells capital letters from small ones, and the handler does not",
        change=_names_in_lower_case,
        leaks=("user-pool.session.name-in-capitals",),
    ),
    Weakness(
        id="up-username-email-case-collision/unicode",
        title="anybody signs up, and the handler normalises names that the user pool tells apart",
        change=_names_normalised,
        leaks=("user-pool.session.name-in-other-letters",),
    ),
    Weakness(
        id="up-username-reuse-after-delete",
        title="memberships are kept under user names, and stay when a user is deleted",
        change=_memberships_by_name,
        leaks=("broker.session.name-given-again",),
    ),
)
