from __future__ import annotations

import base64
import json

import pytest

from harness.forgery import claims_of, tampered
from harness.secret import Secret


def _token(claims: str) -> Secret:
    parts = ('{"alg": "RS256"}', claims)
    return Secret(
        ".".join([*(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts), "c2ln"])
    )


@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")], ids=["spaced", "compact"])
@pytest.mark.parametrize("changes", [{}, {"sub": "victim"}], ids=["nothing-changed", "changed"])
def test_the_body_of_a_tampered_token_is_never_the_one_that_was_signed(
    separators: tuple[str, str], changes: dict[str, str]
) -> None:
    claims = {"sub": "attacker", "token_use": "id"}
    genuine = _token(json.dumps(claims, separators=separators))
    forged = tampered(genuine, **changes)
    assert forged.reveal().split(".")[1] != genuine.reveal().split(".")[1]
    assert forged.reveal().split(".")[2] == genuine.reveal().split(".")[2]
    assert claims_of(forged) == claims | changes
