"""One embedded cloud: an AWS account of its own, put together from the gateway, our services and moto's stores."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from harness.emulator.authorization import Authorizer, DecisionLog
from harness.emulator.clock import Clock
from harness.emulator.dynamodb_requests import DynamoDbRequests
from harness.emulator.gateway import Gateway
from harness.emulator.iam_directory import IamDirectory
from harness.emulator.identity_pools import IdentityPools
from harness.emulator.moto_adapter import MotoAdapter
from harness.emulator.principals import CredentialStore, IssuedCredentials, Principal
from harness.emulator.sigv4 import SignatureVerifier
from harness.emulator.sts import SecurityTokenService
from harness.emulator.user_pools import UserPools
from harness.secret import Secret

if TYPE_CHECKING:
    from harness.emulator.faults import Fault
    from harness.emulator.wire import Reply

_account_numbers = itertools.count(210_000_000_001)
_OK = 200


class EmbeddedCloud:
    """A whole account in this process. Two clouds share nothing; `close` drops what one has stored."""

    def __init__(self, region: str = "us-east-1") -> None:
        self.region = region
        self.account = str(next(_account_numbers))
        self.clock = Clock()
        self.faults: set[Fault] = set()
        self.moto = MotoAdapter(self.account, region)
        self.directory = IamDirectory(self.moto, self.account)
        self.credentials = CredentialStore(self.clock)
        self.verifier = SignatureVerifier(self.credentials, self.clock, region)
        self.decisions = DecisionLog()
        self.authorizer = Authorizer(self.directory, self.clock, region, self.account)
        self.dynamodb = DynamoDbRequests(region, self.account, self.moto)
        self.sts = SecurityTokenService(
            clock=self.clock,
            region=region,
            account=self.account,
            store=self.credentials,
            roles=self.directory,
            faults=self.faults,
            decides=self.authorizer.decides_trust,
        )
        self.user_pools = UserPools(clock=self.clock, region=region, account=self.account, authorize=self.authorizer)
        self.identity_pools = IdentityPools(
            clock=self.clock,
            region=region,
            account=self.account,
            user_pools=self.user_pools,
            sts=self.sts,
            authorize=self.authorizer,
            faults=self.faults,
        )
        self.gateway = Gateway(self)

    def root_credentials(self) -> IssuedCredentials:
        """Return new access keys of the account's root user, who may do anything but assume roles."""
        arn = f"arn:aws:iam::{self.account}:root"
        return self.credentials.issue_long_term(Principal(arn, arn, self.account, self.account))

    def iam_changed(self, operation: str, reply: Reply) -> None:
        """Follow a change that IAM has accepted: recompile policies, register or revoke access keys."""
        if reply.status != _OK or operation.startswith(("Get", "List")):
            return
        self.directory.invalidate()
        if operation in ("CreateAccessKey", "DeleteAccessKey", "DeleteUser"):
            self._follow_access_keys()

    def close(self) -> None:
        """Drop everything the cloud stored."""
        self.moto.forget()

    def _follow_access_keys(self) -> None:
        users = self.moto.iam_state().users.values()
        current = {key.access_key_id: (user, key) for user in users for key in user.access_keys}
        for access_key_id, (user, key) in current.items():
            if self.credentials.find(access_key_id) is None:
                context = {
                    "aws:principalarn": (user.arn,),
                    "aws:userid": (user.id,),
                    "aws:username": (user.name,),
                    "aws:principaltype": ("User",),
                }
                principal = Principal(user.arn, user.arn, user.id, self.account, context)
                self.credentials.register_long_term(access_key_id, Secret(key.secret_access_key), principal)
        self.credentials.revoke_long_term_except(set(current))
