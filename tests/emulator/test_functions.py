"""Lambda as its clients meet it: managing functions, invoking them, and who may (aws-semantics 4.5, 6.2 and 8)."""

from __future__ import annotations

import json
import os
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from function_services import REGION, FunctionServices, allow, document, function, package

from harness.emulator.service import NOT_DERIVABLE
from harness.secret import Secret
from harness.targets.api import AwsCredentials

if TYPE_CHECKING:
    from collections.abc import Iterator

ECHO = "def handler(event, context): return event"


@pytest.fixture(scope="module")
def services() -> Iterator[FunctionServices]:
    services = FunctionServices()
    services.role("execution")
    yield services
    services.target.close()


@pytest.fixture(scope="module")
def role(services: FunctionServices) -> str:
    return f"arn:aws:iam::{services.account}:role/execution"


@pytest.fixture(scope="module")
def echo(services: FunctionServices, role: str) -> str:
    return services.function("echo", ECHO, role, Description="says what it hears")


def test_a_function_can_be_read_listed_changed_and_deleted(services: FunctionServices, role: str) -> None:
    arn = services.function("changing", ECHO, role)
    assert services.invoke("changing", {"n": 1}).data["Payload"] == b'{"n": 1}'
    services.operate("lambda", "UpdateFunctionCode", FunctionName=arn, ZipFile=package("def other(e, c): return 2"))
    services.operate("lambda", "UpdateFunctionConfiguration", FunctionName="changing", Handler="index.other", Timeout=9)
    assert services.invoke("changing").data["Payload"] == b"2"
    shown = services.operate("lambda", "GetFunction", FunctionName="changing")["Configuration"]
    assert (shown["Handler"], shown["Timeout"], shown["FunctionArn"]) == ("index.other", 9, arn)
    listed = services.operate("lambda", "ListFunctions")["Functions"]
    assert arn in [function["FunctionArn"] for function in listed]
    services.operate("lambda", "DeleteFunction", FunctionName="changing")
    answer = services.invoke("changing")
    assert (answer.error_code, answer.status) == ("ResourceNotFoundException", 404)
    assert answer.message == f"Function not found: {arn}"


def test_a_name_is_taken_once(services: FunctionServices, role: str, echo: str) -> None:
    answer = services.call(services.operator, "lambda", "CreateFunction", **function("echo", role))
    assert answer.message == "Function already exist: echo"
    assert echo.endswith(":echo")
    assert (answer.error_code, answer.status) == ("ResourceConflictException", 409)


@pytest.mark.parametrize(
    ("code", "error_type", "message"),
    [
        pytest.param("def handler(e, c): raise ValueError('no')", "ValueError", "no", id="raised"),
        pytest.param("import absent", "Runtime.ImportModuleError", "Unable to import module 'index'", id="import"),
        pytest.param("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module", id="no-handler"),
        pytest.param("raise KeyError('k')", "KeyError", "'k'", id="init"),
        pytest.param("def handler(e, c): return {1, 2}", "Runtime.MarshalError", "Unable to marshal", id="no-json"),
        pytest.param("import sys\ndef handler(e, c): sys.exit(3)", "Runtime.ExitError", "Runtime exited", id="exit"),
        pytest.param("def handler(e, c):\n  while True: pass", "Sandbox.Timedout", "timed out after 1.00", id="slow"),
    ],
)
def test_a_failing_function_answers_with_the_error_document(
    services: FunctionServices, role: str, code: str, error_type: str, message: str
) -> None:
    services.function("failing", code, role, Timeout=1)
    for _ in range(2 if error_type == "ValueError" else 1):
        answer = services.invoke("failing")
        assert (answer.status, answer.data["FunctionError"]) == (200, "Unhandled")
        error = json.loads(answer.data["Payload"])
        assert error["errorType"] == error_type
        assert message in error["errorMessage"]
    services.operate("lambda", "DeleteFunction", FunctionName="failing")


def test_an_environment_is_used_again_until_it_fails(services: FunctionServices, role: str) -> None:
    code = """
        import os
        count = 0
        def handler(event, context):
            global count
            count += 1
            if event.get("leave"):
                os._exit(1)
            return count
        """
    services.function("counting", code, role)
    assert [services.invoke("counting").data["Payload"] for _ in range(2)] == [b"1", b"2"]
    assert "FunctionError" in services.invoke("counting", {"leave": 1}).data
    assert services.invoke("counting").data["Payload"] == b"1"


def test_an_environment_has_what_it_has_on_aws_and_nothing_of_the_harness(
    services: FunctionServices, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_HARNESS", "x")
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    code = """
        import boto3, os
        def handler(event, context):
            with open(f"{os.environ['TMPDIR']}/file", "w") as file:
                file.write("scratch")
            return {
                "environment": dict(os.environ),
                "arn": boto3.client("sts").get_caller_identity()["Arn"],
                "context": [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb],
                "left": context.get_remaining_time_in_millis(),
            }
        """
    arn = services.function("curious", code, role, Environment={"Variables": {"TABLE": "items"}}, MemorySize=256)
    seen = json.loads(services.invoke("curious").data["Payload"])
    environment = seen["environment"]
    assert environment["TABLE"] == "items"
    assert environment["AWS_REGION"] == REGION
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "curious"
    assert not {"A_SECRET_OF_THE_HARNESS", "AWS_PROFILE", "PYTHONPATH", "VIRTUAL_ENV"} & set(environment)
    assert environment["HOME"] != os.environ.get("HOME")
    assert seen["arn"] == f"arn:aws:sts::{services.account}:assumed-role/execution/curious"
    assert seen["context"] == ["curious", arn, "256"]
    assert 0 < seen["left"] <= 60_000


def test_the_execution_role_limits_what_a_handler_can_do(services: FunctionServices) -> None:
    allowed = allow("dynamodb:ListTables", "*")
    code = """
        import boto3
        from botocore.exceptions import ClientError
        def handler(event, context):
            outcomes = []
            for call in (boto3.client("dynamodb").list_tables, boto3.client("iam").list_roles):
                try:
                    call()
                    outcomes.append("allowed")
                except ClientError as error:
                    outcomes.append(error.response["Error"]["Code"])
            return outcomes
        """
    services.function("limited", code, services.role("limited-execution", allowed))
    assert json.loads(services.invoke("limited").data["Payload"]) == ["allowed", "AccessDenied"]
    services.operate("iam", "DeleteRolePolicy", RoleName="limited-execution", PolicyName="p")
    assert json.loads(services.invoke("limited").data["Payload"]) == ["AccessDeniedException", "AccessDenied"]


def test_credentials_are_renewed_when_they_run_out(services: FunctionServices, role: str) -> None:
    code = "import boto3\ndef handler(e, c): return boto3.client('sts').get_caller_identity()['Account']"
    services.function("lasting", code, role)
    for hours in (0, 13, 26):
        with services.target.time_shifted(hours * 3600):
            assert json.loads(services.invoke("lasting").data["Payload"]) == services.account


def test_what_a_handler_prints_is_kept_and_goes_nowhere(
    services: FunctionServices, role: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code = "import sys\ndef handler(e, c):\n  print('x' * 200_000)\n  print('the end', file=sys.stderr)"
    arn = services.function("talking", code, role)
    assert services.invoke("talking").data["Payload"] == b"null"
    found = services.target.cloud.functions.find(arn)
    assert found is not None
    assert found.logs.endswith("the end\n")
    assert len(found.logs) <= 65_536
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"Environment": {"Variables": {"AWS_SESSION_TOKEN": "x"}}}, "InvalidParameterValueException"),
        ({"Environment": {"Variables": {"LARGE": "x" * 4096}}}, "InvalidParameterValueException"),
        ({"Environment": {"Variables": {"AWS_ENDPOINT_URL_STS": "http://x"}}}, NOT_DERIVABLE),
        ({"Timeout": 901}, "ValidationException"),
        ({"Runtime": "nodejs22.x"}, NOT_DERIVABLE),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:l:1"]}, NOT_DERIVABLE),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, NOT_DERIVABLE),
        ({"Publish": True}, NOT_DERIVABLE),
        ({"Code": {"S3Bucket": "bucket", "S3Key": "key"}}, NOT_DERIVABLE),
        ({"Code": {"ZipFile": b"no archive"}}, "InvalidParameterValueException"),
    ],
)
def test_what_lambda_or_this_emulator_does_not_take_is_refused(
    services: FunctionServices, role: str, settings: dict[str, Any], code: str
) -> None:
    params = {**function("refused", role), **settings}
    assert services.call(services.operator, "lambda", "CreateFunction", **params).error_code == code


@pytest.mark.parametrize("name", ["../outside.py", "/outside.py", "a/../../outside.py", "..\\outside.py", "a\0b.py"])
def test_a_package_that_would_write_outside_its_directory_is_refused(
    services: FunctionServices, role: str, name: str
) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        entry = zipfile.ZipInfo("placeholder-na")
        entry.filename = name
        opened.writestr(entry, "x = 1")
    params = {**function("slipping", role), "Code": {"ZipFile": archive.getvalue()}}
    answer = services.call(services.operator, "lambda", "CreateFunction", **params)
    assert answer.error_code == "InvalidParameterValueException"
    assert answer.message.startswith("Could not unzip uploaded file.")


def test_a_handler_cannot_make_a_refusal_of_what_this_emulator_does_not_know(services: FunctionServices) -> None:
    code = """
        import boto3
        def handler(event, context):
            try:
                boto3.client("sqs").list_queues()
            except Exception:
                return "refused"
        """
    services.function("hiding", code, services.role("hiding-execution", allow("*", "*")))
    answer = services.invoke("hiding")
    assert (answer.error_code, answer.status) == (NOT_DERIVABLE, 501)


@pytest.mark.parametrize(
    "params",
    [{"InvocationType": "Event"}, {"Qualifier": "1"}, {"LogType": "Tail"}, {"ClientContext": "e30="}],
    ids=lambda params: next(iter(params)),
)
def test_other_ways_to_invoke_are_refused_as_unknown(
    services: FunctionServices, echo: str, params: dict[str, str]
) -> None:
    answer = services.call(services.operator, "lambda", "Invoke", FunctionName=echo, Payload=b"{}", **params)
    assert (answer.error_code, answer.status) == (NOT_DERIVABLE, 501)


def test_an_event_that_is_no_json_is_refused(services: FunctionServices, echo: str) -> None:
    answer = services.call(services.operator, "lambda", "Invoke", FunctionName=echo, Payload=b"{")
    assert (answer.error_code, answer.status) == ("InvalidRequestContentException", 400)


def test_lambda_must_be_trusted_by_the_execution_role(services: FunctionServices) -> None:
    untrusting = services.role("untrusting", trusts={"Service": "ec2.amazonaws.com"})
    answer = services.call(services.operator, "lambda", "CreateFunction", **function("untrusted", untrusting))
    assert answer.error_code == "InvalidParameterValueException"
    assert answer.message == "The role defined for the function cannot be assumed by Lambda."


def test_only_who_may_pass_the_role_makes_a_function_of_it(services: FunctionServices, role: str) -> None:
    own = f"arn:aws:lambda:{REGION}:{services.account}:function:passed"
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    granted = allow("lambda:CreateFunction", own)
    without = services.session("maker-without", granted)
    with_it = services.session("maker-with", granted, allow("iam:PassRole", role, Condition=to_lambda))
    refused = services.call(without, "lambda", "CreateFunction", **function("passed", role))
    assert (refused.error_code, refused.status) == ("AccessDeniedException", 403)
    assert f"is not authorized to perform: iam:PassRole on resource: {role} because no identity" in refused.message
    assert services.call(with_it, "lambda", "CreateFunction", **function("passed", role)).status == 201


def test_who_may_invoke_is_decided_by_identity_and_resource_policies(services: FunctionServices, echo: str) -> None:
    permitted = services.session("invoker", allow("lambda:InvokeFunction", echo))
    stranger = services.session("stranger", allow("lambda:GetFunction", echo))
    assert services.invoke("echo", {"a": 1}, permitted).data["Payload"] == b'{"a": 1}'
    refused = services.invoke(echo, {}, stranger)
    assert (refused.error_code, refused.status) == ("AccessDeniedException", 403)
    sentence = f"lambda:InvokeFunction on resource: {echo} because no identity-based policy allows the"
    assert f"is not authorized to perform: {sentence}" in refused.message
    granted = {"Action": "lambda:InvokeFunction", "Principal": f"arn:aws:iam::{services.account}:role/stranger"}
    services.operate("lambda", "AddPermission", FunctionName="echo", StatementId="stranger", **granted)
    assert services.invoke(echo, {}, stranger).succeeded
    statement = json.loads(services.operate("lambda", "GetPolicy", FunctionName="echo")["Policy"])["Statement"][0]
    assert statement["Principal"] == {"AWS": granted["Principal"]}
    assert statement["Resource"] == echo
    services.operate("lambda", "RemovePermission", FunctionName="echo", StatementId="stranger")
    assert services.invoke(echo, {}, stranger).error_code == "AccessDeniedException"


def test_a_function_of_another_account_needs_both_policies(services: FunctionServices, echo: str) -> None:
    cloud, other = services.target.cloud, "219999999999"
    root = cloud.root_credentials(other)
    outsider = AwsCredentials(Secret(root.access_key_id), root.secret_access_key)
    policy = document(allow("lambda:InvokeFunction", "*"))
    services.call(outsider, "iam", "CreateUser", UserName="outsider")
    services.call(outsider, "iam", "PutUserPolicy", UserName="outsider", PolicyName="p", PolicyDocument=policy)
    key = services.call(outsider, "iam", "CreateAccessKey", UserName="outsider").data["AccessKey"]
    user = AwsCredentials(Secret(key["AccessKeyId"]), Secret(key["SecretAccessKey"]))
    assert services.invoke(echo, {}, user).error_code == "AccessDeniedException"
    granted = {"Action": "lambda:InvokeFunction", "Principal": other}
    services.operate("lambda", "AddPermission", FunctionName="echo", StatementId="account", **granted)
    assert services.invoke(echo, {"b": 2}, user).data["Payload"] == b'{"b": 2}'
    services.call(outsider, "iam", "DeleteUserPolicy", UserName="outsider", PolicyName="p")
    assert services.invoke(echo, {}, user).error_code == "AccessDeniedException"
    services.operate("lambda", "RemovePermission", FunctionName="echo", StatementId="account")


@pytest.mark.parametrize("principal", ["arn:aws:iam::{account}:role/nobody", "word"])
def test_a_permission_names_somebody_who_exists(services: FunctionServices, echo: str, principal: str) -> None:
    granted = {"Action": "lambda:InvokeFunction", "Principal": principal.format(account=services.account)}
    answer = services.call(services.operator, "lambda", "AddPermission", FunctionName=echo, StatementId="s", **granted)
    assert answer.error_code == "InvalidParameterValueException"


def test_unsigned_calls_are_refused(services: FunctionServices, echo: str) -> None:
    url = f"https://lambda.{REGION}.amazonaws.com/2015-03-31/functions/{echo.rpartition(':')[2]}/invocations"
    answer = services.get(url, method="POST")
    assert (answer.status, answer.error_type) == (403, "MissingAuthenticationTokenException")
