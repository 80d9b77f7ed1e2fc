"""What the log must not contain, and a log that cannot be written."""

import logging
from pathlib import Path

from kedro.framework.hooks import hook_impl

from mnist_growth.credentials import SafeFormatter

logger = logging.getLogger(__name__)

_LOGGERS = (None, "kedro", "mnist_growth")  # those of conf/logging.yml; Kedro does not allow other formatters there


class LogHooks:
    """Keeps user names and passwords in addresses out of the terminal and the log file, and checks this file."""

    @hook_impl(tryfirst=True)
    def after_context_created(self) -> None:
        """Replace the formatters of all handlers, and say so if a log file cannot be written."""
        handlers = {handler for name in _LOGGERS for handler in logging.getLogger(name).handlers}
        for handler in handlers:
            formatter = handler.formatter
            if formatter is None or type(formatter) is logging.Formatter:
                handler.setFormatter(SafeFormatter(formatter._fmt if formatter else None))
        for handler in handlers:
            if isinstance(handler, logging.FileHandler) and (reason := _why_not_writable(handler)):
                for name in _LOGGERS:
                    logging.getLogger(name).removeHandler(handler)
                logger.warning("%s cannot be written (%s): this run has no log file", handler.baseFilename, reason)


def _why_not_writable(handler: logging.FileHandler) -> str:
    """Why a log file cannot be written; empty if it can."""
    try:
        with Path(handler.baseFilename).open("ab"):
            return ""
    except OSError as error:
        return error.strerror or str(error)
