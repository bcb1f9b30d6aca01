"""The tools of spreading points: lattice, thinning, repulsion."""

import numpy as np
import pytest
from scipy.spatial import KDTree

from pinnsolve.geometry.relaxation import JITTER, golden_sphere, lattice, relax, thin


@pytest.mark.parametrize(("dim", "cell"), [(2, np.sqrt(0.75)), (3, np.sqrt(0.5))])
def test_a_lattice_has_the_density_of_the_densest(dim, cell):
    h = 0.05
    x = lattice(np.zeros(dim), np.ones(dim), h, np.random.default_rng(0))
    inside = ((x > 0) & (x < 1)).all(axis=1).sum()
    assert inside * cell * h**dim == pytest.approx(1, rel=0.03)
    assert KDTree(x).query(x, 2)[0][:, 1].min() > (1 - 2 * JITTER * np.sqrt(dim)) * h


@pytest.mark.parametrize("graded", [False, True])
def test_thinning_leaves_no_conflict_and_no_gap(graded):
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(3000, 2))
    radius = 0.02 + 0.1 * x[:, 0] if graded else np.full(len(x), 0.03)
    kept = thin(x, radius, np.zeros(len(x), dtype=int), rng)
    near = KDTree(x[kept]).query(x[kept], 2)
    assert (near[0][:, 1] >= np.minimum(radius[kept], radius[kept][near[1][:, 1]])).all()
    # whoever was dropped is too close to someone kept
    gap, _ = KDTree(x[kept]).query(x[~kept])
    assert (gap < radius[~kept]).all()


def test_thinning_keeps_lower_ranks():
    x = np.linspace(0, 1, 101)[:, None]
    rank = np.where(np.arange(101) % 10 == 0, 0, 1)
    kept = thin(x, np.full(101, 0.09), rank, np.random.default_rng(0))
    assert kept[rank == 0].all()
    assert not kept[rank == 1].any()


def test_thinning_nothing_is_nothing():
    empty = np.empty((0, 2))
    assert len(thin(empty, np.empty(0), np.empty(0, dtype=int), np.random.default_rng(0))) == 0


def test_repulsion_separates_and_keeps_what_is_not_allowed():
    rng = np.random.default_rng(0)
    fixed = golden_sphere(60)[:, :2]
    fixed /= np.linalg.norm(fixed, axis=1, keepdims=True)
    x = 0.8 * rng.uniform(-0.7, 0.7, (60, 2))

    def closest(y):
        return KDTree(np.concatenate([y, fixed])).query(y, 2)[0][:, 1].min()

    moved = relax(
        x,
        fixed,
        lambda y: np.full(len(y), 0.2),
        lambda y, _: np.hypot(*y.T) < 0.9,
    )
    assert closest(moved) > 2 * closest(x)
    assert (np.hypot(*moved.T) < 1).all()


def test_repulsion_of_one_point_or_none_does_nothing():
    for x in (np.empty((0, 2)), np.zeros((1, 2))):
        moved = relax(
            x,
            np.empty((0, 2)),
            lambda y: np.ones(len(y)),
            lambda y, _: np.ones(len(y), dtype=bool),
        )
        np.testing.assert_array_equal(moved, x)
