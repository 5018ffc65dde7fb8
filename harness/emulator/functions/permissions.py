"""The resource policy of a function: who else may invoke it (Lambda page "Resource-based policies")."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import functions as unconfirmed
from harness.policy import MalformedPolicyDocument, PolicyKind, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.roles import RoleDirectory
    from harness.policy import Policy

_ACCOUNT = re.compile(r"\d{12}")
_OWNED = re.compile(r"arn:aws:iam::\d{12}:(role|user)/.+")
_ROOT = re.compile(r"arn:aws:iam::\d{12}:root")
_SESSION = re.compile(r"arn:aws:sts::\d{12}:(assumed-role|federated-user)/.+")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")


class FunctionPolicy:
    """The statements that AddPermission has put together, and the policy that comes of them."""

    def __init__(self, function_arn: str) -> None:
        self._function_arn = function_arn
        self._statements: dict[str, dict[str, Any]] = {}
        self._compiled: tuple[Policy, ...] = ()

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The compiled policy; empty while there is no statement."""
        return self._compiled

    def document(self) -> str:
        """Return the policy as GetPolicy shows it; raises ServiceError ResourceNotFoundException without statements."""
        if not self._statements:
            raise ServiceError("ResourceNotFoundException", unconfirmed.NO_FUNCTION_POLICY, 404)
        return self._text(self._statements)

    def add(self, params: Mapping[str, Any], directory: RoleDirectory) -> str:
        """Add the statement that the parameters of AddPermission describe, and return its JSON text.

        Raises ServiceError for a statement id that is there already and for a principal that does not exist.
        """
        sid = params["StatementId"]
        if sid in self._statements:
            raise ServiceError("ResourceConflictException", unconfirmed.STATEMENT_EXISTS.format(sid=sid), 409)
        statement: dict[str, Any] = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": _principal(params["Principal"], directory),
            "Action": params["Action"],
            "Resource": self._function_arn,
        }
        conditions = {}
        if "SourceAccount" in params:
            conditions["StringEquals"] = {"AWS:SourceAccount": params["SourceAccount"]}
        if "SourceArn" in params:
            conditions["ArnLike"] = {"AWS:SourceArn": params["SourceArn"]}
        if conditions:
            statement["Condition"] = conditions
        self._replace({**self._statements, sid: statement})
        return json.dumps(statement, separators=(",", ":"))

    def remove(self, sid: str) -> None:
        """Remove a statement; raises ServiceError ResourceNotFoundException when there is none of this id."""
        if sid not in self._statements:
            message = unconfirmed.STATEMENT_NOT_FOUND.format(sid=sid)
            raise ServiceError("ResourceNotFoundException", message, 404)
        self._replace({name: statement for name, statement in self._statements.items() if name != sid})

    def _replace(self, statements: dict[str, dict[str, Any]]) -> None:
        name = f"{self._function_arn.rpartition(':')[2]}/policy"
        compiled: tuple[Policy, ...] = ()
        if statements:
            try:
                compiled = (parse_policy(self._text(statements), kind=PolicyKind.RESOURCE, name=name),)
            except MalformedPolicyDocument as error:
                raise ServiceError("InvalidParameterValueException", error.reason) from None
        self._statements, self._compiled = statements, compiled

    def _text(self, statements: Mapping[str, Any]) -> str:
        document = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements.values())}
        return json.dumps(document, separators=(",", ":"))


def _principal(named: str, directory: RoleDirectory) -> Any:
    """Return the Principal element for what AddPermission calls the principal."""
    if named == "*":
        return "*"
    if _SERVICE.fullmatch(named):
        return {"Service": named}
    if _ACCOUNT.fullmatch(named):
        return {"AWS": f"arn:aws:iam::{named}:root"}
    if _ROOT.fullmatch(named):
        return {"AWS": named}
    if _OWNED.fullmatch(named):
        if directory.role(named) is None and directory.user(named) is None:
            raise ServiceError("InvalidParameterValueException", unconfirmed.FUNCTION_PRINCIPAL_INVALID)
        return {"AWS": named}
    if _SESSION.fullmatch(named):
        raise NotDerivableError("whether a session is a valid principal of lambda:AddPermission")
    raise ServiceError("InvalidParameterValueException", unconfirmed.FUNCTION_PRINCIPAL_INVALID)
