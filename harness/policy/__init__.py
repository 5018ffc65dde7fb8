"""Decides IAM requests as AWS does, and says why: pure functions that import nothing else of the project."""

from harness.policy.documents import Policy, parse_policy
from harness.policy.errors import MalformedPolicyDocument, PolicyTooLarge, UnderivableKeyError
from harness.policy.evaluation import PolicySet, decide
from harness.policy.explanation import ConditionTrace, Explanation, StatementTrace, explain
from harness.policy.kinds import Outcome, PolicyKind
from harness.policy.requests import Request
from harness.policy.sizes import check_inline_total, check_size

__all__ = [
    "ConditionTrace",
    "Explanation",
    "MalformedPolicyDocument",
    "Outcome",
    "Policy",
    "PolicyKind",
    "PolicySet",
    "PolicyTooLarge",
    "Request",
    "StatementTrace",
    "UnderivableKeyError",
    "check_inline_total",
    "check_size",
    "decide",
    "explain",
    "parse_policy",
]
