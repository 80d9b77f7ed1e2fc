"""Reading JSON files that may be damaged."""

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        ValueError: It is not JSON, or its values are nested too deeply to be read.
        OSError: The file cannot be read.
    """
    try:
        return json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None
