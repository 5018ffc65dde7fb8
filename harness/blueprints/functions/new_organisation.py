"""Gives whoever has confirmed a sign-up an organisation of its own: a claim that no client may write.

Runs as the user pool's post-confirmation trigger. An immutable attribute could not be set here any more, so the
attribute is mutable, and the app client's list of writable attributes is what keeps users from it.
"""

import uuid

import boto3

COGNITO = boto3.client("cognito-idp")


def handler(event, context):
    """Write the claim, whatever the sign-up may have brought along."""
    if event["triggerSource"] == "PostConfirmation_ConfirmSignUp":
        COGNITO.admin_update_user_attributes(
            UserPoolId=event["userPoolId"],
            Username=event["userName"],
            UserAttributes=[{"Name": "custom:org", "Value": str(uuid.uuid4())}],
        )
    return event
