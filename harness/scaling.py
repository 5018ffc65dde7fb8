"""How far the designs of projects go: measured on a target, by adding one more until it is refused.

Every measurement is one entry of `MEASUREMENTS`; it gets a target of its own and returns a `Limit`.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from itertools import combinations, count
from typing import TYPE_CHECKING, Any

from harness.blueprints.per_user_principals import PER_USER_PRINCIPALS
from harness.blueprints.project_attributes import PROJECT_ATTRIBUTES
from harness.blueprints.project_broker import PROJECT_BROKER
from harness.blueprints.project_groups import PROJECT_GROUPS
from harness.deployment import operate
from harness.errors import TargetError
from harness.forgery import claims_of
from harness.memberships import Memberships
from harness.placeholders import filled_in
from harness.population import Caller, Tenant, User, populate, user_label
from harness.provisioning.deploy import deploy
from harness.provisioning.making import make
from harness.report.limits import Limit
from harness.secret import Secret
from harness.sessions import credentials_from, tokens_for
from harness.targets.api import ApiRequest
from harness.targets.http import BearerToken, HttpRequest, as_api_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.blueprints.spec import Blueprint, Document
    from harness.deployment import Deployment
    from harness.population import Population
    from harness.targets.api import ApiResponse, AwsCredentials
    from harness.targets.target import Target

# Far beyond every quota measured here: whoever gets so far has found that nothing refuses.
_ENDLESS = 20_000
_SEED = 1


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure, how it was found, and what refused one more; empty for a cost that nothing refuses."""

    figure: int
    refused_with: str
    remark: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """One thing to measure: the design with a name, what is counted, what the article says, and how to find out."""

    blueprint: str
    name: str
    what: str
    claimed: str
    measure: Callable[[Target], Measured] = field(repr=False)

    @property
    def id(self) -> str:
        """Return the id of the limit, `BLUEPRINT:NAME`."""
        return f"{self.blueprint}:{self.name}"

    def on(self, target: Target) -> Limit:
        """Measure on a target. Raises TargetError when no limit can be found, DeploymentError when setting up fails."""
        found = self.measure(target)
        return Limit(
            id=self.id,
            what=self.what,
            claimed=self.claimed,
            measured=found.figure,
            refused_with=found.refused_with,
            remark=found.remark,
        )


def until_refused(add: Callable[[int], ApiResponse], refusals: frozenset[str]) -> tuple[int, ApiResponse]:
    """Return how many could be added, one after the other, and the refusal of the next.

    `add` gets 1, 2, ... and adds that one. Raises TargetError when it fails with a code that is none of `refusals`, or
    when nothing refuses.
    """
    for number in range(1, _ENDLESS):
        answer = add(number)
        if answer.succeeded:
            continue
        if answer.error_code not in refusals:
            raise TargetError(f"number {number} failed with {answer.error_code}: {answer.message}")
        return number - 1, answer
    raise TargetError(f"{_ENDLESS - 1} were added, and nothing refused")


def _people_in_a_bucket_policy(target: Target) -> Measured:
    deployment, _ = _deployed(PER_USER_PRINCIPALS, target, tenants=2)
    policy = PER_USER_PRINCIPALS.buckets[0].policy or {}
    people = sorted(deployment.iam_users.items())
    deployment.iam_users.clear()

    def add(number: int) -> ApiResponse:
        if number <= len(people):
            deployment.iam_users.update([people[number - 1]])
        else:
            label = user_label(f"t{number}", "person")
            deployment.iam_users[label] = deployment.name_of(label)
            make(target, deployment, "iam-user", deployment.name_of(label))
        text = _compact(policy, deployment, ())
        params = {"Bucket": deployment.buckets["files"], "Policy": text}
        return target.send_as_operator(ApiRequest("s3", "PutBucketPolicy", params))

    figure, refusal = until_refused(add, frozenset({"PolicyTooLarge"}))
    return Measured(figure, _words(refusal, deployment), "CreateUser and PutBucketPolicy, person by person")


def _projects_in_a_role_policy(target: Target) -> Measured:
    deployment, population = _deployed(PROJECT_ATTRIBUTES, target, tenants=2)
    (role,) = PROJECT_ATTRIBUTES.roles
    (policy,) = role.policies.values()
    named: list[Tenant] = []

    def add(number: int) -> ApiResponse:
        tenant = _project(population, number)
        named.append(tenant)
        deployment.buckets[f"project-{tenant.key}"] = f"isolation-{deployment.account}-{deployment.run_id}-{tenant.id}"
        params = {
            "RoleName": deployment.name_of(role.name),
            "PolicyName": "projects",
            "PolicyDocument": _compact(policy, deployment, tuple(named)),
        }
        return target.send_as_operator(ApiRequest("iam", "PutRolePolicy", params))

    figure, refusal = until_refused(add, frozenset({"LimitExceeded"}))
    return Measured(figure, _words(refusal, deployment), "PutRolePolicy with one statement more for each project")


@dataclass
class _Traveller:
    """A user of many projects, who switches from one to the next. Every call made for that is counted."""

    target: Target
    deployment: Deployment
    tokens: Mapping[str, Any]
    calls: int = 0

    def projects_seen(self, keys: list[str]) -> list[str]:
        """Return the keys of the projects whose objects were seen, switching to each in turn.

        Raises TargetError for a session that sees what is another project's, or that cannot be had.
        """
        logins = {self.deployment.provider: self.tokens["IdToken"]}
        pool = self.deployment.identity_pool
        identity = self._call(ApiRequest("cognito-identity", "GetId", {"IdentityPoolId": pool, "Logins": logins}), None)
        # Signing in is needed once, whatever the number of projects.
        self.calls = 0
        seen = []
        for key in keys:
            choice = {"CustomRoleArn": self.deployment.roles[f"project-{key}"], "Logins": logins}
            params = {"IdentityId": identity["IdentityId"], **choice}
            answer = self._call(ApiRequest("cognito-identity", "GetCredentialsForIdentity", params), None)
            listing = ApiRequest(
                "s3", "ListObjectsV2", {"Bucket": self.deployment.buckets["projects"], "Prefix": f"{key}/"}
            )
            shown = self._call(listing, credentials_from(answer)).get("Contents", [])
            seen += [entry["Key"].partition("/")[0] for entry in shown]
        return seen

    def _call(self, request: ApiRequest, credentials: AwsCredentials | None) -> Mapping[str, Any]:
        self.calls += 1
        answer = self.target.send(request, credentials)
        if not answer.succeeded:
            raise TargetError(f"{request.operation} failed with {answer.error_code}: {answer.message}")
        return answer.data


# The most groups that one user can be in (aws-semantics 6.6), and one more to be refused.
_MORE_THAN_A_USER_CAN_HAVE = 101


def _in_many_projects(target: Target) -> tuple[Deployment, User, list[str], ApiResponse]:
    """Return a user who was put into one project after the other, their keys, and the refusal of the next."""
    deployment, population = _deployed(PROJECT_GROUPS, target, tenants=_MORE_THAN_A_USER_CAN_HAVE)
    tenants = population.tenants
    home = population.user(Caller("t1", "switcher"))
    whose = {"UserPoolId": deployment.user_pool, "Username": home.username}
    _make_user(target, deployment, home)

    def join(number: int) -> ApiResponse:
        if number > len(tenants):
            raise TargetError(f"a user is in {number - 1} groups, and nothing refused")
        group = {"GroupName": f"project-{tenants[number - 1].key}"}
        return target.send_as_operator(ApiRequest("cognito-idp", "AdminAddUserToGroup", {**whose, **group}))

    figure, refusal = until_refused(join, frozenset({"LimitExceededException"}))
    return deployment, home, [tenant.key for tenant in tenants[:figure]], refusal


def _make_user(target: Target, deployment: Deployment, user: User) -> None:
    whose = {"UserPoolId": deployment.user_pool, "Username": user.username}
    password = "" if user.password is None else user.password.reveal()
    operate(target, "cognito-idp", "AdminCreateUser", **whose, MessageAction="SUPPRESS")
    operate(target, "cognito-idp", "AdminSetUserPassword", **whose, Password=password, Permanent=True)


def _projects_of_a_user(target: Target) -> Measured:
    deployment, _, keys, refusal = _in_many_projects(target)
    return Measured(len(keys), _words(refusal, deployment), "AdminAddUserToGroup, project by project")


def _calls_to_list_all_projects(target: Target) -> Measured:
    deployment, user, keys, _ = _in_many_projects(target)
    bucket = deployment.buckets["projects"]
    for key in keys:
        operate(target, "s3", "PutObject", Bucket=bucket, Key=f"{key}/readme", Body=b"")
    traveller = _Traveller(target, deployment, tokens_for(target, deployment.app_clients["web"], user))
    seen = traveller.projects_seen(keys)
    if seen != keys:
        raise TargetError(f"{len(keys)} sessions saw the projects {', '.join(seen)}, each should have seen its own")
    per_project = traveller.calls / len(keys)
    return Measured(
        traveller.calls,
        "",
        f"a user in {len(keys)} projects: GetCredentialsForIdentity and ListObjectsV2, {per_project:g} calls for each; "
        "every session saw its own project alone",
    )


def _projects_whose_combinations_fit(target: Target) -> Measured:
    deployment, _ = _deployed(PROJECT_GROUPS, target, tenants=2)
    groups = _combined_groups()
    complete = 0

    def add(_: int) -> ApiResponse:
        nonlocal complete
        projects, name, is_last = next(groups)
        params = {"UserPoolId": deployment.user_pool, "GroupName": name}
        answer = target.send_as_operator(ApiRequest("cognito-idp", "CreateGroup", params))
        complete = projects if answer.succeeded and is_last else complete
        return answer

    made, refusal = until_refused(add, frozenset({"LimitExceededException"}))
    return Measured(
        complete,
        _words(refusal, deployment),
        f"CreateGroup for every combination, project by project: {2**complete - 1:,} groups for {complete} projects "
        f"(2^n - 1), {2 ** (complete + 1) - 1:,} for one more; refused after {made:,}",
    )


def _combined_groups() -> Iterator[tuple[int, str, bool]]:
    """Yield the groups that combine the first n projects, n growing: n, the name, whether n is complete with it."""
    for newest in count(1):
        older = range(1, newest)
        names = [
            "-".join(str(project) for project in (*others, newest))
            for size in range(newest)
            for others in combinations(older, size)
        ]
        yield from ((newest, f"super-{name}", name == names[-1]) for name in names)


def _projects_of_a_session(target: Target) -> Measured:
    deployment, population = _deployed(PROJECT_BROKER, target, tenants=2)
    user = population.user(Caller("t1", "member"))
    _make_user(target, deployment, user)
    token = Secret(tokens_for(target, deployment.app_clients["web"], user)["IdToken"])
    memberships = Memberships(deployment.tables["memberships"], claims_of(token)["sub"], ())
    api = PROJECT_BROKER.api
    path = "" if api is None else api.credentials_path

    def join(number: int) -> ApiResponse:
        key = _project(population, number).key
        for request in memberships.adding([key]):
            operate(target, request.service, request.operation, **request.params)
        asked = HttpRequest("GET", deployment.api_url + path)
        answer = as_api_response(target.send_http(asked, BearerToken(token)))
        if not answer.succeeded:
            return answer
        # A session counts when it reaches the project that was added last.
        written = {"Bucket": deployment.buckets["projects"], "Key": f"{key}/readme", "Body": b""}
        return target.send(ApiRequest("s3", "PutObject", written), credentials_from(answer.data))

    figure, refusal = until_refused(join, frozenset({"403"}))
    return Measured(
        figure,
        _words(refusal, deployment),
        f"asked the broker, membership by membership, with names of {len(_project(population, 1).key)} characters: "
        "2,048 for the session policy; AWS also packs it in a way of its own, and may refuse earlier",
    )


def _deployed(blueprint: Blueprint, target: Target, *, tenants: int) -> tuple[Deployment, Population]:
    population = populate(blueprint, seed=_SEED, tenants=tenants, run_secret=Secret(secrets.token_hex(16)))
    return deploy(blueprint, target, secrets.token_hex(4), population), population


def _project(population: Population, number: int) -> Tenant:
    """Return a project with a name of its own, as long as the names of those that were deployed."""
    model = population.tenants[0]
    return replace(model, id=f"t{number}", key=f"{number:0{len(model.key)}}")


def _compact(policy: Document, deployment: Deployment, tenants: tuple[Tenant, ...]) -> str:
    """Return the policy without white space, which counts in the policies of buckets."""
    return json.dumps(json.loads(filled_in(policy, deployment, tenants)), separators=(",", ":"))


def _words(refusal: ApiResponse, deployment: Deployment) -> str:
    return f"{refusal.error_code}: {refusal.message}".replace(deployment.name_of(""), "")


MEASUREMENTS = (
    Measurement(
        "per-user-principals",
        "people",
        "people whom the policy of one bucket can name",
        "eventually the bucket will not be able to accommodate more users (no figure)",
        _people_in_a_bucket_policy,
    ),
    Measurement(
        "project-groups",
        "projects-of-a-user",
        "projects that one user can be in",
        "not said",
        _projects_of_a_user,
    ),
    Measurement(
        "project-groups",
        "calls-to-list-projects",
        "calls to list all projects of a user who is in as many as can be",
        "many front end requests, one role after the other (no figure)",
        _calls_to_list_all_projects,
    ),
    Measurement(
        "project-groups",
        "combined-groups",
        "projects for which a group of every combination can be made",
        "7 groups for 3 projects, 15 for 4, and so on: not feasible",
        _projects_whose_combinations_fit,
    ),
    Measurement(
        "project-attributes",
        "projects",
        "projects that the one policy can name",
        "a maximum character limit on a single permissions policy limits the total number of projects (no figure)",
        _projects_in_a_role_policy,
    ),
    Measurement(
        "project-broker",
        "projects-of-a-session",
        "projects that one session can reach",
        "at most ~50 concurrent projects per user, because a policy has at most 10240 characters",
        _projects_of_a_session,
    ),
)
