"""How long a policy document may be, by kind (aws-semantics 6.6 and 5.1; IAM page "IAM and AWS STS quotas")."""

from collections.abc import Iterable
from typing import Final

from harness.policy.errors import PolicyTooLarge
from harness.policy.kinds import PolicyKind

_TOO_LONG_FOR_STS: Final = (
    "1 validation error detected: Value at 'policy' failed to satisfy constraint: "
    "Member must have length less than or equal to {limit}"
)
_QUOTA: Final = "Cannot exceed quota for {quota}: {limit}"
# Per kind: the limit, whether white space counts, and AWS's text.
_LIMITS: Final = {
    PolicyKind.IDENTITY: (6_144, False, _QUOTA.replace("{quota}", "PolicySize")),
    PolicyKind.BOUNDARY: (6_144, False, _QUOTA.replace("{quota}", "PolicySize")),
    PolicyKind.TRUST: (2_048, False, _QUOTA.replace("{quota}", "ACLSizePerRole")),
    PolicyKind.SESSION: (2_048, True, _TOO_LONG_FOR_STS),
    PolicyKind.RESOURCE: (20_480, True, "Policy exceeds the maximum allowed document size."),
    PolicyKind.SCP: (5_120, True, "You have exceeded the maximum policy size of {limit} bytes."),
    PolicyKind.RCP: (5_120, True, "You have exceeded the maximum policy size of {limit} bytes."),
}
_INLINE_LIMITS: Final = {"role": 10_240, "user": 2_048, "group": 5_120}


def check_size(document_text: str, kind: PolicyKind) -> None:
    """Raise PolicyTooLarge, with AWS's text, when one document is too long for its kind.

    An identity policy is measured as a managed one; inline ones share a sum, see `check_inline_total`.
    """
    limit, white_space_counts, text = _LIMITS[kind]
    length = len(document_text) if white_space_counts else _without_white_space(document_text)
    if length > limit:
        raise PolicyTooLarge(text.format(limit=limit))


def check_inline_total(document_texts: Iterable[str], *, owner: str, name: str) -> None:
    """Raise PolicyTooLarge when the inline policies of a `role`, `user` or `group` are together too long."""
    limit = _INLINE_LIMITS[owner]
    if sum(_without_white_space(text) for text in document_texts) > limit:
        raise PolicyTooLarge(f"Maximum policy size of {limit} bytes exceeded for {owner} {name}")


def _without_white_space(text: str) -> int:
    return len("".join(text.split()))
