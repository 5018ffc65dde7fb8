"""Where a technique is pointed: the attacker's session, the asset, and tokens that have to be asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness import forgery
from harness.errors import DisturbedError, SignInRefusedError, TargetError
from harness.persistence import performed
from harness.registration import attributes_of, register_like, register_outsider
from harness.secret import Secret
from harness.sessions import tokens_by_password, tokens_for
from harness.targets.api import ApiRequest
from harness.targets.http import HttpRequest, as_api_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.assets import Asset
    from harness.blueprints.spec import Blueprint, IndexSpec
    from harness.deployment import Deployment
    from harness.memberships import Memberships
    from harness.population import Population, User
    from harness.sessions import Session
    from harness.targets.api import AwsCredentials
    from harness.targets.target import Target

_TWO_HOURS = 7200.0


@dataclass(frozen=True)
class Aim:
    """Everything a technique may use to build its requests.

    `attacked` is what is aimed at, `callers_own` the caller's own asset of the same kind, `table` the table that holds
    the design's items, under its name in the account, and `second_table` another one of the design's; `owner_index` and
    `common_index` are the indexes of the items whose keys tell owners apart or do not; techniques that obtain
    sessions may try them on it. `credentials_url` is where a token broker hands out credentials, `links_url` where a
    function hands out links, `broker_function` the
    function that does, and `users_client` the app client through which users come. `own_attributes` and
    `victims_attributes` are the attributes of the user pool that say which tenants the caller and the victim belong
    to, `victims_tags` the session tags that the victim gets by them, `own_groups` and `privileged_groups` the groups of
    the caller and of the staff's role, `own_email` and `victims_email` their addresses; `memberships` are those of the
    caller where a table says so, and `session_policy` what the application passes for the caller where it assumes the
    role itself. `routes_are_signed` tells that routes are called with a signature, and not with an access token.

    `victim` is the session whose identity is claimed; it is the caller's own in a control. `role_choice` is what the
    caller adds to an exchange to get its own role. The ARNs of four roles, empty where the design has none:
    `privileged_role` is one that staff alone may have, `role_of_tenants` one that tenants' users get, and
    `own_role` the one the caller has, and
    `victims_role` the victim's.
    """

    caller: Session
    victim: Session
    deployment: Deployment
    tokens: TokenSource
    attacked: Asset | None = None
    callers_own: Asset | None = None
    table: str = ""
    second_table: str = ""
    owner_index: IndexSpec | None = None
    common_index: IndexSpec | None = None
    credentials_url: str = ""
    users_client: str = ""
    own_attributes: Mapping[str, str] = field(default_factory=dict)
    victims_tags: Mapping[str, str] = field(default_factory=dict)
    victims_attributes: Mapping[str, str] = field(default_factory=dict)
    own_groups: tuple[str, ...] = ()
    privileged_groups: tuple[str, ...] = ()
    own_email: str = ""
    victims_email: str = ""
    role_choice: Mapping[str, str] = field(default_factory=dict)
    privileged_role: str = ""
    role_of_tenants: str = ""
    own_role: str = ""
    victims_role: str = ""
    broker_function: str = ""
    memberships: Memberships | None = None
    session_policy: str | None = None
    routes_are_signed: bool = True
    links_url: str = ""

    @property
    def asset(self) -> Asset:
        """Return what is attacked; the caller's own in a control."""
        return _existing(self.attacked)

    @property
    def own(self) -> Asset:
        """Return the caller's own asset of the same plane, which shows that the technique works."""
        return _existing(self.callers_own)

    @property
    def own_label(self) -> str:
        """Return what tells the caller apart from others on the plane, where the caller owns anything; else nobody."""
        return self.callers_own.discriminator if self.callers_own is not None else "nobody"

    def by_index(self, index: IndexSpec | None) -> tuple[str, str, str]:
        """Return an index's name, its partition key, and the value that the asset has there.

        Raises TypeError where there is no such index.
        """
        if index is None:
            raise TypeError("the technique needs an index")
        return index.name, index.partition_key, self.asset.item[index.partition_key]["S"]

    @property
    def membership(self) -> Memberships:
        """Return the caller's memberships. Raises TypeError where no table holds any."""
        if self.memberships is None:
            raise TypeError("the technique needs a table of memberships")
        return self.memberships

    @property
    def turned_inward(self) -> Aim:
        """Return the aim of the control: the same caller, aiming at what is its own."""
        return replace(self, victim=self.caller, attacked=self.callers_own)

    @property
    def credentials(self) -> AwsCredentials:
        """Return the caller's AWS credentials. Raises SignInRefusedError for callers who have none."""
        if self.caller.credentials is None:
            raise SignInRefusedError(f"{self.caller.caller} has no AWS credentials")
        return self.caller.credentials

    @property
    def id_token(self) -> Secret:
        """Return the caller's genuine ID token. Raises SignInRefusedError for guests, who have none."""
        if self.caller.id_token is None:
            raise SignInRefusedError(f"{self.caller.caller} has no ID token")
        return self.caller.id_token

    @property
    def access_token(self) -> Secret:
        """Return the caller's genuine access token. Raises SignInRefusedError for guests, who have none."""
        if self.caller.access_token is None:
            raise SignInRefusedError(f"{self.caller.caller} has no access token")
        return self.caller.access_token

    @property
    def refresh_token(self) -> Secret:
        """Return the caller's refresh token. Raises SignInRefusedError for callers without tokens."""
        if self.caller.refresh_token is None:
            raise SignInRefusedError(f"{self.caller.caller} has no refresh token")
        return self.caller.refresh_token

    @property
    def victims_claims(self) -> dict[str, str]:
        """Return the claims a forger would put into a token to pass for the victim."""
        if self.victim.id_token is None:
            return {}
        claims = forgery.claims_of(self.victim.id_token)
        return {name: claims[name] for name in ("sub", "cognito:username")} | dict(self.victims_attributes)


class TokenSource:
    """Genuine tokens under special circumstances, asked for once per caller and kept."""

    def __init__(self, target: Target, blueprint: Blueprint, deployment: Deployment, population: Population) -> None:
        self._target = target
        self._blueprint = blueprint
        self._deployment = deployment
        self._users = {user.caller: user for user in population.users}
        self._kept: dict[tuple[str, object], Secret] = {}
        self._public_keys: dict[str, bytes] = {}

    def expired(self, session: Session) -> Secret:
        """Return an ID token of the caller that was issued two hours ago and has expired since."""
        return self._keep("expired", session, self._from_the_past)

    def not_yet_valid(self, session: Session) -> Secret:
        """Return an ID token of the caller that is issued in two hours' time."""
        return self._keep("future", session, lambda user: self._shifted(_TWO_HOURS, user))

    def in_the_past(self, username: str, password: Secret) -> Secret:
        """Return an ID token of any user of the design that was issued two hours ago."""
        with self._target.time_shifted(-_TWO_HOURS):
            client = self._client(of_the_users=True)
            return Secret(tokens_by_password(self._target, client, username, password)["IdToken"])

    def public_key(self, session: Session) -> bytes:
        """Return the public key by which the caller's ID token is verified, as PEM."""
        if session.id_token is None:
            raise SignInRefusedError(f"{session.caller} has no ID token")
        key_id = forgery.header_of(session.id_token)["kid"]
        if key_id not in self._public_keys:
            url = f"https://{self._deployment.provider}/.well-known/jwks.json"
            answer = as_api_response(self._target.send_http(HttpRequest("GET", url), None))
            if self._target.disturbance_of(answer) is not None:
                raise DisturbedError(f"the keys of the user pool could not be read: {answer.error_code}")
            if "keys" not in answer.data:
                raise TargetError(f"the target shows no keys of its user pool: {answer.error_code or answer.status}")
            self._public_keys.update((key["kid"], forgery.public_key_as_text(key)) for key in answer.data["keys"])
        return self._public_keys[key_id]

    def refresh_token_after_sign_out(self, session: Session) -> Secret:
        """Return the refresh token of a session of the caller's that the application has ended.

        Applications do not wait for an answer when they sign a user out, so a refusal of that is passed over.
        """
        user = self._users[session.caller]
        client = self._client(of_the_users=True)
        token = self._token(client, user, "RefreshToken")
        revoking = ApiRequest("cognito-idp", "RevokeToken", {"Token": token.reveal(), "ClientId": client})
        performed(self._target, revoking, lambda call: self._target.send(call, None))
        return token

    def of_another_app_client(self, session: Session) -> Secret:
        """Return an ID token of the caller from an app client that is not registered with the identity pool."""
        return self._keep("client", session, lambda user: self._id_token(self._client(of_the_users=False), user))

    def access_token_elsewhere(self, session: Session) -> Secret:
        """Return an access token of the caller from an app client other than the users' own."""
        return self._keep(
            "elsewhere", session, lambda user: self._token(self._client(of_the_users=False), user, "AccessToken")
        )

    def of_a_newcomer(self, session: Session) -> Secret:
        """Return an ID token of a user who is like the caller in everything, and whom nobody needs afterwards."""
        return self._keep("newcomer", session, self._from_a_newcomer)

    def of_another_pool(self, session: Session) -> Secret:
        """Return an ID token, validly signed by a foreign user pool, of a user with the caller's name."""
        return self._keep("pool", session, self._from_outside)

    def _keep(self, kind: str, session: Session, make: Callable[[User], Secret]) -> Secret:
        key = (kind, session.caller)
        if key not in self._kept:
            self._kept[key] = make(self._users[session.caller])
        return self._kept[key]

    def _from_the_past(self, user: User) -> Secret:
        return self._shifted(-_TWO_HOURS, user)

    def _shifted(self, seconds: float, user: User) -> Secret:
        with self._target.time_shifted(seconds):
            return self._id_token(self._client(of_the_users=True), user)

    def _from_outside(self, user: User) -> Secret:
        persona = self._blueprint.contract.persona(user.caller.persona)
        register_outsider(self._target, self._deployment, user, attributes_of(persona, user.tenants))
        return self._id_token(self._deployment.outsiders_client, user)

    def _from_a_newcomer(self, user: User) -> Secret:
        newcomer = replace(user, username=f"newcomer.like.{user.username}", email=f"newcomer.{user.email}")
        register_like(self._target, self._blueprint, self._deployment, newcomer)
        return self._id_token(self._client(of_the_users=True), newcomer)

    def _client(self, *, of_the_users: bool) -> str:
        if self._blueprint.user_pool is None:
            raise TypeError(f"{self._blueprint.name} has no user pool")
        clients = self._blueprint.user_pool.app_clients
        return self._deployment.app_clients[(clients[0] if of_the_users else clients[-1]).name]

    def _id_token(self, client_id: str, user: User) -> Secret:
        return self._token(client_id, user, "IdToken")

    def _token(self, client_id: str, user: User, kind: str) -> Secret:
        return Secret(tokens_for(self._target, client_id, user)[kind])


def _existing(asset: Asset | None) -> Asset:
    if asset is None:
        raise TypeError("the technique needs an asset on a plane where the design keeps none")
    return asset
