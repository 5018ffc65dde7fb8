"""The users of a design: made, confirmed, put into groups, and given what says to which tenants they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.errors import DeploymentError, SignInDisturbedError, SignInRefusedError
from harness.memberships import Memberships
from harness.persistence import performed
from harness.placeholders import TENANT, per_tenant
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint
    from harness.deployment import Deployment
    from harness.population import Tenant, User
    from harness.targets.target import Target

_SERVICE_FAILED = 500


def register(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> None:
    """Make a user of a persona that has tokens, as the design makes them: by an administrator, or by signing up.

    Raises DeploymentError or SignInRefusedError when it cannot be made.
    """
    persona = blueprint.contract.persona(user.caller.persona)
    if persona.signs_up:
        _sign_up(target, blueprint, deployment, user)
    else:
        groups = [name for group in persona.groups for name in per_tenant(group, user.tenants)]
        sub = _create_user(target, deployment.user_pool, user, groups, attributes_of(persona, user.tenants))
        _make_member(target, blueprint, deployment, user, sub)


def register_like(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> None:
    """Make a user with the groups and attributes of its persona, whoever has them already.

    Raises SignInRefusedError when it cannot be made.
    """
    persona = blueprint.contract.persona(user.caller.persona)
    groups = [name for group in persona.groups for name in per_tenant(group, user.tenants)]
    try:
        _create_user(target, deployment.user_pool, user, groups, attributes_of(persona, user.tenants))
    except DeploymentError as error:
        raise SignInRefusedError(f"there is no newcomer to bring a token: {error}") from None


def register_outsider(target: Target, deployment: Deployment, user: User, attributes: Mapping[str, str]) -> None:
    """Make a namesake in the pool that has nothing to do with the design, if there is none: attackers bring its tokens.

    The attackers own that pool, so the attributes are what they like. Raises SignInRefusedError when it cannot be made.
    """
    params = {"UserPoolId": deployment.outsiders_pool, "Username": user.username}
    try:
        if target.send_as_operator(ApiRequest("cognito-idp", "AdminGetUser", params)).succeeded:
            _set_password(target, deployment.outsiders_pool, user)
            return
        _create_user(target, deployment.outsiders_pool, user, (), attributes)
    except DeploymentError as error:
        raise SignInRefusedError(f"there is no outsider to bring a token: {error}") from None


def _make_member(target: Target, blueprint: Blueprint, deployment: Deployment, user: User, sub: str) -> None:
    """Write down which tenants the user belongs to, where the design keeps that in a table."""
    if blueprint.memberships is None:
        return
    keys = tuple(tenant.key for tenant in user.tenants)
    known_by = sub if blueprint.memberships.user_key == "sub" else user.username
    memberships = Memberships(deployment.tables[blueprint.memberships.table], known_by, keys)
    for request in memberships.adding(keys):
        operate(target, request.service, request.operation, **request.params)


def _sign_up(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> None:
    """Sign up as anybody may, under the organisation's name where the app client takes one.

    The operator confirms in place of the link in the user's own mail, and gives the organisation a key where the design
    is not to assign one.
    """
    named = [{"Name": "name", "Value": user.tenants[0].name}] if _takes_a_name(blueprint) else []
    users_call(
        target,
        "cognito-idp",
        "SignUp",
        ClientId=client_of_users(blueprint, deployment),
        Username=user.username,
        Password="" if user.password is None else user.password.reveal(),
        UserAttributes=[{"Name": "email", "Value": user.email}, *named],
    )
    whom = {"UserPoolId": deployment.user_pool, "Username": user.username}
    confirmed = performed(target, ApiRequest("cognito-idp", "AdminConfirmSignUp", whom))
    if not confirmed.succeeded:
        text = f"nobody could confirm {user.caller}: {confirmed.error_code}: {confirmed.message}"
        if target.disturbance_of(confirmed) is not None:
            raise SignInDisturbedError(text, confirmed.error_code or "")
        raise SignInRefusedError(text, confirmed.error_code or "")
    if user.tenants[0].chosen:
        given = attributes_of(blueprint.contract.persona(user.caller.persona), user.tenants)
        described = [{"Name": name, "Value": value} for name, value in given.items()]
        operate(target, "cognito-idp", "AdminUpdateUserAttributes", UserAttributes=described, **whom)


def _takes_a_name(blueprint: Blueprint) -> bool:
    if blueprint.user_pool is None:
        return False
    writable = blueprint.user_pool.app_clients[0].write_attributes
    return writable is None or "name" in writable


def attributes_of(persona: Persona, tenants: tuple[Tenant, ...]) -> dict[str, str]:
    """Return the attributes of the user pool that say to which tenants a user belongs."""
    everybodys = {name: value for name, value in persona.attributes.items() if TENANT not in name + value}
    return everybodys | {
        pattern.replace(TENANT, tenant.key): value.replace(TENANT, tenant.key)
        for pattern, value in persona.attributes.items()
        if pattern not in everybodys
        for tenant in (tenants if TENANT in pattern else tenants[:1])
    }


def take_over(target: Target, deployment: Deployment, user: User) -> None:
    """Give a user of an earlier run the password of this one, and take away the access keys of that."""
    if user.label in deployment.iam_users:
        named = {"UserName": deployment.iam_users[user.label]}
        for key in operate(target, "iam", "ListAccessKeys", **named)["AccessKeyMetadata"]:
            operate(target, "iam", "DeleteAccessKey", AccessKeyId=key["AccessKeyId"], **named)
    elif user.password is not None and deployment.user_pool:
        _set_password(target, deployment.user_pool, user)


def _create_user(target: Target, pool: str, user: User, groups: Iterable[str], attributes: Mapping[str, str]) -> str:
    """Make a confirmed user with a permanent password, in the given groups, and return its `sub`."""
    described = [{"Name": name, "Value": value} for name, value in attributes.items()]
    made = operate(
        target,
        "cognito-idp",
        "AdminCreateUser",
        UserPoolId=pool,
        Username=user.username,
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": user.email},
            {"Name": "email_verified", "Value": "true"},
            *described,
        ],
    )
    _set_password(target, pool, user)
    for group in groups:
        operate(
            target,
            "cognito-idp",
            "AdminAddUserToGroup",
            UserPoolId=pool,
            Username=user.username,
            GroupName=group,
        )
    held = {attribute["Name"]: attribute["Value"] for attribute in made["User"]["Attributes"]}
    return str(held["sub"])


def _set_password(target: Target, pool: str, user: User) -> None:
    if user.password is not None:
        password = user.password.reveal()
        whom = {"UserPoolId": pool, "Username": user.username}
        operate(target, "cognito-idp", "AdminSetUserPassword", Password=password, Permanent=True, **whom)


def client_of_users(blueprint: Blueprint, deployment: Deployment) -> str:
    """Return the app client by which the users of a design sign in. Raises TypeError where there is no user pool."""
    if blueprint.user_pool is None:
        raise TypeError(f"{blueprint.name} has no user pool")
    return deployment.app_clients[blueprint.user_pool.app_clients[0].name]


def users_call(target: Target, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
    """Perform a call that a user makes without AWS credentials.

    Raises SignInRefusedError when it is refused, and SignInDisturbedError when it met nothing but disturbances.
    """
    response = performed(target, ApiRequest(service, operation, params), lambda call: target.send(call, None))
    if not response.succeeded:
        text = f"{operation} refused the sign-in with {response.error_code}: {response.message}"
        # A service that fails time and again has not refused anybody either.
        if target.disturbance_of(response) is not None or response.status >= _SERVICE_FAILED:
            raise SignInDisturbedError(text, response.error_code or "")
        raise SignInRefusedError(text, response.error_code or "")
    return response.data
