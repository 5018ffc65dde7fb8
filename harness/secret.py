"""Values that must never reach a log, a report, an exception text or a repr."""

from __future__ import annotations

import json
import re

REDACTED = "[redacted]"

# What signs a presigned link.
_SIGNATURE = re.compile(r"(X-Amz-(?:Credential|Security-Token|Signature)=)[^&\s\"']+")
# Compact JWTs, and the three parts of AWS credentials where they stand as fields of a message.
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_SECRET_FIELDS = frozenset(
    {
        "accesskeyid",
        "accesstoken",
        "idtoken",
        "password",
        "proposedpassword",
        "refresh_token",
        "refreshtoken",
        "secret_hash",
        "secrethash",
        "secretaccesskey",
        "secretkey",
        "sessiontoken",
        "temporarypassword",
        "token",
        "x-amz-security-token",
        "authorization",
    }
)


# Shorter ones occur in ordinary text.
_LEAST_KNOWN = 12
# Of long ones, as much of the beginning and the end as a shortened traceback shows.
_SHORTENED, _PIECE = 48, 24
_known: set[str] | None = None


def keep_known() -> None:
    """Remember every secret of this process from now on, so that `redact_known` finds them anywhere."""
    global _known  # noqa: PLW0603  one process has one set of secrets
    _known = set() if _known is None else _known


def redact_known(text: str) -> str:
    """Return the text without any secret that this process has held since `keep_known`, nor the ends of long ones.

    It is for text that nobody wrote with care: tracebacks with the values of local variables, captured logs.
    """
    for value in tuple(_known or ()):
        if value in text:
            text = text.replace(value, REDACTED)
        elif len(value) >= _SHORTENED:
            for piece in (value[:_PIECE], value[-_PIECE:]):
                if piece in text:
                    text = re.sub(rf"[\w./+=-]*{re.escape(piece)}[\w./+=-]*", REDACTED, text)
    return redact_text(text)


class Secret:
    """A string that shows itself only to a caller who asks with `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        if _known is not None and len(value) >= _LEAST_KNOWN:
            _known.add(value)

    def reveal(self) -> str:
        """Return the value. Call it where it goes on the wire, nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({REDACTED})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def redact_text(text: str) -> str:
    """Return the text with every compact JWT and every signature of a presigned link replaced."""
    return _SIGNATURE.sub(rf"\1{REDACTED}", _JWT.sub(REDACTED, text))


def redact(value: object) -> object:
    """Return a copy of a decoded message with secrets replaced, by field name and by the look of the value.

    Mappings, lists and tuples are walked; the value of a field that names a secret is replaced whole, also where it
    is a mapping such as `Logins`' tokens, which are recognised as JWTs. Text that is JSON is walked too.
    """
    if isinstance(value, Secret):
        return REDACTED
    if isinstance(value, dict):
        return {
            str(key): REDACTED if str(key).lower() in _SECRET_FIELDS and not isinstance(item, dict) else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    if isinstance(value, bytes):
        return redact(value.decode("utf-8", "replace"))
    if isinstance(value, str):
        return _redacted_json(value) or redact_text(value)
    return value


def _redacted_json(text: str) -> str | None:
    """Return JSON text, as bodies and payloads hold it, with the secrets in it replaced; None for other text."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.dumps(redact(json.loads(text)))
    except ValueError:
        return None
