"""Test points: exactly as many as asked for, inside, evenly spread, repeatable."""

import numpy as np
import pytest

from pinnsolve.errors import NodesError
from pinnsolve.geometry import planar
from pinnsolve.geometry.sampling import sample, sample_in_time
from tests.geometry.domains import DOMAINS, LINE, PLANE


@pytest.mark.parametrize("name", DOMAINS)
@pytest.mark.parametrize("count", [1, 1000])
def test_points_are_inside_and_as_many_as_asked_for(name, count):
    domain = DOMAINS[name]
    x = sample(domain, count)
    assert x.shape == (count, domain.dim)
    assert (domain.distance(x) < 0).all()


def test_equal_seeds_give_equal_points():
    first, again = sample(PLANE["disk"], 500, seed=7), sample(PLANE["disk"], 500, seed=7)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, sample(PLANE["disk"], 500, seed=8))


def test_means_converge_faster_than_by_chance():
    x = sample(PLANE["disk"], 20_000) - [1, -2]
    second_moment = 9 / 4  # of one coordinate, over a disk of radius 3
    chance = np.sqrt((81 / 8 - second_moment**2) / 20_000)
    assert abs((x[:, 0] ** 2).mean() - second_moment) < chance / 3


def test_a_domain_too_thin_to_be_sampled_is_refused():
    thin = planar.polygon([(0, 0), (1, 1), (1, 1 + 1e-7)])
    with pytest.raises(NodesError, match="the domain is too thin to be sampled"):
        sample(thin, 100, most_drawn=2**14)


def test_no_points_are_none():
    assert sample(LINE["interval"], 0).shape == (0, 1)


@pytest.mark.parametrize("count", [10, 1000])
def test_points_in_time_fill_the_interval_evenly(count):
    points = sample_in_time(PLANE["disk"], (2.0, 4.0), count, seed=3)
    assert points.shape == (count, 3)
    np.testing.assert_array_equal(points[:, :2], sample(PLANE["disk"], count, seed=3))
    t = np.sort(points[:, 2])
    assert 2 <= t[0] <= t[-1] <= 4
    # the gaps of a Weyl sequence of the golden section take three values, the largest below this
    assert np.diff(np.concatenate([[t[-1] - 2], t])).max() < 2 * 2.62 / count


def test_points_are_closer_where_they_are_refined():
    def refine(x):
        return np.where(x[:, 0] > PLANE["disk"].lower[0] + 3, 1.0, 0.5)  # a half of the disk

    x = sample(PLANE["disk"], 5000, seed=1, refine=refine)
    assert len(x) == 5000
    assert (PLANE["disk"].distance(x) < 0).all()
    fine = np.mean(refine(x) < 1)
    assert fine == pytest.approx(0.8, abs=0.02)  # four times as dense in the plane
