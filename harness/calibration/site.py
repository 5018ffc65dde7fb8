"""Where a few rules are measured: a tiny design, deployed as designs are, and those who call there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.errors import SignInRefusedError
from harness.population import STAFF, Caller, User
from harness.registration import register_like
from harness.secret import Secret
from harness.sessions import credentials_from, tokens_for
from harness.targets.api import ApiRequest
from harness.targets.http import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from typing import TypeVar

    from harness.blueprints.spec import Blueprint, Document
    from harness.calibration.probe import Probe
    from harness.deployment import Deployment
    from harness.targets.api import AwsCredentials
    from harness.targets.target import Target

    _Made = TypeVar("_Made")

_SESSION_NAME = "isolation-harness"


@dataclass(frozen=True)
class SiteDesign:
    """A tiny design with the probes that are carried out on it; `furnish` has the operator put there what they need."""

    blueprint: Blueprint
    probes: tuple[Probe, ...]
    furnish: Callable[[Site], None] = field(default=lambda _: None)


class Site:
    """A tiny design on a target. Sessions are made when they are first asked for, and kept.

    Whatever asks for a session raises SignInRefusedError when it is refused.
    """

    def __init__(self, target: Target, blueprint: Blueprint, deployment: Deployment, secret: Secret) -> None:
        self.target = target
        self.deployment = deployment
        self._blueprint = blueprint
        self._secret = secret
        self._kept: dict[Hashable, Any] = {}

    @property
    def table(self) -> str:
        """The name of the design's one table."""
        return next(iter(self.deployment.tables.values()))

    @property
    def bucket(self) -> str:
        """The name of the design's one bucket."""
        return next(iter(self.deployment.buckets.values()))

    def operate(self, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
        """Perform one call as the operator. Raises DeploymentError."""
        return operate(self.target, service, operation, **params)

    def assumed(
        self, role: str, *, policy: Document | None = None, tags: Mapping[str, str] | None = None
    ) -> AwsCredentials:
        """Return credentials of a role that the operator assumes, with a session policy and session tags if given."""
        return self._assumption(role, policy, tags)[0]

    def role_user_id(self, role: str) -> str:
        """Return the `aws:userid` of the session that the operator has of a role."""
        return self._assumption(role, None, None)[1]

    def _assumption(
        self, role: str, policy: Document | None, tags: Mapping[str, str] | None
    ) -> tuple[AwsCredentials, str]:
        params: dict[str, Any] = {"RoleArn": self.deployment.roles[role], "RoleSessionName": _SESSION_NAME}
        if policy is not None:
            params["Policy"] = json.dumps(policy)
        if tags is not None:
            params["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]

        def assume() -> tuple[AwsCredentials, str]:
            answer = self.target.send_as_operator(ApiRequest("sts", "AssumeRole", params))
            credentials = credentials_from(answer.data) if answer.succeeded else None
            if credentials is None:
                text = f"the operator could not assume a role: {answer.error_code}: {answer.message}"
                raise SignInRefusedError(text, answer.error_code or "")
            return credentials, str(answer.data.get("AssumedRoleUser", {}).get("AssumedRoleId", ""))

        return self._once(("role", role, json.dumps(params)), assume)

    @property
    def password(self) -> Secret:
        """The password of all users of the site."""
        return Secret(f"Aa1!{self._secret.reveal()}")

    def send(self, request: ApiRequest) -> None:
        """Send one unsigned call, whatever comes of it."""
        self.target.send(request, None)

    def user(self, persona: str) -> User:
        """Return a user with the groups and attributes of a persona, made when it is first asked for."""

        def make() -> User:
            name = f"{persona}.calibration"
            user = User(Caller(STAFF, persona), (), name, f"{name}@example.com", self.password)
            register_like(self.target, self._blueprint, self.deployment, user)
            return user

        return self._once(("user", persona), make)

    def tokens(self, persona: str, client: str = "web") -> Mapping[str, Secret]:
        """Return the tokens of a user of the persona: IdToken, AccessToken and RefreshToken."""

        def sign_in() -> Mapping[str, Secret]:
            answer = tokens_for(self.target, self.deployment.app_clients[client], self.user(persona))
            return {name: Secret(str(answer[name])) for name in ("IdToken", "AccessToken", "RefreshToken")}

        return self._once(("tokens", persona, client), sign_in)

    def public_keys(self) -> list[Mapping[str, str]]:
        """Return the keys that the user pool publishes, as a JWK set holds them; empty where it publishes none."""
        url = f"https://{self.deployment.provider}/.well-known/jwks.json"
        shown = self.target.send_http(HttpRequest("GET", url), None).json()
        return list(shown.get("keys", [])) if isinstance(shown, dict) else []

    def remembered_token(self, client_id: str, user: User) -> Secret:
        """Return the ID token of a user of any app client."""
        return self._once(
            ("token", client_id, user.username),
            lambda: Secret(str(tokens_for(self.target, client_id, user)["IdToken"])),
        )

    def logins(self, persona: str) -> dict[str, str]:
        """Return what a user of the persona brings to the identity pool; a guest (empty) brings nothing."""
        return {self.deployment.provider: self.tokens(persona)["IdToken"].reveal()} if persona else {}

    def identity(self, persona: str) -> str:
        """Return the identity id of a user of the persona, or of a guest (empty)."""

        def ask() -> str:
            pool = {"IdentityPoolId": self.deployment.identity_pool}
            return str(self._unsigned("GetId", **pool, **self._with_logins(persona))["IdentityId"])

        return self._once(("identity", persona), ask)

    def exchanged(self, persona: str) -> AwsCredentials:
        """Return the credentials that the identity pool gives a user of the persona, or a guest (empty)."""

        def exchange() -> AwsCredentials:
            answer = self._unsigned(
                "GetCredentialsForIdentity", IdentityId=self.identity(persona), **self._with_logins(persona)
            )
            credentials = credentials_from(answer)
            if credentials is None:
                raise SignInRefusedError("the identity pool answered without credentials")
            return credentials

        return self._once(("exchanged", persona), exchange)

    def open_id_token(self, persona: str) -> str:
        """Return the OpenID token that the identity pool gives a user of the persona (classic flow)."""

        def ask() -> str:
            answer = self._unsigned("GetOpenIdToken", IdentityId=self.identity(persona), **self._with_logins(persona))
            return str(answer["Token"])

        return self._once(("open-id", persona), ask)

    def web_identity(self, role: str, persona: str, policy: Document | None = None) -> AwsCredentials:
        """Return credentials of a role that a user of the persona assumes with its OpenID token (classic flow)."""

        def assume() -> AwsCredentials:
            answer = self.target.send(self.asking_as_web_identity(role, persona, policy), None)
            credentials = credentials_from(answer.data) if answer.succeeded else None
            if credentials is None:
                text = f"AssumeRoleWithWebIdentity was refused with {answer.error_code}: {answer.message}"
                raise SignInRefusedError(text, answer.error_code or "")
            return credentials

        return self._once(("web-identity", role, persona, json.dumps(policy)), assume)

    def asking_as_web_identity(self, role: str, persona: str, policy: Document | None = None) -> ApiRequest:
        """Return the request by which a user of the persona assumes a role with its OpenID token."""
        params = {
            "RoleArn": self.deployment.roles[role],
            "RoleSessionName": _SESSION_NAME,
            "WebIdentityToken": self.open_id_token(persona),
        }
        if policy is not None:
            params["Policy"] = json.dumps(policy)
        return ApiRequest("sts", "AssumeRoleWithWebIdentity", params)

    def _with_logins(self, persona: str) -> dict[str, Any]:
        return {"Logins": self.logins(persona)} if persona else {}

    def _unsigned(self, operation: str, **params: Any) -> Mapping[str, Any]:
        answer = self.target.send(ApiRequest("cognito-identity", operation, params), None)
        if not answer.succeeded:
            text = f"{operation} was refused with {answer.error_code}: {answer.message}"
            raise SignInRefusedError(text, answer.error_code or "")
        return answer.data

    def _once(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        if key not in self._kept:
            self._kept[key] = make()
        made: _Made = self._kept[key]
        return made
