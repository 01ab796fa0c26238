"""GitHub's JSON -> our values. Every field is copied once; what is absent or of another type is the field's empty value."""

import base64
from datetime import UTC, datetime
from typing import Any

from bot.domain.errors import Rejected, Unavailable
from bot.domain.pipeline import Annotation, Commit, JobStep, PipelineJob, PullRequest, WorkflowRun

Json = dict[str, Any]

MAX_FILES = 50
MAX_TEXT = 1024 * 1024
MAX_MESSAGE = 4000


def run_from(connection: str, repo: str, answer: Any) -> WorkflowRun:
    """Return the run as the answer's attempt stands. Of `path`, the part after `@` (a called workflow's ref) is left out."""
    run = object_of(answer, "workflow run")
    return WorkflowRun(
        connection=connection,
        repo=repo,
        id=_id(run),
        attempt=_int(run, "run_attempt") or 1,
        number=_int(run, "run_number"),
        workflow=text(run, "name"),
        workflow_path=text(run, "path").partition("@")[0],
        event=text(run, "event"),
        branch=text(run, "head_branch"),
        head_sha=text(run, "head_sha"),
        status=text(run, "status"),
        conclusion=text(run, "conclusion"),
        title=text(run, "display_title"),
        url=text(run, "html_url"),
        actor=text(_object(run, "actor"), "login"),
        rerun_by=text(_object(run, "triggering_actor"), "login"),
        created_at=_time(run, "created_at"),
        started_at=_time(run, "run_started_at"),
        updated_at=_time(run, "updated_at"),
    )


def job_from(job: Json) -> PipelineJob:
    return PipelineJob(
        id=_id(job),
        name=text(job, "name"),
        status=text(job, "status"),
        conclusion=text(job, "conclusion"),
        url=text(job, "html_url"),
        attempt=_int(job, "run_attempt") or 1,
        runner=text(job, "runner_name"),
        steps=tuple(
            JobStep(number=_int(step, "number"), name=text(step, "name"), conclusion=text(step, "conclusion"))
            for step in objects(job, "steps")
        ),
        started_at=_time(job, "started_at"),
        completed_at=_time(job, "completed_at"),
    )


def annotation_from(mark: Json) -> Annotation:
    return Annotation(
        level=text(mark, "annotation_level"),
        message=text(mark, "message")[:MAX_MESSAGE],
        title=text(mark, "title"),
        path=text(mark, "path"),
        line=_int(mark, "start_line"),
    )


def commit_from(answer: Any) -> Commit:
    """Return a commit; its author is the GitHub login where there is one, else the name that Git has."""
    whole = object_of(answer, "commit")
    inner = _object(whole, "commit")
    author = _object(inner, "author")
    return Commit(
        sha=text(whole, "sha"),
        author=text(_object(whole, "author"), "login") or text(author, "name"),
        message=text(inner, "message").partition("\n")[0].rstrip("\r"),
        at=_time(_object(inner, "committer"), "date") or _time(author, "date"),
        url=text(whole, "html_url"),
        files=tuple(name for each in objects(whole, "files")[:MAX_FILES] if (name := text(each, "filename"))),
    )


def pull_from(repo: str, answer: Any) -> PullRequest:
    """Return a pull request. A list has no `merged`, both have `merged_at`; before it, merge_commit_sha is a trial's."""
    pull = object_of(answer, "pull request")
    merged = pull.get("merged") is True or bool(text(pull, "merged_at"))
    head, base = _object(pull, "head"), _object(pull, "base")
    return PullRequest(
        repo=repo,
        number=_int(pull, "number"),
        state=text(pull, "state"),
        branch=text(head, "ref"),
        base=text(base, "ref"),
        merged=merged,
        merge_sha=text(pull, "merge_commit_sha") if merged else "",
        head_sha=text(head, "sha"),
        title=text(pull, "title"),
        url=text(pull, "html_url"),
    )


def head_repo(pull: Json) -> str:
    """Return the repository that a pull request comes from, in lower case."""
    return text(_object(_object(pull, "head"), "repo"), "full_name").lower()


def file_text(answer: Any, path: str) -> tuple[str, str]:
    """Return a file's (blob sha, text) out of a contents or blob answer. Raises Rejected when it is no text of 1 MB."""
    file = object_of(answer, "file")
    if text(file, "type") not in ("", "file"):
        raise Rejected(f"{path} is a {text(file, 'type')}, no file")
    if _int(file, "size") > MAX_TEXT or text(file, "encoding") != "base64":
        raise Rejected(f"{path} is larger than 1 MB")
    try:
        raw = base64.b64decode(text(file, "content"))
        found = raw.decode("utf-8")
    except ValueError as error:  # of base64 or of UTF-8
        raise Rejected(f"{path} is no text in UTF-8") from error
    if "\0" in found:
        raise Rejected(f"{path} is no text")
    return text(file, "sha"), found


def object_of(answer: Any, kind: str) -> Json:
    if not isinstance(answer, dict):
        raise Unavailable(f"the answer is no {kind}")
    return answer


def list_of(answer: Any, kind: str) -> list[Json]:
    if not isinstance(answer, list):
        raise Unavailable(f"the answer is no list of {kind}")
    return [each for each in answer if isinstance(each, dict)]


def objects(holder: Json, name: str) -> list[Json]:
    found = holder.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def text(holder: Json, name: str) -> str:
    """Return the text, its lone surrogates (which no UTF-8 can hold) replaced; empty for any other type."""
    found = holder.get(name)
    if not isinstance(found, str) or found.isascii():
        return found if isinstance(found, str) else ""
    return found.encode("utf-8", "replace").decode()


def _object(holder: Json, name: str) -> Json:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _int(holder: Json, name: str) -> int:
    found = holder.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _id(holder: Json) -> str:
    found = _int(holder, "id")
    if not found:
        raise Unavailable("the answer holds no id")
    return str(found)


def _time(holder: Json, name: str) -> datetime | None:
    """Return RFC 3339 as an aware moment in UTC; None for absent and for any other text."""
    try:
        moment = datetime.fromisoformat(text(holder, name))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
