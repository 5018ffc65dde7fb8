"""The APIs of one embedded cloud as requests meet them: what is deployed to which stage of which API."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.apis.routes import Route

_ID_ALPHABET = string.ascii_lowercase + string.digits


class ApiKind(Enum):
    """The two generations of API Gateway that take plain HTTP requests. They refuse in different words."""

    HTTP = "http"
    REST = "rest"


class AuthorizerKind(Enum):
    """What an authorizer looks at."""

    JWT = "jwt"
    COGNITO = "cognito"
    TOKEN = "token"  # noqa: S105  the name of a kind, not a token
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Authorizer:
    """One authorizer.

    `identity_sources` say where in a request the credentials stand (`$request.header.Authorization`). JWT authorizers
    have `issuer` and `audience`, Cognito authorizers the ARNs of user pools, Lambda authorizers the rest: `validation`
    is the pattern that a token has to match, `payload_format` and `simple` the shape of event and answer.
    """

    id: str
    kind: AuthorizerKind
    identity_sources: tuple[str, ...]
    issuer: str = ""
    audience: tuple[str, ...] = ()
    user_pool_arns: tuple[str, ...] = ()
    function_arn: str = ""
    payload_format: str = "1.0"
    simple: bool = False
    cached_seconds: int = 0
    validation: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """Routes and authorizers as they were when they were deployed."""

    id: str
    routes: tuple[Route, ...]
    authorizers: Mapping[str, Authorizer]


@dataclass(slots=True)
class Stage:
    """A stage: the deployment that requests meet there, None while there is none."""

    name: str
    deployment: Deployment | None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Api:
    """One API. `cached` has what Lambda authorizers answered, and until when it holds."""

    id: str
    kind: ApiKind
    account: str
    region: str
    tags: dict[str, str] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    cached: dict[tuple[str, ...], tuple[float, Any]] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The host at which the API answers."""
        return f"{self.id}.execute-api.{self.region}.amazonaws.com"

    @property
    def arn(self) -> str:
        """What stands before the stage in the ARNs of execute-api."""
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.id}"


class Apis:
    """All APIs, by their ids, which are unique in the cloud."""

    def __init__(self) -> None:
        self._by_id: dict[str, Api] = {}

    def create(self, kind: ApiKind, account: str, region: str, tags: Mapping[str, str] | None = None) -> Api:
        """Return a new API without stages."""
        api = Api(new_id(10), kind, account, region, dict(tags or {}))
        self._by_id[api.id] = api
        return api

    def find(self, api_id: str) -> Api | None:
        """Return the API with this id, or None."""
        return self._by_id.get(api_id)

    def clear(self) -> None:
        """Forget all APIs."""
        self._by_id.clear()

    def remove(self, api_id: str) -> None:
        """Forget an API."""
        self._by_id.pop(api_id, None)


def new_id(length: int = 7) -> str:
    """Return an id such as API Gateway gives its resources."""
    return secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(_ID_ALPHABET) for _ in range(length - 1))
