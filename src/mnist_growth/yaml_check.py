"""Checks of YAML text before it is read: small when its aliases are expanded, and without surprises."""

from collections.abc import Iterator
from typing import Any

import yaml

MAX_NODES = 20_000
"""Largest number of values, keys and collections in a text, with every alias replaced by what it stands for."""

MAX_DEPTH = 30
"""Largest number of collections within each other."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where PyYAML was built with libyaml
_STANDARD_TAG = "tag:yaml.org,2002:"
_PYTHON_TAG = f"{_STANDARD_TAG}python"


def check_yaml(text: str) -> yaml.Node | None:
    """Check that a text is YAML of a reasonable size, without objects of Python and without repeated keys.

    A few lines of aliases to aliases can stand for billions of values ("billion laughs").

    Returns:
        What the text holds; None if it is empty.

    Raises:
        ValueError: It is not; the message is the reason, for a sentence of the caller.
    """
    try:
        _check_size(text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ValueError(_reason(error)) from None
    if node is not None:
        _check_nodes(node)
    return node


def check_mapping(content: bytes) -> None:
    """Check that the content of a file is a YAML mapping whose keys are names, or empty.

    Raises:
        ValueError: It is not; the message is the reason, for a sentence of the caller.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from None
    node = check_yaml(text)
    if node is None or node.tag == f"{_STANDARD_TAG}null":
        return
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"it contains a {'list' if isinstance(node, yaml.SequenceNode) else 'single value'}")
    for key, _ in node.value:
        if key.tag not in (f"{_STANDARD_TAG}str", f"{_STANDARD_TAG}merge"):
            raise ValueError(f"line {key.start_mark.line + 1} has the key {key.value!r}, which is not a name")


def _check_size(text: str) -> None:
    """Count the nodes of a text with its aliases expanded.

    Raises:
        ValueError: There are too many, they are nested too deeply, or an alias contains itself.
    """
    sizes: dict[str, int] = {}  # of what the anchors stand for
    open_collections: list[tuple[str | None, int]] = []  # anchor, and number of nodes before the collection
    nodes = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ValueError(f"the alias *{event.anchor} stands for nothing, or for what contains it")
            nodes += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            sizes.pop(event.anchor or "", None)  # until its end
            open_collections.append((event.anchor, nodes))
            nodes += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_collections.pop()
            if anchor:
                sizes[anchor] = nodes - before
        if nodes > MAX_NODES:
            raise ValueError(f"it has more than {MAX_NODES:,} values when its aliases are expanded")
        if len(open_collections) > MAX_DEPTH:
            raise ValueError(f"it has more than {MAX_DEPTH} collections within each other")


def _check_nodes(root: yaml.Node) -> None:
    """Check tags and keys.

    Raises:
        ValueError: A tag makes an object of Python, or a mapping has the same key twice.
    """
    for node in _distinct_nodes(root):
        line = node.start_mark.line + 1
        if node.tag.startswith(_PYTHON_TAG) or not node.tag.startswith(_STANDARD_TAG):
            raise ValueError(f"line {line} has the tag {node.tag.replace(_STANDARD_TAG, '!!')!r}")
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            repeated = next((key for key in keys if keys.count(key) > 1), None) if len(set(keys)) < len(keys) else None
            if repeated is not None and repeated != "<<":
                raise ValueError(f"it has the key {repeated!r} more than once in the mapping of line {line}")


def _distinct_nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield every node once, however many aliases refer to it."""
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        yield node
        inner = node.value if isinstance(node, yaml.SequenceNode) else []
        if isinstance(node, yaml.MappingNode):
            inner = [part for pair in node.value for part in pair]
        for each in inner:
            if id(each) not in seen:
                seen.add(id(each))
                waiting.append(each)


def _reason(error: yaml.YAMLError) -> str:
    """What is wrong with a text and in which line."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is not None and problem:
        return f"line {mark.line + 1}: {problem}"
    return " ".join(str(error).split())
