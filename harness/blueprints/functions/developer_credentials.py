"""Hands the identity pool's credentials to the users of an application that says itself who they are.

The user is who the token names that the API's authorizer has verified; the identity pool believes this function alone.
"""

import json
import os

import boto3

COGNITO = boto3.client("cognito-identity")
POOL = os.environ["IDENTITY_POOL"]
PROVIDER = os.environ["PROVIDER"]


def handler(event, context):
    """Answer a request for credentials."""
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    if claims["token_use"] != "id":  # noqa: S105  not a secret
        return answer(401, {"message": "Unauthorized"})
    logins = {PROVIDER: user_of(event, claims)}
    token = COGNITO.get_open_id_token_for_developer_identity(IdentityPoolId=POOL, Logins=logins)
    given = COGNITO.get_credentials_for_identity(
        IdentityId=token["IdentityId"], Logins={"cognito-identity.amazonaws.com": token["Token"]}
    )
    return answer(200, {"IdentityId": given["IdentityId"], "Credentials": given["Credentials"]})


def user_of(event, claims):
    """Return the identifier under which the identity pool knows the user."""
    return claims["sub"]


def answer(status, body):
    """Return what the API answers; nobody on the way may keep it."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body, default=str),
    }
