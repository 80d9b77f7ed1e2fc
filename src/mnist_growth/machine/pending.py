"""What is waited for in a group of processes."""

from typing import Protocol


class ProcessLostError(RuntimeError):
    """Another process has ended, does not answer in time, or has another state: this group cannot continue."""


class Pending(Protocol):
    """A sum that is being computed."""

    def wait(self) -> None:
        """Wait until the tensor contains the sum.

        Raises:
            ProcessLostError: Another process did not take part.
        """
