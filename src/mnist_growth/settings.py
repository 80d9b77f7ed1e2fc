"""Settings of the Kedro project."""

from mnist_growth.configuration import CONFIG_LOADER_ARGS, ConfigLoader
from mnist_growth.hooks import (
    ClosingHooks,
    ContentHooks,
    FactsHooks,
    InputHooks,
    LineageHooks,
    LogHooks,
    MemoryHooks,
    MissingOutputsHooks,
    ParameterHooks,
    ProgressHooks,
    ResultHooks,
    ResumeHooks,
    StatusHooks,
    TrackingHooks,
    VersionHooks,
)
from mnist_growth.run_version import RunStore

__all__ = ["CONFIG_LOADER_ARGS", "CONFIG_LOADER_CLASS", "DISABLE_HOOKS_FOR_PLUGINS", "HOOKS", "SESSION_STORE_CLASS"]

# Kedro calls the hooks of the last one first: the record is closed before the result is shown.
HOOKS = (
    LogHooks(),
    ClosingHooks(),
    StatusHooks(),
    ContentHooks(),
    ParameterHooks(),
    VersionHooks(),
    LineageHooks(),
    ResumeHooks(),
    MissingOutputsHooks(),
    FactsHooks(),
    ResultHooks(),
    TrackingHooks(),
    InputHooks(),
    MemoryHooks(),
    ProgressHooks(),
)
CONFIG_LOADER_CLASS = ConfigLoader
SESSION_STORE_CLASS = RunStore
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
