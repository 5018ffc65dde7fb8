"""Which addresses are taken for an emulator's: none of AWS itself, where nothing but `--target sandbox` guards."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.targets.localstack import connect_to_localstack


@pytest.mark.parametrize(
    "host",
    [
        "sts.us-east-1.amazonaws.com",
        "STS.us-east-1.AmazonAWS.com",
        "sts.us-east-1.amazonaws.com.",
        "sts.cn-north-1.amazonaws.com.cn",
        "sts.us-east-1.api.aws",
    ],
)
def test_no_address_of_aws_is_taken_for_an_emulator(host: str) -> None:
    with pytest.raises(UsageError, match="is AWS itself"):
        connect_to_localstack(f"https://{host}", "us-east-1", {})
