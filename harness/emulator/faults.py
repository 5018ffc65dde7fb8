"""Target faults: switches that make the embedded target forget one check that Cognito or STS itself performs.

They exist for the proof alone. An attack which a sound Cognito must refuse (an unsigned token, say) can leak under
no policy, so only a target that forgets the check can show that the attack would be noticed.
"""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """One forgotten check. The value is the name used on the command line."""

    SKIP_TOKEN_SIGNATURE = "skip-token-signature"  # noqa: S105  the name of a switch, not a secret
    ACCEPT_PUBLIC_KEY_AS_SECRET = "accept-public-key-as-secret"  # noqa: S105  as above
    ACCEPT_UNKNOWN_KEY_ID = "accept-unknown-key-id"
    SKIP_TOKEN_EXPIRY = "skip-token-expiry"  # noqa: S105  as above
    SKIP_TOKEN_ISSUER = "skip-token-issuer"  # noqa: S105  as above
    SKIP_TOKEN_AUDIENCE = "skip-token-audience"  # noqa: S105  as above
    SKIP_IDENTITY_OWNERSHIP = "skip-identity-ownership"
    SKIP_CUSTOM_ROLE_CHECK = "skip-custom-role-check"
    SKIP_TRUST_POLICY = "skip-trust-policy"


FAULT_DESCRIPTIONS = {
    Fault.SKIP_TOKEN_SIGNATURE: "identity pools accept a token whatever its signature or algorithm says",
    Fault.ACCEPT_PUBLIC_KEY_AS_SECRET: "identity pools accept HS256 with the user pool's public key as the secret",
    Fault.ACCEPT_UNKNOWN_KEY_ID: "identity pools accept a token whose key id they do not know",
    Fault.SKIP_TOKEN_EXPIRY: "identity pools accept expired tokens",
    Fault.SKIP_TOKEN_ISSUER: "identity pools verify a token with the keys of whatever pool the token itself names",
    Fault.SKIP_TOKEN_AUDIENCE: "identity pools accept tokens of any app client, and tokens without an audience",
    Fault.SKIP_IDENTITY_OWNERSHIP: "identity pools hand out any identity, whoever asks",
    Fault.SKIP_CUSTOM_ROLE_CHECK: "identity pools grant any CustomRoleArn, listed in cognito:roles or not",
    Fault.SKIP_TRUST_POLICY: "STS assumes roles without asking their trust policy",
}
