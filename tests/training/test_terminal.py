import fcntl
import io
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from rich.console import Console

from mnist_growth.training import CheckpointStore, Monitors, TerminalMonitor, train


def run(training, monitor, folder):
    train(training.begin(), training.data, training.setup, CheckpointStore(folder), monitor, training.budget)


def test_without_a_terminal_there_is_one_plain_line_per_epoch_and_growth(make_training, tmp_path, caplog):
    caplog.set_level(logging.INFO, "mnist_growth")
    run(make_training(), TerminalMonitor(Console(file=io.StringIO())), tmp_path)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split()[0] for line in lines] == ["epoch", "grew", "epoch", "grew", "epoch"]
    assert "width 6-6" in lines[0]
    assert "images/s" in lines[0]
    assert lines[1].startswith("grew 6-6 -> 9-9 (")


def test_in_a_terminal_there_is_a_progress_bar(make_training, tmp_path):
    screen = io.StringIO()
    run(make_training(), TerminalMonitor(Console(file=screen, force_terminal=True, width=120)), tmp_path)
    text = screen.getvalue()
    assert "epoch 3/3" in text
    assert "12/12" in text
    assert "validation" in text


def test_monitors_pass_everything_on_and_name_the_first_run(make_training, recorder, tmp_path):
    quiet = TerminalMonitor(Console(file=io.StringIO()))
    both = Monitors([quiet, recorder])
    assert both.run_id == "run-1"
    run(make_training(), both, tmp_path)
    assert len(recorder.records) == 3
    assert len(recorder.events) == 2


IN_A_TERMINAL = """
from types import SimpleNamespace
from mnist_growth.training.terminal import TerminalMonitor

monitor = TerminalMonitor()
monitor.started(0, 12, 50_000)
monitor.grew(
    SimpleNamespace(
        widths_before=(448, 448, 448), widths_after=(512, 512, 512), parameters_after=932_362, largest_logit_change=1e-7
    )
)
for number in (1, 2):
    monitor.batch(50_000)
    monitor.epoch(
        SimpleNamespace(
            epoch=number, widths="512-512-512", train_loss=0.5123, train_accuracy=0.91, validation_accuracy=0.95,
            validation_loss=0.2,
            images_per_second=12345.0, rss_bytes=612_000_000,
        )
    )
monitor.finished()
"""


@pytest.mark.parametrize(
    ("columns", "heading"),
    [
        (80, "epoch validation accuracy loss val. loss width images/s memory"),
        (40, "epoch validation accuracy loss"),
    ],
)
def test_a_real_terminal_shows_a_table_as_wide_as_it_is(columns, heading):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL], stdin=slave, stdout=slave, stderr=slave, env={**kept, "TERM": "xterm"}
    )
    os.close(slave)
    screen = Screen(columns)
    screen.feed(read_to_the_end(master).decode())
    os.close(master)

    assert process.wait() == 0
    assert screen.wrapped == 0
    lines = [line.rstrip() for line in screen.lines if line.strip()]
    [head] = [line for line in lines if line.startswith("epoch  validation")]
    assert head.split() == heading.split()
    rows = lines[lines.index(head) + 1 : lines.index(head) + 3]
    assert [row.split()[:4] for row in rows] == [[number, "95.00%", "91.00%", "0.5123"] for number in "12"]
    assert {len(row) for row in rows} == {len(head)}  # right-aligned below the headings
    assert lines[-1].startswith("epoch 3/12 ")
    assert "100000/600000" in lines[-1]
    assert sum("/12 " in line for line in lines) == 1  # the bar is drawn over itself


def read_to_the_end(terminal):
    content = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other side is closed
            return content
        if not piece:
            return content
        content += piece


class Screen:
    """What a terminal of some width shows of the few commands that rich gives it."""

    def __init__(self, columns):
        self.columns, self.lines, self.row, self.column, self.wrapped = columns, [""], 0, 0, 0

    def feed(self, text):
        for command in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|.|\n", text, re.DOTALL):
            if command == "\r":
                self.column = 0
            elif command == "\n":
                self._down()
            elif command.endswith("A") and len(command) > 1:
                self.row -= int(command[2:-1] or 1)
            elif command.endswith("K") and len(command) > 1:
                assert command == "\x1b[2K"
                self.lines[self.row] = ""
            elif len(command) == 1:
                if self.column == self.columns:
                    self.wrapped, self.column = self.wrapped + 1, 0
                    self._down()
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[: self.column] + command + line[self.column + 1 :]
                self.column += 1

    def _down(self):
        self.row += 1
        self.lines += [""] * (self.row + 1 - len(self.lines))
