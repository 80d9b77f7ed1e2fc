"""Names of tensors after a layer or a block was inserted."""


def name_after_insertion(name: str, modules: str, position: int) -> str:
    """Return the name that a tensor has after a module was inserted: later ones move up by one.

    Args:
        name: Such as "hidden.1.norm.weight".
        modules: Name of the list of modules in its network, such as "hidden".
        position: Of the inserted module, from 0.
    """
    first, *rest = name.split(".")
    if first == modules and int(rest[0]) >= position:
        rest[0] = str(int(rest[0]) + 1)
    return ".".join([first, *rest])
