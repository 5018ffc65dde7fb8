"""What the embedded emulator costs beside bare moto, in process and over HTTP, in one run on one machine.

    python benchmarks/bench_emulator.py

Each figure is the median of alternating rounds of the same GetItem by the same client: ours checks the signature of a
session and decides a tenant's policy with LeadingKeys, moto does neither. Servers are processes of their own.
"""

from __future__ import annotations

import http.client
import json
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto import mock_aws
from moto.core.models import botocore_stubber

from harness.emulator.cloud import EmbeddedCloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ROUNDS = 7
_CALLS = 100
_CLIENTS = 4
_REGION = "us-east-1"
_TABLE = "bench"
_KEY = {"PK": {"S": "own"}, "SK": {"S": "1"}}
_ITEM = {**_KEY, "text": {"S": "content " * 10}}
_TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
_POLICY = {
    "Effect": "Allow",
    "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
    "Resource": f"arn:aws:dynamodb:*:*:table/{_TABLE}",
    "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["own"]}},
}
_MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("ready: http://%s:%s " % server.get_host_and_port(), flush=True)
sys.stdin.read()
"""
_COMMANDS = {
    "moto": [sys.executable, "-c", _MOTO],
    "ours": [sys.executable, "-m", "harness", "emulator", "--port", "0"],
}


def main() -> None:
    """Measure and print."""
    _in_process()
    _over_http()


def _in_process() -> None:
    cloud = EmbeddedCloud()
    root = cloud.root_credentials()

    def through_the_gateway(client: Any) -> None:
        client.meta.events.register("before-send", cloud.gateway.before_send)

    with mock_aws():
        # Entering and leaving moto's own mock drops what is stored, so it is only switched off while ours is used.
        bare = _boto3("dynamodb", aws_access_key_id="x", aws_secret_access_key="y")
        _fill(bare)
        botocore_stubber.enabled = False
        made = _tenant(
            lambda service, **keys: _boto3(service, prepared=through_the_gateway, **keys),
            {"aws_access_key_id": root.access_key_id, "aws_secret_access_key": root.secret_access_key.reveal()},
        )
        rates: dict[str, list[float]] = {"moto": [], "ours": []}
        for _ in range(_ROUNDS):
            botocore_stubber.enabled = True
            rates["moto"].append(_rate(lambda: _get(bare), time.process_time))
            botocore_stubber.enabled = False
            rates["ours"].append(_rate(lambda: _get(made.dynamodb), time.process_time))
    cloud.close()
    _tell("in process, boto3, per second of processor time", rates)


def _over_http() -> None:
    with _server("moto") as moto, _server("ours") as ours:
        for server in (moto, ours):
            print(f"{server.name}: ready after {server.seconds:.2f} s, {server.memory():.0f} MB then")
        clients = {}
        for server in (moto, ours):
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "endpoint_url": server.url}
            clients[server.name] = _tenant(_boto3, keys)
        calls = {name: partial(_get, made.dynamodb) for name, made in clients.items()}
        _tell("over HTTP, boto3", _alternating(calls))
        raw = {server.name: _Raw(server.url, clients[server.name].keys) for server in (moto, ours)}
        _tell("over HTTP, one bare connection", _alternating({name: each.get for name, each in raw.items()}))
        several = {
            server.name: [_Raw(server.url, clients[server.name].keys) for _ in range(_CLIENTS)]
            for server in (moto, ours)
        }
        with ThreadPoolExecutor(_CLIENTS) as threads:
            rates: dict[str, list[float]] = {"moto": [], "ours": []}
            for _ in range(_ROUNDS):
                for name, connections in several.items():
                    start = time.perf_counter()
                    list(threads.map(lambda each: _rate(each.get), connections))
                    rates[name].append(_CLIENTS * _CALLS / (time.perf_counter() - start))
        _tell(f"over HTTP, {_CLIENTS} bare connections at once", rates)
        for server in (moto, ours):
            print(f"{server.name}: {server.memory():.0f} MB in the end")


@dataclass(frozen=True)
class _Tenant:
    keys: Mapping[str, str]
    dynamodb: Any


def _tenant(client: Callable[..., Any], keys: Mapping[str, str]) -> _Tenant:
    """Return a session of a role that may read its own partition of a table with one item."""
    endpoint = {name: value for name, value in keys.items() if name == "endpoint_url"}
    _fill(client("dynamodb", **keys))
    iam = client("iam", **keys)
    iam.create_user(UserName="caller")
    user = _document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=user)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    role = iam.create_role(RoleName="tenant", AssumeRolePolicyDocument=_document(_TRUST))["Role"]["Arn"]
    iam.put_role_policy(RoleName="tenant", PolicyName="p", PolicyDocument=_document(_POLICY))
    caller = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"], **endpoint}
    issued = client("sts", **caller).assume_role(RoleArn=role, RoleSessionName="bench")["Credentials"]
    session = {
        "aws_access_key_id": issued["AccessKeyId"],
        "aws_secret_access_key": issued["SecretAccessKey"],
        "aws_session_token": issued["SessionToken"],
    }
    return _Tenant(session, client("dynamodb", **session, **endpoint))


def _boto3(service: str, prepared: Callable[[Any], None] | None = None, **settings: str) -> Any:
    session: Any = boto3.Session()
    client = session.client(service, region_name=_REGION, **settings)
    if prepared is not None:
        prepared(client)
    return client


def _fill(client: Any) -> None:
    client.create_table(
        TableName=_TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
    )
    client.put_item(TableName=_TABLE, Item=_ITEM)


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _get(client: Any) -> None:
    if client.get_item(TableName=_TABLE, Key=_KEY)["Item"] != _ITEM:
        raise AssertionError


class _Raw:
    """A connection that sends one signed request again and again: the server's share of the time."""

    def __init__(self, url: str, keys: Mapping[str, str]) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        target = {"X-Amz-Target": "DynamoDB_20120810.GetItem", "Content-Type": "application/x-amz-json-1.0"}
        body = json.dumps({"TableName": _TABLE, "Key": _KEY}).encode()
        request = AWSRequest("POST", f"{url}/", data=body, headers=target)
        SigV4Auth(Credentials(*keys.values()), "dynamodb", _REGION).add_auth(request)
        self._body, self._headers = body, dict(request.headers.items())

    def get(self) -> None:
        self._connection.request("POST", "/", self._body, self._headers)
        if json.loads(self._connection.getresponse().read())["Item"] != _ITEM:
            raise AssertionError


@dataclass(frozen=True)
class _Server:
    name: str
    url: str
    seconds: float
    pid: int

    def memory(self) -> float:
        """Return the resident memory in megabytes."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8"))
        return int(found[1]) / 1024 if found else float("nan")


@contextmanager
def _server(name: str) -> Iterator[_Server]:
    start = time.perf_counter()
    with subprocess.Popen(
        _COMMANDS[name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            url = process.stdout.readline().split()[1] if process.stdout else ""
            yield _Server(name, url, time.perf_counter() - start, process.pid)
        finally:
            process.terminate()


def _rate(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    for _ in range(_CALLS):
        call()
    return _CALLS / (clock() - start)


def _alternating(calls: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in calls}
    # Alternating rounds, so that noise of the machine meets both.
    for _ in range(_ROUNDS):
        for name, call in calls.items():
            rates[name].append(_rate(call))
    return rates


def _tell(what: str, rates: Mapping[str, list[float]]) -> None:
    moto, ours = statistics.median(rates["moto"]), statistics.median(rates["ours"])
    print(f"GetItem {what}: moto {moto:.0f}/s, ours {ours:.0f}/s, {ours / moto:.2f} times")


if __name__ == "__main__":
    main()
