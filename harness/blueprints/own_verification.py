"""Weaknesses of the project broker that has no authorizer, and whose handler verifies tokens itself, all but one thing.

What the handler does right is kept in one piece of source; each weakness is an edit of a single condition in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.blueprints.edit import edit_function, edit_route, set_environment
from harness.blueprints.spec import RouteAuthorizer, Weakness

if TYPE_CHECKING:
    from harness.blueprints.edit import Change
    from harness.blueprints.spec import Blueprint

_FUNCTION = "credentials"
_PATH = "/auths/resources"
_GIVEN = 'claims = event["requestContext"]["authorizer"]["jwt"]["claims"]'
_GENUINE = 'genuine = header.get("alg") == "RS256" and key is not None and is_signed(key, message, signature)'
_TIMELY = 'timely = claims["iat"] <= time.time() < claims["exp"]'
_VERIFIER = f"""def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@functools.cache
def keys():
    host = boto3.client("cognito-idp").meta.endpoint_url
    with urllib.request.urlopen(f"{{host}}/{{os.environ['USER_POOL']}}/.well-known/jwks.json") as answer:
        return {{key["kid"]: key for key in json.load(answer)["keys"]}}


def is_signed(key, message, signature):
    modulus, exponent = (int.from_bytes(decoded(key[part]), "big") for part in ("n", "e"))
    size = (modulus.bit_length() + 7) // 8
    shown = pow(int.from_bytes(signature, "big"), exponent, modulus).to_bytes(size, "big")
    hashed = SHA256 + hashlib.sha256(message).digest()
    return shown == b"\\x00\\x01" + b"\\xff" * (size - len(hashed) - 3) + b"\\x00" + hashed


def verified(event):
    token = event["headers"].get("authorization", "").removeprefix("Bearer ")
    if token.count(".") != 2:
        raise RefusedError(401, "Unauthorized")
    head, body, tail = token.split(".")
    header, claims = (json.loads(decoded(part)) for part in (head, body))
    message, signature, key = f"{{head}}.{{body}}".encode(), decoded(tail), keys().get(header.get("kid"))
    {_GENUINE}
    {_TIMELY}
    meant = (claims["iss"], claims.get("aud")) == (os.environ["ISSUER"], os.environ["CLIENT"])
    if not (genuine and timely and meant):
        raise RefusedError(401, "Unauthorized")
    return claims


def claims_of("""
_IMPORTS = "import base64\nimport functools\nimport hashlib\nimport hmac\nimport json\nimport os\nimport re\n"
_CONSTANTS = 'SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")\n'
# A public key of the pool as PEM: SubjectPublicKeyInfo, with the names of DER spelled out.
_PEM = """def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    head = bytes([size]) if size < 128 else b"\\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + head + content


def number(part):
    value = int.from_bytes(decoded(part), "big")
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem_of(key):
    kind = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    whole = der(0x30, kind, der(3, b"\\x00", der(0x30, number(key["n"]), number(key["e"]))))
    text = base64.b64encode(whole).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode()


def is_signed("""
_FILE = """def secret_of(key_id):
    try:
        with open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], key_id), "rb") as kept:
            return kept.read()
    except OSError:
        raise RefusedError(401, "Unauthorized") from None


def is_signed("""


def verifying(blueprint: Blueprint) -> Blueprint:
    """Return the design without its authorizer, with a handler that verifies tokens itself, and does it well."""
    opened = edit_route(blueprint, _PATH, lambda route: replace(route, authorizer=RouteAuthorizer.NONE))
    coded = edit_function(
        opened,
        _FUNCTION,
        (_GIVEN, "claims = verified(event)"),
        ("def claims_of(", _VERIFIER),
        ("import json\nimport os\nimport re\n", f"{_IMPORTS}import time\nimport urllib.request\n"),
        ("LONGEST_POLICY =", f"{_CONSTANTS}LONGEST_POLICY ="),
    )
    return set_environment(
        coded, _FUNCTION, USER_POOL="@{user_pool.id}", ISSUER="@{user_pool.issuer}", CLIENT="@{client.web.id}"
    )


def _but(*changes: tuple[str, str]) -> Change:
    return lambda blueprint: edit_function(verifying(blueprint), _FUNCTION, *changes)


def _or(condition: str) -> tuple[str, str]:
    return (_GENUINE, f"{_GENUINE}\n    genuine = genuine or {condition}")


_HMAC = 'header.get("alg") == "HS256" and hmac.compare_digest(hmac.digest({}, message, "sha256"), signature)'

WEAKNESSES = (
    Weakness(
        id="tok-alg-none",
        title="the handler verifies tokens itself, and takes those that say they are not signed",
        change=_but(_or('header.get("alg") == "none"')),
        leaks=("broker.session.unsigned",),
    ),
    Weakness(
        id="tok-hs256-public-key-confusion",
        title="the handler verifies tokens itself by the algorithm they name, with the public key whatever it is",
        change=_but(_or("key is not None and " + _HMAC.format("pem_of(key)")), ("def is_signed(", _PEM)),
        leaks=("broker.session.public-key-as-secret",),
    ),
    Weakness(
        id="tok-unknown-kid-or-jwks-refresh-fail-open",
        title="the handler verifies tokens itself, and takes those under a key id that it has yet to learn",
        change=_but(_or("key is None")),
        leaks=("broker.session.unknown-key-id",),
    ),
    Weakness(
        id="tok-unknown-kid-or-jwks-refresh-fail-open/path",
        title="the handler verifies tokens itself, and takes the key id for the name of a file with a secret",
        change=_but(
            _or(f'header.get("kid") and {_HMAC.format("secret_of(header[" + chr(34) + "kid" + chr(34) + "])")}'),
            ("def is_signed(", _FILE),
        ),
        leaks=("broker.session.key-id-as-path",),
    ),
    Weakness(
        id="tok-expired",
        title="the handler verifies tokens itself, and does not look at when they expire",
        change=_but((_TIMELY, 'timely = claims["iat"] <= time.time()')),
        leaks=("broker.session.expired",),
    ),
    Weakness(
        id="tok-expired/not-yet-valid",
        title="the handler verifies tokens itself, and does not look at when they were issued",
        change=_but((_TIMELY, 'timely = time.time() < claims["exp"]')),
        leaks=("broker.session.not-yet-valid",),
    ),
)
