"""The environments of the configuration, each a folder of parameters that differ from the defaults."""

import re
from collections.abc import Mapping
from pathlib import Path

from mnist_growth.configuration import BASE

_DESCRIBED_IN = "parameters_train.yml"
_COMMENT = re.compile(r"#\s?(.*)")


def environments(conf_source: Path) -> Mapping[str, str]:
    """Return the environments of a configuration and what they are for.

    Args:
        conf_source: Folder of the configuration.

    Returns:
        Name and description: the first sentence of the comment at the top of the parameters of the training; empty
        where there is none.
    """
    folders = sorted(path for path in conf_source.iterdir() if path.is_dir() and path.name != "local")
    described = {path.name: _first_sentence(path / _DESCRIBED_IN) for path in folders}
    return described | ({BASE: "The defaults."} if BASE in described else {})


def _first_sentence(path: Path) -> str:
    """First sentence of the comment at the top of a file."""
    if not path.is_file():
        return ""
    words: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        comment = _COMMENT.fullmatch(line)
        if comment is None:
            break
        words.append(comment[1])
    sentence, stop, _ = " ".join(words).partition(". ")
    return sentence + stop.rstrip()
