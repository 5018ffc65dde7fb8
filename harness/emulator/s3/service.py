"""The service S3: what a request asks is authorized, and only then performed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.s3.account import BucketsOfAccount
from harness.emulator.s3.addresses import read_address
from harness.emulator.s3.authorization import S3Authorization
from harness.emulator.s3.call import S3Call
from harness.emulator.s3.configuration import BucketConfiguration
from harness.emulator.s3.content import read_content
from harness.emulator.s3.deletions import delete_objects
from harness.emulator.s3.errors import MissingObjectError, no_such_bucket, plainly_denied
from harness.emulator.s3.listing import LISTINGS
from harness.emulator.s3.multipart import UPLOADING, upload_part_copy
from harness.emulator.s3.objects import StoredObject
from harness.emulator.s3.reading import READING, stored_object, version_headers
from harness.emulator.s3.requests import list_check, read_s3_request
from harness.emulator.s3.writing import WRITING, copies_tags, copy_object
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import s3 as unconfirmed
from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.clock import Clock
    from harness.emulator.iam.directory import Directories
    from harness.emulator.s3.addresses import ObjectName
    from harness.emulator.s3.buckets import Bucket, Buckets
    from harness.emulator.s3.call import Perform
    from harness.emulator.signatures.sigv4 import SignedRequest, VerifiedSignature


class S3Service:
    """S3 as the callers of one account meet it in one Region. The buckets are those of the whole cloud."""

    def __init__(
        self,
        account: str,
        region: str,
        buckets: Buckets,
        directories: Directories,
        authorizer: ScopedAuthorizer,
        clock: Clock,
    ) -> None:
        self._region = region
        self._buckets = buckets
        self._clock = clock
        self._authorization = S3Authorization(account, buckets, directories, authorizer)
        self._account = BucketsOfAccount(account, region, buckets)
        self._operations: Mapping[str, Perform] = {
            **READING,
            **WRITING,
            **UPLOADING,
            **LISTINGS,
            **BucketConfiguration(directories).operations,
            "CopyObject": self._copy,
            "UploadPartCopy": self._copy,
            "DeleteObjects": lambda call: delete_objects(call, self._authorization.require),
            "DeleteBucket": self._account.delete_bucket,
        }

    def answer(self, request: SignedRequest, verified: VerifiedSignature | None) -> Reply:
        """Return the answer to a request whose signature has been checked; `verified` is None for an unsigned one.

        Raises the ServiceError that S3 would answer, or NotDerivableError for what is not known.
        """
        if verified is None:
            self._check_somebody_speaks_for_nobody(request)
        principal = None if verified is None else verified.principal
        now = self._clock.now()
        asked = read_s3_request(request, read_content(request, verified), now)
        if asked.operation in ("ListBuckets", "CreateBucket"):
            self._authorization.require(principal, asked.checks)
            if asked.operation == "ListBuckets":
                return self._account.list_buckets(asked.query)
            return self._account.create_bucket(asked, principal, now)
        if not unconfirmed.MISSING_BUCKET_IS_TOLD_TO_ANYBODY:
            self._authorization.require(principal, asked.checks)
        call = S3Call(self._bucket(asked.bucket), asked, principal, now)
        if asked.source is not None:
            self._bucket(asked.source.bucket)
        self._require(call)
        _check_expected_owner(call.bucket, asked.headers.get("x-amz-expected-bucket-owner"))
        try:
            return self._operations[asked.operation](call)
        except MissingObjectError as missing:
            if unconfirmed.MISSING_KEY_NEEDS_LIST_BUCKET:
                # Whoever may not list is not told whether a key exists (aws-semantics 2.3).
                self._authorization.require(principal, [list_check(asked, missing.bucket)])
            raise

    def _require(self, call: S3Call) -> None:
        try:
            self._authorization.require(call.principal, call.asked.checks)
        except ServiceError as denied:
            if unconfirmed.LISTING_TELLS_OF_MISSING_KEYS and _is_silent_about_a_missing_key(call, denied):
                self._tell_those_who_may_list(call)
            raise

    def _tell_those_who_may_list(self, call: S3Call) -> None:
        try:
            self._authorization.require(call.principal, [list_check(call.asked, call.bucket.name)])
        except NotDerivableError:
            raise
        except ServiceError:
            return
        raise MissingObjectError(call.bucket.name)

    def _bucket(self, name: str) -> Bucket:
        bucket = self._buckets.find(name)
        if bucket is None:
            raise no_such_bucket()
        if bucket.region != self._region:
            raise NotDerivableError("a bucket addressed in another Region than its own")
        return bucket

    def _check_somebody_speaks_for_nobody(self, request: SignedRequest) -> None:
        """Return when the bucket has a policy, since nothing else can allow an anonymous call."""
        address = read_address(request.url)
        makes_a_bucket = request.method == "PUT" and not address.key
        if address.bucket and not makes_a_bucket and self._bucket(address.bucket).policy is not None:
            return
        raise plainly_denied()

    def _copy(self, call: S3Call) -> Reply:
        asked, name = call.asked, call.asked.source
        if name is None:
            raise NotDerivableError("a copy without a source")
        from_bucket = self._bucket(name.bucket)
        _check_expected_owner(from_bucket, asked.headers.get("x-amz-source-expected-bucket-owner"))
        source = stored_object(from_bucket, name.key, name.version_id)
        if asked.operation == "UploadPartCopy":
            reply = upload_part_copy(call, source)
        else:
            if copies_tags(asked) and source.draft.tags and unconfirmed.COPIED_TAGS_NEED_TAGGING_ACTIONS:
                self._check_copied_tags(call, name)
            reply = copy_object(call, source)
        named = version_headers(from_bucket, source.version_id, "x-amz-copy-source-version-id")
        return Reply(reply.status, {**reply.headers, **named}, reply.body)

    def _check_copied_tags(self, call: S3Call, name: ObjectName) -> None:
        keys = call.asked.keys
        reading = "s3:GetObjectTagging" if name.version_id is None else "s3:GetObjectVersionTagging"
        underivable = frozenset({"s3:requestobjecttagkeys", "s3:requestobjecttag/"})
        read = keys.check(reading, name.bucket, name.key, name.version_id)
        write = keys.check("s3:PutObjectTagging", call.bucket.name, call.asked.key, underivable=underivable)
        self._authorization.require(call.principal, [read, write])


def _is_silent_about_a_missing_key(call: S3Call, denied: ServiceError) -> bool:
    """Tell whether nothing but a missing Allow keeps the owner's account from being told that a key is not there."""
    asked = call.asked
    return (
        asked.operation in ("GetObject", "HeadObject")
        and asked.version_id is None
        and not call.is_from_outside
        and denied.code == "AccessDenied"
        and "explicit deny" not in denied.message
        and not isinstance(call.bucket.objects.find(asked.key, None), StoredObject)
    )


def _check_expected_owner(bucket: Bucket, expected: str | None) -> None:
    if expected is not None and expected != bucket.owner:
        raise plainly_denied()
