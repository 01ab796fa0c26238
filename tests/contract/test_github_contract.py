"""The sandbox's GitHub answers what GitHub's own OpenAPI description says, and PyGithub works with it unchanged."""

import base64
import io
import time
import zipfile

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth, Github, GithubException, GithubIntegration
from github_world import DESCRIPTION, Checked, Running

REPO, RUN, GOOD_RUN = "acme/payments-api", 17998240655, 17931120477
ROTATION = "rotate-registry-token.yml"


@pytest.fixture
def running():
    made = Running()
    made.do(made.sandbox.load_scenario, "expired-token")
    yield made
    made.close()


@pytest.fixture
def checked(running):
    made = Checked(running.sandbox)
    yield made
    assert made.wrong == []


@pytest.fixture
def hub(running, checked):
    client = Github(base_url=running.sandbox.url, auth=Auth.Token(running.sandbox.token), **PLAIN)
    yield client
    client.close()


PLAIN = {"retry": None, "seconds_between_requests": 0, "seconds_between_writes": 0}


class Rest:
    """Plain requests, for what PyGithub does not ask."""

    def __init__(self, sandbox, token=""):
        self.url, self.headers = sandbox.url, {"Authorization": f"Bearer {token or sandbox.token}"}

    def __call__(self, method, path, status, body=None, **headers):
        answer = requests.request(
            method, self.url + path, json=body, headers={**self.headers, **headers}, timeout=10, allow_redirects=False
        )
        assert answer.status_code == status, answer.text
        return answer


@pytest.fixture
def rest(running, checked):
    return Rest(running.sandbox)


def private_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def test_pygithub_walks_every_operation_and_each_answer_is_as_github_describes_it(running, checked, hub, rest):
    walk_reads(hub, rest)
    walk_writes(running, hub, rest)
    walk_app(running)
    done = {operation for operation, status in checked.seen if status < 400}
    assert done == DESCRIPTION["operations"].keys()


def walk_reads(hub, rest):
    assert hub.get_user().login == "codehealer-bot"
    assert hub.get_rate_limit().rate.remaining > 4_000
    repo = hub.get_repo(REPO)
    assert repo.permissions.push
    assert [branch.name for branch in repo.get_branches()] == ["main"]
    main = repo.get_branch("main").commit.sha
    assert repo.get_git_ref("heads/main").object.sha == main
    assert [ref.ref for ref in repo.get_git_matching_refs("heads/m")] == ["refs/heads/main"]
    assert "src/payments/amounts.py" in [each.path for each in repo.get_git_tree(main, recursive=True).tree]
    readme = repo.get_contents("README.md")
    assert base64.b64decode(repo.get_git_blob(readme.sha).content) == readme.decoded_content
    commits = list(repo.get_commits(sha="main", path="src/payments"))
    assert [commit.author.login for commit in commits] == ["mara-lind", "tomasz-w"]
    newest = repo.get_commit(main)
    assert [(file.filename, file.additions, file.deletions) for file in newest.files] == [
        ("src/payments/amounts.py", 1, 1)
    ]
    compared = repo.compare(commits[1].sha, main)
    assert (compared.status, compared.ahead_by) == ("ahead", 1)
    assert b"jobs:" in repo.get_contents(".github/workflows/release.yml", ref=main).decoded_content
    assert {each.type for each in repo.get_contents("")} == {"file", "dir"}
    assert {workflow.name for workflow in repo.get_workflows()} == {"Release", "Rotate registry token"}
    workflow = repo.get_workflow("release.yml")
    assert [run.id for run in workflow.get_runs(branch="main", status="failure")] == [RUN]
    assert [run.id for run in repo.get_workflow_runs(status="success", head_sha=commits[1].sha)] == [GOOD_RUN]
    run = repo.get_workflow_run(RUN)
    assert (run.conclusion, run.run_attempt, run.head_commit.sha) == ("failure", 1, main)
    publish = next(job for job in run.jobs() if job.conclusion == "failure")
    assert [step.name for step in publish.steps if step.conclusion == "failure"] == ["Log in to the registry"]
    log = requests.get(publish.logs_url(), timeout=10)
    assert log.text.startswith("\ufeff20")
    assert "##[error]Process completed with exit code 1." in log.text
    job = rest("GET", f"/repos/{REPO}/actions/jobs/{publish.id}", 200).json()
    marks = rest("GET", job["check_run_url"].removeprefix(rest.url) + "/annotations", 200).json()
    assert [mark["annotation_level"] for mark in marks] == ["failure"]
    for part in ("logs", "attempts/1/logs"):
        packed = requests.get(
            rest("GET", f"/repos/{REPO}/actions/runs/{RUN}/{part}", 302).headers["Location"], timeout=10
        )
        assert "1_publish.txt" in zipfile.ZipFile(io.BytesIO(packed.content)).namelist()
    rest("GET", f"/repos/{REPO}/actions/runs/{RUN}/attempts/1", 200)
    rest("GET", f"/repos/{REPO}/actions/runs/{RUN}/attempts/1/jobs", 200)
    assert "REGISTRY_TOKEN" in {secret.name for secret in repo.get_secrets()}


def walk_writes(running, hub, rest):
    repo = hub.get_repo(REPO)
    release, rotation = repo.get_workflow("release.yml"), repo.get_workflow(ROTATION)
    assert rotation.create_dispatch("main", {"codehealer_id": "exe_1"}) is True
    made = rotation.create_dispatch("main", {"codehealer_id": "exe_2"}, return_run_details=True, throw=True)
    running.settle()
    assert repo.get_workflow_run(made.id).display_title == "Rotate registry token exe_2"
    run = repo.get_workflow_run(RUN)
    assert run.rerun_failed_jobs() is True
    running.settle()
    run = repo.get_workflow_run(RUN)
    assert (run.run_attempt, run.conclusion, run.triggering_actor.login) == (2, "success", "codehealer-bot")
    assert run.rerun() is True
    assert repo.get_workflow_run(RUN).cancel() is True
    running.settle()
    assert repo.get_workflow_run(RUN).conclusion == "cancelled"
    job = next(iter(repo.get_workflow_run(RUN).jobs()))
    rest("POST", f"/repos/{REPO}/actions/jobs/{job.id}/rerun", 201)
    running.settle()
    main = repo.get_branch("main").commit.sha
    repo.create_git_ref("refs/heads/fix/one", main)
    readme = repo.get_contents("README.md", ref="fix/one")
    repo.update_file("README.md", "Fewer words", "# payments-api\n", readme.sha, branch="fix/one")
    repo.create_file("docs/why.md", "Why", "Because.\n", branch="fix/one")
    pull = repo.create_pull(base="main", head="fix/one", title="Fewer words", body="As said")
    assert [each.number for each in repo.get_pulls(head="acme:fix/one", state="all")] == [pull.number]
    assert {file.filename for file in pull.get_files()} == {"README.md", "docs/why.md"}
    pull.edit(body="As was said")
    assert not pull.is_merged()
    assert repo.get_pull(pull.number).merge().merged
    assert pull.is_merged()
    repo.get_git_ref("heads/fix/one").delete()
    assert repo.get_contents("docs/why.md").decoded_content == b"Because.\n"
    running.settle()
    assert {each.event for each in release.get_runs()} == {"push", "workflow_dispatch"}


def walk_app(running):
    sandbox = running.sandbox
    auth = Auth.AppAuth(sandbox.hub.app_id, private_key())
    integration = GithubIntegration(auth=auth, base_url=sandbox.url, **PLAIN)
    installation = integration.get_repo_installation(*REPO.split("/"))
    assert [each.id for each in integration.get_installations()] == [installation.id]
    assert integration.get_app().slug == "codehealer"
    assert integration.get_app_installation(installation.id).id == installation.id
    token = integration.get_access_token(installation.id).token
    client = Github(base_url=sandbox.url, auth=Auth.Token(token), **PLAIN)
    workflow = client.get_repo(REPO).get_workflow(ROTATION)
    made = workflow.create_dispatch("main", {}, return_run_details=True, throw=True)
    assert client.get_repo(REPO).get_workflow_run(made.id).actor.login == "codehealer[bot]"
    with pytest.raises(GithubException) as refused:
        client.get_user().login  # noqa: B018
    assert refused.value.status == 403
    running.settle()
    integration.close()
    client.close()


def test_what_github_refuses_is_refused_in_its_words(running, checked, rest):
    repo = f"/repos/{REPO}"
    bad = Rest(running.sandbox, "ghp_wrong")
    assert bad("GET", repo, 401).json()["message"] == "Bad credentials"
    assert rest("GET", "/repos/acme/nothing", 404).json()["message"] == "Not Found"
    rest("GET", f"{repo}/actions/runs/1", 404)
    rest("GET", f"{repo}/actions/runs/{RUN}/attempts/9", 404)
    rest("GET", f"{repo}/branches/none", 404)
    rest("GET", f"{repo}/git/blobs/{'0' * 40}", 404)
    rest("GET", f"{repo}/contents/none.md", 404)
    rest("GET", f"{repo}/git/ref/heads/none", 404)
    rest("GET", f"{repo}/compare/main...none", 404)
    dispatch = f"{repo}/actions/workflows/{ROTATION}/dispatches"
    assert "Unexpected inputs" in rest("POST", dispatch, 422, {"ref": "main", "inputs": {"other": "x"}}).text
    assert "No ref found" in rest("POST", dispatch, 422, {"ref": "none"}).text
    rest("POST", f"{repo}/actions/workflows/none.yml/dispatches", 404, {"ref": "main"})
    rest("POST", f"{repo}/actions/runs/{GOOD_RUN}/rerun-failed-jobs", 403)
    rest("POST", f"{repo}/actions/runs/{RUN}/cancel", 409)
    main = rest("GET", f"{repo}/git/ref/heads/main", 200).json()["object"]["sha"]
    assert "already exists" in rest("POST", f"{repo}/git/refs", 422, {"ref": "refs/heads/main", "sha": main}).text
    rest("POST", f"{repo}/git/refs", 422, {"ref": "refs/heads/x", "sha": "0" * 40})
    text = base64.b64encode(b"x").decode()
    rest("PUT", f"{repo}/contents/README.md", 422, {"message": "m", "content": text})
    rest("PUT", f"{repo}/contents/README.md", 409, {"message": "m", "content": text, "sha": "0" * 40})
    rest("POST", f"{repo}/pulls", 422, {"title": "t", "head": "none", "base": "main"})
    assert "No commits between" in self_pull(rest, repo, main)
    rest("PUT", f"{repo}/pulls/999/merge", 404)


def self_pull(rest, repo, main):
    rest("POST", f"{repo}/git/refs", 201, {"ref": "refs/heads/same", "sha": main})
    return rest("POST", f"{repo}/pulls", 422, {"title": "t", "head": "same", "base": "main"}).text


def test_a_token_without_the_right_to_write_reads_only(running, checked, rest):
    running.sandbox.hub.repositories[REPO].permissions["push"] = False
    rest("GET", f"/repos/{REPO}/actions/runs/{RUN}", 200)
    refused = rest("POST", f"/repos/{REPO}/actions/runs/{RUN}/rerun-failed-jobs", 403)
    assert refused.json()["message"] == "Resource not accessible by personal access token"
    assert rest("GET", f"/repos/{REPO}/actions/runs/{RUN}", 200).json()["run_attempt"] == 1


def test_earlier_attempts_stay_readable_and_jobs_that_passed_are_not_run_again(running, checked, rest):
    repo = f"/repos/{REPO}/actions/runs/{RUN}"
    before = {job["name"]: job for job in rest("GET", f"{repo}/jobs", 200).json()["jobs"]}
    rest("POST", f"{repo}/rerun-failed-jobs", 201)
    rest("POST", f"{repo}/rerun-failed-jobs", 403)  # it runs
    running.settle()
    first = rest("GET", f"{repo}/attempts/1", 200).json()
    assert (first["conclusion"], first["run_attempt"]) == ("failure", 1)
    jobs = {job["name"]: job for job in rest("GET", f"{repo}/jobs", 200).json()["jobs"]}
    assert jobs["test"]["started_at"] == before["test"]["started_at"]
    assert jobs["publish"]["id"] != before["publish"]["id"]
    assert jobs["publish"]["conclusion"] == "failure"  # nobody rotated the token
    old = rest("GET", f"/repos/{REPO}/actions/jobs/{before['publish']['id']}/logs", 302)
    assert "Token failed verification" in requests.get(old.headers["Location"], timeout=10).text


def test_logs_expire_and_their_addresses_are_signed_and_short_lived(running, checked, rest):
    job = rest("GET", f"/repos/{REPO}/actions/runs/{RUN}/jobs", 200).json()["jobs"][0]
    address = rest("GET", f"/repos/{REPO}/actions/jobs/{job['id']}/logs", 302).headers["Location"]
    assert not address.startswith(running.sandbox.url)
    assert requests.get(address, timeout=10).status_code == 200
    assert requests.get(address[:-4] + "beef", timeout=10).status_code == 403
    hub = running.sandbox.hub
    real = hub.now
    hub.now = lambda: real() + 3_600
    assert requests.get(address, timeout=10).status_code == 403
    for attempt in hub.repositories[REPO].runs[RUN].attempts:
        for each in attempt.jobs:
            each.log_expired = True
    rest("GET", f"/repos/{REPO}/actions/jobs/{job['id']}/logs", 410)


def test_a_304_does_not_count_and_a_spent_budget_is_a_403_with_its_headers(running, checked, rest):
    first = rest("GET", f"/repos/{REPO}", 200)
    again = rest("GET", f"/repos/{REPO}", 304, **{"If-None-Match": first.headers["ETag"]})
    assert again.headers["X-RateLimit-Used"] == first.headers["X-RateLimit-Used"]
    assert again.content == b""
    running.sandbox.limit = int(first.headers["X-RateLimit-Used"])
    spent = rest("GET", f"/repos/{REPO}", 403)
    assert spent.headers["X-RateLimit-Remaining"] == "0"
    assert int(spent.headers["X-RateLimit-Reset"]) > time.time()
    rest("GET", "/rate_limit", 403)


def test_pages_of_a_list_are_linked(running, checked, rest):
    one = rest("GET", f"/repos/{REPO}/commits?per_page=1", 200)
    assert len(one.json()) == 1
    following = one.links["next"]["url"]
    assert following.startswith(running.sandbox.url)
    two = rest("GET", following.removeprefix(rest.url), 200)
    assert two.json()[0]["sha"] != one.json()[0]["sha"]
    assert "next" not in two.links


def test_an_app_needs_a_token_in_time_and_of_its_own(running, checked):
    sandbox, key = running.sandbox, private_key()

    def signed(**more):
        claims = {"iss": str(sandbox.hub.app_id), "iat": int(time.time()), "exp": int(time.time()) + 500, **more}
        return Rest(sandbox, jwt.encode(claims, key, algorithm="RS256"))

    path = f"/app/installations/{sandbox.hub.installation_id}/access_tokens"
    signed(exp=int(time.time()) - 5)("POST", path, 401)
    signed(exp=int(time.time()) + 5_000)("POST", path, 401)
    signed(iss="1")("POST", path, 401)
    Rest(sandbox)("POST", path, 401)
    signed()("POST", "/app/installations/7/access_tokens", 404)
    token = signed()("POST", path, 201).json()["token"]
    installed = Rest(sandbox, token)
    installed("GET", f"/repos/{REPO}", 200)
    real = sandbox.hub.now
    sandbox.hub.now = lambda: real() + 3_601
    installed("GET", f"/repos/{REPO}", 401)
