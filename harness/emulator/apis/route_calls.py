"""One request that has found its route: what authorizers, events and answers are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from harness.emulator.apis.routes import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.apis.apis import Api, Stage
    from harness.emulator.apis.routes import Match
    from harness.emulator.principals import Principal
    from harness.emulator.signatures.sigv4 import SignedRequest


@dataclass(frozen=True, slots=True)
class RouteCall:
    """A request to a route.

    `path` is the path within the stage and `full_path` the one with the stage, both as sent, with their
    percent-encoding. `now` is the time on the emulator's clock.
    """

    api: Api
    stage: Stage
    match: Match
    path: str
    full_path: str
    raw_query: str
    sent: SignedRequest
    request_id: str
    now: float

    @property
    def arn(self) -> str:
        """What execute-api:Invoke is authorized on (unconfirmed.EXECUTE_API_ARNS_ARE_DECODED)."""
        return f"{self.api.arn}/{self.stage.name}/{self.sent.method}{unquote(self.path)}"

    @property
    def route_arn(self) -> str:
        """What the function behind the route sees as aws:SourceArn: the template of the path, not the path."""
        route = self.match.route
        if route.path == DEFAULT:
            return f"{self.api.arn}/{self.stage.name}/{DEFAULT}"
        return f"{self.api.arn}/{self.stage.name}/{self.sent.method}{route.path}"

    @property
    def query(self) -> dict[str, list[str]]:
        """The decoded parameters of the query, each with its values in their order."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.raw_query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found


@dataclass(frozen=True, slots=True)
class Authorized:
    """What an authorizer found out, in the form the event has it.

    `caller` is who signed, for AWS_IAM; `claims` and `scopes` come from a token; `context` and `principal_id` from a
    Lambda authorizer.
    """

    caller: Principal | None = None
    access_key_id: str = ""
    claims: Mapping[str, Any] | None = None
    scopes: tuple[str, ...] | None = None
    context: Mapping[str, Any] | None = None
    principal_id: str | None = None
