"""The source of an application: the manifest that a failure names, as it is and as it was, and who changed it."""

from collections.abc import Iterator
from dataclasses import replace

from bot.domain.alert import Target, TargetKind
from bot.domain.connections import ConnectionKind
from bot.domain.delivery import Application, AppResource, AppSource
from bot.domain.errors import NotFound, Rejected
from bot.domain.evidence import EvidenceKind, GapReason
from bot.domain.pipeline import Commit, RepoFile
from bot.evidence.app_failure import failing_revision, last_good_revision
from bot.evidence.gathering import Asking, Gathering, Plan, of_kind
from bot.evidence.manifest_text import (
    GROWN,
    NamedFile,
    declares,
    is_manifest,
    is_settings,
    likeliest_first,
    named_files,
)
from bot.evidence.repository import github_of, repository_of
from bot.ports import Pipelines

MAX_COMMITS = 20
MAX_READS = 3
MAX_KEPT = 2


def gather_source(work: Gathering, app: Application, ill: tuple[AppResource, ...], plan: Plan) -> None:
    """Gather changes and manifests from the GitHub connection that the application's source repository is on.

    About six requests. `plan` holds the requests for SOURCE and CHANGE. Of several sources the first that has manifests
    in a repository that can be asked.
    """
    why, reason = "the application has no source in Git", GapReason.EMPTY
    for source in [each for each in app.sources if not each.chart][:2]:
        place = repository_of(source.repo_url)
        connection = github_of(work.connections, place) if place else ""
        if place is None or not connection:
            why, reason = f"no GitHub connection serves {source.repo_url[:200]}", GapReason.NOT_CONFIGURED
            continue
        target = Target(connection=connection, kind=TargetKind.REPO, name=place.repo, repo=place.repo)
        asking = work.reach(ConnectionKind.GITHUB, target, tuple(replace(each, target=target) for each in plan))
        pipelines = asking.open(plan, work.platforms.pipelines) if asking else None
        if asking is not None and pipelines is not None:
            _Repository(work, asking, pipelines, app, source, target, plan).gather(ill)
        return
    for request in plan:
        work.miss(request, reason, why)


class _Repository:
    """One pass over the repository of one source."""

    def __init__(
        self,
        work: Gathering,
        asking: Asking,
        pipelines: Pipelines,
        app: Application,
        source: AppSource,
        target: Target,
        plan: Plan,
    ) -> None:
        self._work, self._asking, self._pipelines, self._app = work, asking, pipelines, app
        self._target, self._repo, self._kind = target, target.repo, source.kind
        self._path = source.path.strip("/").removeprefix("./").strip(".")
        self._plan = tuple(replace(each, target=target) for each in plan)
        self._failing = failing_revision(app) or source.target_revision or "HEAD"
        self._good = last_good_revision(app)

    def gather(self, ill: tuple[AppResource, ...]) -> None:
        self._read_changes()
        wanted = tuple(each for each in ill if each.kind not in GROWN)
        self._read_files(named_files(self._app, self._path), wanted)

    def _read_changes(self) -> None:
        request = of_kind(self._plan, EvidenceKind.CHANGE)
        touching = self._asking.fetch(
            request, lambda: self._pipelines.commits(self._repo, self._failing, self._path, MAX_COMMITS)
        )
        if touching is None:
            return
        changes, since = touching[:5], "its beginning"
        if self._good:
            since = f"revision {self._good[:7]}"
            ahead = self._asking.fetch(request, lambda: self._pipelines.compare(self._repo, self._good, self._failing))
            known = {each.sha for each in ahead or ()}
            changes = tuple(each for each in touching if each.sha in known) or (ahead or ())
            self._pin(ahead or ())
        self._pin(touching)
        if self._work.target.kind is TargetKind.ARGO_APP:
            self._work.target = replace(self._work.target, revision=self._failing)
        self._work.changes = self._with_files(changes)
        if changes or self._good:
            self._work.add(EvidenceKind.CHANGE, self._work.changes, since, self._good, self._path, target=self._target)
        else:
            self._work.miss(request, GapReason.EMPTY, "no commit touches the application's path")

    def _pin(self, commits: tuple[Commit, ...]) -> None:
        """Name the failing revision by a commit when Argo CD names a branch: the folder is the same at both."""
        if commits and not _is_sha(self._failing):
            self._failing = commits[0].sha

    def _with_files(self, changes: tuple[Commit, ...]) -> tuple[Commit, ...]:
        """Return the changes with the paths of the newest one, which most often is the one that broke it."""
        if not changes or changes[0].files:
            return changes
        request = of_kind(self._plan, EvidenceKind.CHANGE)
        newest = self._asking.fetch(request, lambda: self._pipelines.commit(self._repo, changes[0].sha))
        return (newest, *changes[1:]) if newest is not None else changes

    def _read_files(self, named: tuple[NamedFile, ...], wanted: tuple[AppResource, ...]) -> None:
        """Read the files that the failure names; else the changed ones that declare what is ill; else look for them."""
        request = of_kind(self._plan, EvidenceKind.SOURCE)
        kept = 0
        reads = 0
        seen: set[str] = set()
        for guess in self._guesses(named, wanted):
            if guess.path in seen or kept >= MAX_KEPT or reads >= MAX_READS or (kept and not guess.named):
                continue
            seen.add(guess.path)
            reads += 1
            file = self._file(guess.path, self._failing)
            if file is None:
                continue
            line = next((number for each in wanted if (number := declares(file.lines, each))), 0)
            if guess.named or line or (is_settings(guess.path) and self._changed(guess.path)):
                kept += self._keep(file, guess.line, wanted)
        if not kept and not self._asking.is_down:
            self._work.miss(request, GapReason.NOT_FOUND, "no manifest of what fails was found in the source")

    def _guesses(self, named: tuple[NamedFile, ...], wanted: tuple[AppResource, ...]) -> Iterator[NamedFile]:
        yield from named
        changed = self._work.changes[0].files if self._work.changes else ()
        inside = [
            path for path in changed if is_manifest(path) and path.startswith(f"{self._path}/" if self._path else "")
        ]
        yield from (NamedFile(path=path) for path in likeliest_first(inside, wanted))
        request = of_kind(self._plan, EvidenceKind.SOURCE)
        listed = self._asking.fetch(request, lambda: self._pipelines.files(self._repo, self._path, self._failing))
        yield from (NamedFile(path=path) for path in likeliest_first(listed or (), wanted) if is_manifest(path))

    def _changed(self, path: str) -> bool:
        return any(path in each.files for each in self._work.changes)

    def _file(self, path: str, revision: str) -> RepoFile | None:
        """Return the file, or None when it is not there (no gap: it was a guess) or cannot be had (a gap)."""
        request = of_kind(self._plan, EvidenceKind.SOURCE)

        def file() -> RepoFile | None:
            try:
                return self._pipelines.file(self._repo, path, revision)
            except (NotFound, Rejected):
                return None

        return self._asking.fetch(request, file)

    def _keep(self, file: RepoFile, line: int, wanted: tuple[AppResource, ...]) -> bool:
        request = of_kind(self._plan, EvidenceKind.SOURCE)
        if not self._work.keeps(file, request):
            return False
        before = self._file(file.path, self._good) if self._good and self._good != self._failing else None
        if before is not None and not self._work.keeps(before, request):
            before = None
        url = self._work.changes[0].url if self._work.changes else ""
        self._work.add(EvidenceKind.SOURCE, file, before, line, wanted, url, target=self._target)
        return True


def _is_sha(revision: str) -> bool:
    return len(revision) in {40, 64} and all(c in "0123456789abcdef" for c in revision)
