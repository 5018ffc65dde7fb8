"""Hands the identity pool's credentials to whoever the API's authorizer has let in with an ID token.

The token itself goes to Cognito, which verifies it again; nothing else of the request is believed.
"""

import json
import os

import boto3

COGNITO = boto3.client("cognito-identity")


def handler(event, context):
    """Answer a request for credentials."""
    logins = {os.environ["PROVIDER"]: token_of(event)}
    identity = COGNITO.get_id(IdentityPoolId=os.environ["IDENTITY_POOL"], Logins=logins)["IdentityId"]
    answer = COGNITO.get_credentials_for_identity(IdentityId=identity, Logins=logins)
    body = {"IdentityId": answer["IdentityId"], "Credentials": answer["Credentials"]}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body, default=str),
    }


def token_of(event):
    """Return the bearer token; header names come in any case."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return headers.get("authorization", "").removeprefix("Bearer ").strip()
