"""Becoming a member of what one does not belong to, at a broker that looks memberships up in a table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.attacks.become.broker import ask, use
from harness.attacks.become.look_alikes import in_other_letters
from harness.attacks.obtained import ByOperator
from harness.attacks.technique import Callers, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step

_SESSION_POLICIES = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session"
# More than fit into the 2,048 characters of a session policy.
_MANY = tuple(f"isolation-harness-project-{number:03}" for number in range(50))


def _ask_and_use(aim: Aim) -> tuple[Step, ...]:
    return (ask(aim, aim.id_token), use(aim))


def _write_and_ask(aim: Aim) -> tuple[Step, ...]:
    item = aim.membership.item(aim.asset.discriminator)
    written = ApiRequest("dynamodb", "PutItem", {"TableName": aim.membership.table, "Item": item})
    return (written, lambda _: ask(aim, aim.id_token), use(aim))


def _ask_without_any(aim: Aim) -> tuple[Step, ...]:
    removed = (ByOperator(request) for request in aim.membership.removing(aim.membership.tenants))
    return (*removed, lambda _: ask(aim, aim.id_token))


def _ask_as_member_of(names_of: Callable[[Aim], Sequence[str]]) -> Callable[[Aim], tuple[Step, ...]]:
    """Return steps in which the operator, in place of whoever names and gives memberships, adds some before."""

    def steps(aim: Aim) -> tuple[Step, ...]:
        added = (ByOperator(request) for request in aim.membership.adding(names_of(aim)))
        return (*added, lambda _: ask(aim, aim.id_token), use(aim))

    return steps


def _as_before(names_of: Callable[[Aim], Sequence[str]]) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    def requests(aim: Aim) -> tuple[ApiRequest, ...]:
        own = aim.membership.tenants
        added = [name for name in names_of(aim) if name not in own]
        return (*aim.membership.removing(added), *aim.membership.adding(own))

    return requests


def _with_another_role(aim: Aim) -> tuple[Step, ...]:
    # Whoever keeps the records names the role in one of the caller's own; only the broker may know better.
    names = {key: {"S": aim.role_of_tenants} for key in ("role", "roleArn", "role_arn", "RoleArn")}
    item = {**aim.membership.item(aim.membership.tenants[0]), **names}
    written = ApiRequest("dynamodb", "PutItem", {"TableName": aim.membership.table, "Item": item})
    return (ByOperator(written), lambda _: ask(aim, aim.id_token), use(aim))


def _injection(aim: Aim) -> Sequence[str]:
    # What stands around a resource in a policy, so that the victim's prefix becomes a resource of its own.
    return [f'x/*","arn:aws:s3:::{aim.asset.store}/{aim.asset.partition}']


def _with_names(names_of: Callable[[Aim], Sequence[str]]) -> dict[str, Any]:
    return {"steps": _ask_as_member_of(names_of), "clean_up": _as_before(names_of)}


_MEMBER = partial(
    Technique,
    plane="broker",
    effect=Effect.SESSION,
    operation="GET",
    severity=Severity.BLOCKER,
    documentation=_SESSION_POLICIES,
    requires=frozenset({Feature.BROKER, Feature.MEMBERSHIPS, Feature.BUCKET}),
    callers=Callers.MEMBERS,
    victims=Callers.MEMBERS,
    actions=("s3:GetObject",),
    control_steps=_ask_and_use,
)

TECHNIQUES = (
    _MEMBER(
        id="broker.session.membership-written",
        title="writing oneself into the table of memberships before asking the broker",
        catalogue=("api-broker-membership-writable",),
        cwe=("CWE-269",),
        actions=("dynamodb:PutItem", "s3:GetObject"),
        steps=_write_and_ask,
        clean_up=_as_before(lambda aim: [aim.asset.discriminator]),
    ),
    _MEMBER(
        id="broker.session.membership-removed",
        title="asking the broker once one belongs to no tenant any more",
        catalogue=("sts-session-policy-omitted-branch", "api-broker-projects-stale"),
        cwe=("CWE-636", "CWE-613"),
        victim=Victim.NOBODY,
        steps=_ask_without_any,
        control_steps=lambda aim: (ask(aim, aim.id_token),),
        clean_up=_as_before(lambda _: ()),
    ),
    _MEMBER(
        id="broker.session.role-in-membership",
        title="asking the broker while the record of one's own membership names a role",
        catalogue=("api-broker-role-session-confused-deputy",),
        cwe=("CWE-441",),
        steps=_with_another_role,
        clean_up=_as_before(lambda _: ()),
    ),
    _MEMBER(
        id="broker.session.wildcard-name",
        title="asking the broker as a member of something that is called *",
        catalogue=("ddb-wildcard-in-tenant-value",),
        cwe=("CWE-155",),
        **_with_names(lambda _: ("*",)),
    ),
    _MEMBER(
        id="broker.session.injecting-name",
        title="asking the broker as a member of something whose name continues the policy that it stands in",
        catalogue=("ddb-policy-template-json-injection",),
        cwe=("CWE-74",),
        **_with_names(_injection),
    ),
    _MEMBER(
        id="broker.session.look-alike-name",
        title="asking the broker as a member of something whose name Unicode's normalisation makes the victim's",
        catalogue=("tok-duplicate-claim-or-type-confusion", "ddb-tenant-normalisation-collision"),
        cwe=("CWE-180",),
        **_with_names(lambda aim: (in_other_letters(aim.asset.discriminator),)),
    ),
    _MEMBER(
        id="broker.session.too-many-memberships",
        title="asking the broker as a member of more than a session policy can name",
        catalogue=("sts-session-policy-size-fail-open", "api-broker-error-fail-open"),
        cwe=("CWE-636",),
        **_with_names(lambda _: _MANY),
    ),
)
