"""Moto as the data plane: it stores items, objects and IAM documents, and decides nothing.

Each embedded cloud has an account id of its own, so that several clouds in one process share no state although
moto's back ends are global. Moto is never reachable past the gateway: the account header is set here, after any
header of that name which a client may have sent was dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.request import Request as MotoRequest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from werkzeug.exceptions import HTTPException

from harness.emulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ACCOUNT_HEADER = "x-moto-account-id"


class MotoAdapter:
    """The stored state of one embedded cloud."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region

    def dynamodb(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Perform a DynamoDB call that the gateway has authorized."""
        return self._dispatch(DynamoHandler.dispatch, "POST", url, headers, body)

    def iam(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Perform an IAM call that the gateway has authorized."""
        return self._dispatch(IamResponse.dispatch, "POST", url, headers, body)

    def s3(self, method: str, bucket: str, key: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Perform an S3 call that the gateway has authorized."""
        dispatch = (
            S3Response.key_dispatch
            if key
            else (S3Response.ambiguous_dispatch if bucket else S3Response.bucket_dispatch)
        )
        return self._dispatch(dispatch, method, url, headers, body)

    def partition_key(self, table: str, index: str | None = None) -> str | None:
        """Return the partition key attribute of a table or index; None if unknown or made of several attributes."""
        stored = dynamodb_backends[self._account][self._region].tables.get(table)
        if stored is None:
            return None
        schemas = {entry.name: entry.schema for entry in (*stored.indexes, *stored.global_indexes)}
        schema = stored.schema if index is None else schemas.get(index, [])
        names = [str(attribute["AttributeName"]) for attribute in schema if attribute["KeyType"] == "HASH"]
        return names[0] if len(names) == 1 else None

    def iam_state(self) -> Any:
        """Return moto's IAM back end of this account, to be read and never written."""
        return iam_backends[self._account]["aws"]

    def forget(self) -> None:
        """Drop everything this cloud stored."""
        for backends in (dynamodb_backends, iam_backends, s3_backends):
            backends.pop(self._account, None)

    def _dispatch(
        self, handler: Callable[..., Any], method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        forwarded = {name: value for name, value in headers.items() if name != _ACCOUNT_HEADER}
        forwarded[_ACCOUNT_HEADER] = self._account
        request = MotoRequest.from_primitives(method, url, forwarded, body)
        try:
            status, answer_headers, answer = handler(request, request.raw_url, request.headers)
        except HTTPException as error:
            status, answer_headers, answer = error.code, error.get_headers(), error.get_body()
        if isinstance(answer, str):
            answer = answer.encode()
        return Reply(int(status), {str(k): str(v) for k, v in dict(answer_headers).items() if k != "status"}, answer)
