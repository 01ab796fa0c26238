"""What a failing line looks like, in any runner and any language: one visible table, and a weight for each sign.

Weights are ordinal, 0 to 10: ten is the runner's own verdict, eight the shape of a crash, five a word that often stands in
a failure, below zero what looks like a failure and is not. The words are general knowledge of tools, not of any sample.
"""

import re
from collections.abc import Sequence

import ahocorasick_rs

SIGNALS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (10, ("##[error]", "::error", "process completed with exit code", "finished: failure", "error: job failed")),
    (9, ("oomkilled", "out of memory", "heap out of memory", "no space left on device", "marked build as failure")),
    (9, ("exited with ", "fatal error", "fatal:", "panicked at", "panic:", "build failed", "build failure")),
    (8, ("traceback (most recent", "segmentation fault", "stack overflow", "stackoverflowerror", "core dumped")),
    (8, ("caused by", "exception in thread", "unhandled", "uncaught", "assertionerror", "assertion failed")),
    (8, ("--- fail", "failures:", "failed tests", "tests failed", "test failed", "failing test", "error[e")),
    (8, ("npm err!", "npm error", "err_pnpm", "error: failed", "failed: ", "failed to ", "undefined reference")),
    (8, ("no tests found", "tests run:", "test result: failed", "found 1 error", "compilation error", "cannot find")),
    (7, ("error:", "error :", "] error", "error ts", "exception:", "exit code", "exit status", "returned non-zero")),
    (7, ("no matching distribution", "manifest unknown", "pull access denied", "toomanyrequests", "rate limit")),
    (7, ("command not found", "no such file", "permission denied", "access denied", "unauthorized", "forbidden")),
    (7, ("timed out", "timeout", "deadline exceeded", "connection refused", "could not resolve", "no such host")),
    (7, ("x509:", "certificate has expired", "certificate verify failed", "killed", "evicted", "make: ***")),
    (7, ("required status", "not permitted", "is not a valid", "invalid ", "unrecognized arg", "unknown flag")),
    (6, ("failed", "failure", "failing", "cannot ", "can't ", "could not ", "couldn't ", "unable to ", "not found")),
    (6, ("undefined", "unexpected", "mismatch", "missing ", "denied", "refused", "unreachable", "aborted", "crash")),
    (6, ("expected ", "conflict", "incompatible", "unsupported", "does not exist", "doesn't exist", "not allowed")),
    (6, ("errors in", "error(s)", "problems (", "errors generated", "doesn't match", "does not match", "✗", "✕", "❌")),
    (5, ("error", "exception", "fatal", "critical", "exceeded", "rejected", "is not ", "broken", "canceled")),
    (5, ("cancelled", "terminated", "e   ", "emerg", "severe", "illegal", "bad gateway", "service unavailable")),
)
"""Weight, then the words that carry it; matched without regard to case."""

VERDICTS = (
    "##[error]", "process completed with exit code", "finished: failure", "error: job failed", "exited with ",
    "marked build as failure", "command failed with exit code", "make: ***", "build failed",
)  # fmt: skip
"""Words with which a runner or a build tool says that it is over: what led to it stands before."""

NOISE: tuple[tuple[int, tuple[str, ...]], ...] = (
    (-3, ("warning", "warn ", "deprecat", "##[debug]", "debug", "retrying")),
    (-5, ("if-no-files-found", "fail-fast", "continue-on-error", "fail_on", "--fail", "0 failed", "0 errors")),
    (-5, ("0 failures", "no errors", "errors: 0", "failures: 0", "failed: 0", "error_log", "errorlevel", "... ok")),
    (-4, ("downloading", "downloaded", "unpacking", "setting up ", "passed", "✓", "✔", "compiling ")),
    (-5, ("if [", "; then", "echo ", "grep ", "|| exit", "set -e", "libgpg-error", "thiserror", "error-chain")),
    (-6, ("libcurl", "rimraf", "npm warn", "post job cleanup", "fetching", "remote: counting", "receiving objects")),
)
"""What takes the weight from a line that only looks like a failure."""

HEADERS = ("##[group]run ", "[pipeline] {", "travis_fold:start", "section_start:", "$ ", "+ ")
"""How a log shows which step begins."""

_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys([word for _, words in (*SIGNALS, *NOISE) for word in words] + list(VERDICTS))
)
_WEIGHT: dict[str, int] = {word: weight for weight, words in reversed((*SIGNALS, *NOISE)) for word in words}
_VALUES: tuple[tuple[int, bool], ...] = tuple((_WEIGHT.get(word, 8), word in VERDICTS) for word in _WORDS)
_SURROGATES = re.compile("[\ud800-\udfff]")
_FINDER = ahocorasick_rs.AhoCorasick(list(_WORDS))


class Sign:
    """What a line's words say: the strongest weight, where it stands, whether a verdict is spoken. Built while scanning."""

    __slots__ = ("at", "best", "others", "penalty", "verdict")

    def __init__(self) -> None:
        self.at, self.best, self.others, self.penalty, self.verdict = 0, 0, 0, 0, False

    @property
    def weight(self) -> float:
        """The line's weight: the strongest word, a little for each further one, less what speaks for noise."""
        if self.verdict:
            return self.best + 0.2 * min(self.others, 5)
        penalty = self.penalty / 2 if self.best >= 9 else self.penalty
        return self.best + 0.2 * min(self.others, 5) + penalty


def signs(lowered: Sequence[str]) -> dict[int, Sign]:
    """Return, by index, the lines that hold at least one word of the table. The lines are in lower case.

    One pass of one automaton over all of them: linear in their length, whatever they hold.
    """
    found: dict[int, Sign] = {}
    index, begin, end = 0, 0, len(lowered[0]) if lowered else 0
    for word, start, _ in _hits("\n".join(lowered)):
        while start > end:
            index += 1
            begin = end + 1
            end = begin + len(lowered[index])
        sign = found.get(index)
        if sign is None:
            sign = found[index] = Sign()
        weight, verdict = _VALUES[word]
        if weight > sign.best:
            sign.best, sign.at = weight, start - begin
        elif weight > 0:
            sign.others += 1
        elif weight < sign.penalty:
            sign.penalty = weight
        sign.verdict = sign.verdict or verdict
    return found


def _hits(haystack: str) -> list[tuple[int, int, int]]:
    """Return the words found; the automaton takes no lone surrogates, so they are looked over, place for place."""
    try:
        return _FINDER.find_matches_as_indexes(haystack, overlapping=True)
    except UnicodeEncodeError:
        return _FINDER.find_matches_as_indexes(_SURROGATES.sub("\ufffd", haystack), overlapping=True)
