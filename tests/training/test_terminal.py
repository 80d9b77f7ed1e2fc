import io
import logging

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
