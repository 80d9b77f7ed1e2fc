"""What the log must not contain."""

import logging

from kedro.framework.hooks import hook_impl

from mnist_growth.credentials import SafeFormatter

_LOGGERS = (None, "kedro", "mnist_growth")  # those of conf/logging.yml; Kedro does not allow other formatters there


class LogHooks:
    """Keeps user names and passwords in addresses out of the terminal and the log file."""

    @hook_impl(tryfirst=True)
    def after_context_created(self) -> None:
        """Replace the formatters of all handlers."""
        for handler in {handler for name in _LOGGERS for handler in logging.getLogger(name).handlers}:
            formatter = handler.formatter
            if formatter is None or type(formatter) is logging.Formatter:
                handler.setFormatter(SafeFormatter(formatter._fmt if formatter else None))
