"""What an S3 request asks of IAM, as far as the request itself tells (aws-semantics 2.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.s3.addresses import Address

Context = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class S3Check:
    """An action on a bucket, on an object, or on the service when both are empty.

    `context` and `underivable` are as in AuthorizationCheck; what the bucket and the object add to them, their
    policy and their tags, is added when it is asked (`s3_authorization`).
    """

    action: str
    bucket: str = ""
    key: str = ""
    version_id: str | None = None
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    underivable: frozenset[str] = frozenset()

    @property
    def resource(self) -> str:
        """The ARN that policies name."""
        if not self.bucket:
            return "*"
        return f"arn:aws:s3:::{self.bucket}/{self.key}" if self.key else f"arn:aws:s3:::{self.bucket}"


@dataclass(frozen=True, slots=True)
class RequestKeys:
    """The condition keys that every check of one request shares: how and when it was signed."""

    context: Mapping[str, tuple[str, ...]]
    underivable: frozenset[str]

    def check(
        self,
        action: str,
        bucket: str,
        key: str = "",
        version_id: str | None = None,
        context: Mapping[str, tuple[str, ...]] | None = None,
        underivable: frozenset[str] = frozenset(),
    ) -> S3Check:
        """Return the check of one action of this request."""
        known: Context = {**self.context, **(context or {})}
        if version_id is not None:
            known["s3:versionid"] = (version_id,)
        return S3Check(action, bucket, key, version_id, known, self.underivable | underivable)


def request_keys(headers: Mapping[str, str], address: Address, now: float) -> RequestKeys:
    """Return the shared condition keys of a request received at `now`.

    s3:signatureAge is documented for presigned requests only, and nothing is documented about how a request that was
    not signed at all looks to s3:authType.
    """
    context: Context = {}
    underivable = {"s3:tlsversion"}
    declared = headers.get("x-amz-content-sha256")
    signed_at = address.signed_at
    if signed_at is not None:
        context["s3:authtype"] = ("REST-QUERY-STRING",)
        context["s3:signatureage"] = (str(int((now - signed_at) * 1000)),)
        declared = declared or address.signature.get("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
    elif "authorization" in headers:
        context["s3:authtype"] = ("REST-HEADER",)
        underivable.add("s3:signatureage")
    else:
        underivable |= {"s3:authtype", "s3:signatureage"}
    if "s3:authtype" in context:
        context["s3:signatureversion"] = ("AWS4-HMAC-SHA256",)
    else:
        underivable.add("s3:signatureversion")
    if declared is not None:
        context["s3:x-amz-content-sha256"] = (declared,)
    return RequestKeys(context, frozenset(underivable))
