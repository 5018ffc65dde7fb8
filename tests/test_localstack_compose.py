from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

_FILE = Path(__file__).parents[1] / "docker-compose.localstack.yml"
_TOKEN = "LOCALSTACK_AUTH_TOKEN"


@pytest.fixture(scope="module")
def localstack() -> dict[str, Any]:
    """The one service of the file as YAML gives it, variables not yet filled in."""
    services: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["services"]
    assert list(services) == ["localstack"]
    service: dict[str, Any] = services["localstack"]
    return service


def test_the_image_is_a_release_since_the_token_became_necessary(localstack: dict[str, Any]) -> None:
    name, _, tag = localstack["image"].partition(":")
    assert name == "localstack/localstack"
    dated = re.fullmatch(r"(20\d\d)\.(0[1-9]|1[0-2])\.\d+", tag)
    assert dated is not None, f"{tag} is no tag of a release"
    assert tag >= "2026.03"


def test_iam_is_enforced_and_nothing_is_kept(localstack: dict[str, Any]) -> None:
    environment = localstack["environment"]
    assert environment["ENFORCE_IAM"] == "1"
    assert environment["PERSISTENCE"] == "0"
    mounted = [volume.rpartition(":")[2] for volume in localstack["volumes"]]
    assert mounted == ["/var/run/docker.sock"]


def test_it_listens_on_this_machine_only(localstack: dict[str, Any]) -> None:
    assert localstack["ports"] == ["127.0.0.1:4566:4566"]


def test_it_is_healthy_when_its_own_page_says_so(localstack: dict[str, Any]) -> None:
    assert localstack["healthcheck"]["test"][-1] == "http://127.0.0.1:4566/_localstack/health"


def test_the_services_are_those_that_the_harness_calls(localstack: dict[str, Any]) -> None:
    called = {"cognito-idp", "cognito-identity", "sts", "iam", "dynamodb", "s3", "lambda", "apigateway", "apigatewayv2"}
    # Without logs no function starts.
    assert set(localstack["environment"]["SERVICES"].split(",")) == called | {"logs"}


def test_the_token_is_in_no_file(localstack: dict[str, Any]) -> None:
    assert re.fullmatch(r"\$\{LOCALSTACK_AUTH_TOKEN:\?[^}]+\}", localstack["environment"][_TOKEN])


def _compose(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Let Docker Compose read the file, as its plugin or as the older program."""
    command = _compose_command()
    return subprocess.run(
        [*command, "--file", str(_FILE), "config"],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _compose_command() -> list[str]:
    docker = shutil.which("docker")
    if docker is not None:
        plugin = subprocess.run([docker, "compose", "version"], capture_output=True, check=False, timeout=60)
        if plugin.returncode == 0:
            return [docker, "compose"]
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("needs Docker Compose, as a plugin of docker or as docker-compose")
    return [program]


def test_compose_reads_the_file() -> None:
    done = _compose({_TOKEN: "a-token"})
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)["services"]["localstack"]
    assert read["environment"][_TOKEN] == "a-token"
    assert "/var/run/docker.sock" in str(read["volumes"])


def test_compose_says_what_to_do_without_a_token() -> None:
    done = _compose({})
    assert done.returncode != 0
    assert "export LOCALSTACK_AUTH_TOKEN=" in done.stderr


def test_the_socket_of_the_engine_can_be_kept_back() -> None:
    done = _compose({_TOKEN: "a-token", "LOCALSTACK_DOCKER_SOCKET": "/dev/null"})
    assert "/dev/null" in str(yaml.safe_load(done.stdout)["services"]["localstack"]["volumes"])
