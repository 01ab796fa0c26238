"""How GitHub writes workflows, runs, jobs, annotations and secrets as JSON."""

from typing import Any
from urllib.parse import quote

from bot.sandbox.github_json import (
    Json,
    head_commit_json,
    node_id,
    number_of,
    repo_page,
    repo_url,
    short_repo_json,
    stamp,
    stamp_or_none,
    user_json,
)
from bot.sandbox.github_state import Attempt, Hub, Job, Repository, Run, Secret, Step


def workflow_json(hub: Hub, repo: Repository, path: str, name: str) -> Json:
    number = repo.workflow_ids[path]
    page = repo_page(hub, repo)
    state = "disabled_manually" if path in repo.disabled_workflows else "active"
    return {
        "id": number,
        "node_id": node_id("W", number),
        "name": name,
        "path": path,
        "state": state,
        "created_at": stamp(repo.created),
        "updated_at": stamp(repo.created),
        "url": f"{repo_url(hub, repo)}/actions/workflows/{number}",
        "html_url": f"{page}/blob/{quote(repo.git.default_branch)}/{path}",
        "badge_url": f"{page}/workflows/{quote(name)}/badge.svg",
    }


def run_json(hub: Hub, repo: Repository, run: Run, attempt: Attempt) -> Json:
    """Describe a run as it stood at that attempt."""
    url, page = repo_url(hub, repo), repo_page(hub, repo)
    own = f"{url}/actions/runs/{run.id}"
    mine = own if attempt is run.latest else f"{own}/attempts/{attempt.number}"
    suite = number_of(f"suite {run.id}")
    short = short_repo_json(hub, repo)
    before = f"{own}/attempts/{attempt.number - 1}" if attempt.number > 1 else None
    number = repo.workflow_ids[run.workflow_path]
    return {
        "id": run.id,
        "name": run.name,
        "node_id": node_id("WFR", run.id),
        "head_branch": run.branch,
        "head_sha": run.head_sha,
        "path": run.workflow_path,
        "display_title": run.title,
        "run_number": run.number,
        "run_attempt": attempt.number,
        "event": run.event,
        "status": attempt.status,
        "conclusion": attempt.conclusion,
        "workflow_id": number,
        "check_suite_id": suite,
        "check_suite_node_id": node_id("CS", suite),
        "url": mine,
        "html_url": _run_page(page, run, attempt),
        "pull_requests": _pulls_of(hub, repo, run),
        "created_at": stamp(run.created),
        "updated_at": stamp(attempt.updated),
        "run_started_at": stamp(attempt.started),
        "actor": user_json(hub, run.actor),
        "triggering_actor": user_json(hub, attempt.actor),
        "referenced_workflows": [],
        "jobs_url": f"{mine}/jobs",
        "logs_url": f"{mine}/logs",
        "check_suite_url": f"{url}/check-suites/{suite}",
        "artifacts_url": f"{own}/artifacts",
        "cancel_url": f"{own}/cancel",
        "rerun_url": f"{own}/rerun",
        "previous_attempt_url": before,
        "workflow_url": f"{url}/actions/workflows/{number}",
        "head_commit": head_commit_json(repo.git.commits[run.head_sha]),
        "repository": short,
        "head_repository": short,
    }


def _run_page(page: str, run: Run, attempt: Attempt) -> str:
    own = f"{page}/actions/runs/{run.id}"
    return own if attempt is run.latest else f"{own}/attempts/{attempt.number}"


def _pulls_of(hub: Hub, repo: Repository, run: Run) -> list[Json]:
    url = repo_url(hub, repo)
    about = {"id": repo.id, "url": url, "name": repo.name}
    return [
        {
            "id": pull.id,
            "number": pull.number,
            "url": f"{url}/pulls/{pull.number}",
            "head": {"ref": pull.branch, "sha": pull.head_sha, "repo": about},
            "base": {"ref": pull.base, "sha": pull.base_sha, "repo": about},
        }
        for pull in repo.pulls.values()
        if pull.state == "open" and pull.branch == run.branch
    ]


def job_json(hub: Hub, repo: Repository, run: Run, attempt: Attempt, job: Job) -> Json:
    url = repo_url(hub, repo)
    at_work = job.started is not None and bool(job.runner_name)
    return {
        "id": job.id,
        "run_id": run.id,
        "workflow_name": run.name,
        "head_branch": run.branch,
        "run_url": f"{url}/actions/runs/{run.id}",
        "run_attempt": attempt.number,
        "node_id": node_id("CR", job.id),
        "head_sha": run.head_sha,
        "url": f"{url}/actions/jobs/{job.id}",
        "html_url": f"{repo_page(hub, repo)}/actions/runs/{run.id}/job/{job.id}",
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": stamp(job.created),
        "started_at": stamp(job.started if job.started is not None else job.created),
        "completed_at": stamp_or_none(job.completed),
        "name": job.name,
        "steps": [_step_json(step) for step in job.steps],
        "check_run_url": f"{url}/check-runs/{job.id}",
        "labels": job.labels,
        "runner_id": 1 if at_work else 0,
        "runner_name": job.runner_name if at_work else "",
        "runner_group_id": 0,
        "runner_group_name": "GitHub Actions" if at_work else "",
    }


def _step_json(step: Step) -> Json:
    return {
        "name": step.name,
        "status": step.status,
        "conclusion": step.conclusion,
        "number": step.number,
        "started_at": stamp_or_none(step.started),
        "completed_at": stamp_or_none(step.completed),
    }


def annotation_json(hub: Hub, repo: Repository, run: Run, annotation: dict[str, Any]) -> Json:
    path = str(annotation.get("path", ".github"))
    line = int(annotation.get("line", 1))
    return {
        "path": path,
        "blob_href": f"{repo_url(hub, repo)}/git/blobs/{run.head_sha}",
        "start_line": line,
        "start_column": None,
        "end_line": line,
        "end_column": None,
        "annotation_level": str(annotation.get("level", "failure")),
        "title": str(annotation.get("title", "")),
        "message": str(annotation.get("message", "")),
        "raw_details": "",
    }


def secret_json(secret: Secret) -> Json:
    return {"name": secret.name, "created_at": stamp(secret.created), "updated_at": stamp(secret.updated)}
