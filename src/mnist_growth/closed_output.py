"""Going on when whatever reads the output of a command stops reading, as in ``kedro run | head -1``."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

_LOGGERS = (None, "kedro", "mnist_growth")  # those of conf/logging.yml


class Output:
    """A stream that discards what is written after its pipe was closed.

    Args:
        stream: Standard output or standard error.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text, or discard it."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._discard_from_now_on()
            return len(text)

    def writelines(self, lines: Any) -> None:
        """Write texts, or discard them."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what is buffered, or discard it."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._discard_from_now_on()

    def _discard_from_now_on(self) -> None:
        """Let the file descriptor lead nowhere, also for what the interpreter writes at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


@contextmanager
def survive_closed_output() -> Iterator[None]:
    """Let standard output, standard error and the handlers of the log that write to them survive a closed pipe."""
    before = sys.stdout, sys.stderr
    outputs: dict[int, Any] = {id(stream): Output(stream) for stream in before if stream is not None}
    changed = []
    for handler in {handler for name in _LOGGERS for handler in logging.getLogger(name).handlers}:
        if isinstance(handler, logging.StreamHandler) and id(handler.stream) in outputs:
            changed.append((handler, handler.stream))
            handler.setStream(outputs[id(handler.stream)])
    sys.stdout, sys.stderr = (outputs.get(id(stream), stream) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for handler, stream in changed:
            handler.setStream(stream)
