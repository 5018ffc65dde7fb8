"""New users: the names they may take, and the pre sign-up trigger that every creation goes through."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.directory import VERIFIABLE, Password, User
from harness.emulator.user_pools.triggers import unrecognizable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.user_pools.directory import UserPool
    from harness.emulator.user_pools.triggers import Triggers
    from harness.secret import Secret

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE_NUMBER = re.compile(r"\+\d{1,15}")
_FORMATS = {"email": _EMAIL, "phone_number": _PHONE_NUMBER}
_WORDS: dict[tuple[str, ...], str] = {("email",): "an email", ("phone_number",): "a phone number"}


def new_user(
    pool: UserPool, name: str, attributes: Mapping[str, str], status: str, password: Secret, now: float
) -> User:
    """Return a user who is not in the pool yet, named as the pool names its users.

    Where addresses take the place of usernames, the name given becomes the address, and the username is the `sub`.
    Raises ServiceError InvalidParameterException for a name of the wrong form, UsernameExistsException for a taken one.
    """
    sub, own = str(uuid.uuid4()), dict(attributes)
    username = pool.user_key(name)
    if pool.username_attributes:
        kind = next((each for each in pool.username_attributes if _FORMATS[each].fullmatch(name)), None)
        if kind is None:
            words = _WORDS.get(tuple(pool.username_attributes), "either an email or a phone number")
            raise ServiceError("InvalidParameterException", unconfirmed.USERNAME_NOT_AN_ADDRESS.format(words=words))
        if own.get(kind, name) != name:
            raise NotDerivableError(f"a username that differs from the attribute {kind} it stands for")
        own[kind], username = name, sub
    else:
        for kind in set(pool.alias_attributes) & set(_FORMATS):
            if _FORMATS[kind].fullmatch(name):
                message = unconfirmed.USERNAME_LOOKS_LIKE_ALIAS.format(form=kind.replace("_", " "))
                raise ServiceError("InvalidParameterException", message)
    user = User(
        username=username,
        sub=sub,
        created=now,
        modified=now,
        status=status,
        password=Password(password, now),
        attributes=own,
    )
    check_free(pool, user)
    return user


def check_free(pool: UserPool, user: User) -> None:
    """Return when nobody has the name of the new user; raises ServiceError UsernameExistsException."""
    if user.username in pool.users:
        raise ServiceError("UsernameExistsException", unconfirmed.USER_EXISTS)
    for name in pool.username_attributes:
        if pool.alias_holder(name, user.attributes.get(name)) is not None:
            message = unconfirmed.ADDRESS_EXISTS.format(name=name.replace("_", " "))
            raise ServiceError("UsernameExistsException", message)


def pre_sign_up(
    triggers: Triggers, pool: UserPool, user: User, source: str, client_id: str, given: Mapping[str, Any]
) -> Mapping[str, bool]:
    """Return what the pre sign-up trigger answers: `autoConfirmUser`, `autoVerifyEmail` and `autoVerifyPhone`.

    `given` is the request of the API call. The function decides before the user exists and cannot set attributes
    (aws-semantics 4.5). Raises what the trigger brings about, and ServiceError when the name was taken meanwhile.
    """
    names = ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")
    request: dict[str, Any] = {
        "userAttributes": dict(user.attributes),
        "validationData": {each["Name"]: each.get("Value") for each in given.get("ValidationData") or ()},
    }
    if given.get("ClientMetadata"):
        request["clientMetadata"] = dict(given["ClientMetadata"])
    response = triggers.call(
        pool, "PreSignUp", f"PreSignUp_{source}", client_id, user.username, request, dict.fromkeys(names, False)
    )
    flags = {name: response.get(name) or False for name in names}
    if not all(isinstance(flag, bool) for flag in flags.values()):
        raise unrecognizable()
    check_free(pool, user)
    return flags


def verify_alias(pool: UserPool, user: User, attribute: str) -> None:
    """Mark an address of the user as verified; whoever had it as an alias before has it no longer."""
    holder = pool.alias_holder(attribute, user.attributes.get(attribute), but=user)
    if holder is not None and attribute in VERIFIABLE:
        holder.attributes[f"{attribute}_verified"] = "false"
    user.attributes[f"{attribute}_verified"] = "true"
