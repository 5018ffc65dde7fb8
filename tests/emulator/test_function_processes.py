"""The processes in which handlers run: they end with their function, their cloud and the harness, whatever they do."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from function_services import FunctionServices, package

from harness.emulator.functions.fork_server import fork_server

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for processes as only Linux can")

PID = "import os\ndef handler(event, context): return os.getpid()"
_SECONDS_TO_END = 20


@pytest.fixture
def services() -> Iterator[FunctionServices]:
    services = FunctionServices()
    yield services
    services.target.close()


class Watched:
    """A process that is waited for by its own identity, so that its number may be given to another."""

    def __init__(self, process_id: int) -> None:
        self._file = os.pidfd_open(process_id)

    def ended(self) -> bool:
        ready, _, _ = select.select([self._file], [], [], _SECONDS_TO_END)
        os.close(self._file)
        return bool(ready)


def test_environments_end_with_their_cloud_and_leave_no_file(services: FunctionServices) -> None:
    services.function("pid", PID, services.role("execution"))
    process = Watched(json.loads(services.invoke("pid").data["Payload"]))
    directory = services.target.cloud.functions.within("arn:aws:lambda:")[0].directory
    assert directory.is_dir()
    services.target.close()
    assert process.ended()
    assert not directory.exists()


def test_what_a_handler_has_started_ends_with_its_function(services: FunctionServices) -> None:
    code = """
        import subprocess, sys
        def handler(event, context):
            return subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]).pid
        """
    services.function("starting", code, services.role("execution"))
    process = Watched(json.loads(services.invoke("starting").data["Payload"]))
    services.operate("lambda", "DeleteFunction", FunctionName="starting")
    assert process.ended()


def test_a_handler_that_writes_into_the_channel_only_hurts_itself(services: FunctionServices) -> None:
    code = """
        import os, stat
        def handler(event, context):
            for file in range(3, 64):
                try:
                    if stat.S_ISSOCK(os.fstat(file).st_mode):
                        os.write(file, b"\\0\\0\\0\\4what")
                except OSError:
                    pass
            return "answered"
        """
    services.function("writing", code, services.role("execution"))
    assert json.loads(services.invoke("writing").data["Payload"])["errorType"] == "Runtime.ExitError"


def test_a_function_that_calls_itself_has_an_environment_for_each_call(services: FunctionServices) -> None:
    code = """
        import boto3, json, os
        def handler(event, context):
            depth = event.get("depth", 0)
            if depth == 2:
                return [os.getpid()]
            payload = json.dumps({"depth": depth + 1})
            answer = boto3.client("lambda").invoke(FunctionName=context.function_name, Payload=payload)
            return [os.getpid(), *json.loads(answer["Payload"].read())]
        """
    execution = services.role("execution", {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"})
    services.function("nesting", code, execution, Timeout=20)
    assert len(set(json.loads(services.invoke("nesting").data["Payload"]))) == 3


def test_nothing_is_left_when_the_harness_is_killed_in_the_middle_of_a_call(tmp_path: Path) -> None:
    busy = tmp_path / "busy"
    os.mkfifo(busy)
    script = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from function_services import FunctionServices, package
        services = FunctionServices()
        code = '''
        import os
        def handler(event, context):
            with open(event["busy"], "w") as busy:
                busy.write(f"{{os.getpid()}} {{os.getppid()}} {{os.path.dirname(os.getcwd())}}")
            while True:
                pass
        '''
        services.function("busy", code, services.role("execution"), Timeout=300)
        services.invoke("busy", {{"busy": {str(busy)!r}}})
        """
    harness = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.DEVNULL)
    with busy.open() as told:
        environment, server, directory = told.read().split()
    processes = Watched(int(environment)), Watched(int(server))
    harness.send_signal(signal.SIGKILL)
    harness.wait()
    assert [process.ended() for process in processes] == [True, True]
    assert not Path(directory).exists()
    assert not Path(directory).parent.exists()


def test_a_harness_that_forgets_to_close_its_target_ends_all_the_same() -> None:
    script = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from function_services import FunctionServices
        services = FunctionServices()
        services.function("f", "def handler(event, context): return 1", services.role("execution"))
        assert services.invoke("f").data["Payload"] == b"1"
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], timeout=60, check=False)
    assert done.returncode == 0


def test_a_fork_server_that_is_gone_is_replaced(services: FunctionServices) -> None:
    services.function("pid", PID, services.role("execution"))
    process = Watched(json.loads(services.invoke("pid").data["Payload"]))
    server = fork_server()
    os.kill(server._process.pid, signal.SIGKILL)
    server._process.wait()
    services.operate("lambda", "UpdateFunctionCode", FunctionName="pid", ZipFile=package(PID))
    assert process.ended()
    assert "FunctionError" not in services.invoke("pid").data
    server.close()


def test_the_fork_server_inherits_nothing() -> None:
    environment = Path(f"/proc/{fork_server()._process.pid}/environ").read_bytes()
    names = {entry.partition(b"=")[0] for entry in environment.split(b"\0") if entry}
    assert names == {b"PATH", b"LANG", b"TZ"}
