"""GitHub through PyGithub: the one home of its SDK.

`connect` makes a connection, `GithubPipelines` fulfils `ports.Pipelines` on it. PyGithub's requester gives address,
credentials and encoding; its objects are not used, because their attributes make requests of their own, their methods
answer False where GitHub gives a reason, and one connection of theirs mixes up the requests of two threads. Nothing
here resends a write, sleeps between requests, or follows a URL out of an answer, but for a job log's redirect.
"""

from bot.adapters.github.access import LOG_HOSTS, GithubAccess
from bot.adapters.github.connection import connect
from bot.adapters.github.pipelines import GithubPipelines

__all__ = ["LOG_HOSTS", "GithubAccess", "GithubPipelines", "connect"]
