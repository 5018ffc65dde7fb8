"""The errors of S3 that more than one of its operations answer with (aws-semantics 2.3)."""

from __future__ import annotations

from harness.emulator.service import ServiceError


class MissingObjectError(ServiceError):
    """A key or version that is not there. Only who may list the bucket is told so; see `S3Service`."""

    def __init__(self, bucket: str, *, version: bool = False) -> None:
        code, what = ("NoSuchVersion", "version") if version else ("NoSuchKey", "key")
        super().__init__(code, f"The specified {what} does not exist.", 404)
        self.bucket = bucket


def no_such_bucket() -> ServiceError:
    """Return the error for a bucket nobody has."""
    return ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)


def malformed_xml() -> ServiceError:
    """Return the error for a body that is not the XML the operation takes."""
    return ServiceError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def invalid_argument(message: str) -> ServiceError:
    """Return the error for a parameter whose value S3 does not take."""
    return ServiceError("InvalidArgument", message)


def method_not_allowed() -> ServiceError:
    """Return the error for an operation that this caller, or this version, can never have performed."""
    return ServiceError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)


def plainly_denied() -> ServiceError:
    """Return the denial that names nobody: for callers without a name, and those of other accounts."""
    return ServiceError("AccessDenied", "Access Denied", 403)
