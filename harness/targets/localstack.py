"""The LocalStack target: any endpoint that answers for all of AWS's services, as LocalStack does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from localstack_client.config import get_service_endpoint

from harness.errors import TargetError, UsageError
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials
from harness.targets.connection import Connection, caller_of
from harness.targets.remote import Place, RemoteTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

_START_IT = (
    "Start one with `docker compose -f docker-compose.localstack.yml up -d --wait` or `harness emulator`, or name "
    "another by --endpoint-url or AWS_ENDPOINT_URL."
)
# Hosts of AWS, in all partitions, behind which no emulator stands.
_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws")
# LocalStack's own keys, which are those of the root user.
_WELL_KNOWN = "test"


def connect_to_localstack(endpoint_url: str, region: str, environment: Mapping[str, str] | None = None) -> Connection:
    """Return the connection to an endpoint, once it answers; an empty address means the one that LocalStack has here.

    Whoever provisions signs with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, by default LocalStack's own `test`.
    Raises UsageError for an address that is none, and TargetError when nobody answers there.
    """
    named = os.environ if environment is None else environment
    endpoint = (endpoint_url or get_service_endpoint("sts") or "").rstrip("/")
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        raise UsageError(f"{endpoint!r} is no address of an endpoint: those look like http://localhost:4566")
    if parts.hostname.rstrip(".").endswith(_OF_AWS):
        raise UsageError(f"{endpoint} is AWS itself; attack an account there with --target sandbox")
    keys = AwsCredentials(
        Secret(named.get("AWS_ACCESS_KEY_ID") or _WELL_KNOWN), Secret(named.get("AWS_SECRET_ACCESS_KEY") or _WELL_KNOWN)
    )
    unknown = RemoteTarget(Place("localstack", region, "", endpoint), lambda: keys, "")
    answer = unknown.send_as_operator(ApiRequest("sts", "GetCallerIdentity"))
    unknown.close()
    if not answer.succeeded:
        what = f"{answer.error_code}: {answer.message}"
        raise TargetError(f"no LocalStack-compatible endpoint answers at {endpoint} ({what}). {_START_IT}")
    account, arn = caller_of(answer)
    return Connection(Place("localstack", region, account, endpoint), lambda: keys, arn)
