"""A deployment: what a blueprint with a population became on a target, as plain JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.errors import DeploymentError
from harness.marks import NAME_PREFIX, Marks
from harness.persistence import performed
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.provisioning.ledger import Ledger
    from harness.targets.api import ApiResponse
    from harness.targets.target import Target

# The run of deployments that are thrown away with their target.
_NO_RUN = "00000000"

# What a person can do, by a part of the code with which an account refuses.
_WHAT_TO_DO = {
    "AccessDenied": "The operator lacks this permission: sandbox/harness-role-policy.json has all that it needs.",
    "LimitExceeded": "A quota of the account is used up: `harness sweep` finds what killed runs have left there.",
    "QuotaExceeded": "A quota of the account is used up: `harness sweep` finds what killed runs have left there.",
    "TooManyBuckets": "A quota of the account is used up: `harness sweep` finds what killed runs have left there.",
    "TooManyRequests": "Somebody else uses the account's request rates; run again when they have finished.",
    "Throttling": "Somebody else uses the account's request rates; run again when they have finished.",
}


@dataclass(frozen=True)
class Resource:
    """One thing in the account, recorded by its name before it was made.

    `id` is how the API calls it, its name where there is nothing else; empty while it is not known whether it was made.
    """

    kind: str
    name: str
    id: str = ""


@dataclass
class Deployment:
    """What a blueprint became. The mappings lead from the blueprint's names, `{tenant}` filled in, to ids and ARNs.

    `outsiders_pool` and `outsiders_client` are a foreign user pool that belongs to no tenant of the design, from
    which attackers bring validly signed tokens, and `outsiders_identity_pool` an identity pool of theirs.
    `pool_settings` has, by operation, what the identity pool was told, so that it can be told again.
    `bucket_policies` has by the bucket's name in the account the policy it was given.
    `marks` are what everything made for it bears, and `ledger`, if there is one, is told of everything before it is.
    `witness_role` trusts the operator and that identity pool: assuming it shows that the target can assume roles at
    all. `users_known_by` is what a table of memberships calls users by, `sub` or `username`. `api_url` is the address
    of the API without a slash at its end, and `iam_users` maps `TENANT-PERSONA` to the names of IAM users.
    """

    blueprint: str
    run_id: str
    region: str
    account: str
    marks: Marks = field(default_factory=lambda: Marks(_NO_RUN))
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
    ledger: Ledger | None = field(default=None, repr=False)

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
        return f"{NAME_PREFIX}{self.run_id}-{name}"

    def record(self, kind: str, name: str) -> None:
        """Note a resource that is about to be made, so that it can be destroyed whatever happens next."""
        resource = Resource(kind, name)
        if self.ledger is not None:
            self.ledger.about_to_make(resource)
        self.resources.append(resource)

    def was_made(self, kind: str, name: str, identifier: str) -> None:
        """Note that what was recorded is there, and its id."""
        made = Resource(kind, name, identifier)
        if self.ledger is not None:
            self.ledger.made(made)
        self.resources[self.resources.index(Resource(kind, name))] = made

    def was_refused(self, kind: str, name: str) -> None:
        """Note that what was recorded was surely not made."""
        resource = Resource(kind, name)
        if self.ledger is not None:
            self.ledger.not_made(resource)
        self.resources.remove(resource)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Deployment:
        """Return what `as_json` wrote. Raises KeyError, TypeError or ValueError for what is none."""
        marks, resources = Marks(**document["marks"]), [Resource(**each) for each in document["resources"]]
        return cls(**{**document, "marks": marks, "resources": resources})

    def as_json(self) -> dict[str, Any]:
        """Return the deployment as plain JSON; it holds no secret."""
        return asdict(replace(self, ledger=None))


def provider_name(region: str, user_pool: str) -> str:
    """Return the name under which identity pools know a user pool (aws-semantics 3.1)."""
    return f"cognito-idp.{region}.amazonaws.com/{user_pool}"


def operate(target: Target, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
    """Perform one call as the operator and return its answer. Raises DeploymentError saying what was refused."""
    response = performed(target, ApiRequest(service, operation, params))
    if not response.succeeded:
        raise refusal(target, service, operation, response)
    return response.data


def refusal(target: Target, service: str, operation: str, response: ApiResponse) -> DeploymentError:
    """Return the error that says which call the target has refused, with what, and what to do about it."""
    code = response.error_code or ""
    text = f"{service}:{operation} on the {target.name} target failed with {code}: {response.message}"
    hint = next((advice for words, advice in _WHAT_TO_DO.items() if words in code), "")
    return DeploymentError(f"{text}. {hint}" if hint and target.name != "embedded" else text, code)
