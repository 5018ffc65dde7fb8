"""The pytest plugin: options, markers and fixtures of the suites. Only hooks live here; the nouns are elsewhere."""

from __future__ import annotations

import gc
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pytest

from harness.attacks.attempts import Attempt
from harness.blueprints.registry import BLUEPRINTS
from harness.collector import RunCollector
from harness.errors import UsageError
from harness.gathering import CALLS_PROPERTY, NAME_PROPERTY, OURS, PLACE_PROPERTY, RECORD_PROPERTY, packed
from harness.options import OPTIONS, RunOptions, check_options
from harness.remote_controller import RemoteController
from harness.remote_run import workers_for
from harness.report import allure
from harness.report.allure_files import exchange_result_files
from harness.report.terminal import header_lines
from harness.run import ChosenName, Run
from harness.scheduling import AttemptScheduling, groups, in_order_of_designs
from harness.secret import keep_known, redact_known
from harness.verdicts import VerdictName, raise_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from xdist.remote import Producer
    from xdist.workermanage import WorkerController

RUN: pytest.StashKey[Run] = pytest.StashKey()
_RUNNING: pytest.StashKey[pytest.Item] = pytest.StashKey()
_Kind = TypeVar("_Kind")
# The parameter of tests that are made once for each blueprint of the run, by its name, those from files included.
_ATTACKED = "attacked"
# Under this name a worker is told which run it takes part in.
_TOLD_WORKERS = "isolation"
_ATTEMPTS_MARKER = (
    "attempts(*patterns, controls=False): judge every planned attempt whose technique id matches a pattern, "
    "controls in place of attacks when controls=True"
)

_DESTRUCTIVE_MARKER = (
    "destructive: the attempt would change or delete more than an asset of its own if it were let through (settings, "
    "policies, tables); what it changes is put back"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suites, each with its ini twin."""
    group = parser.getgroup("isolation", "tenant isolation")
    for option in OPTIONS:
        shown = f"{option.help} (default: {option.default or 'none'}; ini: {option.destination})"
        group.addoption(
            f"--{option.name}",
            dest=option.destination,
            action="append" if option.repeatable else "store",
            default=None,
            metavar=option.name.upper().replace("-", "_"),
            help=shown,
        )
        kind: Literal["args", "string"] = "args" if option.repeatable else "string"
        parser.addini(option.destination, option.help, type=kind, default=None)
    group.addoption(
        "--allow-inconclusive",
        action="store_true",
        help="exit 0 although something stayed INCONCLUSIVE; the summary says so",
    )
    group.addoption(
        "--dry-run",
        action="store_true",
        help="on a remote target: say what the run would make and call, and make nothing",
    )
    group.addoption(
        "--keep",
        action="store_true",
        help="on a remote target: destroy nothing at the end; go on with --reuse RUN, clean up with `harness sweep`",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Check the options and register markers; a wrong option is one line and exit status 4."""
    config.addinivalue_line("markers", _ATTEMPTS_MARKER)
    config.addinivalue_line("markers", "proof: proves that the attacks bite; runs on the embedded target only")
    config.addinivalue_line("markers", _DESTRUCTIVE_MARKER)
    config.addinivalue_line("markers", "long: takes minutes; `make test-long` runs it")
    try:
        options = _options(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    if _suites_are_named(config):
        # At the end of every process it imports hypothesis, for more than a second, to say that nothing used it.
        silent = config.pluginmanager.get_plugin("hypothesispytest")
        if silent is not None:
            config.pluginmanager.unregister(silent)
    keep_known()
    told = getattr(config, "workerinput", {}).get(_TOLD_WORKERS)
    run = (
        Run(options, workers=max(1, len(config.getoption("tx", None) or ()))) if told is None else Run(options, **told)
    )
    config.stash[RUN] = run
    if told is None:
        config.pluginmanager.register(RunCollector(config, run), "isolation-collector")
        if options.remote is not None:
            config.pluginmanager.register(RemoteController(config, run), "isolation-remote")


def pytest_sessionstart() -> None:
    """Write Allure's files our way, now that every plugin has been configured."""
    exchange_result_files(for_ours=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Let what this process holds be: it is about to end, and going through it all takes seconds."""
    gc.freeze()


def pytest_unconfigure() -> None:
    """Give allure-pytest's logger its place back, where it looks for it."""
    exchange_result_files(for_ours=False)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say where the suites attack, what, and what was changed on purpose."""
    if not _suites_are_named(config):
        return []
    return [line.text for line in header_lines(config.stash[RUN].facts)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of every planned attempt that a suite's marker asks for, and of every blueprint in the run."""
    if _ATTACKED in metafunc.fixturenames:
        blueprints = metafunc.config.stash[RUN].options.blueprints
        metafunc.parametrize(_ATTACKED, [blueprint.name for blueprint in blueprints])
    if "chosen_name" in metafunc.fixturenames:
        names = metafunc.config.stash[RUN].names
        metafunc.parametrize("chosen_name", names, ids=[repr(name) for name in names])
    if "attempt" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("attempts")
    if marker is None:
        raise pytest.UsageError(f"{metafunc.definition.nodeid} takes `attempt` without the marker `attempts`")
    wants_controls = bool(marker.kwargs.get("controls", False))
    wanted = [
        attempt
        for attempt in metafunc.config.stash[RUN].planned
        if attempt.is_control is wants_controls
        and any(fnmatchcase(attempt.technique.id, pattern) for pattern in marker.args)
    ]
    metafunc.parametrize("attempt", [_parameter(attempt) for attempt in wanted])


def _parameter(attempt: Attempt) -> Any:
    marks = [pytest.mark.destructive] if attempt.technique.destructive else []
    return pytest.param(attempt, id=attempt.id, marks=marks)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drop the tests for which nothing was planned, and the proof where the run is altered or narrowed on purpose."""
    options = config.stash[RUN].options
    # The proof is of the harness, and takes the embedded target.
    without_proof = options.altered or bool(config.getoption("isolation_attack")) or options.remote is not None
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        is_empty = _is_without(item, "attempt", Attempt) or _is_without(item, "chosen_name", ChosenName)
        is_proof = item.get_closest_marker("proof") is not None and (without_proof or _is_of_another(item, options))
        (dropped if is_empty or is_proof else kept).append(item)
    if dropped:
        items[:] = kept
        config.hook.pytest_deselected(items=dropped)
    # The option of pytest-split, where that is installed; it cuts the tests after this.
    if config.getoption("splits", None):
        by_id = {item.nodeid: item for item in items}
        items[:] = [by_id[test] for test in in_order_of_designs(by_id, {each.name for each in options.blueprints})]


@pytest.fixture(scope="session")
def isolation_run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Give the run this process takes part in: its options, its plan and the stages it has set up."""
    run = request.config.stash[RUN]
    yield run
    run.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker which run it takes part in, and how many there are of it."""
    run = node.config.stash[RUN]
    told = None if run.remote is None or node.config.option.collectonly else run.remote.told_workers()
    node.workerinput[_TOLD_WORKERS] = {"id": run.id, "workers": run.workers, "told": told}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Cap `-n auto` on remote targets, where the account's request rates are what bounds a run."""
    # It is asked before the options are checked.
    target = config.getoption("isolation_target") or config.getini("isolation_target") or "embedded"
    return None if target == "embedded" else workers_for()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> AttemptScheduling | None:
    """Deal attempts that rest on the same controls to the same worker, unless another distribution is asked for."""
    if config.getvalue("dist") != "load" or not _suites_are_named(config):
        return None
    run = config.stash[RUN]
    # The users of one deployment are changed by some attacks, for a moment: no two processes attack the same.
    whole_designs = run.options.remote is not None
    return AttemptScheduling(config, log, groups(run.planned, len(config.getvalue("tx")), whole_designs=whole_designs))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take secrets out of tracebacks and captured output before anybody, Allure included, gets to see them.

    Where the test belongs in Allure's tree is said here for tests that may not live to say it.
    """
    report = yield
    if report.failed and report.longrepr is not None:
        text = report.longreprtext
        clean = redact_known(text)
        if clean != text:
            report.longrepr = clean
    if report.when != "call":
        # They came with the call already; every report of a worker is sent to the controller.
        report.user_properties = [pair for pair in report.user_properties if pair[0] not in OURS]
    report.sections = [(name, redact_known(text)) for name, text in report.sections]
    attempt = _parameter_of(item, "attempt", Attempt)
    if attempt is None and report.when == "setup" and (place := allure.place_of_running_test()):
        report.user_properties.append(packed(PLACE_PROPERTY, place))
    elif attempt is not None and report.failed and not _is_judged(item):
        run = item.config.stash[RUN]
        allure.label(run.not_judged(attempt, "its test broke"), target=run.options.target)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember which test is running, for the fixture `judge`."""
    item.config.stash[_RUNNING] = item


# One for all tests: setting a fixture up for each of thousands costs as much as some of the attempts.
@pytest.fixture(scope="session")
def judge(request: pytest.FixtureRequest, isolation_run: Run) -> Callable[[Attempt], None]:
    """Judge an attempt: record it, report it to Allure, fail on a leak or lockout, skip what cannot be judged."""

    def judge_attempt(attempt: Attempt) -> None:
        __tracebackhide__ = True
        judged = isolation_run.judge(attempt)
        properties = request.config.stash[_RUNNING].user_properties
        properties.append(packed(RECORD_PROPERTY, judged.record.as_json()))
        properties.append(packed(CALLS_PROPERTY, judged.calls))
        technique = attempt.technique
        allure.label(
            judged.record,
            target=isolation_run.options.target,
            operation=technique.operation,
            cwe=technique.cwe,
            links=[(technique.documentation, "AWS documentation")],
        )
        allure.attach_evidence(judged.record, judged.evidence)
        raise_findings(judged.verdict)
        if judged.verdict.name is VerdictName.INCONCLUSIVE:
            pytest.skip(f"INCONCLUSIVE: {judged.record.reason}")

    return judge_attempt


@pytest.fixture
def try_name(request: pytest.FixtureRequest, isolation_run: Run) -> Callable[[ChosenName], None]:
    """Try a name that was made to collide: record what became of it, fail on a leak, skip what cannot be judged."""
    chosen = _parameter_of(request.node, "chosen_name", ChosenName)
    if chosen is not None:
        allure.place_name(chosen.blueprint, chosen.name_id, target=isolation_run.options.target)

    def try_this(chosen_name: ChosenName) -> None:
        __tracebackhide__ = True
        judged = isolation_run.try_name(chosen_name)
        attempts = [attempt.record.as_json() for attempt in judged.attempts]
        document = {"tried": judged.tried.as_json(), "attempts": attempts}
        request.node.user_properties.append(packed(NAME_PROPERTY, document))
        allure.label_name(judged.tried, target=isolation_run.options.target)
        for attempt in judged.attempts:
            if attempt.verdict.name is not VerdictName.ISOLATED:
                allure.attach_evidence(attempt.record, attempt.evidence)
        for leak in judged.verdict.leaks:
            raise_findings(leak)
        if judged.tried.outcome == "not judged":
            pytest.skip(f"INCONCLUSIVE: {judged.tried.reason}")

    return try_this


def _options(config: pytest.Config) -> RunOptions:
    values: dict[str, Any] = {}
    for option in OPTIONS:
        given = config.getoption(option.destination)
        if given is None:
            given = config.getini(option.destination) or None
        values[option.name] = given or ([] if option.repeatable else option.default)
    return check_options(
        values,
        allow_inconclusive=bool(config.getoption("allow_inconclusive")),
        narrowed=_is_narrowed(config),
        keep=bool(config.getoption("keep")),
        dry_run=bool(config.getoption("dry_run")),
    )


def _is_narrowed(config: pytest.Config) -> bool:
    """Tell whether the person asked for less than whole suites; a whole run must attack every boundary."""
    names_files = any("::" in argument or argument.endswith(".py") for argument in config.args)
    return names_files or bool(config.option.keyword) or bool(config.option.markexpr) or bool(config.option.deselect)


def _suites_are_named(config: pytest.Config) -> bool:
    return any("suites" in Path(argument.split("::")[0]).parts for argument in config.args)


def _is_of_another(item: pytest.Item, options: RunOptions) -> bool:
    """Tell whether a proof is about a blueprint that is not attacked in this run.

    Only blueprints with planted weaknesses are proved; one from a file has none, even if it bears the name of another.
    """
    chosen = {blueprint.name for blueprint in options.blueprints} - options.blueprint_files.keys()
    callspec = getattr(item, "callspec", None)
    params = callspec.params if callspec is not None else {}
    named = {str(value).partition(":")[0] for name, value in params.items() if name != _ATTACKED} & BLUEPRINTS.keys()
    return bool(named) and not named & chosen


def _is_without(item: pytest.Item, parameter: str, kind: type) -> bool:
    """Tell whether the test takes a parameter for which nothing was planned."""
    if parameter not in getattr(item, "fixturenames", ()):
        return False
    return _parameter_of(item, parameter, kind) is None


def _parameter_of(item: pytest.Item, name: str, kind: type[_Kind]) -> _Kind | None:
    callspec = getattr(item, "callspec", None)
    value = callspec.params.get(name) if callspec is not None else None
    return value if isinstance(value, kind) else None


def _is_judged(item: pytest.Item) -> bool:
    return any(name == RECORD_PROPERTY for name, _ in item.user_properties)
