from enum import StrEnum


class PolicyKind(StrEnum):
    """The policy types AWS tells apart when it decides (IAM page "Policy evaluation logic")."""

    IDENTITY = "identity"
    SESSION = "session"
    BOUNDARY = "boundary"
    RESOURCE = "resource"
    TRUST = "trust"
    SCP = "scp"
    RCP = "rcp"


class Outcome(StrEnum):
    """What a decision comes to; a request that no statement allows is denied implicitly."""

    ALLOW = "allow"
    EXPLICIT_DENY = "explicit_deny"
    IMPLICIT_DENY = "implicit_deny"


NAMES_PRINCIPALS = frozenset({PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.RCP})
"""The kinds whose statements must have a Principal or NotPrincipal element; in the others it is an error."""
