"""Moto as the data plane: it stores items and objects, and decides nothing.

Each embedded cloud has an account id of its own, so that several clouds in one process share no state although
moto's back ends are global. Moto is never reachable past the gateway, and never sees what a client sent: every request
to it is written anew from what the gateway has understood and authorized, so that both cannot mean different things.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from moto.core.request import Request as MotoRequest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from werkzeug.exceptions import HTTPException

from harness.emulator.service import NotDerivableError
from harness.emulator.wire import Reply
from harness.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.s3_requests import S3Request

# Switches by which moto would store for another account, or authorize by rules of its own.
_SWITCHES = ("MOTO_ACCOUNT_ID", "INITIAL_NO_AUTH_ACTION_COUNT", "MOTO_S3_DEFAULT_MAX_KEYS")


class MotoAdapter:
    """The stored state of one embedded cloud. Raises TargetError where the environment would make moto another one."""

    def __init__(self, account: str, region: str) -> None:
        if found := [name for name in _SWITCHES if name in os.environ]:
            raise TargetError(f"the environment variable {found[0]} would change what the embedded target does")
        self._account = account
        self._region = region

    def dynamodb(self, operation: str, params: Mapping[str, Any]) -> Reply:
        """Perform a DynamoDB call that the gateway has authorized."""
        # Moto prefers an Action in the query, and looks for one in the body when there is no query.
        url = f"https://dynamodb.{self._region}.amazonaws.com/?Action={operation}"
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"}
        return self._dispatch(DynamoHandler.dispatch, "POST", url, headers, json.dumps(params).encode())

    def s3(self, method: str, asked: S3Request, content: bytes = b"") -> Reply:
        """Perform an S3 call that the gateway has authorized."""
        path = "/".join(quote(part) for part in (asked.bucket, asked.key) if part)
        url = f"https://s3.{self._region}.amazonaws.com/{path}"
        if asked.query:
            url = f"{url}?{urlencode(asked.query, quote_via=quote)}"
        # Moto treats a request without any Authorization header as anonymous.
        headers = {**asked.headers, "authorization": "authorized by the gateway"}
        dispatch = S3Response.key_dispatch if asked.key else S3Response.bucket_dispatch
        return self._dispatch(dispatch, method, url, headers, content)

    def has_bucket(self, bucket: str) -> bool:
        """Tell whether this cloud has the bucket; moto itself would also find those of other accounts."""
        return bucket in s3_backends[self._account]["aws"].buckets

    def forget(self) -> None:
        """Drop everything this cloud stored."""
        for name in list(s3_backends[self._account]["aws"].buckets):
            s3_backends.bucket_accounts.pop(name, None)
        for backends in (dynamodb_backends, s3_backends):
            backends.pop(self._account, None)

    def _dispatch(
        self, handler: Callable[..., Any], method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Reply:
        request = MotoRequest.from_primitives(method, url, {**headers, "x-moto-account-id": self._account}, body)
        try:
            status, answer_headers, answer = handler(request, request.raw_url, request.headers)
        except HTTPException as error:
            status, answer_headers, answer = error.code, error.get_headers(), error.get_body()
        except Exception as error:  # whatever moto stumbles over is our inability, not an answer of AWS
            raise NotDerivableError(f"how to perform this: moto stumbled with {type(error).__name__}") from error
        if isinstance(answer, str):
            answer = answer.encode()
        return Reply(int(status), {str(k): str(v) for k, v in dict(answer_headers).items() if k != "status"}, answer)
