"""Facts about a run, in addition to its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RunFacts:
    """Facts about a run, as text.

    Attributes:
        run: Start, commit, pipeline and environment.
        machine: Hardware and operating system.
        software: Versions of the main packages, by name.
        versions: Versions of the loaded and saved datasets, by name.
    """

    run: Mapping[str, str]
    machine: Mapping[str, str]
    software: Mapping[str, str]
    versions: Mapping[str, str]
