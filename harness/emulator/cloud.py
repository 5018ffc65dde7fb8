"""One embedded cloud: accounts that share a clock, the keys that were issued, the policy engine and one gateway."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from harness.emulator.account import Account, Common
from harness.emulator.apis.apis import Apis
from harness.emulator.apis.execute_api import ExecuteApi
from harness.emulator.authorization import Authorizer, DecisionLog
from harness.emulator.clock import Clock
from harness.emulator.dynamodb.tables import TableDirectory
from harness.emulator.functions.door import FunctionDoor
from harness.emulator.functions.functions import Functions
from harness.emulator.gateway import Gateway
from harness.emulator.iam.propagation import PropagatedIam
from harness.emulator.injection import Injections, Injector
from harness.emulator.principals import CredentialStore, IssuedCredentials, root_of
from harness.emulator.s3.buckets import Buckets
from harness.emulator.signatures.sigv4 import SignatureVerifier
from harness.emulator.token_issuers import TokenIssuers
from harness.emulator.turn import Turn
from harness.emulator.unsigned_calls import named_in

if TYPE_CHECKING:
    from harness.emulator.account import RegionalServices
    from harness.emulator.faults import Fault

_account_numbers = itertools.count(210_000_000_001)


class EmbeddedCloud:
    """A whole cloud in this process. Two clouds share nothing; `close` drops what one has stored.

    `account` is the number of the account that unsigned calls are sent to when nothing in them names another one.
    `well_known_roots` opens the root users of all accounts to everybody who knows the secret `test` (principals.py).
    """

    def __init__(
        self, region: str = "us-east-1", account: str | None = None, *, well_known_roots: bool = False
    ) -> None:
        self.region = region
        self.account = account or str(next(_account_numbers))
        self.clock = Clock()
        self.faults: set[Fault] = set()
        self.credentials = CredentialStore(self.clock, self.account if well_known_roots else None)
        self.verifier = SignatureVerifier(self.credentials, self.clock)
        self.decisions = DecisionLog()
        self.iam = PropagatedIam(self.clock)
        self.authorizer = Authorizer(self.iam, self.clock, self.decisions)
        self._tables = TableDirectory()
        self.turn = Turn()
        self._function_door = FunctionDoor(self)
        self.functions = Functions(self.turn, self.authorizer, self._function_door)
        self._apis = Apis()
        self._issuers = TokenIssuers()
        self.buckets = Buckets()
        self._accounts: dict[str, Account] = {}
        self.account_of(self.account)
        self.gateway = Gateway(self)
        self.gateway.raw_http["execute-api"] = ExecuteApi(
            apis=self._apis,
            functions=self.functions,
            issuers=self._issuers,
            verifier=self.verifier,
            authorizer=self.authorizer,
            clock=self.clock,
        )

    def account_of(self, number: str) -> Account:
        """Return an account by its number; it comes into being when it is first asked for."""
        if number not in self._accounts:
            common = Common(
                self.clock,
                self.faults,
                self.credentials,
                self.iam,
                self.authorizer,
                self._tables,
                self.functions,
                self._function_door.url,
                self._apis,
                self._issuers,
                self.buckets,
            )
            self._accounts[number] = Account(number, common)
        return self._accounts[number]

    def services_meant_by(self, service: str, params: Any, region: str | None) -> RegionalServices:
        """Return the services that hold the user pool or identity pool an unsigned call names.

        They are looked for in all accounts, in one Region or (None) in all that are in use. Where nobody has the pool,
        they are those of the cloud's first account in that Region or in the cloud's own.
        """
        named = named_in(params)
        for account in self._accounts.values():
            found = account.owning(service, named, region)
            if found is not None:
                return found
        return self._accounts[self.account].region(region or self.region)

    def root_credentials(self, account: str | None = None) -> IssuedCredentials:
        """Return new access keys of an account's root user, who may do anything there but assume roles."""
        number = self.account_of(account or self.account).number
        return self.credentials.issue_long_term(root_of(number))

    def inject(self, injections: Injections) -> None:
        """Let things go wrong from now on, as `injections` says; without any settings, nothing does any more."""
        self.gateway.injector = Injector(self, injections)

    def reset(self) -> None:
        """Start anew: nothing is stored, no key that was issued is known, and the clock is right."""
        self._drop()
        self._accounts.clear()
        self._apis.clear()
        self._issuers.clear()
        self.buckets.clear()
        self.iam.clear()
        self.credentials.forget()
        self.verifier.forget()
        self.decisions.forget()
        self.clock.reset()
        self.account_of(self.account)

    def close(self) -> None:
        """Drop everything the cloud stored, and end what its functions run."""
        self._drop()
        self._function_door.close()

    def _drop(self) -> None:
        self.functions.close()
        for account in self._accounts.values():
            account.forget()
