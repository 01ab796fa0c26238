"""Strangers' text stays out of our sentences: whatever they wrote, it stands in quoted parts, and in rich text alone."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.alert import Target
from bot.domain.diagnosis import Group
from bot.domain.evidence import Dossier, EvidenceGap
from bot.domain.execution import Verdict
from bot.domain.proposal import ProposalState
from bot.domain.report import Buttons, Code, Diff, Facts, Quote, Report, Text
from bot.report.answers import compose_status, compose_unclear, compose_why
from bot.report.compose import compose_card
from bot.report.modal import compose_closed_review, compose_review
from bot.report.notes import (
    compose_escalated,
    compose_refused,
    compose_stale,
    compose_still_unknown,
    compose_unknown,
    compose_verdict,
)
from bot.report.story import Story
from bot.sandbox.block_kit import check_message, check_view
from bot.slack.blocks import render_home, render_message, render_modal
from tests.fakes.stories import CARD_REF, CARDS, NOW, fixing, offered, verification
from tests.fakes.stories_apps import APP_CARDS
from tests.fakes.stories_runs import RUN_CARDS

ALL = {**CARDS, **RUN_CARDS, **APP_CARDS}
LOUD = "<!channel> <@U0ANA> *bold* `code` https://evil.example/x \u202egnirts\x1b[31m"


def tainted(story: Story, said: str) -> Story:
    """The story with strangers' words everywhere that strangers can put words."""
    target = Target(
        kind=story.incident.target.kind, name=said, namespace=said, cluster=said, workload_kind=said, container=said
    )
    changes: dict[str, object] = {
        "incident": replace(
            story.incident,
            title=said,
            target=target,
            closed_by=said if story.incident.closed_by else "",
            not_proposed=said,
        ),
        "alert": replace(story.alert, title=said, target=target),
        "failed": said if story.failed else "",
    }
    if story.diagnosis:
        changes["diagnosis"] = replace(
            story.diagnosis,
            summary=said,
            hypotheses=tuple(
                replace(
                    each,
                    statement=said,
                    supports=tuple(
                        replace(s, citation=replace(s.citation, quote=said), groups=(Group(name="c", value=said),))
                        for s in each.supports
                    ),
                )
                for each in story.diagnosis.hypotheses
            ),
            gaps=tuple(EvidenceGap(request=g.request, reason=g.reason, detail=said) for g in story.diagnosis.gaps),
        )
    if story.dossier:
        changes["dossier"] = tainted_dossier(story.dossier, target, said)
    if story.execution:
        changes["execution"] = replace(story.execution, detail=said, handle=said)
    if story.verification:
        checks = tuple(replace(check, observed=said) for check in story.verification.checks)
        changes["verification"] = replace(story.verification, checks=checks)
    if story.proposal:
        steps = tuple(
            replace(
                step,
                target=target,
                params=tuple(replace(param, value=said) for param in step.params),
                preview=replace(
                    step.preview,
                    summary=said,
                    request=said,
                    diff=tuple(replace(line, text=said) for line in step.preview.diff),
                ),
            )
            for step in story.proposal.steps
        )
        changes["proposal"] = replace(story.proposal, steps=steps)
    return replace(story, **changes)


def tainted_dossier(dossier: Dossier, target: Target, said: str) -> Dossier:
    """What the platforms say, with strangers' words for every name, message and address."""
    evidence = tuple(
        replace(
            each,
            summary=said,
            url=said,
            facts=tuple(replace(fact, value=said) for fact in each.facts if "line" not in fact.name),
        )
        for each in dossier.evidence
    )
    jobs = tuple(
        replace(job, name=said, url=said, steps=tuple(replace(step, name=said) for step in job.steps))
        for job in dossier.jobs
    )
    commits = tuple(replace(each, sha=said, author=said, message=said, url=said) for each in dossier.changes)
    run, app, workload = dossier.run, dossier.app, dossier.workload
    return replace(
        dossier,
        target=target,
        evidence=evidence,
        jobs=jobs,
        changes=commits,
        run=replace(run, workflow=said, repo=said, branch=said, url=said) if run else None,
        app=replace(app, name=said, url=said, destination_namespace=said) if app else None,
        workload=replace(workload, manager=said, name=said) if workload else None,
    )


def reports(said: str) -> dict[str, Report]:
    """Every report there is about a tainted story."""
    cards = {f"card {state}": compose_card(tainted(made(), said)) for state, made in ALL.items()}
    story = tainted(fixing(ProposalState.ESCALATED, verification=verification(Verdict.FAILED)), said)
    assert story.proposal is not None
    assert story.diagnosis is not None
    return {
        **cards,
        "stale": compose_stale(story.proposal, said),
        "refused": compose_refused(story, said),
        "unknown": compose_unknown(story, said),
        "still unknown": compose_still_unknown(story, error=said),
        "not verified": compose_verdict(story, said),
        "verdict": compose_verdict(story),
        "escalated": compose_escalated(story, by="U0ANA"),
        "review": compose_review(tainted(offered(), said), ref=CARD_REF, checks=(), problem=said, warning=said),
        "closed": compose_closed_review(story, expired=False),
        "status": compose_status((story.incident, story.incident), NOW),
        "unclear": compose_unclear(said),
        "why": compose_why(story, story.diagnosis),
    }


def our_words(report: Report) -> list[str]:
    """Everything that is said in our own voice: headline, sentences, headings, titles, names of facts, labels."""
    words = [report.headline, report.submit, report.close]
    for part in report.parts:
        if isinstance(part, Text):
            words.append(part.text)
        elif isinstance(part, Facts):
            words += [name for name, _ in part.pairs]
        elif isinstance(part, Diff | Code):
            words.append(part.title)
        elif isinstance(part, Buttons):
            words += [each.label for each in part.buttons]
        else:
            assert isinstance(part, Quote) or not hasattr(part, "text")
    return words


@pytest.mark.parametrize("name", sorted(reports("x")))
def test_no_sentence_of_ours_carries_their_markup(name: str) -> None:
    report = reports(LOUD)[name]
    for words in our_words(report):
        assert not set("<>*`\u202e\x1b") & set(words), words
        assert "://" not in words


def kinds_of(thing: object) -> list[tuple[str, str]]:
    """(type, text) of every object with both, at any depth."""
    if isinstance(thing, dict):
        own = [(str(thing.get("type")), str(thing["text"]))] if isinstance(thing.get("text"), str) else []
        return own + [pair for each in thing.values() for pair in kinds_of(each)]
    return [pair for each in thing for pair in kinds_of(each)] if isinstance(thing, list) else []


NASTY = {
    "markup": LOUD,
    "empty": "",
    "nul": "\x00",
    "surrogate": "\ud800",
    "invisible": "\u200b\u202e\ufeff",
    "channels": "<!channel>" * 400,
    "escaped": "&lt;!here&gt; @channel @everyone",
    "one long line": "x" * 190_000,
    "many lines": "line\n" * 5_000,
    "beyond U+FFFF": "𝕏" * 5_000,
    "terminal link": "\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "code fence": "```\n</pre>",
}


def check_all(said: str) -> None:
    for name, report in reports(said).items():
        text, blocks = render_message(report)
        views = (render_modal(report, external_id="jb_1"), render_home(report))
        assert check_message(blocks) == [], name
        assert [check_view(view) for view in views] == [[], []], name
        assert 0 < len(text.encode("utf-16-le")) // 2 <= 4000
        for kind, shown in kinds_of([blocks, *views]):
            shown.encode("utf-8")
            assert kind in {"text", "link", "plain_text"}, kind
        assert "<!" not in text
        assert "@channel" not in text


@pytest.mark.parametrize("name", NASTY)
def test_slack_takes_every_report_whatever_they_wrote(name: str) -> None:
    check_all(NASTY[name])


@settings(max_examples=10, deadline=None)
@given(said=st.text(st.characters(exclude_categories=()), max_size=60))
def test_slack_takes_every_report_with_any_text_in_it(said: str) -> None:
    check_all(said)
