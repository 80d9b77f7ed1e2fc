"""Settings of the Kedro project."""

from mnist_growth.hooks import (
    FactsHooks,
    LineageHooks,
    MemoryHooks,
    ParameterHooks,
    ResultHooks,
    StatusHooks,
    TrackingHooks,
    VersionHooks,
)

# Kedro calls the hooks of the last one first: the record is closed before the result is shown.
HOOKS = (
    StatusHooks(),
    ParameterHooks(),
    VersionHooks(),
    LineageHooks(),
    FactsHooks(),
    ResultHooks(),
    TrackingHooks(),
    MemoryHooks(),
)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment holds only what differs from base, also within a group.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
