"""Reaching for objects part by part: multipart uploads into foreign folders, out of them, and against them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.obtained import ByOperator
from harness.attacks.technique import Callers, ControlKind, Feature, LeakKind, Severity, Technique
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step
    from harness.targets.api import ApiResponse

_OVERWRITTEN = b'{"canary": "overwritten"}'


class _Upload:
    """The requests of one upload of one part. Its id is known once S3 has given it, in the answer to `begun`."""

    def __init__(self, bucket: str, key: str) -> None:
        self._named = {"Bucket": bucket, "Key": key}
        self._id = ""

    def _call(self, operation: str, **params: Any) -> ApiRequest:
        return ApiRequest("s3", operation, {**self._named, **params})

    @property
    def begun(self) -> ApiRequest:
        """Return the request that begins the upload."""
        return self._call("CreateMultipartUpload")

    def next(self, operation: str, **params: Any) -> Callable[[Mapping[str, Any]], ApiRequest]:
        """Return the step behind the beginning."""

        def step(answer: Mapping[str, Any]) -> ApiRequest:
            self._id = answer["UploadId"]
            return self.about(operation, **params)

        return step

    def about(self, operation: str, **params: Any) -> ApiRequest:
        """Return a request about the upload."""
        return self._call(operation, UploadId=self._id, **params)

    def completed(self, answer: Mapping[str, Any]) -> ApiRequest:
        """Return the step that completes the upload with the part just taken in."""
        etag = answer.get("CopyPartResult", answer)["ETag"]
        return self.about("CompleteMultipartUpload", MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})


def _copy_as_part(aim: Aim) -> tuple[Step, ...]:
    # Beginning an upload in the own folder is nothing forbidden, so somebody else does it; the copy is the attempt.
    landed = aim.own.key_of(f"carried-off-in-parts/{aim.asset.owner.tenant}-{aim.asset.owner.persona}")
    upload = _Upload(aim.own.store, landed)
    source = {"Bucket": aim.asset.store, "Key": aim.asset.object_key}
    return (
        ByOperator(upload.begun),
        upload.next("UploadPartCopy", PartNumber=1, CopySource=source),
        upload.completed,
        ApiRequest("s3", "GetObject", {"Bucket": aim.own.store, "Key": landed}),
    )


def _upload_over(aim: Aim) -> tuple[Step, ...]:
    upload = _Upload(aim.asset.store, aim.asset.object_key)
    return (upload.begun, upload.next("UploadPart", PartNumber=1, Body=_OVERWRITTEN), upload.completed)


def _abort(aim: Aim) -> tuple[Step, ...]:
    upload = _Upload(aim.asset.store, aim.asset.object_key)
    return (ByOperator(upload.begun), upload.next("AbortMultipartUpload"))


def _abort_and_look(aim: Aim) -> tuple[Step, ...]:
    upload = _Upload(aim.asset.store, aim.asset.object_key)
    return (upload.begun, upload.next("AbortMultipartUpload"), lambda _: upload.about("ListParts"))


def _is_gone(_: Aim, answers: Sequence[ApiResponse]) -> bool:
    return answers[-1].error_code == "NoSuchUpload"


_MULTIPART = partial(
    Technique,
    plane="s3",
    severity=Severity.CRITICAL,
    documentation="https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html",
    requires=frozenset({Feature.BUCKET}),
)

TECHNIQUES = (
    _MULTIPART(
        id="s3.read.upload-part-copy",
        title="UploadPartCopy from a foreign folder into an upload of one's own",
        effect=Effect.READ,
        operation="UploadPartCopy",
        actions=("s3:GetObject",),
        catalogue=("s3-copyobject-from-foreign-prefix",),
        callers=Callers.OWNERS,
        steps=_copy_as_part,
    ),
    _MULTIPART(
        id="s3.write.multipart-upload",
        title="a multipart upload over a foreign object",
        effect=Effect.WRITE,
        operation="CreateMultipartUpload",
        actions=("s3:PutObject",),
        severity=Severity.BLOCKER,
        catalogue=("s3-copy-to-foreign-prefix", "s3-multipart-not-covered"),
        steps=_upload_over,
    ),
    _MULTIPART(
        id="s3.write.abort-multipart-upload",
        title="AbortMultipartUpload of an upload to a foreign folder",
        effect=Effect.WRITE,
        operation="AbortMultipartUpload",
        actions=("s3:AbortMultipartUpload",),
        catalogue=("s3-multipart-not-covered",),
        control=ControlKind.OPERATOR,
        allowed_means=LeakKind.EFFECT,
        shows=_is_gone,
        operator_steps=_abort_and_look,
        steps=_abort,
    ),
)
