"""Botocore clients, one per service, whose every request is signed by whoever makes the call.

A boto3 client per user would cost tens of milliseconds each; the credentials are looked up while a request is signed,
so one client serves every caller.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody

from harness.targets.api import ApiRequest, ApiResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

    from harness.targets.api import AwsCredentials


class Wire(Protocol):
    """Sees every request when it is signed: answers it in place of the network, or lets it go out (None)."""

    def before_send(self, request: AWSPreparedRequest, **kwargs: Any) -> AWSResponse | None:
        """Answer the request, or let it go to its endpoint."""


# Services whose host is not named as botocore names them.
_ENDPOINT_NAMES = {"apigatewayv2": "apigateway"}
# Services of which there is one for all Regions, with the Region that signatures name.
_GLOBAL_REGIONS = {"iam": "us-east-1"}
_OF_EVERY_ERROR = frozenset({"Error", "ResponseMetadata", "message", "Message"})
_PLACEHOLDER = "looked-up-per-call"
_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 10, 60
_credentials: ContextVar[AwsCredentials | None] = ContextVar("credentials", default=None)
_wire: ContextVar[Wire | None] = ContextVar("wire", default=None)


class _CallersCredentials(Credentials):
    """Credentials that are looked up when a request is signed."""

    def __init__(self) -> None:
        super().__init__(_PLACEHOLDER, _PLACEHOLDER)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        current = _credentials.get()
        if current is None:
            raise SigningError
        token = None if current.session_token is None else current.session_token.reveal()
        return ReadOnlyCredentials(current.access_key_id.reveal(), current.secret_access_key.reveal(), token, None)


class SigningError(BotoCoreError):
    """A signed call was attempted without credentials."""

    fmt = "this call must be signed, and the caller has no credentials"


@cache
def _session() -> Any:
    # Loading the service models is most of what a session costs; all clients share it.
    return botocore.session.Session()


@cache
def _client(service: str, region: str, endpoint: str) -> Any:
    config = Config(
        # Given, because botocore otherwise puts its own together for every request.
        user_agent="isolation-harness",
        parameter_validation=False,
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        account_id_endpoint_mode="disabled",
        connect_timeout=_SECONDS_TO_CONNECT,
        read_timeout=_SECONDS_TO_ANSWER,
    )
    client = _session().create_client(
        service,
        region_name=_GLOBAL_REGIONS.get(service, region),
        endpoint_url=endpoint or aws_endpoint(service, region),
        config=config,
        aws_access_key_id=_PLACEHOLDER,
        aws_secret_access_key=_PLACEHOLDER,
    )
    client._request_signer._credentials = _CallersCredentials()  # noqa: SLF001  botocore has no public way
    client.meta.events.register("before-send", _through_the_wire)
    return client


def aws_endpoint(service: str, region: str) -> str:
    """Return the address of a service in AWS's commercial Regions.

    It is named here, so that no endpoint in somebody's AWS configuration or environment can be meant.
    """
    if service == "iam":
        return "https://iam.amazonaws.com"
    return f"https://{_ENDPOINT_NAMES.get(service, service)}.{region}.amazonaws.com"


def _through_the_wire(request: AWSPreparedRequest, **kwargs: Any) -> AWSResponse | None:
    wire = _wire.get()
    if wire is None:
        raise SigningError
    return wire.before_send(request, **kwargs)


def takes_signature(request: ApiRequest) -> bool:
    """Tell whether the operation is called with AWS credentials, as the model of its API says.

    Exchanges of tokens, calls with an access token or a password and web identities take none.
    """
    return _is_signed(request.service, request.operation)


@cache
def _is_signed(service: str, operation: str) -> bool:
    return bool(_session().get_service_model(service).operation_model(operation).auth_type != "none")


class Clients:
    """Performs API calls in one Region, at AWS's own addresses or at one `endpoint` for all services."""

    def __init__(self, wire: Wire, region: str, endpoint: str = "") -> None:
        self._wire = wire
        self._region = region
        self._endpoint = endpoint

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        """Perform one call, once, as the given caller (None for an unsigned call) and return what came back.

        Never raises for what the target answers; an answer that is none has status 0 and the exception's name.
        """
        client = _client(request.service, self._region, self._endpoint)
        method: Callable[..., Any] = getattr(client, xform_name(request.operation))
        credentials_before, wire_before = _credentials.set(credentials), _wire.set(self._wire)
        try:
            return response_of(method, request.params)
        finally:
            _credentials.reset(credentials_before)
            _wire.reset(wire_before)


def response_of(method: Callable[..., Any], params: Mapping[str, Any]) -> ApiResponse:
    """Return what came back when a method of a botocore client was called, whether it was performed or refused."""
    try:
        return _succeeded(method(**params))
    except ClientError as error:
        return _refused(error)
    except (BotoCoreError, ResponseParserError) as error:
        return ApiResponse(0, {}, "", type(error).__name__, str(error))


def _succeeded(answer: dict[str, Any]) -> ApiResponse:
    metadata = answer.pop("ResponseMetadata", {})
    for name, value in answer.items():
        if isinstance(value, StreamingBody):
            answer[name] = value.read()
    return ApiResponse(int(metadata.get("HTTPStatusCode", 0)), answer, str(metadata.get("RequestId", "")))


def _refused(error: ClientError) -> ApiResponse:
    metadata = error.response.get("ResponseMetadata", {})
    details = error.response.get("Error", {})
    # What an error says beside its message, such as the item that a condition did not hold for.
    members = {name: value for name, value in error.response.items() if name not in _OF_EVERY_ERROR}
    return ApiResponse(
        int(metadata.get("HTTPStatusCode", 0)),
        members,
        str(metadata.get("RequestId", "")),
        str(details.get("Code") or "Unknown"),
        str(details.get("Message") or ""),
    )
