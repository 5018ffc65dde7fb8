"""Carrying out attempts: the control first, then the attack, then a look at what it has done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import stamina

from harness.assets import PRIVATE, PUBLIC, plant, reread, stands
from harness.attacks.aiming import Aiming
from harness.attacks.attempts import AttemptKind
from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.controls import Controls, is_own_control, own_control
from harness.attacks.features import applicable
from harness.attacks.plan import asset_names
from harness.attacks.putting_back import PuttingBack
from harness.attacks.sending import Sender
from harness.attacks.technique import LeakKind
from harness.blueprints.contract import Effect, Reach
from harness.calibration.qualifying import qualified
from harness.errors import DisturbedError, SignInDisturbedError, SignInRefusedError, TargetError
from harness.evidence import exchange_evidence
from harness.outcome import Outcome, holds, searchable
from harness.sessions import Session, credentials_from
from harness.verdicts import Verdict, VerdictName, judge_control

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.advice.rulings import Ruling
    from harness.assets import Asset
    from harness.attacks.aim import Aim
    from harness.attacks.attempts import Attempt
    from harness.attacks.sending import Exchange
    from harness.attacks.technique import Steps
    from harness.blueprints.spec import Blueprint
    from harness.calibration.calibration import Calibration
    from harness.deployment import Deployment
    from harness.population import Caller, Population
    from harness.targets.target import Target


# The plainest calls: by one of them every caller can show that its credentials work.
_KNOWN_GOOD = (TECHNIQUES["dynamodb.read.get-item"], TECHNIQUES["s3.read.get-object"])
# At the identity pool the credential is the ID token, so it is the token that has to be shown to work.
_KNOWN_GOOD_TOKEN = TECHNIQUES["identity-pool.session.foreign-identity-with-own-token"]
# So often is an attempt made when answers get lost.
_TRIES = 8


class Execution:
    """Carries out attempts on one deployment. Controls are carried out once and remembered.

    With a calibration, what rests on rules that the target was not seen to enforce becomes INCONCLUSIVE.
    """

    def __init__(
        self,
        target: Target,
        blueprint: Blueprint,
        deployment: Deployment,
        population: Population,
        sessions: Mapping[Caller, Session | SignInRefusedError],
        calibration: Calibration | None = None,
    ) -> None:
        self._target = target
        self._calibration = calibration
        self._blueprint = blueprint
        self._deployment = deployment
        self._population = population
        self._sessions = sessions
        self.aiming = Aiming(target, blueprint, deployment, population, sessions)
        self._sender = Sender(target)
        self._put_back = PuttingBack(target)
        self._controls = Controls(blueprint, len(population.tenants))
        self._judged_controls: dict[str, Verdict] = {}
        self._markers: dict[Caller, list[tuple[Caller, tuple[str, str]]]] = {}

    def judge(self, attempt: Attempt) -> Verdict:
        """Return the verdict on an attempt; raises only for malfunctions of the harness itself."""
        try:
            verdict = self._undisturbed(attempt)
        except TargetError as error:
            return Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, str(error))
        return verdict if self._calibration is None else qualified(verdict, self._blueprint, self._calibration)

    def forget_failed_controls(self) -> None:
        """Have controls that did not work carried out anew when they are needed the next time."""
        for name, verdict in list(self._judged_controls.items()):
            if verdict.name is not VerdictName.WORKS:
                del self._judged_controls[name]

    def _undisturbed(self, attempt: Attempt) -> Verdict:
        """Judge an attempt from its beginning until every answer has come back. Raises DisturbedError in the end."""
        carry_out = self._control if attempt.is_control else self._attack
        try:
            return carry_out(attempt)
        except DisturbedError:
            return stamina.RetryingCaller(attempts=_TRIES, wait_jitter=0.5).on(DisturbedError)(carry_out, attempt)

    def rulings_of(self, controls: Iterable[Attempt]) -> list[Ruling]:
        """Return the decisions behind those of the controls that work, the operator's excepted.

        Controls that were not carried out until now are, on assets that are planted for them.
        """
        wanted = [control for control in controls if control.kind is not AttemptKind.OPERATOR]
        missing = [control for control in wanted if control.id not in self._judged_controls]
        plant(self._target, self.aiming.assets, asset_names(self._blueprint, missing))
        verdicts = [self.judge(control) for control in wanted]
        return [ruling for verdict in verdicts if verdict.name is VerdictName.WORKS for ruling in verdict.rulings]

    def _control(self, attempt: Attempt) -> Verdict:
        if attempt.id not in self._judged_controls:
            self._judged_controls[attempt.id] = self._carry_out_control(attempt)
        return self._judged_controls[attempt.id]

    def _carry_out_control(self, attempt: Attempt) -> Verdict:
        technique = attempt.technique
        try:
            if attempt.kind is AttemptKind.OPERATOR:
                return self._operator_control(attempt)
            aim = self.aiming.at(attempt)
            steps = technique.steps
            if attempt.kind is AttemptKind.OWN:
                aim, steps = aim.turned_inward, technique.control_steps or technique.steps
            exchange = self._send(attempt, steps, aim, aim.caller)
        except SignInDisturbedError as error:
            return Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, f"sign-in was disturbed: {error}")
        except SignInRefusedError as error:
            return Verdict(attempt, VerdictName.LOCKOUT, Outcome.REFUSED, f"sign-in was refused: {error}")
        seen = exchange.allowed and self._control_shows(attempt, aim, exchange)
        name, outcome, reason = judge_control(attempt, exchange.observation, seen=seen)
        return self._verdict(attempt, exchange, name, outcome, reason)

    def _send(self, attempt: Attempt, steps: Steps, aim: Aim, caller: Session | None) -> Exchange:
        """Send the steps, and put back what the first one changed, also when those after it came to nothing."""
        try:
            exchange = self._sender.send(attempt, steps(aim), caller)
        except TargetError as error:
            if isinstance(error, DisturbedError):
                self._put_back.in_doubt(attempt.technique, aim)
            else:
                self._put_back.after(attempt.technique, aim)
            raise
        if exchange.responses[0].succeeded:
            self._put_back.after(attempt.technique, aim)
        return exchange

    def _operator_control(self, attempt: Attempt) -> Verdict:
        technique = attempt.technique
        aim = self.aiming.for_operator(attempt)
        exchange = self._send(attempt, technique.operator_steps or technique.steps, aim, None)
        if technique.effect is Effect.SESSION and technique.shows is None:
            seen = exchange.allowed and any(credentials_from(response.data) for response in exchange.by_caller)
        else:
            seen = exchange.allowed and self._control_shows(attempt, aim, exchange)
        name, outcome, reason = judge_control(attempt, exchange.observation, seen=seen)
        return self._verdict(attempt, exchange, name, outcome, reason)

    def _control_shows(self, attempt: Attempt, aim: Aim, exchange: Exchange) -> bool:
        technique = attempt.technique
        if technique.shows is not None:
            return technique.shows(aim, exchange.responses)
        if technique.effect is Effect.SESSION:
            # A user to whom the contract gives no credentials shows that the token works by what GetId answers.
            return any(
                credentials_from(response.data) is not None or request.operation == "GetId"
                for request, response in zip(exchange.requests, exchange.responses, strict=True)
            )
        if technique.effect is Effect.WRITE:
            return self._changed(aim.asset, by_operator=attempt.kind is AttemptKind.OPERATOR)
        if technique.allowed_means is LeakKind.ORACLE:
            return True
        text = searchable(exchange.by_caller)
        return holds(text, aim.asset.marker) or holds(text, self.aiming.assets.listing_marker(aim.asset.owner))

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
            aim = self.aiming.at(attempt)
            exchange = self._send(attempt, technique.steps, aim, aim.caller)
        except SignInRefusedError as error:
            reason = f"a session the attack starts from was refused: {error}"
            return Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason, control_used=control_used)
        return replace(self._judge_attack(attempt, aim, exchange), control_used=control_used)

    def _judge_attack(self, attempt: Attempt, aim: Aim, exchange: Exchange) -> Verdict:
        observation = exchange.observation
        kind, crossed = self._what_crossed(attempt, aim, exchange)
        if kind is not None:
            return self._verdict(attempt, exchange, VerdictName.LEAK, Outcome.CROSSED, crossed, kind)
        if observation.outcome is Outcome.REFUSED:
            return self._verdict(attempt, exchange, VerdictName.ISOLATED, Outcome.REFUSED, observation.reason)
        if observation.outcome is Outcome.TROUBLE:
            return self._verdict(attempt, exchange, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, observation.reason)
        reads = attempt.technique.reads is not None
        if attempt.technique.effect is Effect.SESSION and not reads:
            return self._judge_session(attempt, aim, exchange)
        forbidden = f"{attempt.technique.operation} was allowed, although the contract forbids it"
        reason = observation.reason if reads else forbidden
        return self._verdict(
            attempt, exchange, VerdictName.LEAK, Outcome.ALLOWED, reason, attempt.technique.allowed_means
        )

    def _judge_session(self, attempt: Attempt, aim: Aim, exchange: Exchange) -> Verdict:
        technique = attempt.technique
        obtained = [credentials_from(response.data) for response in exchange.by_caller]
        if not any(obtained) and technique.first_step_decides:
            reason = f"{technique.operation} was allowed, although the contract gives it to nobody"
            return self._verdict(attempt, exchange, VerdictName.LEAK, Outcome.ALLOWED, reason, technique.allowed_means)
        if not any(obtained):
            reason = f"{technique.operation} answered without credentials and without a refusal"
            return self._verdict(attempt, exchange, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason)
        identities = {response.data.get("IdentityId") for response in exchange.by_caller}
        if technique.returns_own and identities == {aim.caller.identity_id}:
            reason = "the caller's own identity came back, not the victim's"
            return self._verdict(attempt, exchange, VerdictName.ISOLATED, Outcome.ALLOWED, reason)
        reason = "credentials were issued for a session that the contract does not give"
        return self._verdict(attempt, exchange, VerdictName.LEAK, Outcome.CROSSED, reason, LeakKind.SESSION)

    def _what_crossed(self, attempt: Attempt, aim: Aim, exchange: Exchange) -> tuple[LeakKind | None, str]:
        technique = attempt.technique
        if technique.effect is Effect.WRITE and attempt.victim is not None:
            if self._changed(aim.asset):
                return LeakKind.EFFECT, f"{attempt.victim} finds the asset changed"
            return None, ""
        text = searchable(exchange.by_caller)
        for owner, markers in self._foreign_markers(attempt.attacker):
            if any(holds(text, marker) for marker in markers):
                return LeakKind.DATA, f"the canary of {owner} came back"
        return None, ""

    def _foreign_markers(self, caller: Caller) -> list[tuple[Caller, tuple[str, str]]]:
        """Return the markers that no answer to the caller may hold, by owner; worked out once per caller."""
        if caller not in self._markers:
            self._markers[caller] = [
                (owner, (self._population.marker(owner, PRIVATE), self.aiming.assets.listing_marker(owner)))
                for owner in (*self._sessions, PUBLIC)
                if owner != caller and not self._may_see(caller, owner)
            ]
        return self._markers[caller]

    def _may_see(self, caller: Caller, owner: Caller) -> bool:
        """Tell whether the contract lets the caller see what is the owner's, on some plane."""
        contract = self._blueprint.contract
        planes = [place.plane for place in (*self._blueprint.places, *self._blueprint.shared)]
        if owner == PUBLIC:
            return any(contract.allows(caller.persona, plane, Effect.READ, Reach.SHARED) for plane in planes)
        persona = contract.persona(caller.persona)
        tenants = {tenant.id for tenant in persona.tenants_of_session(self._population.user(caller).tenants)}
        return owner.tenant in tenants and any(
            self._blueprint.is_shared_by_tenant(plane)
            and contract.allows(caller.persona, plane, Effect.READ, Reach.OWN)
            for plane in planes
        )

    def _changed(self, asset: Asset, *, by_operator: bool = False) -> bool:
        """Tell whether the asset is no longer as it was planted, as its owner sees it, and put it back."""
        onlooker = None if by_operator else self._onlooker(asset)
        response = self._sender.send_one(reread(asset), onlooker)
        missing = response.error_code == "NoSuchKey" or (
            # Where the owner may not list without a prefix, S3 answers 403 for a key that is gone.
            response.error_code == "AccessDenied" and "s3:ListBucket" in response.message
        )
        if not response.succeeded and not missing:
            raise TargetError(
                f"{asset.owner} could not look after its asset: {response.error_code}: {response.message}"
            )
        if response.succeeded and stands(asset, response.data):
            return False
        self._put_back.asset(asset)
        return True

    def _onlooker(self, asset: Asset) -> Session | None:
        """Return the session in which its owner may look after an asset, None where the operator has to."""
        session = self._sessions.get(asset.owner)
        if not isinstance(session, Session) or asset.plane not in ("dynamodb", "s3"):
            return None
        allows = self._blueprint.contract.allows(asset.owner.persona, asset.plane, Effect.READ, Reach.OWN)
        return session if allows else None

    def _controls_behind(self, attempt: Attempt) -> list[Verdict]:
        """Return the verdicts of the controls without which a refusal of this attack would mean nothing."""
        behind = self._controls.behind(attempt)
        if any(control.kind is AttemptKind.OWN and control.attacker == attempt.attacker for control in behind):
            return [self._control(control) for control in (*behind, *self._with_a_role(attempt))]
        works = self._credentials_work(attempt)
        return [*works, *(self._control(control) for control in behind)] if works and behind else []

    def _with_a_role(self, attempt: Attempt) -> list[Attempt]:
        """Return the control in which a user who has a role makes the request of one who must not have any."""
        if not attempt.technique.shows_tokens_alone:
            return []
        callers = (user.caller for user in self._population.users)
        may = (caller for caller in callers if is_own_control(self._blueprint, _KNOWN_GOOD_TOKEN, caller))
        return [own_control(self._blueprint, _KNOWN_GOOD_TOKEN, caller) for caller in may][:1]

    def _credentials_work(self, attempt: Attempt) -> list[Verdict]:
        """Return the first half of a witnessed control: another call with the same credentials works."""
        # A signed call rests on the caller's AWS credentials, at whatever service it is made.
        if attempt.technique.plane == _KNOWN_GOOD_TOKEN.plane and not attempt.technique.actions:
            return [self._control(own_control(self._blueprint, _KNOWN_GOOD_TOKEN, attempt.attacker))]
        # Those of the same plane first: they say most about the attack.
        for known_good in sorted(_KNOWN_GOOD, key=lambda technique: technique.plane != attempt.technique.plane):
            if known_good not in applicable(self._blueprint, _KNOWN_GOOD):
                continue
            if is_own_control(self._blueprint, known_good, attempt.attacker):
                return [self._control(own_control(self._blueprint, known_good, attempt.attacker))]
            for control in self._controls.allowed(known_good):
                if control.attacker == attempt.attacker:
                    return [self._control(control)]
        return []

    def _verdict(
        self,
        attempt: Attempt,
        exchange: Exchange,
        name: VerdictName,
        outcome: Outcome,
        reason: str,
        kind: LeakKind | None = None,
    ) -> Verdict:
        explained = (tuple(self._target.explain(response)) for response in exchange.by_caller)
        technique = attempt.technique
        if technique.effect is Effect.SESSION and not technique.first_step_decides:
            # A session is worth what it opens, so that every step has a say.
            decisions = tuple(decision for found in explained for decision in found)
        else:
            # What follows is decided on the caller's own data; only a first step without decisions is passed.
            decisions = next((found for found in explained if found), ())
        evidence = exchange_evidence(exchange.requests, exchange.responses)
        taken = [found for response in exchange.by_caller if (found := self._target.rulings(response))]
        rulings = tuple(ruling for found in (taken if attempt.is_control else taken[:1]) for ruling in found)
        return Verdict(attempt, name, outcome, reason, kind, "", decisions, evidence, rulings)
