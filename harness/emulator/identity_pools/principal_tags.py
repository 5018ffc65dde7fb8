"""Attributes for access control: which claims of a login become session tags (aws-semantics 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import sts as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULTS = {"client": "aud", "username": "sub"}
_VALUE_LENGTH = 256
_TOTAL_BYTES = 460


@dataclass(frozen=True, slots=True)
class PrincipalTagMap:
    """The tag map of one provider: tag keys to claim names."""

    uses_defaults: bool
    claims: Mapping[str, str]

    def tags_for(self, claims: Mapping[str, Any]) -> dict[str, str]:
        """Return the session tags of a login with these claims.

        Raises ServiceError PackedPolicyTooLarge or ValidationError for tags that STS would refuse, NotDerivableError
        for a claim whose value is no plain one.
        """
        present = {key: claims[name] for key, name in self.claims.items() if claims.get(name) is not None}
        tags = {key: _tag_value(self.claims[key], value) for key, value in present.items()}
        if any(len(value) > _VALUE_LENGTH for value in tags.values()):
            raise ServiceError("ValidationError", unconfirmed.TAG_VALUE_TOO_LONG)
        if sum(len(key.encode()) + len(value.encode()) for key, value in tags.items()) > _TOTAL_BYTES:
            raise ServiceError("PackedPolicyTooLarge", unconfirmed.TAGS_TOO_LARGE)
        return tags


def tag_map_of(params: Mapping[str, Any]) -> PrincipalTagMap:
    """Return the tag map that SetPrincipalTagAttributeMap asks for.

    Raises NotDerivableError where the request asks for defaults and for a map of its own, or repeats a key in another
    case.
    """
    asked = dict(params.get("PrincipalTags") or {})
    uses_defaults = bool(params.get("UseDefaults"))
    if uses_defaults and asked:
        raise NotDerivableError("UseDefaults true together with PrincipalTags")
    if len({key.lower() for key in asked}) < len(asked):
        raise NotDerivableError("PrincipalTags whose keys differ only in case")
    return PrincipalTagMap(uses_defaults, dict(_DEFAULTS) if uses_defaults else asked)


def _tag_value(claim: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int) and value != "":
        return str(value)
    raise NotDerivableError(f"which session tag the claim {claim} gives when it is empty, an array or an object")
