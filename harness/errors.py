"""Malfunctions of the tool, of its use or of a target. Findings (leaks, lockouts) are another tree: see verdicts.py.

HarnessError
├── UsageError              the person asked for something that does not exist; exit status 4
├── DeploymentError         a blueprint could not be provisioned or destroyed
├── SignInRefusedError      a user who should be able to sign in was refused
│   └── SignInDisturbedError    nobody knows whether the user would be: the answer got lost, or there was none
└── TargetError             the target answered something the harness cannot interpret
    └── DisturbedError      an answer got lost on the way, so that the attempt has to be made once more
"""


class HarnessError(Exception):
    """Anything that keeps the harness from doing its work; the text says what was tried and what to do next."""


class UsageError(HarnessError):
    """An option, a name or a file that does not exist or does not fit."""


class _AnsweredError(HarnessError):
    """`code` is the error code with which the target refused, empty where it was not the target."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class DeploymentError(_AnsweredError):
    """Provisioning, populating or destroying a deployment failed."""


class SignInRefusedError(_AnsweredError):
    """A user of the population could not get a session through the real sign-in."""


class SignInDisturbedError(SignInRefusedError):
    """The user has no session either, but throttling, a failing service or a broken connection was in the way."""


class TargetError(HarnessError):
    """The target answered something the harness cannot interpret."""


class DisturbedError(TargetError):
    """The service failed or the connection broke, and nobody knows whether the request was performed."""
