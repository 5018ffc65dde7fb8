"""A deployment: what a blueprint with a population became on a target, as plain JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import DeploymentError
from harness.persistence import performed
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.targets.target import Target


@dataclass(frozen=True)
class Resource:
    """One thing made in the account, recorded before it was made."""

    kind: str
    identifier: str


@dataclass
class Deployment:
    """What a blueprint became. The mappings lead from the blueprint's names, `{tenant}` filled in, to ids and ARNs.

    `outsiders_pool` and `outsiders_client` are a foreign user pool that belongs to no tenant of the design, from
    which attackers bring validly signed tokens, and `outsiders_identity_pool` an identity pool of theirs.
    `pool_settings` has, by operation, what the identity pool was told, so that it can be told again.
    `bucket_policies` has by the bucket's name in the account the policy it was given.
    `witness_role` trusts the operator and that identity pool: assuming it shows that the target can assume roles at
    all. `users_known_by` is what a table of memberships calls users by, `sub` or `username`. `api_url` is the address
    of the API without a slash at its end, and `iam_users` maps `TENANT-PERSONA` to the names of IAM users.
    """

    blueprint: str
    run_id: str
    region: str
    account: str
    user_pool: str = ""
    app_clients: dict[str, str] = field(default_factory=dict)
    identity_pool: str = ""
    pool_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    iam_users: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    buckets: dict[str, str] = field(default_factory=dict)
    bucket_policies: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    api: str = ""
    api_url: str = ""
    outsiders_pool: str = ""
    outsiders_client: str = ""
    outsiders_identity_pool: str = ""
    witness_role: str = ""
    users_known_by: str = "sub"
    resources: list[Resource] = field(default_factory=list)

    @property
    def provider(self) -> str:
        """Return the Logins key of the design's user pool."""
        return provider_name(self.region, self.user_pool)

    @property
    def outsiders_provider(self) -> str:
        """Return the Logins key of the foreign user pool."""
        return provider_name(self.region, self.outsiders_pool)

    def name_of(self, name: str) -> str:
        """Return the name in the account of what the blueprint calls `name`."""
        return f"isolation-{self.run_id}-{name}"

    def record(self, kind: str, identifier: str) -> None:
        """Note a resource that is about to be made, so that it can be destroyed whatever happens next."""
        self.resources.append(Resource(kind, identifier))

    def as_json(self) -> dict[str, Any]:
        """Return the deployment as plain JSON; it holds no secret."""
        return asdict(self)


def provider_name(region: str, user_pool: str) -> str:
    """Return the name under which identity pools know a user pool (aws-semantics 3.1)."""
    return f"cognito-idp.{region}.amazonaws.com/{user_pool}"


def operate(target: Target, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
    """Perform one call as the operator and return its answer. Raises DeploymentError saying what was refused."""
    response = performed(target, ApiRequest(service, operation, params))
    if not response.succeeded:
        raise DeploymentError(
            f"{service}:{operation} on the {target.name} target failed with {response.error_code}: {response.message}",
            response.error_code or "",
        )
    return response.data
