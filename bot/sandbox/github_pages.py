"""The few html pages of the sandbox's GitHub: what a link in Slack leads to. All text is escaped; there is no script."""

from html import escape

from bot.sandbox.github_answers import Answer
from bot.sandbox.github_diff import diff_lines
from bot.sandbox.github_json_pulls import pull_changes
from bot.sandbox.github_log import job_log
from bot.sandbox.github_state import Hub, Job, Pull, Repository, Run

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "pre{overflow:auto;padding:1rem;border:1px solid #8886;border-radius:6px;font-size:13px}"
    "h1{font-size:1.4rem}small{opacity:.7}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_MAX_LINES = 3_000


def show_page(hub: Hub, path: str) -> Answer:
    """Show a run, a job's log, a pull request, a commit or a repository; 404 for anything else."""
    parts = [part for part in path.split("/") if part]
    repo = hub.find(parts[0], parts[1]) if len(parts) > 1 else None
    body = _body(repo, parts[2:]) if repo is not None else None
    if repo is None or body is None:
        return _page(404, "Not found", "<h1>404</h1><p>This is the sandbox's GitHub. There is no such page.</p>")
    return _page(200, repo.full_name, f"<p><small>{escape(repo.full_name)}</small></p>{body}")


def _body(repo: Repository, parts: list[str]) -> str | None:
    kind, rest = (parts[0], parts[1:]) if parts else ("", [])
    if kind == "actions" and rest[:1] == ["runs"]:
        return _run_or_job(repo, rest[1:])
    if kind == "pull" and rest and rest[0].isdecimal() and int(rest[0]) in repo.pulls:
        return _pull(repo, repo.pulls[int(rest[0])])
    if kind == "commit" and rest and repo.git.resolve(rest[0]):
        return _commit(repo, str(repo.git.resolve(rest[0])))
    if kind == "blob":
        return _blob(repo, "/".join(rest))
    return None if kind else _repository(repo)


def _run_or_job(repo: Repository, parts: list[str]) -> str | None:
    run = repo.runs.get(int(parts[0])) if parts and parts[0].isdecimal() else None
    if run is None:
        return None
    match parts[1:]:
        case []:
            return _run(repo, run, len(run.attempts))
        case ["attempts", number] if number.isdecimal() and 1 <= int(number) <= len(run.attempts):
            return _run(repo, run, int(number))
        case ["job", wanted]:
            found = [job for attempt in run.attempts for job in attempt.jobs if str(job.id) == wanted]
            return _job(found[0]) if found else None
    return None


def _repository(repo: Repository) -> str:
    runs = sorted(repo.runs.values(), key=lambda run: run.created, reverse=True)[:50]
    rows = [f"<li><a href='/{repo.full_name}/actions/runs/{run.id}'>{_run_line(run)}</a></li>" for run in runs]
    return f"<h1>{escape(repo.name)}</h1><p>{escape(repo.description)}</p><ul>{''.join(rows)}</ul>"


def _run_line(run: Run) -> str:
    state = run.latest.conclusion or run.latest.status
    return escape(f"{run.name} #{run.number}: {run.title} ({state}, attempt {run.latest.number})")


def _run(repo: Repository, run: Run, number: int) -> str:
    attempt, own = run.attempts[number - 1], f"/{repo.full_name}/actions/runs/{run.id}"
    jobs = "".join(
        f"<li><a href='{own}/job/{job.id}'>{escape(job.name)}</a>: {job.conclusion or job.status}</li>"
        for job in attempt.jobs
    )
    return f"<h1>{_run_line(run)}</h1><p>Attempt {number}, by {escape(attempt.actor)}</p><ul>{jobs}</ul>"


def _job(job: Job) -> str:
    steps = "".join(f"<li>{escape(step.name)}: {step.conclusion or step.status}</li>" for step in job.steps)
    lines = job_log(job).lstrip("\ufeff").split("\n")[:_MAX_LINES]
    return f"<h1>{escape(job.name)}</h1><ol>{steps}</ol><pre>{escape(chr(10).join(lines))}</pre>"


def _pull(repo: Repository, pull: Pull) -> str:
    state = "merged" if pull.merged_at is not None else pull.state
    parts = []
    for change in pull_changes(repo, pull):
        lines = "\n".join(line.text if line.sign == "@" else line.sign + line.text for line in diff_lines(change))
        parts.append(f"<h2>{escape(change.path)}</h2><pre>{escape(lines)}</pre>")
    head = f"<h1>{escape(pull.title)} #{pull.number}</h1><p>{state}, {escape(pull.branch)} into {escape(pull.base)}</p>"
    return f"{head}<pre>{escape(pull.body)}</pre>{''.join(parts)}"


def _commit(repo: Repository, sha: str) -> str:
    commit = repo.git.commits[sha]
    parts = []
    for change in repo.git.changes(commit):
        lines = "\n".join(line.text if line.sign == "@" else line.sign + line.text for line in diff_lines(change))
        parts.append(f"<h2>{escape(change.path)}</h2><pre>{escape(lines)}</pre>")
    return f"<h1>{escape(commit.title)}</h1><p>{escape(commit.author.name)} <small>{sha}</small></p>{''.join(parts)}"


def _blob(repo: Repository, rest: str) -> str | None:
    for ref in (rest[:at] for at, letter in enumerate(rest) if letter == "/"):
        sha = repo.git.resolve(ref)
        path = rest[len(ref) + 1 :]
        if sha is not None and path in repo.git.commits[sha].files:
            return f"<h1>{escape(path)}</h1><pre>{escape(repo.git.commits[sha].files[path])}</pre>"
    return None


def _page(status: int, title: str, body: str) -> Answer:
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"
    view = "<meta name=viewport content='width=device-width,initial-scale=1'>"
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    return Answer(status=status, body=head + view + body, headers=headers, content_type="text/html; charset=utf-8")
