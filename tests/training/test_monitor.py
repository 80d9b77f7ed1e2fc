import pytest

from mnist_growth.training import Monitors
from mnist_growth.training.terminal import TerminalMonitor


class FixedAnswer(TerminalMonitor):
    """A monitor that answers `should_stop` with a fixed value."""

    def __init__(self, stop):
        super().__init__()
        self.stop = stop

    def should_stop(self):
        return self.stop


@pytest.mark.parametrize("answers", [[True, False], [False, True], [True, True]])
def test_a_training_stops_when_any_monitor_asks_for_it(answers):
    assert Monitors([FixedAnswer(stop) for stop in answers]).should_stop() is True


def test_a_training_continues_when_no_monitor_asks_to_stop():
    assert Monitors([FixedAnswer(False), TerminalMonitor()]).should_stop() is False
    assert Monitors([]).should_stop() is False
