"""What a run was, beside its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RunFacts:
    """Names and values for a reader; every value is a text.

    Attributes:
        run: When, of which commit, with which pipeline and environment.
        machine: What it ran on.
        software: Versions of the packages that matter, by name.
        versions: Versions of the datasets that it loads or makes, by name.
    """

    run: Mapping[str, str]
    machine: Mapping[str, str]
    software: Mapping[str, str]
    versions: Mapping[str, str]
