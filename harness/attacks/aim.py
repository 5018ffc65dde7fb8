"""Where a technique is pointed: the attacker's session, the asset, and tokens that have to be asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness import forgery
from harness.errors import SignInRefusedError
from harness.secret import Secret
from harness.sessions import tokens_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.assets import Asset
    from harness.deployment import Deployment
    from harness.population import Population, User
    from harness.sessions import Session
    from harness.targets.target import Target

_TWO_HOURS = 7200.0


@dataclass(frozen=True)
class Aim:
    """Everything a technique may use to build its requests.

    `asset` is what is attacked (the caller's own in a control), `own` the caller's own asset of the same name,
    `partition` the partition key or prefix that the request names. `victim` is the session whose identity is
    claimed; it is the caller's own in a control.
    """

    caller: Session
    victim: Session
    asset: Asset
    own: Asset
    deployment: Deployment
    tokens: TokenSource

    @property
    def turned_inward(self) -> Aim:
        """Return the aim of the control: the same caller, aiming at what is its own."""
        return replace(self, victim=self.caller, asset=self.own)

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
    def victims_claims(self) -> dict[str, str]:
        """Return the claims a forger would put into a token to pass for the victim."""
        if self.victim.id_token is None:
            return {}
        claims = forgery.claims_of(self.victim.id_token)
        return {name: claims[name] for name in ("sub", "cognito:username")}


class TokenSource:
    """Genuine tokens under special circumstances, asked for once per caller and kept."""

    def __init__(self, target: Target, deployment: Deployment, population: Population) -> None:
        self._target = target
        self._deployment = deployment
        self._users = {user.caller: user for user in population.users}
        self._kept: dict[tuple[str, object], Secret] = {}

    def expired(self, session: Session) -> Secret:
        """Return an ID token of the caller that was issued two hours ago and has expired since."""
        return self._keep("expired", session, self._from_the_past)

    def of_another_app_client(self, session: Session) -> Secret:
        """Return an ID token of the caller from an app client that is not registered with the identity pool."""
        clients = list(self._deployment.app_clients.values())
        return self._keep("client", session, lambda user: self._id_token(clients[-1], user))

    def of_another_pool(self, session: Session) -> Secret:
        """Return an ID token, validly signed by a foreign user pool, of a user with the caller's name."""
        return self._keep("pool", session, self._from_outside)

    def _keep(self, kind: str, session: Session, make: Callable[[User], Secret]) -> Secret:
        key = (kind, session.caller)
        if key not in self._kept:
            self._kept[key] = make(self._users[session.caller])
        return self._kept[key]

    def _from_the_past(self, user: User) -> Secret:
        with self._target.time_shifted(-_TWO_HOURS):
            return self._id_token(next(iter(self._deployment.app_clients.values())), user)

    def _from_outside(self, user: User) -> Secret:
        return self._id_token(self._deployment.outsiders_client, user)

    def _id_token(self, client_id: str, user: User) -> Secret:
        return Secret(tokens_for(self._target, client_id, user)["IdToken"])
