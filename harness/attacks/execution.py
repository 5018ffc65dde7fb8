"""Carrying out attempts: the control first, then the attack, then a look at what it has done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.assets import PRIVATE, Asset, asset_of, listing_marker, reread, restore, stands
from harness.attacks.aim import Aim, TokenSource
from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import (
    AttemptKind,
    allowed_controls,
    is_own_control,
    operator_control,
    own_asset_name,
    own_control,
)
from harness.attacks.technique import ControlKind, LeakKind
from harness.blueprints.spec import Effect
from harness.errors import SignInRefusedError, TargetError
from harness.evidence import exchange_evidence
from harness.outcome import Observation, Outcome, carries, observe
from harness.sessions import credentials_from
from harness.targets.api import ApiRequest
from harness.verdicts import Verdict, VerdictName, judge_control

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.plan import Attempt
    from harness.attacks.technique import Step
    from harness.blueprints.spec import Blueprint
    from harness.deployment import Deployment
    from harness.population import Caller, Population
    from harness.sessions import Session
    from harness.targets.api import ApiResponse, AwsCredentials
    from harness.targets.target import Target


# A GetItem is the plainest call that every caller of a blueprint with a table can make.
_KNOWN_GOOD = TECHNIQUES["dynamodb.read.get-item"]
# At the identity pool the credential is the ID token, so it is the token that has to be shown to work.
_KNOWN_GOOD_TOKEN = TECHNIQUES["identity-pool.session.foreign-identity-with-own-token"]


@dataclass(frozen=True)
class _Exchange:
    """What was sent and what came back, the attempt first, what followed it after."""

    requests: tuple[ApiRequest, ...]
    responses: tuple[ApiResponse, ...]
    observation: Observation

    @property
    def allowed(self) -> bool:
        return self.observation.outcome is Outcome.ALLOWED


class Execution:
    """Carries out attempts on one deployment. Controls are carried out once and remembered."""

    def __init__(
        self,
        target: Target,
        blueprint: Blueprint,
        deployment: Deployment,
        population: Population,
        sessions: Mapping[Caller, Session | SignInRefusedError],
    ) -> None:
        self._target = target
        self._blueprint = blueprint
        self._deployment = deployment
        self._population = population
        self._sessions = sessions
        self._tokens = TokenSource(target, deployment, population)
        self._controls: dict[str, Verdict] = {}

    def judge(self, attempt: Attempt) -> Verdict:
        """Return the verdict on an attempt; raises only for malfunctions of the harness itself."""
        try:
            return self._control(attempt) if attempt.is_control else self._attack(attempt)
        except TargetError as error:
            return Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, str(error))

    def _control(self, attempt: Attempt) -> Verdict:
        if attempt.id not in self._controls:
            self._controls[attempt.id] = self._carry_out_control(attempt)
        return self._controls[attempt.id]

    def _carry_out_control(self, attempt: Attempt) -> Verdict:
        technique = attempt.technique
        try:
            if attempt.kind is AttemptKind.OPERATOR:
                return self._operator_control(attempt)
            aim = self._aim(attempt)
            steps = technique.steps
            if attempt.kind is AttemptKind.OWN:
                aim, steps = aim.turned_inward, technique.control_steps or technique.steps
            exchange = self._send(attempt, steps(aim), aim.caller.credentials)
        except SignInRefusedError as error:
            return Verdict(attempt, VerdictName.LOCKOUT, Outcome.REFUSED, f"sign-in was refused: {error}")
        seen = exchange.allowed and self._control_shows(attempt, aim, exchange)
        name, outcome, reason = judge_control(attempt, exchange.observation, seen=seen)
        return self._verdict(attempt, exchange, name, outcome, reason)

    def _operator_control(self, attempt: Attempt) -> Verdict:
        technique = attempt.technique
        if technique.operator_steps is None:
            raise TypeError(f"{technique.id} has no steps for the operator")
        # The operator's steps name nothing but what the deployment itself has made.
        anybody = next(session for session in self._sessions.values() if not isinstance(session, SignInRefusedError))
        asset = asset_of(self._population, self._deployment, anybody, PRIVATE)
        aim = Aim(anybody, anybody, asset, asset, self._deployment, self._tokens)
        exchange = self._send(attempt, technique.operator_steps(aim), None)
        seen = exchange.allowed and credentials_from(exchange.responses[0].data) is not None
        name, outcome, reason = judge_control(attempt, exchange.observation, seen=seen)
        return self._verdict(attempt, exchange, name, outcome, reason)

    def _control_shows(self, attempt: Attempt, aim: Aim, exchange: _Exchange) -> bool:
        technique = attempt.technique
        if technique.effect is Effect.SESSION:
            return any(credentials_from(response.data) is not None for response in exchange.responses)
        if technique.effect is Effect.WRITE:
            return self._changed(aim.asset, technique.plane, aim.caller)
        if technique.allowed_means is LeakKind.ORACLE:
            return True
        return carries(aim.asset.marker, exchange.responses) or carries(
            listing_marker(self._population, aim.asset.owner), exchange.responses
        )

    def _attack(self, attempt: Attempt) -> Verdict:
        technique = attempt.technique
        missing = technique.needs - self._target.capabilities
        if missing:
            reason = f"the {self._target.name} target lacks {', '.join(sorted(missing))}"
            return Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason)
        controls = self._controls_behind(attempt)
        control_used = " and ".join(control.attempt.id for control in controls)
        failed = next((control for control in controls if control.name is not VerdictName.WORKS), None)
        if failed is not None or not controls:
            because = f"{failed.attempt.id} is a {failed.name}: {failed.reason}" if failed else "there is none"
            reason = f"nothing shows that a refusal would mean anything: the control {because}"
            return Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason, control_used=control_used)
        try:
            aim = self._aim(attempt)
            exchange = self._send(attempt, technique.steps(aim), aim.caller.credentials)
        except SignInRefusedError as error:
            reason = f"a session the attack starts from was refused: {error}"
            return Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason, control_used=control_used)
        return replace(self._judge_attack(attempt, aim, exchange), control_used=control_used)

    def _judge_attack(self, attempt: Attempt, aim: Aim, exchange: _Exchange) -> Verdict:
        observation = exchange.observation
        kind, crossed = self._what_crossed(attempt, aim, exchange)
        if kind is not None:
            return self._verdict(attempt, exchange, VerdictName.LEAK, Outcome.CROSSED, crossed, kind)
        if observation.outcome is Outcome.REFUSED:
            return self._verdict(attempt, exchange, VerdictName.ISOLATED, Outcome.REFUSED, observation.reason)
        if observation.outcome is Outcome.TROUBLE:
            return self._verdict(attempt, exchange, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, observation.reason)
        if attempt.technique.effect is Effect.SESSION:
            return self._judge_session(attempt, aim, exchange)
        reason = f"{attempt.technique.operation} was allowed, although the contract forbids it"
        return self._verdict(
            attempt, exchange, VerdictName.LEAK, Outcome.ALLOWED, reason, attempt.technique.allowed_means
        )

    def _judge_session(self, attempt: Attempt, aim: Aim, exchange: _Exchange) -> Verdict:
        obtained = [credentials_from(response.data) for response in exchange.responses]
        if not any(obtained):
            reason = f"{attempt.technique.operation} answered without credentials and without a refusal"
            return self._verdict(attempt, exchange, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason)
        identities = {response.data.get("IdentityId") for response in exchange.responses}
        if attempt.technique.returns_own and identities == {aim.caller.identity_id}:
            reason = "the caller's own identity came back, not the victim's"
            return self._verdict(attempt, exchange, VerdictName.ISOLATED, Outcome.ALLOWED, reason)
        reason = "credentials were issued for a session that the contract does not give"
        return self._verdict(attempt, exchange, VerdictName.LEAK, Outcome.CROSSED, reason, LeakKind.SESSION)

    def _what_crossed(self, attempt: Attempt, aim: Aim, exchange: _Exchange) -> tuple[LeakKind | None, str]:
        technique = attempt.technique
        if technique.effect is Effect.WRITE and attempt.victim is not None:
            if self._changed(aim.asset, technique.plane, aim.victim):
                return LeakKind.EFFECT, f"{attempt.victim} finds the asset changed"
            return None, ""
        for owner in self._sessions:
            if owner == attempt.attacker:
                continue
            markers = [self._population.marker(owner, PRIVATE), listing_marker(self._population, owner)]
            if any(carries(marker, exchange.responses) for marker in markers):
                return LeakKind.DATA, f"the canary of {owner} came back"
        return None, ""

    def _changed(self, asset: Asset, plane: str, owner: Session) -> bool:
        response = self._target.send(reread(asset, plane), owner.credentials)
        missing = response.error_code == "NoSuchKey" or (
            # Where the owner may not list without a prefix, S3 answers 403 for a key that is gone.
            response.error_code == "AccessDenied" and "s3:ListBucket" in response.message
        )
        if not response.succeeded and not missing:
            raise TargetError(
                f"{owner.caller} could not look after its asset: {response.error_code}: {response.message}"
            )
        if response.succeeded and stands(asset, plane, response.data):
            return False
        self._target.send(restore(asset, plane), owner.credentials)
        return True

    def _controls_behind(self, attempt: Attempt) -> list[Verdict]:
        """Return the verdicts of the controls without which a refusal of this attack would mean nothing."""
        technique, contract = attempt.technique, self._blueprint.contract
        if technique.control is ControlKind.OWN and is_own_control(contract, technique, attempt.attacker):
            return [self._control(own_control(self._blueprint, technique, attempt.attacker))]
        works, may = self._credentials_work(attempt), self._somebody_may(attempt)
        return [*works, *may] if works and may else []

    def _credentials_work(self, attempt: Attempt) -> list[Verdict]:
        """Return the first half of a witnessed control: another call with the same credentials works."""
        known_good = _KNOWN_GOOD_TOKEN if attempt.technique.plane == _KNOWN_GOOD_TOKEN.plane else _KNOWN_GOOD
        if is_own_control(self._blueprint.contract, known_good, attempt.attacker):
            return [self._control(own_control(self._blueprint, known_good, attempt.attacker))]
        allowed = allowed_controls(self._blueprint, known_good, len(self._population.tenants))
        return [self._control(control) for control in allowed if control.attacker == attempt.attacker][:1]

    def _somebody_may(self, attempt: Attempt) -> list[Verdict]:
        """Return the second half: the same request works for a principal who may make it."""
        technique = attempt.technique
        if technique.operator_steps is not None:
            return [self._control(operator_control(self._blueprint, technique))]
        allowed = allowed_controls(self._blueprint, technique, len(self._population.tenants))
        for control in allowed:
            if control.victim in (attempt.victim, None):
                return [self._control(control)]
        if attempt.victim is not None and is_own_control(self._blueprint.contract, technique, attempt.victim):
            return [self._control(own_control(self._blueprint, technique, attempt.victim))]
        return []

    def _aim(self, attempt: Attempt) -> Aim:
        caller = self.session(attempt.attacker)
        victim = self.session(attempt.victim) if attempt.victim is not None else caller
        return Aim(
            caller=caller,
            victim=victim,
            asset=asset_of(self._population, self._deployment, victim, attempt.asset_name),
            own=asset_of(self._population, self._deployment, caller, own_asset_name(attempt.technique)),
            deployment=self._deployment,
            tokens=self._tokens,
        )

    def session(self, caller: Caller) -> Session:
        """Return the session of a caller. Raises the SignInRefusedError that kept the caller from having one."""
        session = self._sessions[caller]
        if isinstance(session, SignInRefusedError):
            raise session
        return session

    def _send(self, attempt: Attempt, steps: tuple[Step, ...], credentials: AwsCredentials | None) -> _Exchange:
        requests: list[ApiRequest] = []
        responses: list[ApiResponse] = []
        observation = Observation(Outcome.TROUBLE, "the technique sent nothing")
        for step in steps:
            request = step if isinstance(step, ApiRequest) else step(responses[-1].data)
            requests.append(request)
            responses.append(self._send_one(request, credentials))
            observed = observe(attempt.technique, request.service, responses[-1], control=attempt.is_control)
            if len(responses) == 1 or attempt.technique.effect is Effect.SESSION:
                observation = observed
            if observed.outcome is not Outcome.ALLOWED:
                break
        return _Exchange(tuple(requests), tuple(responses), observation)

    def _send_one(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        if request.service == "cognito-identity":
            return self._target.send(request, None)
        if credentials is None:
            return self._target.send_as_operator(request)
        return self._target.send(request, credentials)

    def _verdict(
        self,
        attempt: Attempt,
        exchange: _Exchange,
        name: VerdictName,
        outcome: Outcome,
        reason: str,
        kind: LeakKind | None = None,
    ) -> Verdict:
        # What follows the attempt is decided on the caller's own data; only a first step without decisions is passed.
        explained = (tuple(self._target.explain(response)) for response in exchange.responses)
        decisions: tuple[dict[str, Any], ...] = next((found for found in explained if found), ())
        evidence = exchange_evidence(exchange.requests, exchange.responses)
        return Verdict(attempt, name, outcome, reason, kind, "", decisions, evidence)
