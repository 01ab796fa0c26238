"""Pattern files: what is wrong is named with file and line, and nothing is taken from a file that has a fault."""

from pathlib import Path

import pytest

from bot.adapters.patterns_yaml import load_calibration, load_patterns
from bot.domain.diagnosis import Category
from bot.domain.errors import ConfigError
from bot.domain.evidence import EvidenceKind

GOOD = """\
- id: a.one
  cause: one
  category: CONFIG
  statement: "The {what} is wrong."
  action: fix_config
  where: [logs, events]
  literals: [wrong]
  regex: '(?P<what>\\w+) is wrong'
  weight: 1.5
  examples: ["it is wrong"]
"""


def written(folder: Path, text: str, name: str = "team.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def refused(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_patterns(written(folder, text))
    return caught.value


def test_a_pattern_as_it_is_written(tmp_path: Path) -> None:
    (pattern,) = load_patterns(written(tmp_path, GOOD))
    assert (pattern.id, pattern.cause, pattern.category, pattern.weight) == ("a.one", "one", Category.CONFIG, 1.5)
    assert set(pattern.where) == {
        EvidenceKind.LOG,
        EvidenceKind.PREVIOUS_LOG,
        EvidenceKind.CI_LOG,
        EvidenceKind.EVENTS,
    }
    assert pattern.remedy == "escalate"
    assert pattern.place == f"{tmp_path / 'team.yaml'}:1"


def test_a_teams_files_are_laid_over_the_shipped_ones_by_id(tmp_path: Path) -> None:
    shipped = written(tmp_path / "shipped", GOOD + GOOD.replace("a.one", "a.two"))
    team = written(tmp_path / "team", GOOD.replace("1.5", "3") + GOOD.replace("a.one", "b.own"))
    found = load_patterns(shipped, team, tmp_path / "absent")
    assert [(pattern.id, pattern.weight) for pattern in found] == [("a.one", 3.0), ("a.two", 1.5), ("b.own", 1.5)]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n"])
def test_an_empty_file_adds_nothing(tmp_path: Path, text: str) -> None:
    assert load_patterns(written(tmp_path, text)) == ()


WRONG = [
    pytest.param("cause: one", "cuase: one", 2, "unknown key 'cuase'", id="unknown key"),
    pytest.param("  weight: 1.5\n", "", 1, "'weight' is missing", id="missing key"),
    pytest.param("weight: 1.5", "weight: 1.5\n  weight: 2", 10, "stands twice", id="key twice"),
    pytest.param("CONFIG", "CONFLG", 3, "unknown category 'CONFLG'", id="category"),
    pytest.param("fix_config", "fix_all", 5, "unknown action 'fix_all'", id="action"),
    pytest.param("[logs, events]", "[log, evnts]", 6, "unknown evidence 'evnts'", id="where"),
    pytest.param("[logs, events]", "logs", 6, "must be a list", id="no list"),
    pytest.param("[wrong]", "[]", 7, "at least one entry", id="empty list"),
    pytest.param("[wrong]", "[wrong, odd]", 7, "'odd' is in no example", id="literal in no example"),
    pytest.param("(?P<what>\\w+) is", "(?P<what>\\w+ is", 8, "RE2 refuses the regex", id="regex"),
    pytest.param("is wrong'", "is (?=w)wrong'", 8, "RE2 refuses the regex", id="lookahead"),
    pytest.param("1.5", "heavy", 9, "weight 'heavy'", id="weight no number"),
    pytest.param("1.5", "nan", 9, "weight 'nan'", id="weight nan"),
    pytest.param("1.5", "77", 9, "weight '77'", id="weight too much"),
    pytest.param("{what}", "{who}", 4, "{who} is no group", id="place"),
    pytest.param("id: a.one", "id: [a]", 1, "id must be text", id="type"),
    pytest.param("id: a.one", "id: ''", 1, "id must be text", id="blank"),
    pytest.param("weight: 1.5", "facts: [{name: nope, is: x}]\n  weight: 1", 9, "unknown fact 'nope'", id="fact"),
    pytest.param("weight: 1.5", "facts: [nope]\n  weight: 1", 9, "must be a mapping", id="fact shape"),
    pytest.param("weight: 1.5", "unless: [{why: x}]\n  weight: 1", 9, "a cause or a fact", id="unless"),
    pytest.param("weight: 1.5", "remedy: kubernetes.set_resources\n  weight: 1", 9, "does not serve", id="remedy"),
    pytest.param("weight: 1.5", "but_not: '('\n  weight: 1", 9, "RE2 refuses the but_not", id="but_not"),
]


@pytest.mark.parametrize(("old", "new", "line", "problem"), WRONG)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path, old: str, new: str, line: int, problem: str) -> None:
    assert old in GOOD
    error = refused(tmp_path, GOOD.replace(old, new, 1))
    assert error.place == f"{tmp_path / 'team.yaml'}:{line}"
    assert problem in error.problem
    assert error.mend


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- id: a\n  cause: [b\n", 3),
        ("id: a\n", 1),
        ("- a\n", 1),
        ("- id: a\n\tcause: b\n", 2),
        ("- id: *nowhere\n", 1),
        ("- " * 20_000 + "x", 1),
    ],
    ids=["open bracket", "no list", "no mapping", "tab", "alias of nothing", "deep"],
)
def test_yaml_that_is_none(tmp_path: Path, text: str, line: int) -> None:
    error = refused(tmp_path, text)
    assert error.place.rpartition(":")[0] == str(tmp_path / "team.yaml")
    assert abs(int(error.place.rpartition(":")[2]) - line) <= 1


def test_an_id_twice_in_one_directory(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "first.yaml")
    error = refused(tmp_path, GOOD)
    assert error.place == f"{tmp_path / 'team.yaml'}:1"
    assert f"{tmp_path / 'first.yaml'}:1" in error.problem


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "team.yaml").write_bytes(b"- id: \xff\xfe\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_patterns(tmp_path)


def test_a_file_without_end(tmp_path: Path) -> None:
    assert "bytes" in refused(tmp_path, "# " + "x" * 1_100_000).problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 1}',
        '{"version": "1", "points": [[0, 0.5], [0, 0.6]], "floor": 0.3, "blank": 0.3, "named": 0.7}',
        '{"version": "1", "points": [[0, 0.5], [1, 0.4]], "floor": 0.3, "blank": 0.3, "named": 0.7}',
        '{"version": "1", "points": [[0, 0.5], [1, 1.4]], "floor": 0.3, "blank": 0.3, "named": 0.7}',
        '{"version": "1", "points": [], "floor": 0.3, "blank": 0.3, "named": 0.7}',
        '{"version": "1", "points": [[0, NaN]], "floor": 0.3, "blank": 0.3, "named": 0.7}',
    ],
)
def test_a_calibration_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_calibration(path)
    assert caught.value.place == str(path)


def test_a_calibration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_calibration(tmp_path / "none.json")
