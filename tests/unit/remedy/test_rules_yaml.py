"""remediation_rules.yaml: the shipped file is the defaults, a team's is laid over by id, a mistake names its line."""

from pathlib import Path

import pytest

from bot.adapters.rules_yaml import load_rules
from bot.domain.errors import ConfigError
from bot.remedy.catalog import ACTIONS, action
from bot.remedy.policy import ActionRule, Credential, MemoryRule, Rules

FILE = "remediation_rules.yaml"
SHIPPED = Path(__file__).resolve().parents[3] / "config" / FILE
IDS = tuple(each.spec.id for each in ACTIONS)


def team(folder: Path, text: str | bytes) -> Rules:
    (folder / FILE).write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_rules(SHIPPED, folder / FILE, IDS)


def test_the_shipped_rules_are_the_defaults() -> None:
    rules = load_rules(SHIPPED, None, IDS)
    assert (rules.floor, rules.memory, rules.max_reruns) == (Rules().floor, MemoryRule(), Rules().max_reruns)
    assert not rules.credentials
    for each in ACTIONS:
        assert rules.of(each.spec.id).enabled
        assert rules.cooldown(each.spec).total_seconds() == each.spec.cooldown
        assert rules.within(each.spec) == each.spec.within


def test_a_folder_without_the_file_changes_nothing(tmp_path: Path) -> None:
    assert load_rules(SHIPPED, tmp_path / FILE, IDS) == load_rules(SHIPPED, None, IDS)


def test_an_entry_replaces_the_one_with_its_id_and_no_other(tmp_path: Path) -> None:
    rules = team(
        tmp_path,
        "rules:\n- id: kubernetes.set_resources\n  max_memory: 8Gi\n  cooldown: 0\n- {id: proposals, confidence_floor: 0.75}\n",
    )
    assert rules.memory == MemoryRule(max="8Gi")
    assert rules.floor == 0.75
    assert rules.of("kubernetes.set_resources") == ActionRule(id="kubernetes.set_resources", cooldown=0)
    assert rules.of("kubernetes.rollout_restart").cooldown == 900


def test_an_action_can_be_switched_off(tmp_path: Path) -> None:
    rules = team(tmp_path, "rules:\n- {id: kubernetes.rollout_restart, enabled: false, cooldown: 2h}")
    assert rules.of("kubernetes.rollout_restart") == ActionRule(
        id="kubernetes.rollout_restart", enabled=False, cooldown=7200
    )
    assert rules.cooldown(action("kubernetes.rollout_restart").spec).total_seconds() == 7200


def test_a_credential_names_its_workflow_and_where_it_fits(tmp_path: Path) -> None:
    text = """credentials:
- id: registry
  secret: the registry token
  matches: [registry.example.com, "*REGISTRY_TOKEN*"]
  repositories: acme/*
  workflow: rotate.yml
  repository: acme/infrastructure
  inputs: {registry: registry.example.com, days: 30}
"""
    assert team(tmp_path, text).credentials == (
        Credential(
            id="registry",
            secret="the registry token",
            matches=("registry.example.com", "*REGISTRY_TOKEN*"),
            repositories=("acme/*",),
            workflow="rotate.yml",
            repository="acme/infrastructure",
            inputs=(("registry", "registry.example.com"), ("days", "30")),
        ),
    )


def test_the_example_in_the_shipped_file_can_be_taken_as_it_is(tmp_path: Path) -> None:
    commented = SHIPPED.read_text(encoding="utf-8").partition("# credentials:\n")[2].partition("credentials: []")[0]
    example = "credentials:\n" + "\n".join(line[2:] for line in commented.splitlines())
    (found,) = team(tmp_path, example).credentials
    assert (found.id, found.ref, found.repository) == ("registry-token", "main", "acme/infrastructure")


def test_how_long_and_how_often(tmp_path: Path) -> None:
    rules = team(tmp_path, "rules:\n- {id: github.rerun_failed_jobs, max_reruns: 1, deadline: 2h}\n")
    assert rules.max_reruns == 1
    assert rules.within(action("github.rerun_failed_jobs").spec) == 7200
    assert rules.within(action("github.dispatch_workflow").spec) == 2700


@pytest.mark.parametrize("text", ["", "rules:\n", "rules: []\n", "# nothing\n"])
def test_an_empty_file_changes_nothing(tmp_path: Path, text: str) -> None:
    assert team(tmp_path, text) == load_rules(SHIPPED, None, IDS)


MISTAKES = [
    ("rules: [\n", 2, "not YAML"),
    ("- a\n", 1, "not a mapping"),
    ("rules: yes\n", 1, "not a list"),
    ("rules: []\npatterns: []\n", 2, "'patterns' is not known"),
    ("rules:\n- proposals\n", 2, "not a mapping"),
    ("rules:\n- confidence_floor: 0.5\n", 2, "has no id"),
    ("rules:\n- id: 7\n", 2, "no rule '7'"),
    ("rules:\n- id: kubernetes.delete_everything\n", 2, "no rule 'kubernetes.delete_everything'"),
    ("rules:\n- id: proposals\n- id: proposals\n", 3, "'proposals' stands twice"),
    ("rules:\n- id: proposals\n  confidence_floor: 0.5\n  confidence_floor: 0.6\n", 4, "stands twice"),
    ("rules:\n- id: proposals\n  confidence_floor: 1.5\n", 3, "between 0 and 1"),
    ("rules:\n- id: proposals\n  confidence_floor: nan\n", 3, "between 0 and 1"),
    ("rules:\n- id: proposals\n  confidence_floor: high\n", 3, "not a number"),
    ("rules:\n- id: proposals\n  confidence_floor: {a: 1}\n", 3, "not a single value"),
    ("rules:\n- id: proposals\n  flor: 0.5\n", 3, "'flor' is no key"),
    ("rules:\n- id: escalate\n  factor: 2\n", 3, "'factor' is no key"),
    ("rules:\n- id: kubernetes.set_resources\n  factor: 1\n", 3, "more than 1"),
    ("rules:\n- id: kubernetes.set_resources\n  factor: true\n", 3, "not a number"),
    ("rules:\n- id: kubernetes.set_resources\n  max_memory: 4GB\n", 3, "no Kubernetes quantity"),
    ("rules:\n- id: kubernetes.set_resources\n  round_to: 0\n", 3, "from 1Mi to 1Pi"),
    ("rules:\n- id: kubernetes.set_resources\n  min_step: 2Gi\n  max_memory: 1Gi\n", 2, "below min_step"),
    ("rules:\n- id: kubernetes.set_resources\n  cooldown: soon\n", 3, "a duration"),
    ("rules:\n- id: kubernetes.set_resources\n  cooldown: -5\n", 3, "a duration"),
    ("rules:\n- id: kubernetes.set_resources\n  enabled: maybe\n", 3, "true or false"),
    ("rules:\n- id: !!python/object:os.system x\n", 2, "no rule 'x'"),
    ("rules:\n- id: proposals\n  confidence_floor: " + "9" * 5000 + "\n", 3, "longer than"),
    ("a: &a [x]\nrules: [*a, *a]\n", 2, "aliases"),
    ("rules:\n- id: " + "[" * 3000 + "]" * 3000 + "\n", 2, "nested too deeply"),
    ("rules:\n- {? [a] : b}\n", 2, "has no id"),
    (b"rules:\n- id: \xff\n", 2, "not UTF-8"),
    ("rules:\n\t- id: x\n", 2, "not YAML"),
    ("rules: \x00\n", 1, "not YAML"),
    ("rules:\n- id: github.rerun_failed_jobs\n  max_reruns: 50\n", 3, "from 0 to 49"),
    ("rules:\n- id: kubernetes.set_resources\n  deadline: 5m\n", 3, "'deadline' is no key"),
    ("rules:\n- id: argocd.sync\n  deadline: later\n", 3, "a duration"),
    ("credentials: x\n", 1, "`credentials` is not a list"),
    ("credentials:\n- secret: x\n", 2, "this credential has no id"),
    ("credentials:\n- {id: a, workflow: r.yml}\n", 2, "matches nothing, or everything"),
    ("credentials:\n- id: a\n  workflow: r.yml\n  matches: ['*']\n", 4, "matches nothing, or everything"),
    ("credentials:\n- id: a\n  matches: x\n", 2, "names no workflow file"),
    ("credentials:\n- id: a\n  matches: x\n  workflow: ../r.yml\n", 4, "names no workflow file"),
    ("credentials:\n- id: a\n  matches: x\n  workflow: r.yml\n  repository: acme\n", 5, "is a repository such as"),
    ("credentials:\n- {id: a, matches: x, workflow: r.yml}\n- {id: a}\n", 3, "'a' stands twice"),
    ("credentials:\n- id: a\n  matches: x\n  workflow: r.yml\n  inputs: {codehealer_id: x}\n", 5, "no input of a rule"),
    ("credentials:\n- id: a\n  matches: x\n  workflow: r.yml\n  inputs:\n    a: [b]\n", 6, "not a single value"),
    ("credentials:\n- id: a\n  matches: x\n  token: hunter2\n", 4, "'token' is no key"),
]


@pytest.mark.parametrize(("text", "line", "problem"), MISTAKES, ids=[p for _, _, p in MISTAKES])
def test_a_mistake_names_its_place_and_the_problem(tmp_path: Path, text: str | bytes, line: int, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        team(tmp_path, text)
    assert problem in caught.value.problem
    assert caught.value.place == f"{tmp_path / FILE}:{line}"
    assert caught.value.mend
    assert len(str(caught.value)) < 600


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="larger than"):
        team(tmp_path, "#" * 300_000)


def test_a_missing_shipped_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_rules(tmp_path / FILE, None, IDS)
