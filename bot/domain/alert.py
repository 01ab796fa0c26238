"""Post, Target, Alert: what was said in Slack, what it is about, and that it is a failure."""

from datetime import datetime
from enum import StrEnum

from bot.domain.identity import identity_of
from bot.domain.values import value


@value
class SlackRef:
    """Where a message stands. `thread_ts` is the root's ts for a message in a thread, else None."""

    team: str
    channel: str
    ts: str
    thread_ts: str | None = None

    @property
    def root(self) -> str:
        """The ts that an answer threads under."""
        return self.thread_ts or self.ts


class PostKind(StrEnum):
    NEW = "new"
    EDITED = "edited"
    BROADCAST = "broadcast"
    DELETED = "deleted"


@value
class Link:
    url: str
    label: str = ""


@value
class Field:
    """A titled value of an attachment or a section, as the sender laid it out."""

    title: str
    text: str


@value
class Post:
    """One Slack message, already flattened and redacted at the edge: the only form in which a message goes further.

    `title` is the headline (an attachment's title or the first line), `text` everything readable in reading order,
    `colour` the first attachment's colour in hex without `#`. `is_bot` comes from Slack's `bot_id`, never from text.
    `in_thread` says that the message is a reply that was not broadcast.
    """

    ref: SlackRef
    kind: PostKind = PostKind.NEW
    author: str = ""
    author_id: str = ""
    is_bot: bool = False
    app_id: str = ""
    title: str = ""
    text: str = ""
    colour: str = ""
    links: tuple[Link, ...] = ()
    fields: tuple[Field, ...] = ()
    posted_at: datetime
    edited_ts: str = ""
    in_thread: bool = False
    is_own: bool = False
    is_notice: bool = False


class TargetKind(StrEnum):
    WORKFLOW_RUN = "workflow_run"
    ARGO_APP = "argo_app"
    WORKLOAD = "workload"
    POD = "pod"
    NODE = "node"
    REPO = "repo"
    BUILD = "build"
    SERVICE = "service"
    HOST = "host"
    NONE = "none"


@value
class Target:
    """What is broken, as the alert names it; the platform has to confirm it before anything is proposed.

    `run_id` and `branch` are those of a workflow run; `revision` is the one an application was synced to.
    """

    connection: str = "default"
    kind: TargetKind = TargetKind.NONE
    name: str = ""
    namespace: str = ""
    cluster: str = ""
    repo: str = ""
    url: str = ""
    workload_kind: str = ""
    container: str = ""
    run_id: str = ""
    branch: str = ""
    revision: str = ""

    @property
    def title(self) -> str:
        """The target in a person's words, for a headline."""
        if self.kind is TargetKind.ARGO_APP:
            return f"application {self.name}"
        if self.kind in {TargetKind.WORKFLOW_RUN, TargetKind.BUILD} and self.name:
            of = f" of {self.repo}" if self.repo else ""
            return f"{self.kind.value.replace('_', ' ')} {self.name}{of}{f' on {self.branch}' if self.branch else ''}"
        where = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return (
            f"{self.workload_kind or self.kind.value.replace('_', ' ')} {where}".strip() if where else "unnamed target"
        )


class AlertStatus(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"
    SUCCESS = "success"


@value
class Label:
    name: str
    value: str


@value
class Alert:
    """One notification about one target. The fingerprint never contains raw error text or anything from a model.

    `also` are other identities of the same thing: what a recovery ends besides its own incident, and the sender's own
    group (`group/…`), which stays the same while the alerts in it come and go.
    """

    id: str
    source: str
    platform: str
    status: AlertStatus
    severity: str = ""
    title: str
    target: Target
    labels: tuple[Label, ...] = ()
    fingerprint: str
    also: tuple[str, ...] = ()
    raised_at: datetime
    post: Post
    incident_id: str = ""

    @property
    def about(self) -> tuple[str, ...]:
        """What the alert is about, as the keys by which incidents are found: its own base identity and its others."""
        return tuple(dict.fromkeys(identity_of(each).base for each in (self.fingerprint, *self.also)))

    def label(self, name: str) -> str:
        """Return the label's value, or the empty string."""
        return next((each.value for each in self.labels if each.name == name), "")
