"""`run`: the product, until it is told to stop."""

import asyncio
import signal
import sys
from collections.abc import Callable

from bot.bootstrap import App, log_observer
from bot.domain.errors import ConfigError
from bot.settings import Settings


def run(settings: Settings, *, verbose: bool, write: Callable[[str], object]) -> int:
    """Connect and work until SIGTERM or SIGINT. Writes one line, `ready`, once Slack has greeted us and a commit held.

    Raises ConfigError for what a person has to mend: a missing or refused token, a broken configuration file.
    """
    for name, token in (("SLACK_BOT_TOKEN", settings.slack.bot_token), ("SLACK_APP_TOKEN", settings.slack.app_token)):
        if not token:
            raise ConfigError(
                place=name, problem="it is not set", mend="docs/connect-slack.md says how to get it in five steps"
            )

    def ready() -> None:
        write("ready\n")

    # a worker that computes lets the event loop have the interpreter five times sooner: acks and first cards do not wait
    sys.setswitchinterval(0.001)
    app = App(settings=settings, observer=log_observer(verbose=verbose), ready=ready)
    asyncio.run(_until_told(app))
    return 0


async def _until_told(app: App) -> None:
    from bot.slack.calls import Never

    working = asyncio.create_task(app.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        return
    except Never as refused:
        raise ConfigError(
            place="SLACK_BOT_TOKEN or SLACK_APP_TOKEN",
            problem=f"Slack answers {refused.error}",
            mend="python -m bot doctor says which; docs/connect-slack.md says where to copy it from",
        ) from refused
