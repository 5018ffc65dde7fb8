"""What an unsigned call of Cognito names, which is how its account and Region are found."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("UserPoolId", "ClientId", "IdentityPoolId", "IdentityId")


def named_in(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the pool, client or identity that a call names, or the pool that issued its access token.

    Nothing of it is checked here: whoever has the pool does that.
    """
    named = {name: value for name in _NAMES if isinstance(value := params.get(name), str)}
    token = params.get("AccessToken")
    if not named and isinstance(token, str):
        pool = _issuer(token).rpartition("/")[2]
        return {"UserPoolId": pool} if pool else {}
    return named


def _issuer(token: str) -> str:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return ""
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else ""
