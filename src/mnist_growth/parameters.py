"""Checking the parameters of a run before anything runs."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from kedro.pipeline import Pipeline
from kedro.validation.type_extractor import TypeExtractor
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from mnist_growth.machine import DeviceName, Threads
from mnist_growth.serving import ServingConfig


class ArchiveParameters(BaseModel):
    """Where one's own digits are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None


UNGROUPED: Mapping[str, Any] = {
    "dataset": str,
    "archive": ArchiveParameters,
    "device": DeviceName,
    "serving": ServingConfig,
    "threads": Threads,
}
"""Parameters that Kedro does not check: the catalog or a command reads them, or their type is no model."""


def check_parameters(parameters: Mapping[str, Any], pipelines: Mapping[str, Pipeline]) -> None:
    """Check every parameter against the type that the nodes declare for it.

    Kedro checks a group when a node uses it, but silently accepts one whose name no node knows (``trainng``).

    Args:
        parameters: of the run, as configured.
        pipelines: all registered pipelines.

    Raises:
        ValueError: one sentence per wrong parameter, with what was found and what was expected.
    """
    types: dict[str, Any] = {**UNGROUPED, **TypeExtractor(dict(pipelines)).extract_types_from_pipelines()}
    complaints = [
        f"there is no parameter {name!r}{_did_you_mean(name, types)}" for name in parameters if name not in types
    ]
    for name, expected in types.items():
        if name in parameters:
            try:
                TypeAdapter(expected).validate_python(parameters[name])
            except ValidationError as error:
                complaints += [_sentence(name, detail, expected) for detail in error.errors()]
    if complaints:
        raise ValueError("; ".join(complaints) + " (conf/base/parameters_*.yml explains every parameter)")


def check_digits(dataset: str, manifest: Mapping[str, Any], asked_for: str) -> None:
    """Check that digits ingested earlier are those that ``--params dataset=...`` names.

    Args:
        dataset: name of the set that the digits belong to.
        manifest: of the newest ingest; says for which set a fallback stands in.
        asked_for: name of the set in this run's parameters.

    Raises:
        ValueError: they are of another set.
    """
    stands_in_for = manifest["requested"] if manifest["dataset"] == dataset else dataset
    if asked_for not in (dataset, stands_in_for):
        raise ValueError(
            f"dataset is {asked_for!r}, but the digits ingested last are {dataset!r}: "
            f"run `kedro run --params dataset={asked_for}` first, or choose digits by "
            "--load-versions test_digits:<version>"
        )


def _sentence(group: str, detail: Any, expected: Any) -> str:
    """One complaint of pydantic in the project's words."""
    name = ".".join([group, *(str(part) for part in detail["loc"])])
    if detail["type"] == "extra_forbidden":
        *path, found = (str(part) for part in detail["loc"])
        for part in path:  # down to the model that has no such field
            expected = expected.model_fields[part].annotation
        inner = ".".join([group, *path])
        return f"there is no parameter {name!r}{_did_you_mean(found, expected.model_fields, inner)}"
    if detail["type"] == "value_error":
        return f"{group}: {detail['ctx']['error']}"
    message = detail["msg"].removeprefix("Input should be ")
    return f"{name} is {detail['input']!r}; expected {message}"


def _did_you_mean(name: str, known: Iterable[str], group: str = "") -> str:
    """The closest known name, or all of them."""
    names = [f"{group}.{known_name}" if group else known_name for known_name in known]
    close = difflib.get_close_matches(f"{group}.{name}" if group else name, names, n=1)
    return f", did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(sorted(names))}"
