"""The composition root: settings become the application. The only package that imports adapters.

It reads as what stands behind each port: `platforms` the vendors, `engine` the inside, `app` Slack joined to it. Vendor
SDKs are imported where they are needed, so that `--help` and the commands without a vendor stay quick.
"""

from bot.bootstrap.app import App
from bot.bootstrap.engine import (
    CONFIG,
    Engine,
    Knowledge,
    audit_key,
    build_engine,
    load_knowledge,
    log_observer,
    peek,
    replay_desk,
)
from bot.bootstrap.platforms import ConfiguredPlatforms, world_platforms

__all__ = [
    "CONFIG",
    "App",
    "ConfiguredPlatforms",
    "Engine",
    "Knowledge",
    "audit_key",
    "build_engine",
    "load_knowledge",
    "log_observer",
    "peek",
    "replay_desk",
    "world_platforms",
]
