"""Is it failing, over, or fine? Read from the words of the first lines, a status field, and only then from colours.

In a line the earliest signal wins: "Started by …", "acknowledged alert … failed", "FAILED: … started" say what they
say first. Names with hyphens ("failure-tests") are no signals, nor are counts of nothing ("0 failed").
"""

import re
from enum import StrEnum

from bot.domain.alert import AlertStatus
from bot.domain.values import value
from bot.intake.parsers import tongues
from bot.intake.wording import Wording


class Signal(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"
    SUCCESS = "success"
    QUIET = "quiet"


STATUS: dict[Signal, AlertStatus] = {
    Signal.FIRING: AlertStatus.FIRING,
    Signal.RESOLVED: AlertStatus.RESOLVED,
    Signal.SUCCESS: AlertStatus.SUCCESS,
}


@value
class Verdict:
    """What a post says; `line` is the line that says it, empty if a field or a colour did. No signal: None."""

    signal: Signal | None
    line: str = ""
    why: str = ""


_THING = (
    "pull request|merge request|issue|ticket|discussion|branch|release|story|task|bug|epic|page|document|review|"
    "comment|sub-task|incident report|post-?mortem|monitor|dashboard|silence"
)
_DONE_TO_IT = (
    "opened|closed|merged|reopened|approved|unapproved|updated|created|deleted|edited|published|submitted|commented|"
    "moved|transitioned|marked|modified|expired|assigned|added"
)
_GOOD_STATES = (
    r"ready|healthy|ok|okay|responding|running|found|success\w{0,6}|succeed\w{0,2}|completed?|passed|passing|deployed|"
    r"synced|finished|fixed|resolved|recovered|restored|up|live|green|stable|available|reachable|back|cleared"
)
_GOOD_ENDS = (
    r"succeed\w{0,2}|completed?|finish\w{0,2}|pass\w{0,2}|start|sync\w{0,2}|deploy\w{0,2}|recover\w{0,2}|resolved?"
)
_NEAR = r"\b(?:(?!fail|error|:)[^.\n]){0,40}?\b"
_WORDS: dict[Signal, tuple[str, ...]] = {
    Signal.QUIET: (
        rf"(?:{_THING}){_NEAR}(?:{_DONE_TO_IT})",
        rf"(?:{_DONE_TO_IT}){_NEAR}(?:{_THING}|commits?|pr|mr)",
        r"requested (?:changes|a review|your review)|changes requested|review requested|wants to merge",
        r"(?:alert|incident|issue)\b[^\n]{0,200}?\b(?:was|has been|is|got) (?:acknowledged|assigned|snoozed|escalated|reassigned|merged)",
        r"(?:alert|incident|issue)\b[^\n]{0,200}?\b(?:acknowledged by|assigned to|escalated to|snoozed (?:by|until|for))",
        r"^comment (?:by|on)|dependabot|vulnerabilit(?:y|ies)|(?:code|change|deploy|deployment) freeze",
        r"new commits?|\d+ (?:new )?commits?|commits? to|published by|pushed|force-?pushed|new comment|commented on",
        r"has been `?(?:created|updated|deleted|added|modified|scaled|renamed)",
        r"(?:[a-z.0-9]{1,60}/)?v\d\w{0,10}/[a-z]{2,40} (?:created|updated|deleted|info)",
        r"(?:has |was |is )?(?:started|starting|begun|initiated|kicked off|queued|enqueued|scheduled for)",
        r"in progress|is (?:now )?(?:running(?! new version)|building|deploying|pending|queued|waiting)|rolling out",
        r"on hold|awaiting|waiting (?:for|on) (?:a |an |the |your |manual )?(?:approv\w{1,4}|review|input|action|confirm\w*)",
        r"(?:needs?|requires?|requests?|requested|requesting|pending|request for) (?:your |manual |an? )?(?:approval|review)",
        r"approval (?:is )?(?:needed|required|requested|pending|request)|please (?:approve|review)|approve or reject",
        r"ready for review|acknowledged|acked|ack'd|snoozed|silenced|muted|unmuted",
        r"(?:re|un)?assigned|escalated|delegated|annotated|(?:added|posted) (?:an? )?(?:note|update)|note added|responder added",
        r"cancell?ed|aborted|skipped|superseded|not built|discarded|blocked|unblocked",
        r"is (?:now )?on[- ]call|on-call shift|joined|subscribed|reminder:?|maintenance",
        *tongues.NEWS,
    ),
    Signal.RESOLVED: (
        r"(?<!be )(?<!not )(?<!un)resolved(?! address)|recovered|recovery|auto-?resolved",
        r"back to normal|back to green|back online|is back|are back|returned to normal|cleared",
        r"^fixed|(?:is|was|been|build|pipeline|job|tests|now) fixed",
        r"(?:is|are) (?:now )?(?:up|healthy|stable|passing|green|ok|okay) again|(?:is|are) now (?:up|healthy|passing|green)",
        r"(?:healthy|passing|passed|succeeded|working|stable) again|no longer (?:failing|firing|alerting|down|degraded)",
        r"(?:alert|incident)\b[^\n]{0,200}?\b(?:was|has been|is|got) (?:closed|resolved)|alert closed|closed (?:the )?alert|auto-?closed",
        r"node \S{1,253} is ready|is up",
        *tongues.OVER,
    ),
    Signal.FIRING: (
        r"fail|failed|failing|fails|failure|failures|broken|breaking|degraded|unstable|regression|errored",
        r"errors?|exceptions?|panic|panicked|fatal|crash|crashed|crashing|crashes|crash[- ]?loop\w{0,10}|backoff|back-off",
        r"oom|oom[- ]?killed|out of memory|imagepullbackoff|errimagepull|evicted|unhealthy|unreachable|unavailable",
        rf"(?:not|never|isn['’]t|wasn['’]t|hasn['’]t|haven['’]t) (?:yet |been |fully |be |successfully ){{0,2}}(?:{_GOOD_STATES})",
        rf"(?:did|does|do|could|can|will|would|was|is|has|have)(?: not|n['’]t) (?:be |been |yet )?(?:{_GOOD_ENDS})",
        r"cannot|can['’]t|could not|couldn['’]t|unable to|un(?:successful|successfully|resolved|stable)|incomplete|without success",
        r"no longer (?:healthy|passing|available|running|responding|ready|reachable|up|green|synced)",
        r"is down|went down|are down|^down|outage|timed out|timeout|time-out|deadline exceeded|probably hanging",
        r"exit(?:ed)? (?:with )?(?:code |status )?[1-9]\d{0,2}|partially succeeded",
        r"(?:is|are|sync) 'unknown'|status is unknown|breach|breached|violated|violation|exceeds|exceeded|in alarm|no data",
        r"completed with (?:\d{1,6} )?(?:errors?|failures?)|health(?: status)? is missing|problem detected|is hanging",
        r"burn rate|burning (?:too )?fast|(?:in)?to alarm|alarm state",
        r"(?:usage|utili[sz]ation) (?:(?:is|at|of|reached|above|over) ){1,3}(?:[89]\d|100)",
        r"is (?:now )?(?:critical|warning|in (?:error|failure|critical))|^problem(?=\W{0,2}[:|-])",
        r"firing|do(?:es)? not meet|(?:above|below|over|under) (?:the )?(?:threshold|slo|limit|target)|(?:too|almost|nearly) (?:high|low|full|slow)",
        r"new (?:alert|incident)|alert (?:firing|created|triggered)|k8sgpt analysis|rollout \S{1,253} has been aborted|rolled back",
        r"^(?:\[p\d\] ?)?triggered(?! (?:by|via|from|on this|manually))",
        r"^\W{0,2}(?:critical|warning|alert|alarm|error|fatal|severe|major|p[1-5]|sev-?[1-5])(?=\W{0,2}[:|-]|\](?!\s?\[))",
        *tongues.FAILURE,
    ),
    Signal.SUCCESS: (
        r"success(?! rate| ratio| criteri)|successful|successfully|succeeded|succeeds|passed|passes|passing|green",
        r"completed?|finished|deployed|is live|went live|live now|is ready|ready|synced|now running new version|healthy",
        r"released|shipped|applied revision",
        *tongues.GOOD,
    ),
}
_WITHOUT_SPACES = (
    (Signal.FIRING, tongues.FAILURE_CJK),
    (Signal.QUIET, tongues.NEWS_CJK),
    (Signal.RESOLVED, tongues.OVER_CJK),
    (Signal.SUCCESS, tongues.GOOD_CJK),
)
# at the same place of a line: a negation is longer than what it negates, so failures are tried before good news
_ORDER = (Signal.QUIET, Signal.FIRING, Signal.RESOLVED, Signal.SUCCESS)
_BRACKETS = (
    (
        Signal.FIRING,
        r"firing|alerting|(?:re-?)?triggered|renotify|no data|warn|alert|down|problem|failed|failure|error",
    ),
    (Signal.RESOLVED, r"resolved|recovered|ok|up|closed|recovery"),
    (Signal.QUIET, r"acknowledged|acked|snoozed|muted|pending|silenced|info"),
)
_SIGNAL = re.compile(
    "|".join(rf"\[\s?(?P<b_{signal}>{words})\b" for signal, words in _BRACKETS)
    + "|"
    + "|".join(rf"(?<![\w/.-])(?P<{signal}>{'|'.join(_WORDS[signal])})(?![\w-])" for signal in _ORDER)
    + "|"
    + "|".join(rf"(?P<c_{signal}>{words})" for signal, words in _WITHOUT_SPACES),
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\b(?:0|no|zero|without(?: any)?) (?:\w{1,20} )?(?:fail(?:ed|ures?|ing)|errors?|alerts?|incidents?|regressions?)\b"
    r"|\b(?:failed|failures|errors?|skipped|passed|total|broken|flaky|successful)\s?[:=] ?0\b"
    r"|\bfrom [\w ]{1,20} (?=to\b)|\b\w{1,20} (?=(?:->|→|=>|➜) ?\w)"
    r"|\b(?:passed|skipped|total|successful)\s?[:=] ?\d{1,9}\b|(?<![#\w])\d{1,9}(?:/\d{1,9})? (?:tests? )?(?:passed|skipped|successful)\b"
    r"|\btriggered (?:via|by|from|on this)\b|\b(?:change failure|error) (?:budgets?|rates?|tracking|handling|pages?)\b|\bfail-?over\b"
    r"|\bfix(?:es|ed|ing)? (?:the )?(?:fail\w{0,4}|broken|error\w?|crash\w{0,4})\b",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:report|summary|digest|overview|recap|retro(?:spective)?|stand-?up|check-?in|weekly|week \d{1,2}|leaderboard|"
    r"statistics|stats|flaky tests?|reminder|poll|survey|newsletter|minutes|agenda|post-?mortem|hand-?over)\b",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\b\d[\d ,.]{0,12} (?:\w{1,20} ){0,3}(?:failed|failures|errors|failing|broken)\b", re.IGNORECASE)
_LEADING_SUMMARY = re.compile(
    r"(?:reminder|poll|stand-?up|weekly|monthly|daily (?:report|digest|summary)|retro|digest|post-?mortem|"
    r"hand-?over|incident (?:review|report|retro)|release notes|change ?log|runbook|tip|did you know|announcement|faq)\b",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[-•●▪◦]\s|\d{1,2}[.)] |[0-9a-f]{7,40}\b[\s:-]")
_PLAIN_SUCCESS = re.compile(
    rf"\b(?:success(?:ful|fully)?|succeeded|passed|deployed|{'|'.join(tongues.GOOD)})\b|{tongues.GOOD_CJK}",
    re.IGNORECASE,
)

_YES_NO = {
    **dict.fromkeys(("success", "succeeded", "successful", "passed", "healthy", "ok"), (Signal.SUCCESS, Signal.FIRING)),
    **dict.fromkeys(("failed", "failing", "broken", "error", "is failing"), (Signal.FIRING, Signal.SUCCESS)),
}
_YES, _NO = frozenset({"true", "yes", "ja", "oui", "sí", "sim"}), frozenset({"false", "no", "nein", "non", "não"})
STATUS_NAMES = (
    "status", "state", "result", "conclusion", "outcome", "build status", "job status", "pipeline status",
    "workflow status", "run status", "deployment status", "deploy status", "sync result", "alert state", "new state",
    *tongues.STATUS_NAMES,
)  # fmt: skip
_WEAK_STATUS_NAMES = ("health status", "health", "phase", "current state", "operation phase", "sync status")
_STATUS_WORDS: dict[str, Signal] = {
    **dict.fromkeys(("running", "pending", "queued", "waiting", "building", "open", "created", "new"), Signal.QUIET),
    **dict.fromkeys(("red", "alarm", "alerting", "bad", "ko", "critical", "triggered", "unknown"), Signal.FIRING),
    **dict.fromkeys(("ok", "good", "pass", "green"), Signal.SUCCESS),
}
_RED_EMOJI = re.compile(
    r":(?:x|red_circle|rotating_light|fire|no_entry|no_entry_sign|boom|sos|octagonal_sign|large_red_square|siren|"
    r"negative_squared_cross_mark|broken_heart|skull|collision|bangbang|thumbsdown|-1):|[\U0001f534\U0001f6a8\u274c\U0001f525]"
)
_GREEN_EMOJI = re.compile(
    r":(?:white_check_mark|heavy_check_mark|large_green_circle|green_circle|tada|rocket|checkered_flag|thumbsup|"
    r"green_heart|large_green_square|\+1):|[\u2705\u2714\U0001f7e2\U0001f389]"
)
LOOKED_AT = 6
SUMMARY_WITHIN = 2


def signal_of(line: str) -> Signal | None:
    """Return the first signal of a line."""
    found = _SIGNAL.search(_NOTHING.sub(" ", line))
    return Signal(found.lastgroup.removeprefix("b_").removeprefix("c_")) if found and found.lastgroup else None


def is_plain_success(line: str) -> bool:
    """Whether a line says success in words that only results use; lunch is "ready", too."""
    return _PLAIN_SUCCESS.search(line) is not None


def colour_signal(colour: str) -> Signal | None:
    """Return what an attachment's colour (six hex digits) hints at: red, green, or nothing."""
    if len(colour) != 6:
        return None
    red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4))
    if red >= 140 and green < 100 and blue < 130:
        return Signal.FIRING
    if green >= 100 and red < green * 0.75 and blue < green:
        return Signal.SUCCESS
    return None


def _of_status(pairs: dict[str, str], names: tuple[str, ...]) -> Signal | None:
    for name in names:
        said = pairs.get(name, "")
        if said:
            signal = _STATUS_WORDS.get(said.lower()) or signal_of(said)
            if signal is not None:
                return signal
    return None


def _of_yes_or_no(pairs: dict[str, str]) -> Signal | None:
    """Read `success: false`: neither its name nor its value says it alone."""
    for name, (yes, no) in _YES_NO.items():
        said = pairs.get(name, "").lower()
        if said in _YES or said in _NO:
            return yes if said in _YES else no
    return None


def _of_lines(lines: tuple[str, ...], tint: Signal | None = None) -> Verdict:
    """Read the first lines; bullets are details, and below a summary's headline there are only figures.

    The first signal counts, unless the colour says the opposite and a later line agrees with the colour: then the first
    was something else, a commit's title say. What is resolved stays so, whatever the colour (it may be the severity's).
    """
    first = Verdict(signal=None)
    for at, line in enumerate(lines[:LOOKED_AT]):
        if _BULLET.match(line):
            continue
        signal = signal_of(line)
        is_summary = at < SUMMARY_WITHIN and _SUMMARY.search(line) is not None
        if (
            first.signal is None
            and is_summary
            and (signal is None or _COUNTED.search(line) or _LEADING_SUMMARY.match(line))
        ):
            return Verdict(signal=Signal.QUIET, line=line, why="a summary")
        if signal is None:
            continue
        if first.signal is None:
            first = Verdict(signal=signal, line=line, why="words")
            if signal in {Signal.QUIET, Signal.RESOLVED} or tint is None or _agree(signal, tint):
                return first
        elif signal is not Signal.QUIET and _agree(signal, tint):
            return Verdict(signal=signal, line=line, why="words")
    return first


def read_verdict(wording: Wording, text: str, colour: str, *, posts_results: bool) -> Verdict:
    """Weigh lines, status fields, titles like "Failed stage", values of unknown names, emoji and colour, in this order.

    Quiet words win over all; a plain status field wins over the words. Emoji and colour count only together, or from
    a sender that posts results and nothing else (`posts_results`). A value under an unknown name may be a commit
    message, so that it never speaks against a colour.
    """
    spoken = _of_lines(wording.headlines, colour_signal(colour))
    if spoken.signal is Signal.QUIET:
        return spoken
    status = _of_status(wording.pairs, STATUS_NAMES) or _of_yes_or_no(wording.pairs)
    if status is not None and not (status is Signal.SUCCESS and spoken.signal is Signal.RESOLVED):
        return Verdict(signal=status, line=spoken.line if spoken.signal is status else "", why="status")
    if spoken.signal is not None:
        return _checked(spoken, wording, text, colour)
    if any(name.startswith("failed ") and said not in {"", "0", "-", "none"} for name, said in wording.pairs.items()):
        return Verdict(signal=Signal.FIRING, why="a field")
    weak = _of_status(wording.pairs, _WEAK_STATUS_NAMES)
    return (
        Verdict(signal=weak, why="status") if weak else _of_the_rest(wording, text, colour, posts_results=posts_results)
    )


def _checked(spoken: Verdict, wording: Wording, text: str, colour: str) -> Verdict:
    """Return what the lines say, unless the colour and a value under an unknown name both say the opposite: then that.

    Where emoji and colour both say the opposite, nobody can tell. What is resolved stays so: colours may be severities.
    """
    tint = colour_signal(colour)
    if spoken.signal is Signal.RESOLVED or spoken.signal is None or tint is None or _agree(spoken.signal, tint):
        return spoken
    told = _of_lines(wording.details)
    if told.signal is not None and _agree(told.signal, tint):
        return told
    return spoken if _of_colours(text, colour, posts_results=False) is None else Verdict(signal=None)


def _of_the_rest(wording: Wording, text: str, colour: str, *, posts_results: bool) -> Verdict:
    shown = _of_colours(text, colour, posts_results=posts_results)
    told = _of_lines(wording.details)
    if told.signal is not None and _agree(told.signal, shown or colour_signal(colour)):
        return told
    return Verdict(signal=shown, why="colour")


def _agree(told: Signal, shown: Signal | None) -> bool:
    return shown is None or (told is Signal.FIRING) == (shown is Signal.FIRING)


def _of_colours(text: str, colour: str, *, posts_results: bool) -> Signal | None:
    first = text[:400]
    emoji = Signal.FIRING if _RED_EMOJI.search(first) else Signal.SUCCESS if _GREEN_EMOJI.search(first) else None
    tint = colour_signal(colour)
    if emoji is not None and (emoji is tint or posts_results):
        return emoji
    return tint if posts_results and emoji is None else None
