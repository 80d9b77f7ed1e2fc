import logging
import os
import subprocess
import sys

import pytest

from mnist_growth.closed_output import survive_closed_output

PRINTING = """
import logging, sys
from mnist_growth.closed_output import survive_closed_output
logger = logging.getLogger("mnist_growth")
logger.addHandler(logging.StreamHandler(sys.stdout))
logger.setLevel("INFO")
logging.raiseExceptions = True
with survive_closed_output():
    for number in range(20_000):
        print("line", number)
    sys.stdout.writelines(["a", "b"])
    logger.info("end")
    print("finished", file=sys.stderr)
print("after")
"""


def test_a_command_goes_on_when_its_reader_stops_reading():
    process = subprocess.Popen(
        [sys.executable, "-c", PRINTING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == "line 0\n"
    process.stdout.close()

    assert process.stderr.read() == "finished\n"
    assert process.wait() == 0
    process.stderr.close()


def test_the_streams_and_the_handlers_are_the_same_afterwards(capsys):
    handler = logging.StreamHandler(sys.stderr)
    logger, before = logging.getLogger("mnist_growth"), (sys.stdout, sys.stderr, handler.stream)
    logger.addHandler(handler)
    try:
        with survive_closed_output():
            print("seen")
            assert handler.stream is sys.stderr
            assert handler.stream is not before[1]
    finally:
        logger.removeHandler(handler)

    assert (sys.stdout, sys.stderr, handler.stream) == before
    assert capsys.readouterr().out == "seen\n"


def test_other_errors_of_the_output_are_not_hidden(monkeypatch):
    with os.fdopen(os.open(os.devnull, os.O_RDONLY)) as unwritable:
        monkeypatch.setattr(sys, "stdout", unwritable)
        with survive_closed_output(), pytest.raises(OSError, match="not writable"):
            print("x")
