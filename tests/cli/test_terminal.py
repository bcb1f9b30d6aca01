"""What is written where, and how often."""

import pytest

from pinnsolve.cli import terminal
from pinnsolve.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [100.0]
    monkeypatch.setattr("pinnsolve.cli.terminal.time.monotonic", lambda: now[0])

    def advance(seconds):
        now[0] += seconds

    return advance


def test_progress_is_a_line_every_two_seconds_where_there_is_no_terminal(clock, capsys):
    with terminal.display() as watch:
        for i in range(17):
            watch(Progress("training: adam", fraction=i / 20, iteration=i, loss=0.5))
            clock(0.25)  # exact in binary
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "pinnsolve: training: adam, 0 %, iteration 0, loss 5.0e-01, 0 ms elapsed",
        "pinnsolve: training: adam, 40 %, iteration 8, loss 5.0e-01, 2.0 s elapsed, "
        "3.0 s left in this stage",
        "pinnsolve: training: adam, 80 %, iteration 16, loss 5.0e-01, 4.0 s elapsed, "
        "1.0 s left in this stage",
    ]


def test_lines_become_rare_in_a_long_run(clock, capsys):
    with terminal.display() as watch:
        for _ in range(3600):
            clock(1)
            watch(Progress("training"))
    assert 100 < len(capsys.readouterr().err.splitlines()) < 400


def test_a_quiet_run_writes_nothing(capsys):
    with terminal.display(quiet=True) as watch:
        watch(Progress("nodes"))
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_for_each_stage_on_standard_error(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with terminal.display() as watch:
        watch(Progress("nodes"))
        watch(Progress("training", fraction=0.5, iteration=3, loss=1e-4))
    out, err = capsys.readouterr()
    assert out == ""
    assert "start-up" in err  # before anything is heard of
    assert "nodes" in err
    assert {"elapsed", "left"} <= set(err.split())
    assert "iteration 3, loss 1.0e-04" in err


def test_table_columns_are_aligned():
    assert terminal.table([("a", "b"), ("long", "c")]) == ["a     b", "long  c"]
