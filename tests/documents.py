"""Reading the README and the documentation."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"


def section(document: Path, heading: str) -> str:
    """Text under a heading of the second level, up to the next one."""
    return document.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def python_example(text: str, name: str = "") -> str:
    """The first Python example of a text, or the one that follows the comment ``<!-- example: name -->``."""
    start = text.index(f"<!-- example: {name} -->") if name else 0
    found = re.search(r"```python\n(.*?)```", text[start:], re.DOTALL)
    assert found, f"There is no Python example {name}"
    return found[1]
