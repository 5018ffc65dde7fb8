"""The endpoint apigateway, where both generations of API Gateway are managed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from harness.emulator.apis.http_apis import HttpApis
    from harness.emulator.apis.rest_apis import RestApis
    from harness.emulator.principals import Principal
    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.wire import Reply


@dataclass(frozen=True, slots=True)
class ApiGateway:
    """The services apigateway and apigatewayv2 of one account in one Region; the path tells which is meant."""

    rest_apis: RestApis
    http_apis: HttpApis

    def answer(self, request: SignedRequest, principal: Principal) -> Reply:
        """Return the answer to a signed request, or raise the ServiceError that AWS would answer."""
        is_second = urlsplit(request.url).path.startswith("/v2/")
        return (self.http_apis if is_second else self.rest_apis).answer(request, principal)
