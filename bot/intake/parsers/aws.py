"""Amazon Q Developer in chat applications (AWS Chatbot): CodePipeline and CodeBuild state changes.

Facts: docs.aws.amazon.com/chatbot and /codepipeline/latest/userguide/notifications. The same app posts alarms of every
other AWS service: those are alerts of no platform that has a name here.
"""

from bot.domain.alert import Post
from bot.intake.parsers.sender import Sender, any_of, words
from bot.intake.wording import Wording

_PIPELINE = words(
    r"\bcode ?(?:pipeline|build|deploy)\b|/codesuite/|\baws\.code(?:pipeline|build|deploy)\b|APPROVAL NEEDED: pipeline"
)
_CONSOLE = r"//(?P<site>[\w.-]{1,60}?)\.console\.aws\.amazon\.com"


def is_pipeline(post: Post, wording: Wording) -> bool:
    """Whether a post of Amazon's app is about a pipeline or a build."""
    return _PIPELINE.search(wording.all[:2000]) is not None or any(
        _PIPELINE.search(link.url) for link in post.links[:10]
    )


def _refine(labels: dict[str, str], _post: Post, wording: Wording) -> None:
    if wording.pairs.get("action"):
        labels.setdefault("job", wording.pairs["action"])


SENDER = Sender(
    source="aws-chatbot",
    platform="aws-codepipeline",
    names=words(r"(?<![a-z])code ?pipeline(?![a-z])"),
    urls=words(r"/codesuite/(?:codepipeline|codebuild|codedeploy)/"),
    says=words(r"\bcode(?:pipeline|build) (?:pipeline |stage |action |build )?(?:execution )?(?:state|phase) change|aws codepipeline notification"),
    pages=any_of(
        rf"{_CONSOLE}/codesuite/codepipeline/pipelines/(?P<workflow>[\w.@-]{{1,100}})/(?:executions/(?P<run_id>[0-9a-f-]{{8,40}}))",
        r"/codepipeline/pipelines/(?P<workflow>[\w.@-]{1,100})/(?:executions/(?P<run_id>[0-9a-f-]{8,40}))",
        r"/codepipeline/pipelines/(?P<workflow>[\w.@-]{1,100})/",
        r"/codebuild/(?:\d{12}/)?projects/(?P<project>[\w-]{1,255})/build/(?P<run_id>[^/?\s]{1,300})",
    ),
    posts_results=True,
    refine=_refine,
)  # fmt: skip
OTHER_AWS = Sender(
    source="aws-chatbot",
    app_ids=frozenset({"A6L22LZNH"}),
    names=words(r"(?<![a-z])(?:aws chatbot|amazon q|aws)(?![a-z])|cloudwatch"),
    urls=words(r"\.console\.aws\.amazon\.com/"),
    links_home=True,
    monitors=True,
)
