class MalformedPolicyDocument(ValueError):  # noqa: N818 - AWS's own error code is the name callers look for
    """A policy document breaks the grammar; `reason` is AWS's wording and `where` the element (aws-semantics 6.5)."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.reason = reason
        self.where = where


class PolicyTooLarge(ValueError):  # noqa: N818 - named like AWS's PackedPolicyTooLarge
    """A policy document is longer than AWS stores for its kind; `reason` is AWS's wording (aws-semantics 6.6)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnderivableKeyError(Exception):
    """A decision depends on a condition key that the service defines and the caller could not derive; see `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the decision depends on {key}, which could not be derived from the request")
        self.key = key
