"""Vercel for Slack: deployments. Facts: vercel.com/docs/integrations; wording of its deployment events."""

from bot.intake.parsers.sender import Sender, any_of, words

SENDER = Sender(
    source="vercel",
    platform="vercel",
    names=words(r"(?<![a-z])vercel(?![a-z])"),
    urls=words(r"//(?:[\w-]{1,60}\.)?vercel\.com/"),
    says=words(r"\bvercel (?:deployment|build|project)\b"),
    titles=any_of(
        r"^(?P<environment>production|preview|staging|development) deployment\b.{0,60} (?:for|of) (?P<project>[\w.-]{1,100})",
        r"deployment\b.{0,60} (?:for|of) (?P<project>[\w.-]{1,100})",
    ),
    pages=any_of(
        r"//vercel\.com/(?P<site>[\w.-]{1,100})/(?P<project>[\w.-]{1,100})/(?!settings|logs|analytics|deployments|domains|~)[\w-]{6,60}$",
        r"//[\w-]{1,100}\.vercel\.app",
    ),
    posts_results=True,
)
