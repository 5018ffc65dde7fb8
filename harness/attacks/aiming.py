"""Aiming attempts: what a technique gets to build its requests from, for one attempt on one deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.assets import PUBLIC, Assets
from harness.attacks.aim import Aim, TokenSource
from harness.attacks.attempts import own_asset_name
from harness.attacks.features import features_of, owns
from harness.attacks.technique import Feature
from harness.blueprints.contract import Effect
from harness.errors import SignInRefusedError
from harness.forgery import claims_of
from harness.memberships import Memberships
from harness.placeholders import TENANT, per_tenant
from harness.population import STAFF
from harness.registration import attributes_of
from harness.sessions import session_policy_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.assets import Asset
    from harness.attacks.attempts import Attempt
    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint
    from harness.deployment import Deployment
    from harness.population import Caller, Population
    from harness.sessions import Session
    from harness.targets.target import Target


class Aiming:
    """Builds aims from who signed in and what was planted."""

    def __init__(
        self,
        target: Target,
        blueprint: Blueprint,
        deployment: Deployment,
        population: Population,
        sessions: Mapping[Caller, Session | SignInRefusedError],
    ) -> None:
        self._blueprint = blueprint
        self._deployment = deployment
        self._population = population
        self._sessions = sessions
        self.assets = Assets(blueprint, deployment, population, sessions)
        self._tokens = TokenSource(target, blueprint, deployment, population)

    def for_operator(self, attempt: Attempt) -> Aim:
        """Return the aim of a control by the operator, who sends nothing that depends on a session."""
        anybody = next(session for session in self._sessions.values() if not isinstance(session, SignInRefusedError))
        attacked = None
        if attempt.victim is not None:
            attacked = self.assets.of(attempt.victim, attempt.technique.plane, attempt.asset_name)
        return Aim(
            anybody,
            anybody,
            self._deployment,
            self._tokens,
            attacked,
            attacked,
            broker_function=self._broker_function,
            **self._tables,
        )

    def at(self, attempt: Attempt) -> Aim:
        """Return the aim of an attempt. Raises SignInRefusedError where somebody in it has no session."""
        technique = attempt.technique
        caller = self.session(attempt.attacker)
        victim = caller
        if attempt.victim is not None and attempt.victim != PUBLIC:
            victim = self.session(attempt.victim)
        plane = technique.plane if technique.effect is not Effect.SESSION else self._plane_of_sessions()
        own = self._asset(attempt.attacker, plane, own_asset_name(technique))
        attacked = own
        if attempt.victim is not None:
            attacked = self._asset(attempt.victim, plane, attempt.asset_name)
        elif own is None and technique.effect is not Effect.SESSION:
            attacked = self._asset(PUBLIC, plane, attempt.asset_name)
        return Aim(
            caller=caller,
            victim=victim,
            deployment=self._deployment,
            tokens=self._tokens,
            attacked=attacked,
            callers_own=own,
            credentials_url=self._credentials_url,
            links_url=self._links_url,
            role_choice=self._role_choice(attempt.attacker),
            privileged_role=self._role_of(self._blueprint.privileged_persona, attempt.attacker),
            role_of_tenants=self._role_of(self._blueprint.tenant_persona_with_role, attempt.attacker),
            own_role=self._role_of(self._blueprint.contract.persona(attempt.attacker.persona), attempt.attacker),
            victims_role=self._victims_role(attempt),
            users_client=self._users_client,
            own_attributes=self._attributes(attempt.attacker),
            victims_attributes=self._attributes(attempt.victim or attempt.attacker),
            victims_tags=self._tags(attempt.victim or attempt.attacker),
            own_groups=self._groups(attempt.attacker),
            privileged_groups=self._privileged_groups,
            own_email=self._email(attempt.attacker),
            victims_email=self._email(attempt.victim or attempt.attacker),
            broker_function=self._broker_function,
            memberships=self._memberships(caller),
            session_policy=self._session_policy(attempt.attacker),
            routes_are_signed=Feature.TOKEN_ROUTES not in features_of(self._blueprint),
            **self._tables,
        )

    def _plane_of_sessions(self) -> str:
        """Return the plane on which obtained sessions are tried out."""
        return self._blueprint.places[0].plane if self._blueprint.places else ""

    def _asset(self, owner: Caller, plane: str, name: str) -> Asset | None:
        """Return an asset, None for an owner who keeps none on the plane."""
        has = self._blueprint.shared_place(plane) is not None if owner == PUBLIC else self._owns(owner, plane)
        return self.assets.of(owner, plane, name) if has else None

    def _owns(self, caller: Caller, plane: str) -> bool:
        return caller.tenant != STAFF and owns(self._blueprint, self._blueprint.contract.persona(caller.persona), plane)

    @property
    def _credentials_url(self) -> str:
        api = self._blueprint.api
        return self._deployment.api_url + api.credentials_path if api is not None and api.credentials_path else ""

    @property
    def _tables(self) -> dict[str, Any]:
        """Return the fields of an aim that say where items are."""
        place = self._blueprint.place("dynamodb") or self._blueprint.shared_place("dynamodb")
        if place is None:
            return {}
        others = (table.name for table in self._blueprint.tables if table.name != place.store)
        return {
            "table": self._deployment.tables[place.store],
            "second_table": self._deployment.tables.get(next(others, ""), ""),
            "owner_index": self._blueprint.owner_index,
            "common_index": self._blueprint.common_index,
        }

    @property
    def _links_url(self) -> str:
        api = self._blueprint.api
        return "" if api is None else self._deployment.api_url + api.links_path

    @property
    def _broker_function(self) -> str:
        api = self._blueprint.api
        routes = () if api is None else (route for route in api.routes if route.path == api.credentials_path)
        return next((self._deployment.functions[route.function] for route in routes), "")

    def _memberships(self, caller: Session) -> Memberships | None:
        spec = self._blueprint.memberships
        if spec is None or caller.id_token is None:
            return None
        keys = tuple(tenant.key for tenant in self._population.user(caller.caller).tenants)
        by_name = self._deployment.users_known_by == "username"
        user_key = caller.username if by_name else claims_of(caller.id_token)["sub"]
        return Memberships(self._deployment.tables[spec.table], user_key, keys)

    @property
    def _users_client(self) -> str:
        pool = self._blueprint.user_pool
        return "" if pool is None else self._deployment.app_clients[pool.app_clients[0].name]

    def _attributes(self, caller: Caller) -> Mapping[str, str]:
        if caller == PUBLIC:
            return {}
        persona = self._blueprint.contract.persona(caller.persona)
        return attributes_of(persona, self._population.user(caller).tenants)

    def _session_policy(self, caller: Caller) -> str | None:
        persona = self._blueprint.contract.persona(caller.persona)
        return session_policy_of(persona, self._population.user(caller), self._deployment)

    def _tags(self, caller: Caller) -> Mapping[str, str]:
        pool = self._blueprint.identity_pool
        if pool is None or caller == PUBLIC:
            return {}
        held = self._attributes(caller)
        tenants = self._population.user(caller).tenants
        return {
            key: held[claim]
            for pattern, of_claim in pool.principal_tags.items()
            for key, claim in zip(per_tenant(pattern, tenants), per_tenant(of_claim, tenants), strict=True)
            if claim in held
        }

    @property
    def _privileged_groups(self) -> tuple[str, ...]:
        persona = self._blueprint.privileged_persona
        return () if persona is None else persona.groups

    def _groups(self, caller: Caller) -> tuple[str, ...]:
        groups = self._blueprint.contract.persona(caller.persona).groups
        tenants = self._population.user(caller).tenants
        return tuple(name for group in groups for name in per_tenant(group, tenants))

    def _email(self, caller: Caller) -> str:
        return "" if caller == PUBLIC else self._population.user(caller).email

    def _role_choice(self, caller: Caller) -> Mapping[str, str]:
        persona = self._blueprint.contract.persona(caller.persona)
        if not persona.custom_role:
            return {}
        return {"CustomRoleArn": self._deployment.roles[self._of_tenant(persona.custom_role, caller)]}

    def _role_of(self, persona: Persona | None, caller: Caller) -> str:
        role = "" if persona is None else self._of_tenant(persona.role, caller)
        # Staff have no tenant whose role it could be.
        return self._deployment.roles[role] if role and TENANT not in role else ""

    def _victims_role(self, attempt: Attempt) -> str:
        if not attempt.technique.aims_at_role or attempt.victim is None:
            return ""
        return self._role_of(self._blueprint.contract.persona(attempt.victim.persona), attempt.victim)

    def _of_tenant(self, pattern: str, caller: Caller) -> str:
        tenant = self._population.tenant(caller.tenant)
        return pattern if tenant is None else pattern.replace(TENANT, tenant.key)

    def session(self, caller: Caller) -> Session:
        """Return the session of a caller. Raises the SignInRefusedError that kept the caller from having one."""
        session = self._sessions[caller]
        if isinstance(session, SignInRefusedError):
            raise session
        return session
