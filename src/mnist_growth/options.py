"""Values of options of the commands that Kedro does not read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml
from kedro.framework.cli.utils import _config_file_callback
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mnist_growth.yaml_check import check_mapping, check_yaml

_CLOSING = {"[": "]", "{": "}"}
_MAPPING = re.compile(r"\{[^{}]*\}")
_COLON_WITHOUT_SPACE = re.compile(r"([{,]\s*[A-Za-z_]\w*):(?=[^\s/])")
_LOAD_VERSION = re.compile(r"\s*(?P<name>[^:\s]+):(?P<version>[^/\\\s]+)\s*")


def parse_params(context: click.Context, option: Any, text: Any) -> dict[str, Any]:
    """Read the value of ``--params``: ``name=value`` pairs separated by commas, groups by dots.

    As with Kedro a value is YAML. In addition, lists and mappings in brackets and quoted text may contain commas:
    ``growth.plan=[{epoch: 1, neurons: 64}]``, ``predict.folder="a,b"``.

    Args:
        context: The command.
        option: The option.
        text: Its value; a mapping if it comes from ``--config``.

    Raises:
        click.UsageError: A pair has no name or no value, or a value is not YAML.
    """
    if isinstance(text, dict):
        return text
    pairs = []
    for name, value in _pairs(context, option, text):
        if value[:1] in _CLOSING and not {"'", '"'} & set(value):
            value = _MAPPING.sub(lambda mapping: _COLON_WITHOUT_SPACE.sub(r"\1: ", mapping[0]), value)
        pairs.append(f"{name}={value}")
    try:
        for pair in pairs:
            check_yaml(pair.partition("=")[2])
        parsed = OmegaConf.to_container(OmegaConf.from_dotlist(pairs))
    except (yaml.YAMLError, OmegaConfBaseException, ValueError, RecursionError) as error:
        reason = str(error).split("\n")[0]
        raise click.BadParameter(f"{text!r} cannot be read ({reason})", context, option) from error
    assert isinstance(parsed, dict)
    return {str(name): value for name, value in parsed.items()}


def read_config(context: click.Context, option: Any, path: Any) -> Any:
    """Read the file of ``--config``: the options of a command, below its name.

    Args:
        context: The command; the options become its defaults.
        option: The option.
        path: The file; None if it is not given.

    Raises:
        click.UsageError: The file is not YAML, or does not have this form.
        KedroCliError: It has an option that the command does not have.
    """
    try:
        if path:
            check_mapping(Path(path).read_bytes())
        _config_file_callback(context, option, path)
    except (
        yaml.YAMLError,
        OmegaConfBaseException,
        ValueError,
        AttributeError,
        LookupError,
        TypeError,
    ) as error:
        raise click.BadParameter(
            f"{path} does not contain options; expected YAML such as `{context.info_name}: {{pipeline: evaluate}}`",
            context,
            option,
        ) from error
    return path


def parse_load_versions(context: click.Context, option: Any, text: Any) -> dict[str, str]:
    """Read the value of ``--load-versions``: ``dataset:version`` pairs separated by commas.

    Args:
        context: The command.
        option: The option.
        text: Its value; a mapping if it comes from ``--config``.

    Raises:
        click.UsageError: A pair does not have this form.
    """
    if isinstance(text, dict):
        return text
    versions = {}
    for item in filter(None, map(str.strip, (text or "").split(","))):
        match = _LOAD_VERSION.fullmatch(item)
        if match is None or match["version"] in (".", ".."):
            raise click.BadParameter(
                f"{item!r} is not a dataset and its version; expected <dataset>:<version>, such as "
                "network:2026-01-31T12.00.00.000Z",
                context,
                option,
            )
        versions[match["name"]] = match["version"]
    return versions


def _pairs(context: click.Context, option: Any, text: str) -> Iterator[tuple[str, str]]:
    """Names and values, split at the commas that are not within brackets or quotes."""
    rest = text or ""
    while rest.strip(" ,"):
        rest = rest.lstrip(" ,")
        name, equals, after = rest.partition("=")
        if not equals or "," in name or not name.strip():
            item = rest.split(",")[0].strip()
            raise click.BadParameter(
                f"{item!r} is not a parameter and its value; expected <name>=<value>. Put a value with commas into "
                """quotes, such as 'predict.folder="a,b"', or brackets""",
                context,
                option,
            )
        end = _end_of_value(after)
        yield name.strip(), after[:end].strip()
        rest = after[end:]


def _end_of_value(text: str) -> int:
    """Index of the comma behind the value at the start of a text; the length of the text if there is none."""
    start = len(text) - len(text.lstrip())
    first = text[start : start + 1]
    inner = start
    if first in ("'", '"'):
        inner = text.find(first, start + 1)
    elif first in _CLOSING:
        inner = _closing_bracket(text, start)
    comma = text.find(",", max(inner, start))
    return len(text) if comma < 0 else comma


def _closing_bracket(text: str, start: int) -> int:
    """Index of the bracket that closes the one at ``start``; -1 if there is none."""
    open_brackets: list[str] = []
    quote = ""
    for index in range(start, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in ("'", '"') and text[:index].rstrip()[-1:] in ("[", "{", ",", ":"):
            quote = character
        elif character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
            if not open_brackets:
                return index
    return -1
