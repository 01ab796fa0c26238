"""Routes of GitHub Actions: workflows, runs, attempts, jobs, logs, annotations, secrets, and what starts or stops a run."""

import hmac
import secrets
from collections.abc import Mapping

from bot.sandbox.github_actions import Actions, find_attempt, find_job, find_run, known_workflows
from bot.sandbox.github_answers import Answer, Request, find_repo, page_of, text_of
from bot.sandbox.github_errors import GithubError, not_found
from bot.sandbox.github_json import repo_page, repo_url, stamp
from bot.sandbox.github_json_runs import annotation_json, job_json, run_json, secret_json, workflow_json
from bot.sandbox.github_log import job_log, run_zip
from bot.sandbox.github_runner import ENDED
from bot.sandbox.github_state import Attempt, Hub, Repository, Run
from bot.sandbox.github_workflow import Workflow

LINK_SECONDS = 60.0


class Links:
    """Short-lived signed addresses of logs, on the same host but not below the API."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._key = secrets.token_bytes(32)

    def make(self, what: str) -> str:
        expires = int(self._hub.now() + LINK_SECONDS)
        return f"{self._hub.base}/_logs/{what}?se={expires}&sig={self._sign(what, expires)}"

    def check(self, what: str, query: Mapping[str, str]) -> bool:
        expires, given = query.get("se", ""), query.get("sig", "")
        in_time = expires.isdecimal() and int(expires) >= self._hub.now()
        return in_time and hmac.compare_digest(given, self._sign(what, int(expires)))

    def _sign(self, what: str, expires: int) -> str:
        return hmac.new(self._key, f"{what} {expires}".encode(), "sha256").hexdigest()


class Runs:
    """Handlers; each is named in github_routes.py with its operation."""

    def __init__(self, hub: Hub, actions: Actions) -> None:
        self._hub = hub
        self._actions = actions
        self.links = Links(hub)

    # --- workflows

    def workflows(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        found = known_workflows(self._hub, repo)
        rows, links = page_of(self._hub, request, found)
        shown = [workflow_json(self._hub, repo, each.path, each.name) for each in rows]
        return Answer(body={"total_count": len(found), "workflows": shown}, headers=links)

    def workflow(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        found = self._workflow(repo, request)
        return Answer(body=workflow_json(self._hub, repo, found.path, found.name))

    def dispatch(self, request: Request) -> Answer:
        """Start by hand: 204, or 200 with the new run's id when `return_run_details` asks for it."""
        repo, body = find_repo(self._hub, request, write="push"), request.json()
        workflow = self._workflow(repo, request)
        inputs = body.get("inputs") or {}
        if not isinstance(inputs, dict):
            raise GithubError(422, "Invalid request.\n\nFor 'properties/inputs', it is not an object.")
        given = {
            str(name): "true" if each is True else "false" if each is False else str(each)
            for name, each in inputs.items()
        }
        ref = text_of(body, "ref", required=True)
        run = self._actions.dispatch(repo, workflow, ref, given, request.access.login)
        if not body.get("return_run_details"):
            return Answer(status=204)
        url = f"{repo_url(self._hub, repo)}/actions/runs/{run.id}"
        page = f"{repo_page(self._hub, repo)}/actions/runs/{run.id}"
        return Answer(body={"workflow_run_id": run.id, "run_url": url, "html_url": page})

    def _workflow(self, repo: Repository, request: Request) -> Workflow:
        wanted = request.names["workflow_id"]
        for workflow in known_workflows(self._hub, repo):
            if wanted in {str(repo.workflow_ids[workflow.path]), workflow.path.rpartition("/")[2], workflow.path}:
                return workflow
        raise not_found()

    # --- runs

    def runs(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        return self._list(repo, request, list(repo.runs.values()))

    def runs_of_workflow(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        path = self._workflow(repo, request).path
        return self._list(repo, request, [run for run in repo.runs.values() if run.workflow_path == path])

    def _list(self, repo: Repository, request: Request, runs: list[Run]) -> Answer:
        query = request.query
        status, created = query.get("status", ""), query.get("created", "")
        found = [
            run
            for run in runs
            if query.get("branch", run.branch) == run.branch
            and query.get("event", run.event) == run.event
            and query.get("head_sha", run.head_sha) == run.head_sha
            and query.get("actor", run.actor) == run.actor
            and (not status or status in {run.latest.status, run.latest.conclusion})
            and (not created or _created(run, created))
        ]
        found.sort(key=lambda run: (run.created, run.id), reverse=True)
        rows, links = page_of(self._hub, request, found)
        shown = [run_json(self._hub, repo, run, run.latest) for run in rows]
        return Answer(body={"total_count": len(found), "workflow_runs": shown}, headers=links)

    def run(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        run = find_run(repo, request.names["run_id"])
        return Answer(body=run_json(self._hub, repo, run, run.latest))

    def attempt(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        run = find_run(repo, request.names["run_id"])
        return Answer(body=run_json(self._hub, repo, run, find_attempt(run, request.names["attempt_number"])))

    def rerun(self, request: Request) -> Answer:
        return self._again(request, only_failed=False)

    def rerun_failed(self, request: Request) -> Answer:
        return self._again(request, only_failed=True)

    def _again(self, request: Request, *, only_failed: bool) -> Answer:
        repo = find_repo(self._hub, request, write="push")
        run = find_run(repo, request.names["run_id"])
        self._actions.rerun(repo, run, request.access.login, only_failed=only_failed)
        return Answer(status=201, body={})

    def rerun_job(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request, write="push")
        run, attempt, job = find_job(repo, request.names["job_id"])
        if attempt is not run.latest:
            raise GithubError(403, "Only jobs of the latest attempt can be retried")
        self._actions.rerun(repo, run, request.access.login, only_failed=False, job_id=job.id)
        return Answer(status=201, body={})

    def cancel(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request, write="push")
        self._actions.cancel(find_run(repo, request.names["run_id"]))
        return Answer(status=202, body={})

    def run_logs(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        run = find_run(repo, request.names["run_id"])
        attempt = find_attempt(run, request.names.get("attempt_number", str(len(run.attempts))))
        if any(job.log_expired for job in attempt.jobs):
            raise GithubError(410, "The logs for this run have expired and are no longer available.")
        if attempt.status != ENDED:
            raise not_found()
        return _redirect(self.links.make(f"{repo.full_name}/runs/{run.id}/{attempt.number}.zip"))

    # --- jobs

    def jobs(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        run = find_run(repo, request.names["run_id"])
        attempts = run.attempts if request.query.get("filter") == "all" else [run.latest]
        return self._jobs(repo, request, run, attempts)

    def jobs_of_attempt(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        run = find_run(repo, request.names["run_id"])
        return self._jobs(repo, request, run, [find_attempt(run, request.names["attempt_number"])])

    def _jobs(self, repo: Repository, request: Request, run: Run, attempts: list[Attempt]) -> Answer:
        found = [(attempt, job) for attempt in attempts for job in attempt.jobs]
        rows, links = page_of(self._hub, request, found)
        shown = [job_json(self._hub, repo, run, attempt, job) for attempt, job in rows]
        return Answer(body={"total_count": len(found), "jobs": shown}, headers=links)

    def job(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        run, attempt, job = find_job(repo, request.names["job_id"])
        return Answer(body=job_json(self._hub, repo, run, attempt, job))

    def job_logs(self, request: Request) -> Answer:
        """Lead to the log: 302; 410 once it expired; 404 while the job still runs."""
        repo = find_repo(self._hub, request)
        _, _, job = find_job(repo, request.names["job_id"])
        if job.log_expired:
            raise GithubError(410, "The logs for this job have expired and are no longer available.")
        if job.status != ENDED or not job.lines:
            raise not_found()
        return _redirect(self.links.make(f"{repo.full_name}/jobs/{job.id}.txt"))

    def annotations(self, request: Request) -> Answer:
        repo = find_repo(self._hub, request)
        run, _, job = find_job(repo, request.names["check_run_id"])
        rows, links = page_of(self._hub, request, job.annotations)
        return Answer(body=[annotation_json(self._hub, repo, run, each) for each in rows], headers=links)

    def secrets(self, request: Request) -> Answer:
        """List names and times; the values cannot be read, as on GitHub."""
        repo = find_repo(self._hub, request)
        if not repo.permissions.get("push"):
            raise GithubError(403, "Resource not accessible by personal access token")
        found = sorted(repo.secrets.values(), key=lambda secret: secret.name)
        rows, links = page_of(self._hub, request, found)
        return Answer(body={"total_count": len(found), "secrets": [secret_json(s) for s in rows]}, headers=links)

    # --- the logs themselves

    def stored_log(self, what: str, query: Mapping[str, str]) -> Answer:
        """Serve what a signed address leads to, without a token. GithubError 403 for a wrong or late signature."""
        if not self.links.check(what, query):
            raise GithubError(403, "AuthenticationFailed: the signature is not valid or has expired")
        owner, name, kind, *rest = what.split("/")
        repo = self._hub.find(owner, name)
        if repo is None:
            raise not_found()
        if kind == "jobs":
            _, _, job = find_job(repo, rest[0].removesuffix(".txt"))
            return Answer(body=job_log(job), content_type="text/plain; charset=utf-8")
        attempt = find_attempt(find_run(repo, rest[0]), rest[1].removesuffix(".zip"))
        return Answer(body=run_zip(attempt), content_type="application/zip")


def _redirect(url: str) -> Answer:
    return Answer(status=302, headers={"Location": url}, content_type="text/plain; charset=utf-8")


def _created(run: Run, wanted: str) -> bool:
    """Compare a run's creation with GitHub's `created` filter: `>=T`, `<=T`, `>T`, `<T`, `A..B` or a day."""
    at = stamp(run.created)
    for sign in (">=", "<=", ">", "<"):
        if wanted.startswith(sign):
            limit = wanted.removeprefix(sign)
            at = at[: len(limit)] if len(limit) == 10 else at
            limit = limit.replace("+00:00", "Z")
            return {">=": at >= limit, "<=": at <= limit, ">": at > limit, "<": at < limit}[sign]
    first, dots, last = wanted.partition("..")
    if dots:
        return (first == "*" or at >= first) and (last == "*" or at[: len(last)] <= last)
    return at.startswith(wanted[:10])
