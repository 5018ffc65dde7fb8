"""Which service in which Region a request is for that was sent to loopback, where the host does not say it.

| what the request shows | service | Region |
| --- | --- | --- |
| `/{pool}/.well-known/jwks.json` or `.../openid-configuration` | cognito-idp | that of the pool |
| a signature, in the header or in the query | that of its credential scope | that of its credential scope |
| no signature, `X-Amz-Target` | the one whose target it is | wherever the pool is that it names |
| no signature, an `Action` in query or form | IAM or STS, by `Version` | the emulator's own |
| nothing of this | S3 | the emulator's own |

Buckets stand in the path, or in front of the host: `BUCKET.localhost`, `BUCKET.s3.localhost`,
`BUCKET.s3.REGION.localhost`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from harness.emulator.endpoints import FORMER_TARGETS, PROTOCOLS, TARGETS, Address, Endpoint
from harness.emulator.service import NotDerivableError
from harness.emulator.user_pools.documents import document_of

if TYPE_CHECKING:
    from harness.emulator.signatures.sigv4 import SignedRequest

_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SCOPE = re.compile(
    r"Credential=[^/,\s]+/\d{8}/(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)/(?P<service>[a-z0-9-]+)/aws4_request"
)
_CREDENTIAL_IN_QUERY = re.compile(r"(?:^|&)X-Amz-(Credential=[^&]+)")
_BUCKET_HOST = re.compile(r"(?P<bucket>[a-z0-9][a-z0-9.-]*?)(?:\.s3(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?)?\.localhost")
_S3_HOST = re.compile(r"s3(?:\.[a-z]{2}(?:-[a-z]+)+-\d)?\.localhost")
_IAM_VERSION = "2010-05-08"
_FORM = "application/x-www-form-urlencoded"


def is_loopback(host: str) -> bool:
    """Tell whether a host (without port) is a name of this machine that no other machine can give itself."""
    return host in _HOSTS or host.endswith(".localhost")


def address_on_loopback(request: SignedRequest, host: str, region: str) -> Address:
    """Return what a request is for. `host` is where it was sent, without port, and `region` the emulator's own.

    Raises NotDerivableError for a service that is not here.
    """
    document = document_of(request)
    if document is not None:
        return Address(Endpoint("cognito-idp", document.region), request.url)
    scope = _scope(request)
    if scope is not None:
        service, region = scope
    else:
        service = _unsigned_service(request)
    if service not in PROTOCOLS:
        raise NotDerivableError(f"the service {service}")
    endpoint = Endpoint(service, region)
    anywhere = scope is None and service in ("cognito-idp", "cognito-identity")
    return Address(endpoint, _aws_url(request, host, endpoint), anywhere=anywhere)


def _scope(request: SignedRequest) -> tuple[str, str] | None:
    header = request.headers.get("authorization")
    if header is not None:
        found = _SCOPE.search(header)
    else:
        in_query = _CREDENTIAL_IN_QUERY.search(urlsplit(request.url).query)
        found = _SCOPE.fullmatch(unquote(in_query[1])) if in_query else None
    return None if found is None else (found["service"], found["region"])


def _unsigned_service(request: SignedRequest) -> str:
    target = request.headers.get("x-amz-target", "").rpartition(".")[0]
    for service, prefix in TARGETS.items():
        if target in (prefix, FORMER_TARGETS.get(service)):
            return service
    if target:
        raise NotDerivableError(f"the target {target}")
    fields = urlsplit(request.url).query
    if request.headers.get("content-type", "").lower().startswith(_FORM):
        fields = f"{fields}&{request.body.decode('utf-8', 'replace')}"
    form = dict(parse_qsl(fields))
    if "Action" in form:
        return "iam" if form.get("Version") == _IAM_VERSION else "sts"
    return "s3"


def _aws_url(request: SignedRequest, host: str, endpoint: Endpoint) -> str:
    parts = urlsplit(request.url)
    query = f"?{parts.query}" if parts.query else ""
    if endpoint.service == "iam":
        return f"https://iam.amazonaws.com{parts.path}{query}"
    aws_host = f"{endpoint.service}.{endpoint.region}.amazonaws.com"
    if endpoint.service == "s3" and not _S3_HOST.fullmatch(host):
        found = _BUCKET_HOST.fullmatch(host)
        if found is not None:
            aws_host = f"{found['bucket']}.{aws_host}"
    return f"https://{aws_host}{parts.path}{query}"
