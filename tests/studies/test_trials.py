"""What a trial knows of itself: its name, its course, its row."""

from math import nan

import pytest

from pinnsolve.solution.course import Record
from pinnsolve.studies.trials import Configuration, Trial

DT = Configuration("dt-pinn", "rbf-fd", "float64", 4, "lbfgs")
PINN = Configuration("pinn", "autograd", "float32", None, "default")
DIRECT = Configuration("rbf-fd", "rbf-fd", "float64", 4, None)


def trial(made, seed, *course, status="finished"):
    """Return a trial whose error is as given at given times."""
    curve = tuple(Record(t, "lbfgs", 10 * i, 0.0, e) for i, (t, e) in enumerate(course))
    spent = {"training": course[-1][0]} if course else None
    end = course[-1][1] if course else None
    return Trial(made, 100, seed, status, "", end, spent, 10 * len(course), curve=curve)


def test_labels_say_what_distinguishes_a_configuration():
    assert DT.label == "dt-pinn p = 4, lbfgs"
    assert PINN.label == "pinn autograd float32, default"
    assert DIRECT.label == "rbf-fd p = 4"


def test_an_error_is_reached_the_first_time_it_is_seen_and_nan_reaches_nothing():
    run = trial(DT, 0, (1.0, nan), (2.0, 0.05), (3.0, 0.5), (4.0, 0.01))
    assert run.first(0.1).seconds == 2.0
    assert run.first(0.01).seconds == 4.0
    assert run.first(1e-3) is None
    assert run.lowest.relative_l2 == 0.01
    assert run.row()["seconds_to"] == {"1e-01": 2.0, "1e-02": 4.0} | {
        f"1e-{k:02}": None for k in range(3, 13)
    }


@pytest.mark.parametrize("course", [(), ((1.0, None),)])
def test_a_run_without_errors_has_a_row_too(course):
    row = trial(DT, 0, *course).row()
    assert row["lowest_relative_l2"] is None
    assert set(row["seconds_to"].values()) == {None}
