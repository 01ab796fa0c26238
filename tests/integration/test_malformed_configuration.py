"""Broken configuration: one line that names the place and the mend, exit 2, and nothing else is changed."""

import json

import pytest

from bot.bootstrap import ConfiguredPlatforms, load_knowledge
from bot.cli import main
from bot.domain.errors import ConfigError
from bot.settings import load_settings
from tests.fakes.processes import Bot

ENVIRONMENT = {
    # what: (variable, value, a word of the problem)
    "a duration in words": ("CODEHEALER_PROPOSAL_TTL", "an hour", "unit"),
    "a negative duration": ("CODEHEALER_PROPOSAL_TTL", "-5m", "unit"),
    "a broken number": ("CODEHEALER_VERIFY_WINDOW", "1.5h", "unit"),
    "a duration without end": ("CODEHEALER_VERIFY_WINDOW", "9" * 400, "unit"),
    "a duration beyond any calendar": ("CODEHEALER_PROPOSAL_TTL", "9999999d", "at most"),
    "no time to decide": ("CODEHEALER_PROPOSAL_TTL", "0s", "more than"),
    "digits of another script": ("CODEHEALER_PROPOSAL_TTL", "١٠m", "unit"),
    "Slack over plain http": ("SLACK_API_URL", "http://slack.example/api/", "https"),
    "Slack over ftp": ("SLACK_API_URL", "ftp://127.0.0.1/api/", "https"),
    "Slack without its path": ("SLACK_API_URL", "https://slack.example/", "/api/"),
    "an address that is none": ("SLACK_API_URL", "http://[::1/api/", "address"),
    "a file as address": ("SLACK_API_URL", "file:///api/", "https"),
    "a rate in words": ("SLACK_CHANNEL_RATE", "fast", "number"),
    "a negative rate": ("SLACK_CHANNEL_RATE", "-1", "greater"),
    "a rate that is no number": ("SLACK_CHANNEL_RATE", "nan", ""),
    "a rate without end": ("SLACK_CHANNEL_RATE", "inf", "finite"),
    "a port beyond the last": ("CODEHEALER_SANDBOX_PORT", "70000", "65535"),
    "a port in words": ("CODEHEALER_SANDBOX_PORT", "http", "integer"),
    "a mode that is none": ("CODEHEALER_MODE", "production", "live"),
}


@pytest.mark.parametrize("what", ENVIRONMENT)
def test_a_wrong_variable_is_named(what):
    name, text, word = ENVIRONMENT[what]
    with pytest.raises(ConfigError) as caught:
        load_settings({name: text}, dotenv=None)
    assert caught.value.place == name
    assert word in caught.value.problem
    assert ".env" in caught.value.mend
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("make", ["missing", "folder", "binary"])
def test_a_secret_file_that_cannot_be_read_is_named(tmp_path, make):
    path = tmp_path / "token"
    if make == "folder":
        path.mkdir()
    if make == "binary":
        path.write_bytes(b"\xff\xfe\x00xoxb")
    with pytest.raises(ConfigError) as caught:
        load_settings({"SLACK_BOT_TOKEN_FILE": str(path)}, dotenv=None)
    assert caught.value.place == "SLACK_BOT_TOKEN_FILE"
    assert str(path) in caught.value.problem


PATTERN = """\
- id: team.one
  cause: one
  category: CONFIG
  statement: "It is wrong."
  action: fix_config
  where: [logs]
  literals: [wrong]
  regex: 'wrong'
  weight: 1.5
  examples: ["it is wrong"]
"""
FILES = {
    # what: (file, its text, the line that is named, a word of the problem)
    "patterns that are cut off": ("failure_patterns/team.yaml", '- id: a\n  cause: "one', 2, ""),
    "patterns with a tab": ("failure_patterns/team.yaml", "- id: a\n\tcause: b\n", 2, ""),
    "patterns that are a text": ("failure_patterns/team.yaml", "just words", 1, "list"),
    "a pattern that is a number": ("failure_patterns/team.yaml", PATTERN + "- 5\n", 11, "mapping"),
    "a key that is none": ("failure_patterns/team.yaml", PATTERN + "  severity: high\n", 11, "severity"),
    "a category that is none": ("failure_patterns/team.yaml", PATTERN.replace("CONFIG", "WEATHER"), 3, "category"),
    "an expression without its end": ("failure_patterns/team.yaml", PATTERN.replace("'wrong'", "'(wrong'"), 8, ""),
    "a weight in words": ("failure_patterns/team.yaml", PATTERN.replace("1.5", "heavy"), 9, "weight"),
    "a weight without end": ("failure_patterns/team.yaml", PATTERN.replace("1.5", ".inf"), 9, "weight"),
    "an id twice": ("failure_patterns/team.yaml", PATTERN + PATTERN, 11, "team.one"),
    "patterns without a bottom": ("failure_patterns/team.yaml", "[" * 5_000, 1, ""),
    "a bomb of aliases": ("failure_patterns/team.yaml", "- &a [x,x,x,x,x,x,x,x]\n- &b [*a,*a,*a,*a,*a,*a,*a,*a]\n- [*b,*b,*b,*b]\n", 1, "mapping"),
    "two megabytes of patterns": ("failure_patterns/team.yaml", "# x\n" * 500_000, 1, "bytes"),
    "rules that are cut off": ("remediation_rules.yaml", "rules:\n  - id: [", 2, ""),
    "a rule for nothing": ("remediation_rules.yaml", "rules:\n  - id: kubernetes.delete_all\n", 2, "kubernetes.delete_all"),
    "a rule's key that is none": ("remediation_rules.yaml", "rules:\n  - id: proposals\n    floor: 0.1\n", 3, "floor"),
    "a floor beyond one": ("remediation_rules.yaml", "rules:\n  - id: proposals\n    confidence_floor: 7\n", 3, "confidence_floor"),
    "a factor that is no number": ("remediation_rules.yaml", "rules:\n  - id: kubernetes.set_resources\n    factor: .nan\n", 3, "factor"),
    "a cooldown in words": ("remediation_rules.yaml", "rules:\n  - id: kubernetes.set_resources\n    cooldown: soon\n", 3, "cooldown"),
    "rules that are a list": ("remediation_rules.yaml", "- id: proposals\n", 1, "mapping"),
    "rules under another name": ("remediation_rules.yaml", "regeln: []\n", 1, "regeln"),
}  # fmt: skip


@pytest.mark.parametrize("what", FILES)
def test_a_broken_file_is_named_with_its_line(tmp_path, what):
    name, text, line, word = FILES[what]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_knowledge(tmp_path)
    assert caught.value.place == f"{path}:{line}"
    assert word in caught.value.problem
    assert caught.value.mend
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_file_of_other_bytes_is_named(tmp_path):
    folder = tmp_path / "failure_patterns"
    folder.mkdir()
    (folder / "team.yaml").write_bytes(b"- id: \xff\xfe\n")
    (tmp_path / "remediation_rules.yaml").write_bytes(b"rules: \xff\n")
    with pytest.raises(ConfigError, match=r"team\.yaml:1: is not UTF-8"):
        load_knowledge(tmp_path)
    (folder / "team.yaml").unlink()
    with pytest.raises(ConfigError, match=r"remediation_rules\.yaml:1: "):
        load_knowledge(tmp_path)


KUBECONFIGS = {
    "none there": None,
    "empty": "",
    "cut off": "apiVersion: v1\nclusters: [{name: a, clu",
    "a list": "[]",
    "a text": "hello",
    "without a context": "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: []\n",
    "a context of nothing": "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\ncontexts: [{name: a, context: {cluster: x, user: y}}]\ncurrent-context: a\n",
    "a server that is a number": "apiVersion: v1\nkind: Config\nclusters: [{name: x, cluster: {server: 7}}]\nusers: [{name: y, user: {token: t}}]\n"
    "contexts: [{name: a, context: {cluster: x, user: y}}]\ncurrent-context: a\n",
}  # fmt: skip


@pytest.mark.parametrize("what", KUBECONFIGS)
def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path, what):
    path = tmp_path / "kubeconfig"
    text = KUBECONFIGS[what]
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        ConfiguredPlatforms(load_settings({"KUBECONFIG": str(path)}, dotenv=None)).cluster("default")
    assert str(path) in caught.value.place
    assert caught.value.problem
    assert "\n" not in str(caught.value)


CAPSULES = {
    "cut off": '{"format": 1, "incident": "in_1", "recordi',
    "a list": "[]",
    "of another format": '{"format": 99, "recordings": []}',
    "without recordings": '{"format": 1, "incident": "in_1"}',
    "recordings of texts": '{"format": 1, "incident": "in_1", "recordings": ["no"]}',
    "a recording of nothing": '{"format": 1, "incident": "in_1", "recordings": [{}]}',
    "a recording whose parts are texts": json.dumps({"format": 1, "incident": "in_1", "recordings": [
        {"job": "x", "payload": "y", "house": "z", "exchanges": "e", "steps": "s"}]}),
    "a payload that is none": json.dumps({"format": 1, "incident": "in_1", "recordings": [
        {"job": {"id": "jb_1", "incident": "in_1", "attempt": 1}, "payload": {"type": "Surprise", "value": {}}, "exchanges": [], "steps": [],
         "house": {"approvers": [], "team": "T", "proposal_ttl": 60, "verify_window": 60, "simulated": False}}]}),
    "without an end": "[" * 100_000,
    "other bytes": b"\xff\xfe\x00",
}  # fmt: skip


@pytest.mark.parametrize("what", CAPSULES)
def test_a_capsule_that_cannot_be_read_is_named(tmp_path, capsys, monkeypatch, what):
    monkeypatch.chdir(tmp_path)
    path, text = tmp_path / "capsule.json", CAPSULES[what]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    code = main(["replay", str(path)])
    said = capsys.readouterr()
    assert code == 2, said
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert str(path) in said.err


COMMANDS = {
    # what: (arguments, environment, words of the one line)
    "run without a token": (("run",), {}, "SLACK_BOT_TOKEN: it is not set"),
    "run with a broken duration": (("run",), {"CODEHEALER_PROPOSAL_TTL": "soon"}, "CODEHEALER_PROPOSAL_TTL"),
    "run with a broken folder": (("run",), {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "CODEHEALER_CONFIG_DIR": "/nowhere"}, "CODEHEALER_CONFIG_DIR"),
    "run with a missing secret": (("run",), {"SLACK_BOT_TOKEN_FILE": "/nowhere/token"}, "SLACK_BOT_TOKEN_FILE"),
    "up with half of the tokens": (("up",), {"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN"),
    "audit of nothing": (("audit", "verify"), {}, "state.sqlite3"),
    "a capsule of nothing": (("capsule", "in_1"), {}, "state.sqlite3"),
    "a replay of nothing": (("replay", "/nowhere.json"), {}, "/nowhere.json"),
    "a command that is none": (("heal",), {}, "heal"),
    "an option that is none": (("run", "--fast"), {}, "--fast"),
    "a scenario that is none": (("simulate", "kubernetes", "../../etc"), {}, "there is no such scenario"),
}  # fmt: skip


@pytest.mark.parametrize("what", COMMANDS)
def test_the_command_line_says_one_line_and_ends_with_2(tmp_path, what):
    arguments, environment, words = COMMANDS[what]
    done = Bot(tmp_path, **environment).command(*arguments)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert words in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) in ([], ["data"])  # nothing was made but perhaps the folder


def test_lines_that_cannot_be_read_are_answered_one_by_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = ["{", "[]", '{"id": 1}', '{"id": "a", "event": "text"}', '{"id": "b", "event": {"type": "message"}}', "[" * 100_000,
             '{"id": "good", "event": {"type": "message", "channel": "C1", "ts": "1.1", "bot_id": "B1", "text": "deploy failed"}}']  # fmt: skip
    monkeypatch.setattr("sys.stdin", iter(lines))
    assert main(["parse", "--jsonl"]) == 2
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["id"] for answer in answers] == [None, None, 1, "a", "b", None, "good"]
    assert ["error" in answer for answer in answers] == [True] * 6 + [False]
    assert answers[-1]["kind"] == "failure"


def test_a_state_file_that_is_none_is_named(tmp_path):
    bot = Bot(tmp_path, SLACK_BOT_TOKEN="xoxb-1", SLACK_APP_TOKEN="xapp-1")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "state.sqlite3").write_bytes(b"this is no database" * 500)
    done = bot.command("audit", "verify")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "state.sqlite3" in done.stderr
