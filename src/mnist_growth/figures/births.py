"""Names of growths on axes."""


def birth_name(epoch: int) -> str:
    """Return the first epoch of units, as axes name it."""
    return "start" if epoch == 1 else str(epoch)
