"""The global condition keys of a request: those that time and place give, and those nobody here can derive."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.emulator.principals import Principal

# Keys that AWS may set on requests like these, and that depend on a network, an organization or an MFA device, none of
# which is here.
_UNDERIVABLE = frozenset(
    {
        "aws:multifactorauthage",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:referer",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:useragent",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "aws:vpcsourceip",
    }
)
# Absent for long-term keys; what the session of a role holds depends on how its first caller signed in.
_UNDERIVABLE_OF_SESSIONS = _UNDERIVABLE | {"aws:multifactorauthpresent"}


def underivable_keys(principal: Principal | None) -> frozenset[str]:
    """Return the global keys whose value cannot be derived for a request by this principal (None: unsigned)."""
    return _UNDERIVABLE_OF_SESSIONS if principal is not None and principal.is_role_session else _UNDERIVABLE


def keys_of_request(now: float, region: str, resource_account: str) -> dict[str, tuple[str, ...]]:
    """Return the global keys that do not depend on who calls: when, where to and how the request was sent."""
    return {
        "aws:currenttime": (timestamp(now),),
        "aws:epochtime": (str(int(now)),),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
        "aws:principalisawsservice": ("false",),
        "aws:requestedregion": (region,),
        "aws:resourceaccount": (resource_account,),
    }


def timestamp(seconds: float) -> str:
    """Return a time as condition keys and the query protocol write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
