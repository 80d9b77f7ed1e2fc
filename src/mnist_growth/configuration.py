"""The configured parameters outside a Kedro run: in benchmarks, studies, notebooks and tests."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from kedro.config import OmegaConfigLoader
from pydantic import BaseModel

from mnist_growth.nested import merge
from mnist_growth.yaml_check import check_mapping

BASE = "base"
"""Environment that holds the default of every parameter."""

CONFIG_LOADER_ARGS: dict[str, Any] = {
    "base_env": BASE,
    "default_run_env": "local",
    # An environment holds only what differs from base, also within a group.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}

Model = TypeVar("Model", bound=BaseModel)


class ConfigLoader(OmegaConfigLoader):
    """Kedro's loader of the configuration, which also names a file that it cannot read.

    It reads the parameters once: Kedro and the hooks ask for them several times in a run, and reading takes 0.4 s.
    """

    _parameters: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return a part of the configuration; the caller may change it."""
        if key != "parameters" or key in self.data:
            part: dict[str, Any] = super().__getitem__(key)
            return part
        if self._parameters is None:
            self._parameters = super().__getitem__(key)
        return copy.deepcopy(self._parameters)

    def _is_valid_config_path(self, path: Path) -> bool:
        """Whether a file belongs to the configuration.

        Raises:
            ValueError: It does, but it is not a YAML mapping of a reasonable size.
        """
        is_valid = bool(super()._is_valid_config_path(path))
        if is_valid:
            with self._fs.open(path.as_posix()) as file:
                content = file.read()
            try:
                check_mapping(content)
            except ValueError as error:
                raise ValueError(
                    f"{path} is not a file of parameters or datasets ({error}); expected YAML in UTF-8 that maps "
                    "names to values: correct it or restore it"
                ) from None
        return is_valid


def load_parameters(
    conf_source: str | Path, env: str = BASE, runtime_params: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Read the parameters of an environment as a Kedro run reads them.

    Args:
        conf_source: Folder of the configuration, ``conf`` in a project.
        env: Name of the environment.
        runtime_params: Parameters that replace those of the environment, nested by group.

    Returns:
        All parameters, nested by group. They are not checked.

    Raises:
        ValueError: A file is not a YAML mapping.
    """
    loader = ConfigLoader(str(conf_source), env=env, runtime_params=dict(runtime_params or {}), **CONFIG_LOADER_ARGS)
    parameters: dict[str, Any] = loader["parameters"]
    return parameters


def configure(kind: type[Model], group: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Model:
    """Make the model of a group of parameters.

    Args:
        kind: Class of the model.
        group: All parameters of the group.
        changes: Parameters that replace those of the group, nested as in the group.

    Raises:
        ValidationError: A parameter is unknown, missing or out of range.
    """
    return kind.model_validate(merge(group, changes or {}))
