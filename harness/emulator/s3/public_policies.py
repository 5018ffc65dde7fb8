"""What Block Public Access calls a public policy (aws-semantics 2.4; S3 User Guide, "The meaning of public").

A statement that allows something is public unless it grants to fixed values only: of its principals, or of one of a
list of condition keys. A value with a wildcard or a policy variable is not fixed.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from harness.emulator.unconfirmed import s3 as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Operators that a request without the key, or with another value, does not pass.
_LIMITING = frozenset(
    {
        "stringequals",
        "stringequalsignorecase",
        "stringlike",
        "arnequals",
        "arnlike",
        "ipaddress",
    }
)
_WIDEST_IPV4 = 8
_WIDEST_IPV6 = 32
_ROLE_WITH_ANY_SESSION = re.compile(r"[A-Z0-9]+:\*")


def is_public(document: Mapping[str, Any]) -> bool:
    """Tell whether a policy, parsed and known to be well-formed, is public."""
    statements = document["Statement"]
    return any(_is_public(each) for each in ([statements] if isinstance(statements, dict) else statements))


def _is_public(statement: Mapping[str, Any]) -> bool:
    if statement["Effect"] != "Allow":
        return False
    if "Principal" in statement and not _names_everybody(statement["Principal"]):
        return False
    conditions = (
        (operator.lower(), key.lower(), value if isinstance(value, list) else [value])
        for operator, keys in statement.get("Condition", {}).items()
        for key, value in keys.items()
    )
    return not any(_limits(*condition) for condition in conditions)


def _names_everybody(principal: Any) -> bool:
    if isinstance(principal, str):
        return True
    return any("*" in ([value] if isinstance(value, str) else value) for value in principal.values())


def _limits(operator: str, key: str, values: Iterable[Any]) -> bool:
    plain = operator.removeprefix("foranyvalue:")
    if plain not in _LIMITING or key not in unconfirmed.KEYS_THAT_MAKE_A_POLICY_NOT_PUBLIC:
        return False
    if key == "aws:sourceip":
        return plain == "ipaddress" and all(_is_narrow(str(value)) for value in values)
    return all(_is_fixed(key, str(value)) for value in values)


def _is_fixed(key: str, value: str) -> bool:
    if key == "s3:dataaccesspointarn":
        # The name of the access point may be left open, its account may not.
        value = value.rpartition("/")[0]
    if key == "aws:userid" and _ROLE_WITH_ANY_SESSION.fullmatch(value):
        return False
    return not any(sign in value for sign in ("*", "?", "${"))


def _is_narrow(value: str) -> bool:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return False
    if network.is_private:
        return True
    widest = {IPv4Network: _WIDEST_IPV4, IPv6Network: _WIDEST_IPV6}[type(network)]
    return network.prefixlen >= widest
