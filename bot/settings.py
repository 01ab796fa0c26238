"""Everything that the environment says, one class a subject. The only reader of the environment.

A variable NAME may be given as NAME_FILE: the path of a file that holds it. An empty variable counts as not set.
"""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, field_validator

from bot.domain.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}


LONGEST = timedelta(days=30)


def _duration(raw: object) -> object:
    """Read `90s`, `2m`, `1h` or plain seconds: more than nothing, at most 30 days."""
    if not isinstance(raw, str):
        return raw
    match = re.fullmatch(r"([0-9]{1,7})\s?([smhd]?)", raw.strip())
    if match is None:
        raise ValueError("write a whole number and a unit, such as 90s, 2m or 1h")
    read = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if not timedelta(0) < read <= LONGEST:
        raise ValueError("it must be more than 0s and at most 30d")
    return read


def _names(raw: object) -> object:
    return frozenset(part.strip() for part in raw.split(",") if part.strip()) if isinstance(raw, str) else raw


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Names = Annotated[frozenset[str], BeforeValidator(_names)]


def _address(url: str) -> str:
    """Check an address that credentials travel to: https, or http on loopback for tests and the sandbox."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"it is no address: {error}") from error
    loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if not (parts.scheme == "https" or (parts.scheme == "http" and loopback)) or parts.username or parts.query:
        raise ValueError("it must be an https (or loopback http) address without credentials")
    return url.rstrip("/")


class Mode(StrEnum):
    LIVE = "live"
    SANDBOX = "sandbox"


class SlackSettings(BaseModel):
    """How Slack is reached. `channel_rate` is posts a second for each channel; 0 switches all pacing off."""

    bot_token: str = Field("", alias="SLACK_BOT_TOKEN")
    app_token: str = Field("", alias="SLACK_APP_TOKEN")
    api_url: str = Field("https://slack.com/api/", alias="SLACK_API_URL")
    channel_rate: float = Field(1.0, alias="SLACK_CHANNEL_RATE", ge=0, allow_inf_nan=False)

    @field_validator("api_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        """Bot tokens travel to this address: https, or loopback for tests and the sandbox."""
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise ValueError(f"it is no address: {error}") from error
        loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if not (parts.scheme == "https" or (parts.scheme == "http" and loopback)) or not parts.path.endswith("/api/"):
            raise ValueError("it must be an https (or loopback http) address that ends in /api/")
        return url


class HouseSettings(BaseModel):
    """Where state lies, who may approve, how long things take."""

    mode: Mode = Field(Mode.LIVE, alias="CODEHEALER_MODE")
    data_dir: Path = Field(Path("var"), alias="CODEHEALER_DATA_DIR")
    config_dir: Path | None = Field(None, alias="CODEHEALER_CONFIG_DIR")
    approvers: Names = Field(frozenset(), alias="CODEHEALER_APPROVERS")
    proposal_ttl: Duration = Field(timedelta(hours=1), alias="CODEHEALER_PROPOSAL_TTL")
    verify_window: Duration | None = Field(None, alias="CODEHEALER_VERIFY_WINDOW")
    audit_key: str = Field("", alias="CODEHEALER_AUDIT_KEY")
    own_app_id: str = Field("", alias="CODEHEALER_OWN_APP_ID")
    sweep_every: Duration = Field(timedelta(minutes=5), alias="CODEHEALER_SWEEP_EVERY")
    sandbox_port: int = Field(0, alias="CODEHEALER_SANDBOX_PORT", ge=0, le=65535)

    @property
    def watched_for(self) -> timedelta:
        """How long a fix is watched: as said, else two minutes, in the sandbox ten seconds."""
        if self.verify_window is not None:
            return self.verify_window
        return timedelta(seconds=10 if self.mode is Mode.SANDBOX else 120)


class KubernetesSettings(BaseModel):
    """KUBECONFIG names a file; without it a pod's own service account is used; the home directory is never read."""

    kubeconfig: Path | None = Field(None, alias="KUBECONFIG")


class GithubSettings(BaseModel):
    """The GitHub connection `default`: a token, or a GitHub App by its id and private key."""

    token: str = Field("", alias="GITHUB_TOKEN")
    app_id: str = Field("", alias="GITHUB_APP_ID")
    private_key: str = Field("", alias="GITHUB_PRIVATE_KEY")
    api_url: str = Field("https://api.github.com", alias="GITHUB_API_URL")

    @field_validator("api_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        return _address(url)

    @property
    def configured(self) -> bool:
        """Whether there is a credential."""
        return bool(self.token or (self.app_id and self.private_key))


class ArgocdSettings(BaseModel):
    """The Argo CD connection `default`: a URL and a token of an account with the capability apiKey."""

    server: str = Field("", alias="ARGOCD_SERVER")
    token: str = Field("", alias="ARGOCD_AUTH_TOKEN")

    @field_validator("server")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        return _address(url) if url else url

    @property
    def configured(self) -> bool:
        """Whether there are an address and a credential."""
        return bool(self.server and self.token)


class Settings(BaseModel):
    """All subjects together. `secret` reads a credential again each time: a file behind NAME_FILE may have changed."""

    slack: SlackSettings
    house: HouseSettings
    kubernetes: KubernetesSettings
    github: GithubSettings
    argocd: ArgocdSettings
    sources: dict[str, str] = Field(default_factory=dict, exclude=True, repr=False)

    def secret(self, name: str) -> str:
        """Return the value of NAME, or what the file behind NAME_FILE holds now; empty when neither is set.

        For the credentials of connections, whose names connections.yaml chooses. Raises ConfigError for a file that
        cannot be read.
        """
        if self.sources.get(name):
            return self.sources[name]
        path = self.sources.get(f"{name}_FILE")
        return _from_file(name, Path(path)) if path else ""


def load_settings(environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")) -> Settings:
    """Read the environment over the `.env` file. Raises ConfigError that names the variable and the mend."""
    values = _values(os.environ if environ is None else environ, dotenv)
    try:
        return Settings(
            slack=SlackSettings.model_validate(values),
            house=HouseSettings.model_validate(values),
            kubernetes=KubernetesSettings.model_validate(values),
            github=GithubSettings.model_validate(values),
            argocd=ArgocdSettings.model_validate(values),
            sources=_merged(os.environ if environ is None else environ, dotenv),
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "environment"
        problem = first["msg"].removeprefix("Value error, ")
        raise ConfigError(place=name, problem=problem, mend="correct it in the environment or in .env") from error


def names() -> tuple[str, ...]:
    """Return every variable that is read, for the docs' tests."""
    subjects: tuple[type[BaseModel], ...] = (
        SlackSettings,
        HouseSettings,
        KubernetesSettings,
        GithubSettings,
        ArgocdSettings,
    )
    return tuple(str(field.alias) for subject in subjects for field in subject.model_fields.values())


def _merged(environ: Mapping[str, str], dotenv: Path | None) -> dict[str, str]:
    written = dotenv_values(dotenv) if dotenv and dotenv.is_file() else {}
    return {name: value for name, value in {**written, **environ}.items() if value}


def _values(environ: Mapping[str, str], dotenv: Path | None) -> dict[str, Any]:
    merged = _merged(environ, dotenv)
    read: dict[str, Any] = {}
    for name in names():
        if name in merged:
            read[name] = merged[name]
        elif f"{name}_FILE" in merged:
            read[name] = _from_file(name, Path(str(merged[f"{name}_FILE"])))
    return read


def _from_file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            place=f"{name}_FILE", problem=f"{path} cannot be read ({error})", mend="name a file that holds the value"
        ) from error
