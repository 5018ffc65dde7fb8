"""The command `harness emulator`: the embedded cloud as a server on loopback."""

from __future__ import annotations

import re
import signal
import sys
import threading

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.http.door import HttpDoor
from harness.emulator.injection import Injections
from harness.errors import UsageError

_READY = """\
ready: {url} (account {account}, Region {region})
  credentials   AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={region}
  AWS CLI       aws --endpoint-url {url} dynamodb list-tables
  SDKs          AWS_ENDPOINT_URL={url}, or the option endpoint_url / endpoint
  health        curl {url}/_isolation/health
  reset         curl -X POST -H 'X-Isolation-Reset: yes' {url}/_isolation/reset
"""


def serve(host: str, port: int, account: str, region: str, injections: Injections) -> None:
    """Serve a cloud until the process is told to stop. Raises UsageError for a setting that cannot be used."""
    if not re.fullmatch(r"[0-9]{12}", account):
        raise UsageError(f"{account} is no account number: those have twelve digits")
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-[0-9]", region):
        raise UsageError(f"{region} is no name of a Region: those look like us-east-1")
    cloud = EmbeddedCloud(region, account, well_known_roots=True)
    if injections != Injections(injections.seed):
        cloud.inject(injections)
        sys.stdout.write(f"injecting {injections}\n")
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with HttpDoor(cloud, host, port) as door:
        sys.stdout.write(_READY.format(url=door.url, account=account, region=region))
        sys.stdout.flush()
        stopped.wait()
    sys.stdout.write("stopped\n")
    cloud.close()
