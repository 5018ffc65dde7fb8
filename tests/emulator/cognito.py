"""User pools behind a real boto3 client, and Lambda functions that are Python callables: what their tests stand on."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.service import NOT_DERIVABLE
from harness.emulator.tokens import PoolKeys, read_unverified
from harness.emulator.user_pools.functions_port import FunctionNotInvokableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from doors import Door

    from harness.emulator.turn import Turn
    from harness.emulator.user_pools.messages import Purpose

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PASSWORD = "Correct-Horse-1"
FIXED = {"Name": "tenant", "AttributeDataType": "String", "Mutable": False}
ORG = {"Name": "org", "AttributeDataType": "String", "Mutable": True}
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
# Finding primes is slow and not what these tests are about, so all their pools sign with one set of keys.
_KEYS = PoolKeys()


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


class PythonFunctions:
    """Runs triggers: a Python callable per trigger, and a record of the events."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self.handlers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.callers: list[tuple[str, str]] = []

    def invoke(
        self, function_arn: str, event: Mapping[str, Any], *, source_arn: str, principal: str
    ) -> Mapping[str, Any]:
        name = function_arn.rpartition(":")[2]
        self.events.append(json.loads(json.dumps(event)))
        self.callers.append((source_arn, principal))
        if name not in self.handlers:
            raise FunctionNotInvokableError("no such function")
        with self._turn.given_away():
            answer: Mapping[str, Any] = self.handlers[name](json.loads(json.dumps(event)))
            return answer


class Cognito:
    """One user pool with one app client. `client` is boto3's; every answer went over the wire format and back."""

    def __init__(self, door: Door, *, app: Mapping[str, Any] | None = None, **pool: Any) -> None:
        self.cloud = EmbeddedCloud(REGION, ACCOUNT)
        self.clock = self.cloud.clock
        self.functions = PythonFunctions(self.cloud.turn)
        self.pools = self.cloud.account_of(ACCOUNT).region(REGION).user_pools
        self.pools._triggers._functions = self.functions
        root = self.cloud.root_credentials()
        keys = ReadOnlyCredentials(root.access_key_id, root.secret_access_key.reveal(), None)
        self.client: Any = door.client(self.cloud, "cognito-idp", REGION, keys)
        self.pool_id = self.new_pool(**pool)
        self.client_id = self.new_client(**(app or {}))

    def new_pool(self, **params: Any) -> str:
        pool_id: str = self.client.create_user_pool(**{"PoolName": "pool", **params})["UserPool"]["Id"]
        self.pools.directory.pools[pool_id].keys = _KEYS
        return pool_id

    def new_client(self, **params: Any) -> str:
        given = {"UserPoolId": self.pool_id, "ClientName": "app", "ExplicitAuthFlows": FLOWS, **params}
        client_id: str = self.client.create_user_pool_client(**given)["UserPoolClient"]["ClientId"]
        return client_id

    def admin(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation on the pool as its administrator."""
        answer: dict[str, Any] = getattr(self.client, operation)(UserPoolId=self.pool_id, **params)
        return answer

    def create_user(self, username: str = "alice", **attributes: str) -> None:
        self.admin("admin_create_user", Username=username, MessageAction="SUPPRESS", UserAttributes=listed(attributes))
        self.admin("admin_set_user_password", Username=username, Password=PASSWORD, Permanent=True)

    def sign_up(self, username: str = "alice", **attributes: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.sign_up(
            ClientId=self.client_id, Username=username, Password=PASSWORD, UserAttributes=listed(attributes)
        )
        return answer

    def initiate(self, flow: str = "USER_PASSWORD_AUTH", **parameters: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.initiate_auth(
            ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters
        )
        return answer

    def sign_in(self, username: str = "alice", password: str = PASSWORD) -> dict[str, str]:
        tokens: dict[str, str] = self.initiate(USERNAME=username, PASSWORD=password)["AuthenticationResult"]
        return tokens

    def refresh(self, token: str) -> dict[str, str]:
        tokens: dict[str, str] = self.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)["AuthenticationResult"]
        return tokens

    def code(self, purpose: Purpose, username: str = "alice") -> str:
        """Return the code in the user's mailbox, which only the process that runs the pools can read."""
        message = self.pools.messages.last(self.pool_id, username, purpose)
        assert message is not None
        return message.code.reveal()

    def attributes(self, username: str = "alice") -> dict[str, str]:
        listed_attributes = self.admin("admin_get_user", Username=username)["UserAttributes"]
        return {each["Name"]: each["Value"] for each in listed_attributes}


def echo(event: dict[str, Any]) -> dict[str, Any]:
    return event


def answering(response: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda event: {**event, "response": dict(response)}


def failing(error: Exception) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def fail(_: dict[str, Any]) -> dict[str, Any]:
        raise error

    return fail


class Triggered(Cognito):
    """A pool whose triggers are the functions given by name; a pre token generation one with its version."""

    def __init__(self, door: Door, version: str = "V1_0", **handlers: Any) -> None:
        config: dict[str, Any] = {name: function_arn(name) for name in handlers}
        if version != "V1_0":
            arn = config.pop("PreTokenGeneration")
            config["PreTokenGenerationConfig"] = {"LambdaVersion": version, "LambdaArn": arn}
        super().__init__(door, LambdaConfig=config, AutoVerifiedAttributes=["email"], Schema=[ORG, FIXED])
        self.functions.handlers = dict(handlers)

    def last_event(self) -> dict[str, Any]:
        return self.functions.events[-1]


def listed(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """Return attributes as the API takes them; `custom__org` stands for `custom:org`."""
    return [{"Name": name.replace("__", ":"), "Value": value} for name, value in attributes.items()]


def claims_of(token: str) -> Mapping[str, Any]:
    return read_unverified(token).claims


@contextmanager
def refused(code: str, message: str | None = None) -> Iterator[None]:
    """Expect Cognito's refusal: the code, HTTP status 400 and, where it is given, exactly this message."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    if message is not None:
        assert answer["Error"]["Message"] == message
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


@contextmanager
def not_derivable() -> Iterator[None]:
    """Expect the emulator's own refusal of what it does not know."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == NOT_DERIVABLE, caught.value.response
