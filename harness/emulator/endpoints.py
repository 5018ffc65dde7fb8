"""Which service in which Region a request is sent to, read from its host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.emulator.wire import Protocol

PROTOCOLS = {
    "dynamodb": Protocol.JSON_1_0,
    "cognito-idp": Protocol.JSON_1_1,
    "cognito-identity": Protocol.JSON_1_1,
    "sts": Protocol.QUERY,
    "iam": Protocol.QUERY,
    "s3": Protocol.REST_XML,
    "lambda": Protocol.REST_JSON,
    "apigateway": Protocol.REST_JSON,
    "execute-api": Protocol.REST_JSON,
}
# What stands before the operation in X-Amz-Target. Another service's or version's target is another API.
TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "cognito-idp": "AWSCognitoIdentityProviderService",
    "cognito-identity": "AWSCognitoIdentityService",
}
# The name by which the second seed article calls identity pools (aws-semantics 3.1).
FORMER_TARGETS = {"cognito-identity": "com.amazonaws.cognito.identity.model.AWSCognitoIdentityService"}
_DEFAULT_REGION = "us-east-1"
_REGIONAL = re.compile(
    r"(?:(?P<bucket>.+)\.)?(?P<service>dynamodb|cognito-idp|cognito-identity|sts|s3|lambda|apigateway)"
    r"(?:\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com"
)
# Clients that know the account, from their credentials or a table's ARN, prefer its own host. It is only a way there.
_OF_AN_ACCOUNT = re.compile(r"\d{12}\.ddb\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com", re.ASCII)
_WITH_GLOBAL_NAME = ("sts", "s3")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service and the Region whose endpoint was addressed; IAM, a global service, counts to us-east-1."""

    service: str
    region: str

    @property
    def protocol(self) -> Protocol:
        """The protocol in which the service answers."""
        return PROTOCOLS[self.service]


@dataclass(frozen=True, slots=True)
class Address:
    """What a request is sent to: the endpoint, and the URL that means the same on AWS's own host.

    `anywhere` marks an unsigned request to loopback, in which nothing says which Region it is for.
    """

    endpoint: Endpoint
    url: str
    anywhere: bool = False


def endpoint_of(url: str) -> Endpoint | None:
    """Return the endpoint that a URL addresses, or None when it is none of ours."""
    parts = urlsplit(url)
    host = parts.netloc.lower().removesuffix(":443")
    if parts.scheme != "https" or parts.fragment:
        return None
    if host == "iam.amazonaws.com":
        return Endpoint("iam", _DEFAULT_REGION)
    if (of_an_account := _OF_AN_ACCOUNT.fullmatch(host)) is not None:
        return Endpoint("dynamodb", of_an_account["region"])
    found = _REGIONAL.fullmatch(host)
    if found is None or (found["bucket"] and found["service"] != "s3"):
        return None
    if found["region"] is None and found["service"] not in _WITH_GLOBAL_NAME:
        return None
    return Endpoint(found["service"], found["region"] or _DEFAULT_REGION)
