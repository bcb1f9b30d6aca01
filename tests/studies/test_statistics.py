"""What may be said of several runs: medians in which nothing that was missed is lost."""

from math import inf

from pinnsolve.studies import statistics
from pinnsolve.studies.statistics import Spread
from tests.studies.test_trials import DIRECT, DT, PINN, trial


def test_what_was_never_reached_stays_in_the_median():
    runs = [trial(DT, 0, (1.0, 0.01)), trial(DT, 1, (5.0, 0.5)), trial(DT, 2, (2.0, 0.02))]
    assert statistics.seconds_to(runs, 0.1) == Spread(2.0, 1.0, inf, 3)
    assert statistics.seconds_to(runs, 0.1).text("{:g} s".format) == "2 s (1 s–never)"
    assert statistics.seconds_to(runs[:2], 0.1).middle == inf
    assert statistics.seconds_to([trial(DT, 0, status="failed")], 0.1) is None


def test_a_speed_up_is_taken_seed_by_seed():
    fast = [trial(DT, 0, (1.0, 0.01)), trial(DT, 1, (2.0, 0.01))]
    slow = [trial(PINN, 1, (20.0, 0.01)), trial(PINN, 0, (4.0, 0.01))]
    found = statistics.speed_up(fast, slow, 0.1)
    assert found.ratio == Spread(7.0, 4.0, 10.0, 2)
    assert found.text() == "7 × (4–10)"


def test_a_direct_solution_is_set_against_every_seed():
    slow = [trial(PINN, 0, (20.0, 0.01)), trial(PINN, 1, (4.0, 0.01))]
    direct = [trial(DIRECT, None, (2.0, 0.01))]
    assert statistics.speed_up(direct, slow, 0.1).ratio == Spread(6.0, 2.0, 10.0, 2)
    assert statistics.speed_up(slow, direct, 0.1).ratio == Spread(0.3, 0.1, 0.5, 2)


def test_a_reference_that_never_gets_there_gives_a_bound():
    missed = statistics.speed_up([trial(DT, 0, (1.0, 0.01))], [trial(PINN, 0, (9.0, 0.5))], 0.1)
    assert missed.text() == "≥ 9 ×"
    never = statistics.speed_up([trial(DT, 0, (1.0, 0.5))], [trial(PINN, 0, (9.0, 0.05))], 0.1)
    assert never.text() == "never"
    assert (
        statistics.speed_up([trial(DT, 0, (1.0, 0.5))], [trial(PINN, 0, (9.0, 0.5))], 0.1) is None
    )


def test_a_speed_up_that_half_of_the_seeds_never_see_is_none():
    mine = [trial(DT, 0, (1.0, 0.01)), trial(DT, 1, (1.0, 0.5))]
    theirs = [trial(PINN, 0, (4.0, 0.01)), trial(PINN, 1, (4.0, 0.01))]
    assert statistics.speed_up(mine, theirs, 0.1).text() == "never (never–4)"


def test_each_to_its_own_lowest_error_and_both_to_a_common_one():
    mine = [trial(DT, 0, (1.0, 0.1), (8.0, 1e-6)), trial(DT, 1, (2.0, 0.2), (8.0, 1e-6))]
    theirs = [trial(PINN, 0, (4.0, 0.1)), trial(PINN, 1, (4.0, 0.2))]
    assert statistics.speed_up_to_lowest(mine, theirs) == Spread(0.5, 0.5, 0.5, 2)
    assert statistics.common_error(theirs) == 0.2
    assert statistics.speed_up(mine, theirs, 0.2).ratio == Spread(3.0, 2.0, 4.0, 2)
    assert statistics.common_error([*theirs, trial(PINN, 2, status="failed")]) is None
