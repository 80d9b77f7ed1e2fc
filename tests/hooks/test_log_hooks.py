import io
import logging

import pytest

from mnist_growth.hooks import LogHooks


@pytest.mark.parametrize("name", [None, "kedro", "mnist_growth"])
def test_no_handler_writes_credentials(name):
    stream = io.StringIO()
    handler, logger = logging.StreamHandler(stream), logging.getLogger(name)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))
    logger.addHandler(handler)
    try:
        LogHooks().after_context_created()
        handler.handle(logger.makeRecord("x", logging.ERROR, "", 0, "%s fails", ("ftp://me:secret@host/",), None))
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue() == "[ERROR] ftp://***@host/ fails\n"
