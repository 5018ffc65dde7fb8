from __future__ import annotations

from harness.evidence import aws_cli
from harness.secret import REDACTED, Secret, redact, redact_text
from harness.targets.api import ApiRequest, AwsCredentials

_JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."


def test_a_secret_does_not_show() -> None:
    secret = Secret("hunter2")
    credentials = AwsCredentials(Secret("AKIAX"), secret, Secret("token"))
    for text in (repr(secret), str(secret), f"{secret}", repr(credentials), repr([secret])):
        assert "hunter2" not in text
        assert REDACTED in text
    assert secret.reveal() == "hunter2"


def test_messages_are_redacted_by_field_and_by_look() -> None:
    message = {
        "Credentials": {"AccessKeyId": "ASIAX", "SecretKey": "s", "SessionToken": "t", "Expiration": 1},
        "Logins": {"cognito-idp.us-east-1.amazonaws.com/p": _JWT},
        "Body": f"said {_JWT}".encode(),
        "Items": [{"Password": "p"}],
    }
    clean = redact(message)
    assert clean == {
        "Credentials": {"AccessKeyId": REDACTED, "SecretKey": REDACTED, "SessionToken": REDACTED, "Expiration": 1},
        "Logins": {"cognito-idp.us-east-1.amazonaws.com/p": REDACTED},
        "Body": f"said {REDACTED}",
        "Items": [{"Password": REDACTED}],
    }
    assert message["Items"] == [{"Password": "p"}], "the original is left alone"
    assert redact_text(f"a {_JWT} b") == f"a {REDACTED} b"


def test_the_command_to_repeat_a_call_holds_no_token() -> None:
    command = aws_cli(ApiRequest("cognito-identity", "GetId", {"Logins": {"pool": _JWT}}))
    assert command.startswith("aws cognito-identity get-id --cli-input-json ")
    assert _JWT not in command
    assert aws_cli(ApiRequest("s3", "ListObjectsV2", {"Bucket": "b"})).startswith("aws s3api list-objects-v2 ")
