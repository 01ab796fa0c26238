"""The command line: arguments are parsed here, everything else is in `bot.commands`. docs/cli.md is its contract.

Exit codes: 0 done, 1 the honest "no", 2 usage or configuration. An error is one line on stderr that names the place and
the mend.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.domain.errors import CodeHealerError, ConfigError, Unreadable

if TYPE_CHECKING:
    from bot.commands.diagnose import Diagnoser
    from bot.settings import Settings

app = typer.Typer(
    name="bot",
    help="CodeHealer reads failure alerts in Slack, diagnoses them, and runs a fix only after a person presses the button.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
audit_app = typer.Typer(
    help="The audit chain: what was done, by whom, and that nobody changed the record.", no_args_is_help=True
)
app.add_typer(audit_app, name="audit")

Lines = Annotated[bool, typer.Option("--jsonl", help="One JSON object a line in, one a line out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Input = Annotated[Path | None, typer.Argument(help="A file; without it, standard input.")]


def main(arguments: Sequence[str] | None = None) -> int:  # noqa: PLR0911 - a return for each kind of end
    """Run the command line and return its exit code."""
    try:
        code = app(arguments, standalone_mode=False)
    except (ConfigError, Unreadable) as error:
        return _refuse(str(error), 2)
    except CodeHealerError as error:
        return _refuse(str(error), 1)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.Abort:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader has seen enough; Python would complain once more while it ends
        return 0
    except Exception as error:
        if hasattr(error, "format_message"):  # click's usage errors: they know the option and what is wrong with it
            return _refuse(f"{error.format_message()} (python -m bot --help lists what there is)", 2)
        raise
    return int(code or 0)


def _refuse(words: str, code: int) -> int:
    sys.stderr.write(f"codehealer: {' '.join(words.split())}\n")
    return code


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _settings() -> "Settings":
    from bot.settings import load_settings

    return load_settings()


@app.command()
def run(verbose: Annotated[bool, typer.Option(help="Log debugging events too.")] = False) -> int:
    """Connect to Slack and work until stopped. Prints `ready` when it listens."""
    from bot.commands.run import run as work

    return work(_settings(), verbose=verbose, write=_write)


@app.command()
def up() -> int:
    """Start what `make run` starts: live with Slack tokens, else the sandbox with the bot pointed at it."""
    from bot.commands.up import up as work

    return work(_settings(), write=_write)


@app.command()
def doctor(as_json: AsJson = False) -> int:
    """Check tokens, scopes, channels, connections and state: what is wrong, and how to mend it."""
    from bot.commands.doctor import doctor as work

    return work(_settings(), as_json=as_json, write=_write)


@app.command()
def simulate(
    platform: Annotated[str, typer.Argument(help="kubernetes")],
    scenario: Annotated[str, typer.Argument(help="A folder of config/scenarios, such as oom-killed.")],
) -> int:
    """Run one scenario: in the sandbox if CODEHEALER_MODE=sandbox, else from its files, printing the card."""
    from bot.commands.simulate import simulate as work

    return work(_settings(), platform, scenario, _write)


@app.command()
def parse(jsonl: Lines = False) -> int:
    """Read Slack message events ({"id", "event"} a line) and print what alert each one is."""
    from bot.commands.parse import parse_jsonl

    if not jsonl:
        return _refuse("parse: give --jsonl, the one form it has", 2)
    return parse_jsonl(sys.stdin, _write, _settings().house.own_app_id)


@app.command()
def reduce(
    file: Input = None,
    max_chars: Annotated[int, typer.Option(min=1, help="At most this many characters are printed.")] = 8000,
) -> int:
    """Read one raw log and print the lines that tell most, masked."""
    from bot.commands.reduce import reduce_stream

    if file is None:
        return reduce_stream(sys.stdin.buffer, max_chars, _write)
    with _opened(file).open("rb") as stream:
        return reduce_stream(stream, max_chars, _write)


@app.command()
def diagnose(
    file: Input = None,
    platform: Annotated[str, typer.Option(help="github-actions, jenkins, kubernetes, argocd, helm, ...")] = "ci",
    as_json: AsJson = False,
    jsonl: Lines = False,
    explain: Annotated[bool, typer.Option("--explain", help="Add the reasons for the confidence.")] = False,
) -> int:
    """Say what failed, with the quoted evidence and the confidence. Exit 1 when it abstains."""
    from bot.commands.diagnose import diagnose_jsonl, diagnose_one

    stream = _opened(file).open(encoding="utf-8", errors="replace", newline="\n") if file else _stdin()
    diagnoser = _diagnoser()
    with stream:
        if jsonl:
            return diagnose_jsonl(stream, _write, diagnoser)
        return diagnose_one(stream, platform, as_json, explain, _write, diagnoser)


@app.command()
def redact(jsonl: Lines = False) -> int:
    """Mask every secret of the text on standard input ({"id", "text"} a line with --jsonl)."""
    from knowledge.text.redact_lines import redact_jsonl, redact_text

    return redact_jsonl(_stdin(), _write) if jsonl else redact_text(_stdin(), sys.stdout)


@app.command()
def capsule(
    incident: Annotated[str, typer.Argument(help="An incident's id, as the audit chain and the logs name it.")],
    out: Annotated[Path | None, typer.Option(help="Where to write it; without it, standard output.")] = None,
) -> int:
    """Export an incident's recorded exchanges, redacted as they were recorded, for `replay`."""
    from bot.commands.replay import export

    return export(_settings(), incident, out, _write)


@app.command()
def replay(file: Annotated[Path, typer.Argument(metavar="CAPSULE", help="A file that `capsule` wrote.")]) -> int:
    """Run an incident again from its capsule. Exit 1 when a card or a decision differs by a byte."""
    from bot.commands.replay import replay as work

    return work(_opened(file), _write)


@audit_app.command("verify")
def audit_verify() -> int:
    """Check the whole chain. Exit 1 and the first broken record when somebody changed it."""
    from bot.commands.audit import verify

    return verify(_settings(), _write)


@audit_app.command("show")
def audit_show(
    incident: Annotated[str, typer.Option(help="Only this incident's records.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 100,
    as_json: AsJson = False,
) -> int:
    """Print audit records, oldest first."""
    from bot.commands.audit import show

    return show(_settings(), incident, limit, as_json=as_json, write=_write)


def _opened(file: Path) -> Path:
    if not file.is_file():
        raise ConfigError(place=str(file), problem="there is no such file", mend="name a file, or pipe it in")
    return file


def _stdin() -> TextIO:
    """Return standard input as text that never fails on a byte."""
    sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")  # type: ignore[union-attr]
    return sys.stdin


def _diagnoser() -> "Diagnoser":
    from datetime import UTC, datetime

    from bot.bootstrap import load_knowledge
    from bot.commands.diagnose import Diagnoser

    knowledge = load_knowledge(_settings().house.config_dir)
    return Diagnoser(patterns=knowledge.matcher, calibration=knowledge.calibration, now=datetime.now(UTC))
