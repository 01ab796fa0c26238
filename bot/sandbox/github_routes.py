"""Every route of the sandbox's GitHub: method, path, GitHub's own operation id, handler. What is not here is a 404."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.github_answers import Answer, Handler, Request
from bot.sandbox.github_app import Apps
from bot.sandbox.github_pulls import Pulls
from bot.sandbox.github_reads import Repositories
from bot.sandbox.github_runs_api import Runs

Row = tuple[str, str, str, Handler]
_ANYTHING = frozenset({"path", "ref", "basehead", "branch"})
_PARTS = re.compile(r"\{(\w+)\}")
_REPO = "/repos/{owner}/{repo}"
_RUN = f"{_REPO}/actions/runs/{{run_id}}"
_ATTEMPT = f"{_RUN}/attempts/{{attempt_number}}"
_PULL = f"{_REPO}/pulls/{{pull_number}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`operation` names it in GitHub's OpenAPI description; `by_jwt`: it takes an App's JWT in place of a token."""

    method: str
    template: str
    operation: str
    handler: Handler
    pattern: re.Pattern[str]
    by_jwt: bool = False


def _pattern(template: str) -> re.Pattern[str]:
    def part(found: re.Match[str]) -> str:
        wide = found[1] in _ANYTHING
        return f"(?P<{found[1]}>{'.*' if found[1] == 'path' else '.+' if wide else '[^/]+'})"

    return re.compile(_PARTS.sub(part, template))


def build_routes(
    repos: Repositories, runs: Runs, pulls: Pulls, apps: Apps, rate: Callable[[Request], Answer]
) -> list[Route]:
    """List them in the order in which they are tried."""
    rows = [
        ("GET", "/rate_limit", "rate-limit/get", rate),
        *_of_repositories(repos),
        *_of_runs(runs),
        *_of_pulls(pulls),
    ]
    return [*(_route(row, by_jwt=True) for row in _of_apps(apps)), *(_route(row, by_jwt=False) for row in rows)]


def _of_repositories(repos: Repositories) -> list[Row]:
    return [
        ("GET", "/user", "users/get-authenticated", repos.user),
        ("GET", _REPO, "repos/get", repos.repo),
        ("GET", f"{_REPO}/branches", "repos/list-branches", repos.branches),
        ("GET", f"{_REPO}/branches/{{branch}}", "repos/get-branch", repos.branch),
        ("GET", f"{_REPO}/git/ref/{{ref}}", "git/get-ref", repos.ref),
        ("GET", f"{_REPO}/git/matching-refs/{{ref}}", "git/list-matching-refs", repos.matching_refs),
        ("POST", f"{_REPO}/git/refs", "git/create-ref", repos.create_ref),
        ("DELETE", f"{_REPO}/git/refs/{{ref}}", "git/delete-ref", repos.delete_ref),
        ("GET", f"{_REPO}/git/blobs/{{file_sha}}", "git/get-blob", repos.blob),
        ("GET", f"{_REPO}/git/trees/{{tree_sha}}", "git/get-tree", repos.tree),
        ("GET", f"{_REPO}/commits", "repos/list-commits", repos.commits),
        ("GET", f"{_REPO}/commits/{{ref}}", "repos/get-commit", repos.commit),
        ("GET", f"{_REPO}/compare/{{basehead}}", "repos/compare-commits-with-basehead", repos.compare),
        ("GET", f"{_REPO}/contents/{{path}}", "repos/get-content", repos.contents),
        ("PUT", f"{_REPO}/contents/{{path}}", "repos/create-or-update-file-contents", repos.put_contents),
    ]


def _of_runs(runs: Runs) -> list[Row]:
    return [
        ("GET", f"{_REPO}/actions/workflows", "actions/list-repo-workflows", runs.workflows),
        ("GET", f"{_REPO}/actions/workflows/{{workflow_id}}", "actions/get-workflow", runs.workflow),
        ("GET", f"{_REPO}/actions/workflows/{{workflow_id}}/runs", "actions/list-workflow-runs", runs.runs_of_workflow),
        (
            "POST",
            f"{_REPO}/actions/workflows/{{workflow_id}}/dispatches",
            "actions/create-workflow-dispatch",
            runs.dispatch,
        ),
        ("GET", f"{_REPO}/actions/runs", "actions/list-workflow-runs-for-repo", runs.runs),
        ("GET", _RUN, "actions/get-workflow-run", runs.run),
        ("GET", f"{_RUN}/jobs", "actions/list-jobs-for-workflow-run", runs.jobs),
        ("GET", f"{_RUN}/logs", "actions/download-workflow-run-logs", runs.run_logs),
        ("POST", f"{_RUN}/rerun", "actions/re-run-workflow", runs.rerun),
        ("POST", f"{_RUN}/rerun-failed-jobs", "actions/re-run-workflow-failed-jobs", runs.rerun_failed),
        ("POST", f"{_RUN}/cancel", "actions/cancel-workflow-run", runs.cancel),
        ("GET", _ATTEMPT, "actions/get-workflow-run-attempt", runs.attempt),
        ("GET", f"{_ATTEMPT}/jobs", "actions/list-jobs-for-workflow-run-attempt", runs.jobs_of_attempt),
        ("GET", f"{_ATTEMPT}/logs", "actions/download-workflow-run-attempt-logs", runs.run_logs),
        ("GET", f"{_REPO}/actions/jobs/{{job_id}}", "actions/get-job-for-workflow-run", runs.job),
        ("GET", f"{_REPO}/actions/jobs/{{job_id}}/logs", "actions/download-job-logs-for-workflow-run", runs.job_logs),
        ("POST", f"{_REPO}/actions/jobs/{{job_id}}/rerun", "actions/re-run-job-for-workflow-run", runs.rerun_job),
        ("GET", f"{_REPO}/actions/secrets", "actions/list-repo-secrets", runs.secrets),
        ("GET", f"{_REPO}/check-runs/{{check_run_id}}/annotations", "checks/list-annotations", runs.annotations),
    ]


def _of_pulls(pulls: Pulls) -> list[Row]:
    return [
        ("GET", f"{_REPO}/pulls", "pulls/list", pulls.pulls),
        ("POST", f"{_REPO}/pulls", "pulls/create", pulls.create),
        ("GET", _PULL, "pulls/get", pulls.pull),
        ("PATCH", _PULL, "pulls/update", pulls.update),
        ("GET", f"{_PULL}/files", "pulls/list-files", pulls.files),
        ("GET", f"{_PULL}/merge", "pulls/check-if-merged", pulls.is_merged),
        ("PUT", f"{_PULL}/merge", "pulls/merge", pulls.merge),
    ]


def _of_apps(apps: Apps) -> list[Row]:
    return [
        ("GET", "/app", "apps/get-authenticated", apps.app),
        ("GET", "/app/installations", "apps/list-installations", apps.installations),
        ("GET", "/app/installations/{installation_id}", "apps/get-installation", apps.installation_by_id),
        (
            "POST",
            "/app/installations/{installation_id}/access_tokens",
            "apps/create-installation-access-token",
            apps.installation_token,
        ),
        ("GET", f"{_REPO}/installation", "apps/get-repo-installation", apps.installation),
    ]


def _route(row: Row, *, by_jwt: bool) -> Route:
    method, template, operation, handler = row
    return Route(
        method=method,
        template=template,
        operation=operation,
        handler=handler,
        pattern=_pattern(template),
        by_jwt=by_jwt,
    )


def find_route(routes: list[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Match the undecoded path, so that an encoded slash stays inside its part."""
    for route in routes:
        found = route.pattern.fullmatch(path) if route.method == method else None
        if found is not None:
            return route, found.groupdict()
    return None
