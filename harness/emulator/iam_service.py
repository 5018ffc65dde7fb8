"""The service IAM: calls are authorized, stored by moto, and followed by whoever decides or verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.emulator.iam_requests import read_iam_request
from harness.emulator.principals import Principal
from harness.emulator.sigv4 import unsigned
from harness.emulator.wire import Protocol, Reply
from harness.secret import Secret

if TYPE_CHECKING:
    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.iam_directory import IamDirectory
    from harness.emulator.moto_adapter import MotoAdapter
    from harness.emulator.principals import CredentialStore
    from harness.emulator.service import Call

_OK = 200


class IamService:
    """The IAM of one account."""

    def __init__(
        self,
        account: str,
        moto: MotoAdapter,
        directory: IamDirectory,
        credentials: CredentialStore,
        authorizer: ScopedAuthorizer,
    ) -> None:
        self._account = account
        self._moto = moto
        self._directory = directory
        self._credentials = credentials
        self._authorizer = authorizer

    def answer(self, call: Call) -> Reply:
        """Return the answer to a call whose parameters still have the form of the query protocol.

        Raises the ServiceError that IAM would answer, or NotDerivableError for what is not known.
        """
        if call.principal is None:
            raise unsigned(Protocol.QUERY)
        parameters = {**call.params, "Action": call.operation}
        asked = read_iam_request(parameters, self._account, self._directory.path_of)
        self._authorizer(call.principal, asked.action, asked.resource)
        reply = self._moto.iam(parameters)
        if reply.status == _OK and not asked.operation.startswith(("Get", "List")):
            self._directory.invalidate()
            if asked.operation in ("CreateAccessKey", "DeleteAccessKey", "DeleteUser"):
                self._follow_access_keys()
        return reply

    def _follow_access_keys(self) -> None:
        users = self._moto.iam_state().users.values()
        current = {key.access_key_id: (user, key) for user in users for key in user.access_keys}
        for access_key_id, (user, key) in current.items():
            if self._credentials.find(access_key_id) is None:
                context = {
                    "aws:principalarn": (user.arn,),
                    "aws:userid": (user.id,),
                    "aws:username": (user.name,),
                    "aws:principaltype": ("User",),
                }
                principal = Principal(user.arn, user.arn, user.id, self._account, context)
                self._credentials.register_long_term(access_key_id, Secret(key.secret_access_key), principal)
        self._credentials.revoke_long_term_except(self._account, set(current))
