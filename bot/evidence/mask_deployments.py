"""A deployment platform's values with strangers' words masked.

Messages of conditions, operations and resources, rendered manifests, what other tools wrote into an operation's info.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from bot.domain.cluster import ClusterEvent
from bot.domain.delivery import EXECUTION_INFO, Application, AppOperation, AppResource, AppSource, SyncWanted
from bot.domain.evidence import Excerpt
from bot.domain.finding import Finding
from bot.evidence.mask_files import masked_lines
from bot.evidence.masking import Mask, Masking, masked
from bot.ports import Deployments, Keep
from knowledge.text.redact import Session

MAX_MANIFEST = 200_000
_CREDENTIALS = re.compile(
    r"://[^/@\s]{0,500}:[^/@\s]{0,2000}@|(?<=https)://[^/@\s]{1,2000}@|(?<=http)://[^/@\s]{1,2000}@"
)


def masked_application(app: Application, mask: Mask) -> Application:
    """Return the application with every message in it masked, and without credentials in the addresses of its sources."""
    return replace(
        app,
        health_message=masked(app.health_message, mask),
        conditions=tuple(replace(each, message=masked(each.message, mask)) for each in app.conditions),
        operation=_operation(app.operation, mask) if app.operation else None,
        resources=masked_resources(app.resources, mask),
        sources=tuple(_source(each) for each in app.sources),
    )


def masked_resources(resources: tuple[AppResource, ...], mask: Mask) -> tuple[AppResource, ...]:
    """Return the resources with their messages masked."""
    return tuple(
        replace(each, message=masked(each.message, mask), health_message=masked(each.health_message, mask))
        for each in resources
    )


def _operation(operation: AppOperation, mask: Mask) -> AppOperation:
    info = tuple(
        each if each.name == EXECUTION_INFO else replace(each, value=masked(each.value, mask))
        for each in operation.info
    )
    return replace(
        operation,
        message=masked(operation.message, mask),
        info=info,
        results=masked_resources(operation.results, mask),
    )


def _source(source: AppSource) -> AppSource:
    return replace(source, repo_url=_CREDENTIALS.sub("://", source.repo_url))


class MaskedDeployments(Masking):
    """Deployments whose answers and refusals are masked. Logs are masked by `keep`, which sees them line by line."""

    def __init__(self, target: Deployments, session_of: Callable[[], Session]) -> None:
        super().__init__(session_of)
        self._target = target

    def application(self, name: str, refresh: str = "") -> Application:
        return masked_application(self._asked(lambda: self._target.application(name, refresh)), self._mask)

    def applications(self) -> tuple[Application, ...]:
        return tuple(masked_application(app, self._mask) for app in self._asked(self._target.applications))

    def tree(self, name: str) -> tuple[AppResource, ...]:
        return masked_resources(self._asked(lambda: self._target.tree(name)), self._mask)

    def manifests(self, name: str, revision: str = "") -> tuple[str, ...]:
        return tuple(self._manifest(text) for text in self._asked(lambda: self._target.manifests(name, revision)))

    def events(self, name: str, resource: AppResource) -> tuple[ClusterEvent, ...]:
        found = self._asked(lambda: self._target.events(name, resource))
        return tuple(replace(event, message=masked(event.message, self._mask)) for event in found)

    def log(
        self, name: str, namespace: str, pod: str, container: str, previous: bool, max_lines: int, keep: Keep
    ) -> Excerpt:
        return self._asked(lambda: self._target.log(name, namespace, pod, container, previous, max_lines, keep))

    def sync(self, wanted: SyncWanted) -> None:
        self._asked(lambda: self._target.sync(wanted))

    def allowed(self, action: str, project: str, name: str) -> bool:
        return self._asked(lambda: self._target.allowed(action, project, name))

    def checkup(self) -> tuple[Finding, ...]:
        return tuple(replace(each, says=masked(each.says, self._mask)) for each in self._target.checkup())

    def _manifest(self, text: str) -> str:
        """Return a rendered manifest, at most MAX_MANIFEST characters of it, masked like a file of a repository."""
        lines = tuple(text[:MAX_MANIFEST].splitlines())
        return "\n".join(masked_lines(lines, "manifest.yaml", self._session_of()))
