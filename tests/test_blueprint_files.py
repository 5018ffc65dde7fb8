from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import blueprints
from harness.attacks.catalogue import TECHNIQUES
from harness.blueprint_files.files import blueprint_schema, dump_blueprint, load_blueprint
from harness.blueprint_files.references import problems
from harness.blueprints.registry import BLUEPRINTS, discovered
from harness.errors import UsageError
from harness.options import OPTIONS, check_options
from harness.proof import attack_everything
from harness.run import Run
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.blueprints.spec import Blueprint
    from harness.options import RunOptions

    Edit = Callable[[Any], object]

_ROOT = Path(__file__).parents[1]
_SCHEMA = _ROOT / "harness" / "blueprint_files" / "blueprint.schema.json"
_TOML = """
name = "folders"
title = "A folder per identity"
source = "a design of one's own"
places = [{ plane = "s3", store = "files", partition = "{identity_id}" }]
buckets = [{ name = "files" }]

[contract]
personas = [{ name = "member", sign_in = "identity-pool", role = "member" }]
grants = [{ persona = "member", plane = "s3", effect = "read", reach = "own" }]

[user_pool]
app_clients = [{ name = "web", identity_provider = true }]

[identity_pool]
authenticated_role = "member"

[[roles]]
name = "member"

[roles.trust]
Version = "2012-10-17"

[[roles.trust.Statement]]
Effect = "Allow"
Principal = { Federated = "cognito-identity.amazonaws.com" }
Action = "sts:AssumeRoleWithWebIdentity"
Condition = { StringEquals = { "cognito-identity.amazonaws.com:aud" = "@{identity_pool.id}" } }
"""


def _load(path: Path) -> Blueprint:
    return load_blueprint(path, TECHNIQUES)


def _written(folder: Path, blueprint: Blueprint) -> Path:
    path = folder / f"{blueprint.name}.json"
    path.write_text(dump_blueprint(blueprint), encoding="utf-8")
    return path


def _refusal(path: Path) -> str:
    with pytest.raises(UsageError) as refused:
        _load(path)
    text = str(refused.value)
    assert "\n" not in text
    assert str(path) in text
    return text


@pytest.mark.parametrize("blueprint", BLUEPRINTS.values(), ids=BLUEPRINTS)
def test_a_dumped_blueprint_is_loaded_as_it_was(blueprint: Blueprint, tmp_path: Path) -> None:
    loaded = _load(_written(tmp_path, blueprint))
    assert loaded == blueprint
    assert loaded.weaknesses == ()
    assert loaded.misconfigurations == ()


def test_a_loaded_blueprint_has_the_same_verdicts(tmp_path: Path) -> None:
    original = BLUEPRINTS["group-roles"]
    first, second = (
        [(verdict.attempt.id, verdict.name) for verdict in attack_everything(blueprint)]
        for blueprint in (original, _load(_written(tmp_path, original)))
    )
    assert first == second
    assert {name for _, name in first} == {VerdictName.ISOLATED, VerdictName.WORKS}


def test_toml_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "folders.toml"
    path.write_text(_TOML, encoding="utf-8")
    blueprint = _load(path)
    assert blueprint.roles[0].trust["Statement"][0]["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert _load(_written(tmp_path, blueprint)) == blueprint


def test_the_schema_that_is_published_is_true() -> None:
    published = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    assert published == blueprint_schema()
    assert {*published["required"]} == {"name", "title", "source", "contract"}
    assert all(part["additionalProperties"] is False for part in published["$defs"].values() if "properties" in part)


def test_a_file_may_name_its_schema(tmp_path: Path) -> None:
    document = {"$schema": _SCHEMA.as_uri(), **json.loads(dump_blueprint(BLUEPRINTS["group-roles"]))}
    path = tmp_path / "blueprint.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert _load(path) == BLUEPRINTS["group-roles"]


def _statement(document: Any) -> Any:
    return document["roles"][0]["policies"]["own-folder"]["Statement"][0]


_MISTAKES: list[tuple[str, Edit]] = [
    ("roles[0].trusts: there is no such field", lambda d: d["roles"][0].update(trusts={})),
    ("weaknesses: there is no such field", lambda d: d.update(weaknesses=[])),
    ("roles[0].trust: is missing", lambda d: d["roles"][0].pop("trust")),
    (
        "identity_pool.classic_flow: Input should be a valid boolean",
        lambda d: d["identity_pool"].update(classic_flow=1),
    ),
    (
        "contract.personas[0].sign_in: Input should be 'identity-pool'",
        lambda d: d["contract"]["personas"][0].update(sign_in="password"),
    ),
    ("memberships.table: there is no table 'people'", lambda d: d.update(memberships={"table": "people"})),
    ("name: takes lower-case letters", lambda d: d.update(name="../other")),
    ("contract.personas: there is none", lambda d: d["contract"].update(personas=[])),
    (
        "contract.grants[1].persona: there is no persona 'members'; there is: member",
        lambda d: d["contract"]["grants"][1].update(persona="members"),
    ),
    ("contract.grants[0].plane: there is no plane 's4'", lambda d: d["contract"]["grants"][0].update(plane="s4")),
    (
        "contract.grants[0].plane: nothing of the places is on dynamodb",
        lambda d: d["contract"]["grants"][0].update(plane="dynamodb"),
    ),
    (
        "contract.grants[0].plane: nothing of the shared places is on s3",
        lambda d: d["contract"]["grants"][0].update(reach="shared"),
    ),
    (
        "contract.expected_leaks[0].technique: there is no technique 's3.read.nope'",
        lambda d: d["contract"].update(expected_leaks=[{"technique": "s3.read.nope", "reason": "known"}]),
    ),
    (
        "contract.personas[0].groups[0]: there is no group 'admins'",
        lambda d: d["contract"]["personas"][0].update(groups=["admins"]),
    ),
    (
        "contract.personas[0].attributes.custom:plan: there is no attribute 'custom:plan'",
        lambda d: d["contract"]["personas"][0].update(attributes={"custom:plan": "pro"}),
    ),
    (
        "contract.personas[0].session_policy: is of no use to api",
        lambda d: d["contract"]["personas"][0].update(session_policy={"Version": "2012-10-17", "Statement": []}),
    ),
    ("places[0].store: there is no bucket 'files'; there is: uploads", lambda d: d["places"][0].update(store="files")),
    ("places[0].partition: holds none of {identity_id}", lambda d: d["places"][0].update(partition="all")),
    (
        "user_pool.groups[0].role: there is no role 'admin'",
        lambda d: d["user_pool"].update(groups=[{"name": "admins", "role": "admin", "precedence": 1}]),
    ),
    (
        "user_pool.triggers.PreTokenGeneration: there is no function 'claims'",
        lambda d: d["user_pool"].update(triggers={"PreTokenGeneration": "claims"}),
    ),
    (
        "user_pool.triggers.PreToken: there is no trigger 'PreToken'",
        lambda d: d["user_pool"].update(triggers={"PreToken": "credentials"}),
    ),
    (
        "identity_pool.authenticated_role: there is no role 'members'",
        lambda d: d["identity_pool"].update(authenticated_role="members"),
    ),
    ("identity_pool.rules: go with the role_mapping", lambda d: d["identity_pool"].update(role_mapping="Rules")),
    ("contract.personas[0].sign_in: api takes a user pool", lambda d: d.update(user_pool=None)),
    (
        "functions[0].environment.PROVIDER: names the user_pool, and the design has none",
        lambda d: d.update(user_pool=None, api=None, functions=d["functions"][:1]),
    ),
    ("functions[0].role: there is no role 'none'", lambda d: d["functions"][0].update(role="none")),
    ("functions[0].source: is no Python", lambda d: d["functions"][0].update(source="def handler(")),
    ("functions[0].source: defines no function", lambda d: d["functions"][0].update(source="")),
    ("api.routes[0].function: there is no function 'keys'", lambda d: d["api"]["routes"][0].update(function="keys")),
    ("api.audience: there is no app client 'ios'; there is: web", lambda d: d["api"].update(audience="ios")),
    ("api.credentials_path: there is no route GET /keys", lambda d: d["api"].update(credentials_path="/keys")),
    ("roles[1].name: 'member' occurs twice", lambda d: d["roles"][1].update(name="member")),
    # Policies are filled in and read as they are when they are deployed.
    ("roles[0].policies.own-folder.Statement[0].Efect: Syntax errors", lambda d: _statement(d).update(Efect="Allow")),
    ("roles[0].policies.own-folder.Statement[0]: Policy statement", lambda d: _statement(d).pop("Action")),
    (
        "names '@{bucket.files.arn}': not deployed",
        lambda d: _statement(d).update(Resource="@{bucket.files.arn}/*"),
    ),
    (
        "roles[0].policies.own-folder: {tenant} has no value here",
        lambda d: _statement(d).update(Resource="@{bucket.uploads.arn}/{tenant}/*"),
    ),
    ("is ForEach 'team'; there is tenant and user", lambda d: _statement(d).update(ForEach="team")),
]


def _founded(d: Any, **founder: Any) -> Any:
    """Let the members sign up, correctly but for what is given."""
    d["user_pool"].update(sign_up=True, attributes=[{"name": "org"}])
    d["tenant_keys"] = "assigned"
    d["contract"]["personas"][0].update({"signs_up": True, "attributes": {"custom:org": "{tenant}"}, **founder})
    return d


_SIGN_UPS: list[tuple[str, Edit]] = [
    (
        "contract.personas[0].signs_up: the user pool lets nobody",
        lambda d: (_founded(d), d["user_pool"].pop("sign_up")),
    ),
    ("contract.personas[0].attributes: takes one whose value is {tenant}", lambda d: _founded(d, attributes={})),
    ("contract.personas[0].signs_up: is for users of a tenant", lambda d: _founded(d, staff=True)),
    ("contract.personas[0].spans: is 1 where", lambda d: _founded(d, spans=2)),
    ("tenant_keys: is 'assigned' where somebody", lambda d: (_founded(d), d.update(tenant_keys="uuid"))),
    ("tenant_keys: 'assigned' takes a persona", lambda d: d.update(tenant_keys="assigned")),
    ("tenant_names: is no regular expression", lambda d: d.update(tenant_names="[a-z")),
    (
        "contract.personas[0]: comes after the persona who signs_up",
        lambda d: (_founded(d), d["contract"]["personas"].insert(0, {"name": "early", "sign_in": "api"})),
    ),
    (
        "contract.personas[1].signs_up: one persona founds",
        lambda d: (
            _founded(d),
            d["contract"]["personas"].append({**d["contract"]["personas"][0], "name": "second"}),
        ),
    ),
    (
        "buckets[1]: needs the keys of tenants",
        lambda d: (_founded(d), d["buckets"].append({"name": "files-{tenant}"})),
    ),
    (
        "roles[0]: needs the keys of tenants",
        lambda d: (_founded(d), _statement(d).update(ForEach="tenant")),
    ),
]


@pytest.mark.parametrize(("complaint", "edit"), _SIGN_UPS, ids=[complaint for complaint, _ in _SIGN_UPS])
def test_a_key_that_would_be_known_too_late_is_refused(complaint: str, edit: Edit, tmp_path: Path) -> None:
    test_a_mistake_is_refused_with_its_path(complaint, edit, tmp_path)


def test_organisations_that_sign_up_can_stand_in_a_file(tmp_path: Path) -> None:
    document = json.loads(dump_blueprint(BLUEPRINTS["identity-folder"]))
    _founded(document)
    path = tmp_path / "founded.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert _load(path).contract.personas[0].signs_up


@pytest.mark.parametrize(("complaint", "edit"), _MISTAKES, ids=[complaint for complaint, _ in _MISTAKES])
def test_a_mistake_is_refused_with_its_path(complaint: str, edit: Edit, tmp_path: Path) -> None:
    document = json.loads(dump_blueprint(BLUEPRINTS["identity-folder"]))
    edit(document)
    path = tmp_path / "blueprint.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert complaint in _refusal(path)


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("broken.json", "{", "is not JSON"),
        ("twice.json", '{"name": "a", "name": "b"}', "'name' occurs twice in one object"),
        ("number.json", '{"name": NaN}', "NaN is no JSON"),
        ("list.json", "[]", "does not hold an object"),
        ("broken.toml", "name =", "is not TOML"),
        ("date.toml", _TOML.replace('"2012-10-17"', "2012-10-17"), "roles[0].trust.Version: is a date or a time"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name: str, text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert complaint in _refusal(path)


def test_many_mistakes_stay_one_line(tmp_path: Path) -> None:
    path = tmp_path / "many.json"
    path.write_text(json.dumps({f"field{number}": 1 for number in range(20)}), encoding="utf-8")
    assert _refusal(path).endswith("; and 19 more")


def _options(*given: str) -> RunOptions:
    defaults = {option.name: [] if option.repeatable else option.default for option in OPTIONS}
    return check_options({**defaults, "blueprint": list(given)})


def test_a_run_of_a_design_from_a_file_is_whole_and_owes_every_verdict(tmp_path: Path) -> None:
    run = Run(_options(str(_written(tmp_path, BLUEPRINTS["group-roles"]))))
    assert run.minimum_verdicts == len(run.planned) > 0
    assert Run(_options("group-roles")).minimum_verdicts == 0, "a part of what is shipped"


def test_two_blueprints_of_one_name_are_not_attacked_together(tmp_path: Path) -> None:
    path = _written(tmp_path, BLUEPRINTS["group-roles"])
    with pytest.raises(UsageError, match="two of the blueprints are called group-roles"):
        _options("group-roles", str(path))


def test_a_file_is_attacked_beside_designs_that_have_a_name(tmp_path: Path) -> None:
    options = _options("identity-folder", str(_written(tmp_path, BLUEPRINTS["group-roles"])))
    assert [blueprint.name for blueprint in options.blueprints] == ["identity-folder", "group-roles"]
    assert not options.narrowed


def _suites(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "suites/", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=240)


def test_the_suites_attack_a_file_on_every_worker_and_say_how_to_repeat_it(tmp_path: Path) -> None:
    document = json.loads(dump_blueprint(BLUEPRINTS["identity-folder"]))
    _statement(document)["Resource"] = "@{bucket.uploads.arn}/*"
    path = tmp_path / "leaky.json"
    path.write_text(json.dumps({**document, "name": "leaky"}), encoding="utf-8")
    attack = ("--attack", "s3.read.get-object", "--tenants", "2", "-n", "2", "--reports", str(tmp_path))
    run = _suites("--blueprint", str(path), *attack)
    assert run.returncode == 1, run.stdout
    assert "leaky: t1" in run.stdout
    assert f"--blueprint {path} --attack s3.read.get-object" in run.stdout
    recorded = json.loads((tmp_path / "verdicts.json").read_text(encoding="utf-8"))["run"]
    assert recorded["blueprint_files"] == {"leaky": str(path)}


def test_the_switches_are_proved_on_files_and_planted_holes_are_not(tmp_path: Path) -> None:
    path = _written(tmp_path, BLUEPRINTS["identity-folder"])
    collected = _suites("suites/test_proof.py", "--blueprint", str(path), "--collect-only", "-q").stdout
    assert "test_allowing_everything_leaks[identity-folder]" in collected
    assert "test_denying_everything_locks_out[identity-folder]" in collected
    assert "test_planted_weakness_is_found" not in collected


def test_a_wrong_file_is_one_line_and_status_4() -> None:
    run = _suites("--blueprint", "pyproject.toml")
    assert run.returncode == 4
    lines = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    assert len(lines) == 1
    assert "the blueprint file pyproject.toml: name: is missing" in lines[0]


@pytest.mark.parametrize("name", ["no-such-file.json", "no-such-file.toml", "no/such/file"])
def test_what_looks_like_a_path_is_one(name: str) -> None:
    with pytest.raises(UsageError, match=f"the blueprint file {name} cannot be read: No such file"):
        _options(name)


def _harness(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", "blueprints", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_line_writes_files_and_their_schema() -> None:
    assert _harness("--dump", "group-roles").stdout == dump_blueprint(BLUEPRINTS["group-roles"])
    assert _harness("--schema").stdout == _SCHEMA.read_text(encoding="utf-8")
    wrong = _harness("--dump", "nope")
    assert wrong.returncode == 4
    assert "there is no blueprint 'nope'" in wrong.stderr
    assert _harness().stdout.splitlines()[0].split() == ["name", "title", "source"]


def test_the_example_in_the_architecture_is_a_blueprint_that_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert example
    (tmp_path / "example_of_the_architecture.py").write_text(example[1], encoding="utf-8")
    monkeypatch.setattr(blueprints, "__path__", [*blueprints.__path__, str(tmp_path)])
    found = discovered()
    (added,) = found.keys() - BLUEPRINTS.keys()
    assert not list(problems(found[added], TECHNIQUES))
    verdicts = attack_everything(found[added])
    assert {verdict.name for verdict in verdicts} == {VerdictName.ISOLATED, VerdictName.WORKS}
