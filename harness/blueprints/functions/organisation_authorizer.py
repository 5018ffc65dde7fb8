"""Lets a request pass when its access token is one of a user of the organisation that the path names.

Cognito itself says whose token it is, so that a forged, an expired and a revoked one are nobody's.
"""

import boto3
from botocore.exceptions import ClientError

COGNITO = boto3.client("cognito-idp")


def handler(event, context):
    """Answer whether the request may pass."""
    organisation = organisation_of(event["headers"].get("authorization", ""))
    return {"isAuthorized": organisation is not None and organisation == event["pathParameters"]["org"]}


def organisation_of(authorization):
    """Return the organisation of the user whose token it is, None where it is nobody's."""
    scheme, _, token = authorization.partition(" ")
    if scheme != "Bearer":
        return None
    try:
        user = COGNITO.get_user(AccessToken=token)
    except ClientError:
        return None
    return {each["Name"]: each["Value"] for each in user["UserAttributes"]}.get("custom:org")
