"""The filter of ListUsers: one attribute, compared as a whole or by its beginning (service model, ListUsers)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.operations import accepting
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed

if TYPE_CHECKING:
    from harness.emulator.user_pools.directory import User

_FILTER = re.compile(r'\s*"?(?P<name>[^\s"=^]+)"?\s*(?P<type>\^?=)\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*')
_SEARCHABLE = accepting("email phone_number name given_name family_name preferred_username")
_ENABLED = {"Enabled": True, "Disabled": False}


@dataclass(frozen=True, slots=True)
class UserFilter:
    """A filter that was understood."""

    name: str
    by_beginning: bool
    value: str

    def matches(self, user: User) -> bool:
        """Tell whether the user is one of those looked for."""
        if self.name == "status":
            return user.enabled is _ENABLED.get(self.value)
        held, value = self._held(user), self.value
        if held is None:
            return False
        if self.name == "cognito:user_status":
            held, value = held.casefold(), value.casefold()
        return held.startswith(value) if self.by_beginning else held == value

    def _held(self, user: User) -> str | None:
        own = {"username": user.username, "sub": user.sub, "cognito:user_status": user.status}
        return own.get(self.name, user.attributes.get(self.name))


def filter_of(text: str | None) -> UserFilter | None:
    """Return the filter a request gives, None when it gives none.

    Raises ServiceError InvalidParameterException for what is no filter and for an attribute that is not searchable.
    """
    if not text:
        return None
    found = _FILTER.fullmatch(text)
    if found is None:
        raise ServiceError("InvalidParameterException", unconfirmed.FILTER_MALFORMED)
    name = found["name"]
    if name not in _SEARCHABLE | {"username", "sub", "cognito:user_status", "status"}:
        raise ServiceError("InvalidParameterException", unconfirmed.FILTER_ATTRIBUTE_NOT_SEARCHABLE.format(name=name))
    value = re.sub(r"\\(.)", r"\1", found["value"])
    return UserFilter(name, found["type"] == "^=", value)
