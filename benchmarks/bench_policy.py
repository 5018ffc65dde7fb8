"""Decisions per second on a three-statement tenant policy, beside other engines in the same process.

Prints a table of decisions per second for three requests, bare and explained, the ratio to moto's engine, and whether
each engine's answer is right. Everything is prepared before the clock runs: policies parsed, requests built.
"""

import gc
import json
import platform
import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult

from harness.policy import PolicyKind, PolicySet, Request, decide, explain, parse_policy

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "policy"))
import reference

ACCOUNT = "111122223333"
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/Orders"
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": "arn:aws:s3:::shared/${aws:PrincipalTag/tenant}/*",
        },
        {
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::shared",
            "Condition": {"StringLike": {"s3:prefix": "${aws:PrincipalTag/tenant}/*"}},
        },
        {
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:Query"],
            "Resource": TABLE,
            "Condition": {
                "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/tenant}"]},
                "Null": {"dynamodb:LeadingKeys": "false"},
            },
        },
    ],
}
TAG = {"aws:principaltag/tenant": ("acme",)}
PRINCIPAL = f"arn:aws:sts::{ACCOUNT}:assumed-role/Tenant/ann"
REQUESTS = {
    "S3 get": (True, Request(PRINCIPAL, "s3:GetObject", "arn:aws:s3:::shared/acme/invoice.pdf", TAG)),
    "DynamoDB query": (
        True,
        Request(PRINCIPAL, "dynamodb:Query", TABLE, {**TAG, "dynamodb:leadingkeys": ("acme",)}),
    ),
    "cross-tenant list": (
        False,
        Request(PRINCIPAL, "s3:ListBucket", "arn:aws:s3:::shared", {**TAG, "s3:prefix": ("globex/",)}),
    ),
}
SECONDS, REPEATS = 0.4, 5
Call = Callable[[], Any]


def main() -> None:
    """Measure and print."""
    print(f"Python {platform.python_version()} on {platform.machine()}, one thread, best of {REPEATS}")
    print(f"{'':24}" + "".join(f"{name:>30}" for name in REQUESTS))
    anchor: list[float] = []
    for engine, call_for in ENGINES.items():
        rates, rights = [], []
        for allowed, request in REQUESTS.values():
            call, is_allow = call_for(request)
            rights.append(is_allow(call()) == allowed)
            rates.append(_rate(call))
        anchor = anchor or rates
        cells = [
            f"{rate:>14,.0f}/s {rate / base:>6.1f}x {'right' if right else 'WRONG'}"
            for rate, base, right in zip(rates, anchor, rights, strict=True)
        ]
        print(f"{engine:24}" + "".join(f"{cell:>30}" for cell in cells))


def _rate(call: Call) -> float:
    """Return calls per second, with the garbage collector on as in real use."""
    timer = timeit.Timer("call()", setup="gc.enable()", globals={"call": call, "gc": gc})
    rounds = 100
    while (took := timer.timeit(rounds)) < SECONDS / 10:
        rounds *= 2
    rounds = max(1, int(rounds * SECONDS / took))
    return rounds / min(timer.repeat(REPEATS, rounds))


def _moto(request: Request) -> tuple[Call, Callable[[Any], bool]]:
    policy = IAMPolicy({"policy_document": json.dumps(POLICY)})
    context = {key: values[0] for key, values in request.context.items()}
    action, resource = request.action, request.resource
    return (
        lambda: policy.is_action_permitted(action, resource, None, context),
        lambda answer: answer is PermissionResult.PERMITTED,
    )


def _reference(request: Request) -> tuple[Call, Callable[[Any], bool]]:
    plain = {
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "context": {key: list(values) for key, values in request.context.items()},
    }
    policies: reference.Policies = {"identity": [POLICY]}
    return lambda: reference.decide(policies, plain), lambda answer: answer == "allow"


POLICIES = PolicySet(identity=(parse_policy(POLICY, kind=PolicyKind.IDENTITY, name="tenant"),))
ENGINES: dict[str, Callable[[Request], tuple[Call, Callable[[Any], bool]]]] = {
    "moto, parsed": _moto,
    "reference evaluator": _reference,
    "harness.policy bare": lambda request: (lambda: decide(POLICIES, request), lambda answer: answer == "allow"),
    "harness.policy explained": lambda request: (
        lambda: explain(POLICIES, request),
        lambda answer: answer.outcome == "allow",
    ),
}

if __name__ == "__main__":
    main()
