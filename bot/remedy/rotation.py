"""Which of the team's rotation workflows renews the credential that failed, and whether its file can be run by us.

The choice is made by the team's rules over lines that the diagnosis cites; text from a log picks among those rules at most,
and never names a workflow, a repository or an input.
"""

from collections.abc import Iterator

import yaml

from bot.domain.connections import matches
from bot.domain.diagnosis import Hypothesis
from bot.domain.evidence import Dossier, Evidence
from bot.domain.pipeline import DISPATCH_INPUT, RepoFile
from bot.ports import Pipelines
from bot.remedy.policy import Credential
from bot.remedy.quoting import plain

FOLDER = ".github/workflows/"
BESIDE = 5
"""So many lines before and after a cited one count too: a login names its host a line before it is refused."""

MAX_FILE = 100_000
MAX_DEPTH = 20


def fitting(
    credentials: tuple[Credential, ...], repo: str, hypothesis: Hypothesis, dossier: Dossier
) -> tuple[Credential, ...]:
    """Return the credentials whose repositories hold `repo` and of which a match stands in or beside what is cited."""
    here = [each for each in credentials if not each.repositories or any(matches(repo, g) for g in each.repositories)]
    lines = (hypothesis.cause_id, *_cited(hypothesis, dossier))
    return tuple(each for each in here if any(_stands_in(line, match) for match in each.matches for line in lines))


def _cited(hypothesis: Hypothesis, dossier: Dossier) -> tuple[str, ...]:
    by_id: dict[str, Evidence] = {each.id: each for each in dossier.evidence}
    found: dict[str, None] = {}
    for symptom in hypothesis.supports:
        cited = symptom.citation
        found[cited.quote] = None
        found.update(dict.fromkeys(group.value for group in symptom.groups))
        evidence = by_id.get(cited.evidence_id)
        for line in evidence.excerpt.lines if evidence else ():
            if cited.line_from - BESIDE <= line.number <= cited.line_to + BESIDE:
                found[line.text] = None
    return tuple(found)


def _stands_in(line: str, match: str) -> bool:
    """Return whether a glob fits the whole line, or a plain text stands in it as a name of its own, without case."""
    if "*" in match or "?" in match:
        return matches(line, match)
    text, wanted = line.lower(), match.lower()
    at = text.find(wanted)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(wanted) : at + len(wanted) + 2]
        joined_before = bool(before) and (before.isalnum() or before in "-_.")
        joined_after = bool(after) and (
            after[0].isalnum() or after[0] in "-_" or (after[0] == "." and after[1:].isalnum())
        )
        if not (joined_before or joined_after):
            return True
        at = text.find(wanted, at + 1)
    return False


def path_of(credential: Credential) -> str:
    """Return the path of the credential's workflow file in its repository."""
    return credential.workflow if "/" in credential.workflow else FOLDER + credential.workflow


def homes(credential: Credential) -> tuple[str, ...]:
    """Return the repositories that hold the workflow, as far as the rule names them whole; for `doctor`."""
    named = (credential.repository,) if credential.repository else credential.repositories
    return tuple(repo for repo in named if not {"*", "?"} & set(repo))


def problem_of(credential: Credential, repo: str, pipelines: Pipelines) -> str:
    """Return why the workflow in that repository cannot be dispatched, as a sentence; empty: it can. Raises PlatformError."""
    file = pipelines.file(repo, path_of(credential), credential.ref or pipelines.default_branch(repo))
    return unfit(file, tuple(name for name, _ in credential.inputs))


def unfit(file: RepoFile, inputs: tuple[str, ...]) -> str:
    """Return why the workflow file cannot be dispatched so that its run is found again, as a sentence; empty: it can.

    It has to declare workflow_dispatch with the input `codehealer_id`, use that in its run-name, and declare every input
    that the rule gives; a required input without a default must be given. `doctor` asks the same.
    """
    name = plain(file.path)
    root = _mapping(_composed(file))
    if root is None:
        return f"{name} cannot be read as YAML."
    declared = _inputs(root)
    if declared is None:
        return f"{name} has no trigger workflow_dispatch."
    unknown = [each for each in inputs if each not in declared]
    missing = [each for each, needed in declared.items() if needed and each not in (*inputs, DISPATCH_INPUT)]
    problems = (
        (
            DISPATCH_INPUT not in declared,
            f"does not declare the input {DISPATCH_INPUT}, by which its run is found again",
        ),
        (
            not _uses_mark(root),
            f"does not use inputs.{DISPATCH_INPUT} in its run-name, so its run could not be found again",
        ),
        (bool(unknown), f"does not declare the input {plain(' '.join(unknown[:1]))} that remediation_rules.yaml gives"),
        (
            bool(missing),
            f"requires the input {plain(' '.join(missing[:1]))}, which remediation_rules.yaml does not give",
        ),
    )
    return next((f"{name} {problem}." for wrong, problem in problems if wrong), "")


def _uses_mark(root: dict[str, yaml.Node]) -> bool:
    """Return whether an expression of the run-name holds our input."""
    run_name = root.get("run-name")
    text = run_name.value[:500] if isinstance(run_name, yaml.ScalarNode) else ""
    return any(f"inputs.{DISPATCH_INPUT}" in part.partition("}}")[0] for part in text.split("${{")[1:])


def _inputs(root: dict[str, yaml.Node]) -> dict[str, bool] | None:
    """Return the inputs of workflow_dispatch, each with whether it must be given; None without that trigger."""
    on = root.get("on")
    if isinstance(on, yaml.ScalarNode):
        return {} if on.value == "workflow_dispatch" else None
    if isinstance(on, yaml.SequenceNode):
        return {} if any(getattr(each, "value", "") == "workflow_dispatch" for each in on.value) else None
    triggers = _mapping(on) or {}
    if "workflow_dispatch" not in triggers:
        return None
    inputs = _mapping((_mapping(triggers["workflow_dispatch"]) or {}).get("inputs")) or {}
    return {name: _needed(_mapping(node) or {}) for name, node in inputs.items()}


def _needed(declared: dict[str, yaml.Node]) -> bool:
    required = getattr(declared.get("required"), "value", "false")
    return str(required).lower() == "true" and "default" not in declared


def _mapping(node: yaml.Node | None) -> dict[str, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return {str(key.value): item for key, item in node.value if isinstance(key, yaml.ScalarNode)}


def _composed(file: RepoFile) -> yaml.Node | None:
    """Return the file's nodes, None when it is no YAML, too large or nested deeper than any workflow is."""
    text = "\n".join(file.lines)
    if len(text) > MAX_FILE:
        return None
    try:
        if any(depth > MAX_DEPTH for depth in _depths(text)):
            return None
        return yaml.compose(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError):
        return None


def _depths(text: str) -> Iterator[int]:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        yield depth
