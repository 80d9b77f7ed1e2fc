"""Removing user names and passwords from addresses that are shown or stored."""

import logging
import re

_CREDENTIALS = re.compile(r"(?<=://)[^/\s'\"]*@")


def without_credentials(text: str) -> str:
    """Return a text with `***` in place of the user and password of every address in it."""
    return _CREDENTIALS.sub("***@", text)


class SafeFormatter(logging.Formatter):
    """Formats messages of the log, tracebacks included, without credentials."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a message."""
        return without_credentials(super().format(record))
