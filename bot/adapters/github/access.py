"""What a connection to GitHub is made of."""

from collections.abc import Callable

from bot.domain.values import value

API_URL = "https://api.github.com"

LOG_HOSTS = (
    "*.blob.core.windows.net",
    "*.actions.githubusercontent.com",
    "*.githubusercontent.com",
    "*.ghe.com",
)
"""Where GitHub keeps job logs, as globs: Azure's blob storage and its own hosts."""


@value
class GithubAccess:
    """A token, or a GitHub App (`app_id`, `private_key` in PEM, and the installation unless each owner's is to be found).

    `api_url` is GitHub's, or that of an Enterprise server with its prefix (`https://ghe.example/api/v3`). `token` and
    `private_key` are asked again for every request, so that a rotated file is noticed. `calls_per_hour` is our own
    budget, below the platform's. `log_hosts` are globs; the API's own host is always among them. `proxy` and `ca_file`
    are for networks that have their own.
    """

    api_url: str = API_URL
    token: Callable[[], str] | None = None
    app_id: str = ""
    private_key: Callable[[], str] | None = None
    installation: int = 0
    calls_per_hour: int = 4000
    log_hosts: tuple[str, ...] = LOG_HOSTS
    proxy: str = ""
    ca_file: str = ""
