"""The service lambda: functions with a Python handler, their configuration and their resource policies."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.checked_operations import CheckedOperation, CheckedOperations
from harness.emulator.functions.fork_server import fork_server
from harness.emulator.functions.functions import Function
from harness.emulator.functions.package import code_digest
from harness.emulator.functions.runtime import Ending
from harness.emulator.functions.tasks import FunctionTasks, check_variables
from harness.emulator.listing import page
from harness.emulator.operations import accepting, request_tags, resource_tags
from harness.emulator.rest_requests import rest_service
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.emulator.unconfirmed import functions as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness.emulator.authorization import ScopedAuthorizer
    from harness.emulator.clock import Clock
    from harness.emulator.functions.functions import Functions
    from harness.emulator.principals import Principal
    from harness.emulator.roles import RoleDirectory
    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.sts.service import SecurityTokenService
    from harness.emulator.wire import Reply

_NAME = re.compile(
    r"(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):)?(?:(?P<account>\d{12}):)?(?:function:)?"
    r"(?P<name>[a-zA-Z0-9-_]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)
_SETTINGS = ("Role", "Handler", "Description", "Timeout", "MemorySize", "Environment", "Runtime")
_CONFIGURATION = "Role Handler Description Timeout MemorySize Environment.Variables Runtime"
_DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "Version": "$LATEST",
    "PackageType": "Zip",
    "TracingConfig": {"Mode": "PassThrough"},
    "EphemeralStorage": {"Size": 512},
    "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    "State": "Active",
    "LastUpdateStatus": "Successful",
}
_LONGEST_TIMEOUT = 900  # not in the service model; Lambda page "Quotas"
_MOST_FUNCTIONS_LISTED = 50  # of one page, whatever was asked for; Lambda API page "ListFunctions"
_ONE = "FunctionName Qualifier"


class LambdaService:
    """The service lambda of one account in one Region.

    `door` returns the URL at which this cloud answers over HTTP, where the AWS clients of a handler send their calls.
    """

    def __init__(
        self,
        *,
        account: str,
        region: str,
        clock: Clock,
        functions: Functions,
        roles: RoleDirectory,
        sts: SecurityTokenService,
        authorizer: ScopedAuthorizer,
        door: Callable[[], str],
    ) -> None:
        self._account = account
        self._region = region
        self._clock = clock
        self._functions = functions
        self._roles = roles
        self._tasks = FunctionTasks(sts, clock, door)
        self._operations = CheckedOperations("lambda", self._table(), authorizer)

    def answer(self, request: SignedRequest, principal: Principal) -> Reply:
        """Return the answer to a signed request.

        Raises the ServiceError that Lambda would answer, or NotDerivableError for what is not implemented.
        """
        rest = rest_service("lambda")
        asked = rest.read(request)
        try:
            result = self._operations.handle(Call(asked.operation, asked.params, principal))
        except ServiceError as error:
            if error.code == "AccessDenied":  # what IAM says of iam:PassRole, in the words of this service
                raise ServiceError("AccessDeniedException", error.message, 403) from None
            raise
        return rest.render(asked.operation, result)

    def _table(self) -> dict[str, CheckedOperation]:
        one = accepting(_ONE)
        create = "FunctionName Code.ZipFile Architectures PackageType Publish"
        permission = "StatementId Action Principal SourceArn SourceAccount"
        return {
            "CreateFunction": CheckedOperation(
                self._create, accepting(create, _CONFIGURATION, "Tags"), self._checks("CreateFunction")
            ),
            "GetFunction": CheckedOperation(self._get, one, self._checks("GetFunction")),
            "GetFunctionConfiguration": CheckedOperation(
                self._get_configuration, one, self._checks("GetFunctionConfiguration")
            ),
            "UpdateFunctionCode": CheckedOperation(
                self._update_code, one | accepting("ZipFile Publish"), self._checks("UpdateFunctionCode")
            ),
            "UpdateFunctionConfiguration": CheckedOperation(
                self._update, one | accepting(_CONFIGURATION), self._checks("UpdateFunctionConfiguration")
            ),
            "DeleteFunction": CheckedOperation(self._delete, one, self._checks("DeleteFunction")),
            "ListFunctions": CheckedOperation(
                self._list, accepting("Marker MaxItems"), lambda _: [AuthorizationCheck("lambda:ListFunctions", "*")]
            ),
            "Invoke": CheckedOperation(
                self._invoke, one | accepting("InvocationType LogType Payload"), self._checks("InvokeFunction")
            ),
            "AddPermission": CheckedOperation(
                self._add_permission, one | accepting(permission), self._checks("AddPermission")
            ),
            "RemovePermission": CheckedOperation(
                self._remove_permission, one | accepting("StatementId"), self._checks("RemovePermission")
            ),
            "GetPolicy": CheckedOperation(self._get_policy, one, self._checks("GetPolicy")),
            "ListTags": CheckedOperation(self._list_tags, accepting("Resource"), self._checks("ListTags")),
            "TagResource": CheckedOperation(self._tag, accepting("Resource Tags"), self._checks("TagResource")),
            "UntagResource": CheckedOperation(
                self._untag, accepting("Resource TagKeys"), self._checks("UntagResource")
            ),
        }

    def _checks(self, action: str) -> Callable[[Mapping[str, Any]], Iterator[AuthorizationCheck]]:
        def checks(params: Mapping[str, Any]) -> Iterator[AuthorizationCheck]:
            arn = self._arn(params.get("FunctionName") or params["Resource"], params.get("Qualifier"))
            function = self._functions.find(arn)
            context = {**resource_tags(function.tags if function is not None else None), **_tag_keys(params)}
            if action == "AddPermission":
                context["lambda:principal"] = (params["Principal"],)
            # Tags that come with a new function are set as TagResource sets them.
            for asked in (action, "TagResource") if action == "CreateFunction" and params.get("Tags") else (action,):
                yield AuthorizationCheck(
                    f"lambda:{asked}",
                    arn,
                    context,
                    resource_policies=function.policy.policies if function is not None else (),
                    resource_account=arn.split(":")[4],
                )
            if "Role" in params:
                passed = {"iam:passedtoservice": ("lambda.amazonaws.com",), "iam:associatedresourcearn": (arn,)}
                yield AuthorizationCheck("iam:PassRole", params["Role"], passed)

        return checks

    def _arn(self, named: str, qualifier: str | None = None) -> str:
        """Return the ARN of the function that a name, a partial ARN or an ARN means."""
        found = _NAME.fullmatch(named)
        if found is None:
            raise NotDerivableError("a function name of this form")
        for given in (found["qualifier"], qualifier):
            if given not in (None, "$LATEST"):
                raise NotDerivableError("versions and aliases of functions")
        region = found["region"] or self._region
        if region != self._region:
            message = f"Functions from '{region}' are not reachable in this region ('{self._region}')"
            raise ServiceError("ResourceNotFoundException", message, 404)
        return f"arn:aws:lambda:{region}:{found['account'] or self._account}:function:{found['name']}"

    def _function(self, params: Mapping[str, Any]) -> Function:
        arn = self._arn(params.get("FunctionName") or params["Resource"])
        function = self._functions.find(arn)
        if function is None:
            raise ServiceError("ResourceNotFoundException", f"Function not found: {arn}", 404)
        return function

    def _create(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        arn = self._arn(params["FunctionName"])
        name = arn.rpartition(":")[2]
        if self._functions.find(arn) is not None:
            raise ServiceError("ResourceConflictException", f"Function already exist: {name}", 409)
        if params.get("Publish") or params.get("PackageType", "Zip") != "Zip" or "ZipFile" not in params["Code"]:
            raise NotDerivableError("functions other than from a zip file, and published versions")
        self._check_settings(arn, {"Runtime": None, "Handler": None, **params})
        configuration: dict[str, Any] = {
            **_DEFAULTS,
            "FunctionName": name,
            "FunctionArn": arn,
            "Architectures": params.get("Architectures", ["x86_64"]),
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
            **{setting: params[setting] for setting in _SETTINGS if setting in params},
        }
        directory = fork_server().directory / uuid.uuid4().hex
        function = Function(arn, configuration, directory, self._tasks.task_of, self._clock.now)
        function.tags = dict(params.get("Tags") or {})
        self._install(function, params["Code"]["ZipFile"])
        self._functions.add(function)
        return function.configuration

    def _get(self, call: Call) -> Mapping[str, Any]:
        # Code.Location, a presigned URL of AWS's own bucket, is left out: there is nothing behind it here.
        function = self._function(call.params)
        shown = {"Configuration": function.configuration, "Code": {"RepositoryType": "S3"}}
        return {**shown, "Tags": dict(function.tags)} if function.tags else shown

    def _get_configuration(self, call: Call) -> Mapping[str, Any]:
        return self._function(call.params).configuration

    def _update_code(self, call: Call) -> Mapping[str, Any]:
        function = self._function(call.params)
        if call.params.get("Publish") or "ZipFile" not in call.params:
            raise NotDerivableError("functions other than from a zip file, and published versions")
        self._install(function, call.params["ZipFile"])
        return function.configuration

    def _update(self, call: Call) -> Mapping[str, Any]:
        function = self._function(call.params)
        self._check_settings(function.arn, call.params)
        function.configuration |= {name: call.params[name] for name in _SETTINGS if name in call.params}
        self._changed(function)
        return function.configuration

    def _delete(self, call: Call) -> Mapping[str, Any]:
        self._functions.remove(self._function(call.params))
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        mine = self._functions.within(f"arn:aws:lambda:{self._region}:{self._account}:function:")
        most = min(call.params.get("MaxItems") or _MOST_FUNCTIONS_LISTED, _MOST_FUNCTIONS_LISTED)
        shown, more = page(
            mine, most, call.params.get("Marker"), member="NextMarker", refusal="InvalidParameterValueException"
        )
        return {"Functions": [function.configuration for function in shown], **more}

    def _invoke(self, call: Call) -> Mapping[str, Any]:
        kind = call.params.get("InvocationType", "RequestResponse")
        if kind == "Event" or call.params.get("LogType", "None") != "None":
            raise NotDerivableError("asynchronous invocations, and logs in the answer")
        function = self._function(call.params)
        event = _event(call.params.get("Payload", b""))
        if kind == "DryRun":
            return {"StatusCode": 204}
        done = self._functions.run(function, event)
        answer = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": done.payload.encode()}
        return answer if done.ending is Ending.ANSWERED else {**answer, "FunctionError": "Unhandled"}

    def _add_permission(self, call: Call) -> Mapping[str, Any]:
        return {"Statement": self._function(call.params).policy.add(call.params, self._roles)}

    def _remove_permission(self, call: Call) -> Mapping[str, Any]:
        self._function(call.params).policy.remove(call.params["StatementId"])
        return {}

    def _get_policy(self, call: Call) -> Mapping[str, Any]:
        return {"Policy": self._function(call.params).policy.document()}

    def _list_tags(self, call: Call) -> Mapping[str, Any]:
        return {"Tags": dict(self._function(call.params).tags)}

    def _tag(self, call: Call) -> Mapping[str, Any]:
        self._function(call.params).tags |= call.params["Tags"]
        return {}

    def _untag(self, call: Call) -> Mapping[str, Any]:
        for key in call.params["TagKeys"]:
            self._function(call.params).tags.pop(key, None)
        return {}

    def _check_settings(self, arn: str, params: Mapping[str, Any]) -> None:
        if params.get("Timeout", 0) > _LONGEST_TIMEOUT:
            rule = f"Member must have value less than or equal to {_LONGEST_TIMEOUT}"
            message = f"Value '{params['Timeout']}' at 'timeout' failed to satisfy constraint: {rule}"
            raise ServiceError("ValidationException", f"1 validation error detected: {message}")
        if "Runtime" in params and not str(params["Runtime"]).startswith("python3."):
            raise NotDerivableError(f"the runtime {params['Runtime']}")
        if "Handler" in params and "." not in str(params["Handler"]):
            raise NotDerivableError("a handler that is not MODULE.FUNCTION")
        check_variables((params.get("Environment") or {}).get("Variables") or {})
        if "Role" in params:
            self._tasks.check_role(params["Role"], arn)

    def _install(self, function: Function, archive: bytes) -> None:
        function.install(archive)
        function.configuration |= {"CodeSize": len(archive), "CodeSha256": code_digest(archive)}
        self._changed(function)

    def _changed(self, function: Function) -> None:
        now = self._clock.now()
        modified = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}+0000"
        function.configuration |= {"LastModified": modified, "RevisionId": str(uuid.uuid4())}
        function.environments.renew()


def _tag_keys(params: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    removed = params.get("TagKeys")
    return {"aws:tagkeys": tuple(removed)} if removed else request_tags(params.get("Tags"))


def _event(payload: bytes) -> str:
    text = payload.decode("utf-8", "replace") or "{}"
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise ServiceError("InvalidRequestContentException", unconfirmed.EVENT_NOT_JSON) from None
    return text
