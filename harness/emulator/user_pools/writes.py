"""Who may write which attribute, and what a write of an address brings with it (aws-semantics 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.directory import VERIFIABLE
from harness.emulator.user_pools.messages import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.emulator.user_pools.app_client import AppClient
    from harness.emulator.user_pools.directory import User, UserPool
    from harness.emulator.user_pools.messages import Messages


def check_creation(pool: UserPool, client: AppClient, attributes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the attributes that a user gives itself when it is created, once the client lets it write them.

    Immutable attributes may be among them: this is the only time they can be written. Raises ServiceError.
    """
    listed = list(attributes)
    _check_client(pool, client, (attribute["Name"] for attribute in listed))
    return pool.conforming(listed)


def check_update(pool: UserPool, client: AppClient, attributes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the new values that a signed-in user gives its attributes, blank ones to delete them.

    Raises ServiceError NotAuthorizedException for an attribute the client may not write or that does not exist,
    InvalidParameterException for an immutable one and for a bad value.
    """
    listed = list(attributes)
    _check_client(pool, client, (attribute["Name"] for attribute in listed))
    return check_administered_update(pool, listed)


def check_administered_update(pool: UserPool, attributes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the new values that an administrator gives a user's attributes, blank ones to delete them.

    Raises ServiceError InvalidParameterException for an immutable attribute, for a bad value, and for a deletion of
    what must be there.
    """
    listed = list(attributes)
    blank = [attribute["Name"] for attribute in listed if not attribute.get("Value")]
    changed = pool.conforming(attribute for attribute in listed if attribute.get("Value"))
    check_administered_deletion(pool, blank)
    _check_mutable(pool, changed)
    return {**changed, **dict.fromkeys(blank, "")}


def check_deletion(pool: UserPool, client: AppClient, names: Iterable[str]) -> None:
    """Return when a signed-in user may delete the attributes; raises ServiceError as for an update."""
    listed = list(names)
    _check_client(pool, client, listed)
    check_administered_deletion(pool, listed)


def check_administered_deletion(pool: UserPool, names: Iterable[str]) -> None:
    """Return when an administrator may delete the attributes; raises ServiceError InvalidParameterException."""
    for name in names:
        if name not in pool.schema:
            raise ServiceError("InvalidParameterException", unconfirmed.ATTRIBUTE_UNKNOWN.format(name=name))
        if pool.schema[name].required:
            raise ServiceError("InvalidParameterException", unconfirmed.ATTRIBUTE_NOT_DELETABLE.format(name=name))
        _check_mutable(pool, [name])


def _check_mutable(pool: UserPool, names: Iterable[str]) -> None:
    """Return when all of them can be written once the user exists, whoever writes and whether there is a value yet."""
    for name in names:
        if not pool.schema[name].mutable:
            raise ServiceError("InvalidParameterException", f"user.{name}: Attribute cannot be updated.\n")


def write(
    pool: UserPool, user: User, changed: Mapping[str, str], messages: Messages, *, by_administrator: bool
) -> list[dict[str, str]]:
    """Write the attributes of a user and return the CodeDeliveryDetails of the codes that were sent for it.

    A new address is not verified. Where the pool verifies it by itself a code is sent, and where the pool asks for
    verification before the update the old value stays in force until the code comes back. Raises ServiceError
    AliasExistsException, before anything is written.
    """
    verified = {name for name in VERIFIABLE if by_administrator and changed.get(f"{name}_verified") == "true"}
    for name, value in changed.items():
        check_alias(pool, user, name, value, is_verified=name in verified)
    for name in verified - set(changed):
        check_alias(pool, user, name, user.attributes.get(name), is_verified=True)
    sent: list[dict[str, str]] = []
    for name, value in changed.items():
        if name not in VERIFIABLE or not value or name in verified or user.attributes.get(name) == value:
            _put(user, name, value)
            continue
        if name in pool.settings.verified_before_update:
            user.pending[name] = value
        else:
            _put(user, name, value)
            user.attributes[f"{name}_verified"] = "false"
        if name in pool.settings.auto_verified:
            sent.append(messages.send_code(pool, user, Purpose.ATTRIBUTE, name, value))
    return sent


def check_alias(pool: UserPool, user: User | None, name: str, value: str | None, *, is_verified: bool) -> None:
    """Return when no other user is known under the new value; raises ServiceError AliasExistsException.

    A value that is an alias only once it is verified may be written by several users, but verified for one.
    """
    stands_for_username = name in pool.username_attributes or name not in VERIFIABLE
    if not value or not (is_verified or stands_for_username):
        return
    if pool.alias_holder(name, value, but=user) is not None:
        raise ServiceError("AliasExistsException", unconfirmed.ALIAS_EXISTS.format(name=name.replace("_", " ")))


def _put(user: User, name: str, value: str) -> None:
    user.pending.pop(name, None)
    if value:
        user.attributes[name] = value
        return
    user.attributes.pop(name, None)
    if name in VERIFIABLE:
        user.attributes.pop(f"{name}_verified", None)


def delete(user: User, names: Iterable[str]) -> None:
    """Remove the attributes of a user."""
    for name in names:
        _put(user, name, "")


def _check_client(pool: UserPool, client: AppClient, names: Iterable[str]) -> None:
    for name in names:
        known = pool.schema.get(name)
        if known is None or not client.may_write(known):
            raise ServiceError("NotAuthorizedException", "A client attempted to write unauthorized attribute")
