"""The TOML file: what may stand in it, what it means, and every mistake in it at once.

settings    the models: names, types, ranges, defaults
load        load_settings(): document → structure → checks → files
locations   which file, which state directory
positions   the line of every setting; shape, mistakes: what messages are made of
"""

from inbound.config.load import load_settings
from inbound.config.locations import find_config, state_directory
from inbound.config.pick_lists import Category, Choice, IssueType, Queue, Status, Tag
from inbound.config.reception import Authentication, Limits, Listener, PeerRule, PeerUser
from inbound.config.section import Section
from inbound.config.settings import (
    DatabaseSettings,
    Desk,
    IntakeSettings,
    LogSettings,
    MetricsSettings,
    Server,
    Settings,
    SmartHost,
)

__all__ = [
    "Authentication",
    "Category",
    "Choice",
    "DatabaseSettings",
    "Desk",
    "IntakeSettings",
    "IssueType",
    "Limits",
    "Listener",
    "LogSettings",
    "MetricsSettings",
    "PeerRule",
    "PeerUser",
    "Queue",
    "Section",
    "Server",
    "Settings",
    "SmartHost",
    "Status",
    "Tag",
    "find_config",
    "load_settings",
    "state_directory",
]
