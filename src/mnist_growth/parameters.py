"""Checks of the parameters of a run before anything runs."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, get_args, get_origin

from kedro.pipeline import Pipeline
from kedro.validation.type_extractor import TypeExtractor
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from mnist_growth.machine import DeviceName, Threads
from mnist_growth.parameter_rules import as_yaml
from mnist_growth.serving import ServingConfig

UNGROUPED: Mapping[str, Any] = {
    "dataset": str,
    "device": DeviceName,
    "serving": ServingConfig,
    "threads": Threads,
}
"""Types of the parameters that Kedro does not check: no node has them as a model."""

EXPECTED = {
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": "a value above {gt}",
    "greater_than_equal": "a value of at least {ge}",
    "int_type": "an integer",
    "less_than": "a value below {lt}",
    "less_than_equal": "a value of at most {le}",
    "literal_error": "{expected}",
    "model_type": "a group of parameters",
    "string_type": "a string",
    "tuple_type": "a list",
}
"""What was expected, by the type of pydantic's error; the braces name entries of the error's context."""


def parameter_types(pipelines: Mapping[str, Pipeline]) -> dict[str, Any]:
    """Return the type of every parameter and group: those that nodes declare, and those that Kedro does not check."""
    return {**UNGROUPED, **TypeExtractor(dict(pipelines)).extract_types_from_pipelines()}


def check_parameters(parameters: Mapping[str, Any], pipelines: Mapping[str, Pipeline]) -> None:
    """Check every parameter against the type that the nodes declare for it, and those that belong together.

    Kedro checks a group when a node uses it, but silently accepts one whose name no node knows (``trainng``).

    Args:
        parameters: Parameters of the run, nested by group.
        pipelines: All registered pipelines.

    Raises:
        ValueError: A parameter is wrong; the message has one sentence for each of them.
    """
    types = parameter_types(pipelines)
    problems = [f"Unknown parameter {name!r}; {_suggestion(name, types)}" for name in parameters if name not in types]
    for name, expected in types.items():
        if name in parameters:
            try:
                TypeAdapter(expected).validate_python(parameters[name])
            except ValidationError as error:
                problems += [_sentence(name, detail, expected) for detail in error.errors()]
    problems = problems or list(_contradictions(parameters))
    if problems:
        raise ValueError(" ".join([*problems, "See conf/base/parameters_*.yml for the meaning of every parameter."]))


def validated(name: str, value: Any, pipelines: Mapping[str, Pipeline]) -> Any:
    """Return the model of a group of parameters.

    Args:
        name: Name of the group.
        value: Its parameters.
        pipelines: Registered pipelines, one of which uses the group.

    Raises:
        ValueError: A parameter is wrong; the message has one sentence for each of them.
    """
    expected = parameter_types(pipelines)[name]
    try:
        return TypeAdapter(expected).validate_python(value)
    except ValidationError as error:
        raise ValueError(" ".join(_sentence(name, detail, expected) for detail in error.errors())) from error


def check_digits(dataset: str, manifest: Mapping[str, Any], requested: str) -> None:
    """Check that the digits of an earlier ingest are those that ``--params dataset=...`` names.

    Args:
        dataset: Name of the data set that the digits belong to.
        manifest: Manifest of the newest ingest; it says for which data set a fallback was used.
        requested: Name of the data set in the parameters of this run.

    Raises:
        ValueError: The digits belong to another data set.
    """
    replaced = manifest["requested"] if manifest["dataset"] == dataset else dataset
    if requested not in (dataset, replaced):
        raise ValueError(
            f"Parameter 'dataset' is {requested!r}, but the newest digits are {dataset!r}; "
            f"run `kedro run --params dataset={requested}` first, or choose digits with "
            "--load-versions test_digits:<version>."
        )


def _contradictions(parameters: Mapping[str, Any]) -> Iterable[str]:
    """Parameters that are valid alone but have no meaning together."""
    dataset, archive = parameters.get("dataset"), parameters.get("archive", {})
    for name in ("path", "test_fraction", "resize", "transposed"):
        if archive.get(name) not in (None, False) and dataset != "folder":
            yield (
                f"Parameter 'archive.{name}' is {_quoted(archive[name])}, but 'dataset' is {dataset!r} and does not "
                f"use it; set dataset=folder, or leave out archive.{name}."
            )


def _sentence(group: str, detail: ErrorDetails, expected: Any) -> str:
    """One problem that pydantic found, in the words of the project."""
    *outer, last = detail["loc"] or [""]
    if detail["type"] == "extra_forbidden":
        path, models = _follow(expected, outer)
        inner = ".".join([group, *path])
        known = [f"{inner}.{name}" for model in models for name in model.model_fields]
        return f"Unknown parameter '{inner}.{last}'; {_suggestion(f'{inner}.{last}', known)}"
    name = ".".join([group, *_follow(expected, detail["loc"])[0]])
    if detail["type"] == "missing":
        return f"Parameter '{name}' is missing; add it."
    if detail["type"] == "value_error":
        return str(detail["ctx"]["error"])
    what = EXPECTED.get(detail["type"], detail["msg"].removeprefix("Input should be "))
    return f"Parameter '{name}' is {_quoted(detail['input'])}; expected {what.format(**detail.get('ctx', {}))}."


def _follow(kind: Any, location: Sequence[int | str]) -> tuple[list[str], list[type[BaseModel]]]:
    """Follow the location of an error into a type.

    Returns:
        The parts of the parameter's name (pydantic also names the members of unions), and the models found there.
    """
    names: list[str] = []
    kinds, models = [kind], _models(kind)
    for part in location:
        fields = [model.model_fields[part].annotation for model in models if part in model.model_fields]
        values = [value for kind in kinds for value in _values(kind)]
        if fields or values:
            kinds = fields or values
            models = [model for kind in kinds for model in _models(kind)]
        if fields or values or isinstance(part, int):
            names.append(str(part))
    return names, models


def _models(kind: Any) -> list[type[BaseModel]]:
    """All models in a type, as ``list[Model] | None``, and all kinds of each of them."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind, *(model for subclass in kind.__subclasses__() for model in _models(subclass))]
    return [model for argument in get_args(kind) for model in _models(argument)]


def _values(kind: Any) -> list[Any]:
    """All types of values in a type that is a mapping, or may be one."""
    if get_origin(kind) is dict:
        return [get_args(kind)[1]]
    return [value for argument in get_args(kind) if get_origin(kind) is UnionType for value in _values(argument)]


def _quoted(value: Any) -> str:
    """A value as it is written in the configuration, texts with quotation marks."""
    return as_yaml(value) if value is None or isinstance(value, bool) else repr(value)


def _suggestion(name: str, known: Iterable[str]) -> str:
    """The closest known name, or all of them."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(names)}."
