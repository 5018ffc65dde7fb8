"""One S3 call once it is authorized: what was asked, of which bucket, by whom and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from harness.emulator.principals import Principal
    from harness.emulator.s3.buckets import Bucket
    from harness.emulator.s3.requests import S3Request


@dataclass(frozen=True, slots=True)
class S3Call:
    """An authorized call. `principal` is None for an anonymous caller, `now` the emulator's time."""

    bucket: Bucket
    asked: S3Request
    principal: Principal | None
    now: float

    @property
    def is_from_outside(self) -> bool:
        """Whether the caller belongs to no account, or to another one than the bucket."""
        return self.principal is None or self.principal.account != self.bucket.owner


Perform = Callable[[S3Call], Reply]
"""Performs a call; raises the ServiceError that S3 would answer, or NotDerivableError."""
