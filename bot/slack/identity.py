"""Who we are in Slack, learned once at start from auth.test and completed by what Slack sends."""

from dataclasses import dataclass

from bot.slack.flatten import Own


@dataclass
class Identity:
    """The bot's own ids. `app_id` may be learned late, from the first envelope or the hello frame."""

    team: str
    user_id: str
    bot_id: str
    app_id: str = ""

    def own(self) -> Own:
        """Return the marks by which our own posts are known."""
        return Own(app_id=self.app_id, bot_id=self.bot_id, user_id=self.user_id)

    def learn(self, app_id: object) -> None:
        """Take the app id from Slack, unless it is known."""
        if not self.app_id and isinstance(app_id, str):
            self.app_id = app_id
