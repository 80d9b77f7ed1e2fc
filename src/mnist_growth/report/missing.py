"""Results that a network does not have."""

from collections.abc import Iterable
from dataclasses import dataclass

from mnist_growth.lineage import Lineage

_DIGITS_OF_A_DIGEST = 6


@dataclass(frozen=True)
class Missing:
    """A placeholder for a result that a network does not have.

    Attributes:
        name: Dataset in the catalog.
        owner: Lineage of the newest result of this name; ``UNKNOWN`` if there is none.
        command: Command that makes the result; empty if no pipeline does.
        damaged: Path of the newest file of this name if it is damaged; otherwise empty.
    """

    name: str
    owner: Lineage
    command: str
    damaged: str = ""


def explain(missing: Iterable[Missing]) -> list[str]:
    """Return one sentence for each reason and command, with the names of the datasets."""
    return [
        f"{reason}: {names}." + (f" Run `{command}` to make them." if command else "")
        for names, reason, command in reasons(missing)
    ]


def reasons(missing: Iterable[Missing]) -> list[tuple[str, str, str]]:
    """Return names of datasets, the reason why they are missing, and the command that makes them."""
    names: dict[tuple[str, str], list[str]] = {}
    for each in missing:
        names.setdefault((_reason(each), each.command), []).append(each.name)
    return [(", ".join(found), reason, command) for (reason, command), found in names.items()]


def _reason(missing: Missing) -> str:
    if missing.damaged:
        return f"The newest file is damaged ({missing.damaged})"
    owner = missing.owner
    if owner.network_sha256:
        return f"These results belong to another network ({owner.network_sha256[:_DIGITS_OF_A_DIGEST]}…)"
    if owner.fingerprint:
        return f"These results belong to another set of digits ({owner.fingerprint[:_DIGITS_OF_A_DIGEST]}…)"
    return "This network has no such results yet"
