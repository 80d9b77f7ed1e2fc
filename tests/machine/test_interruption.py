import os
import signal
import threading

import pytest

from mnist_growth.machine import Terminated, raise_for, stop_on_request


def test_without_a_signal_nothing_happens():
    with stop_on_request() as stop:
        stop.raise_if_made()
    assert stop.signal is None


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_the_first_signal_makes_a_request_and_the_second_stops_at_once(number, expected):
    before = signal.signal(signal.SIGTERM, raise_for)
    try:
        with stop_on_request() as stop:
            os.kill(os.getpid(), number)
            assert stop.signal == number  # we are still running
            with pytest.raises(expected):
                os.kill(os.getpid(), number)
            with pytest.raises(expected):
                stop.raise_if_made()
        assert signal.getsignal(signal.SIGTERM) is raise_for
    finally:
        signal.signal(signal.SIGTERM, before)


def test_handlers_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_on_request():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_in_another_thread_no_handler_is_touched():
    requests = []

    def work():
        with stop_on_request() as stop:
            requests.append(stop.signal)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert requests == [None]
