"""Branches: what they reproduce exactly, what they tell apart, and that they are read again."""

import numpy as np
import pytest

from pinnsolve.networks import regression
from pinnsolve.networks.branch import Kernel, Products, branch_from, coordinates, products
from pinnsolve.networks.regression import regressed


def codes(count, seed=0):
    z = np.random.default_rng(seed).standard_normal((count, 3)) * [1.0, 0.5, 0.2]
    return [z @ np.linalg.qr(np.random.default_rng(1).standard_normal((6, 3)))[0].T]


def heads(own, formula):
    rows = own[0] @ np.random.default_rng(2).standard_normal((6, 4))
    return formula(rows).T


def test_products_reproduce_what_is_quadratic_in_the_input():
    known, other = codes(100), codes(20, 3)
    told = regressed(known, heads(known, np.square), np.eye(4))
    branch, C, error = told.branch, told.C, told.error
    assert isinstance(branch, Products)
    assert error < 1e-10
    assert np.allclose(C @ branch(other).T, heads(other, np.square), atol=1e-9)


def test_a_kernel_is_taken_where_products_do_not_do_and_its_error_is_told():
    known, other = codes(300), codes(200, 3)
    told = regressed(known, heads(known, np.tanh), np.eye(4))
    branch, C, error = told.branch, told.C, told.error
    assert isinstance(branch, Kernel)
    # what it interpolates it leaves by the nugget, 1e-9, times what the inverse makes of heads, 1e5
    assert np.allclose(C @ branch(known).T, heads(known, np.tanh), atol=1e-3)
    exact = heads(other, np.tanh)
    true = np.linalg.norm(C @ branch(other).T - exact) / np.linalg.norm(exact)
    assert true / 2 < error < 2 * true


@pytest.mark.parametrize("kind", ["products", "kernel"])
def test_a_branch_is_read_again_to_the_bit(kind):
    known, other = codes(40), codes(5, 3)
    branch = products(known, is_linear=False)
    if kind == "kernel":
        branch = Kernel(branch.spaces, coordinates(branch.spaces, known), 1.5)
    again = branch_from(branch.arrays())
    assert np.array_equal(again(other), branch(other))
    assert branch(other).shape == (5, branch.size)


def test_a_kernel_has_no_more_centres_than_memory_is_taken_for(monkeypatch):
    monkeypatch.setattr(regression, "CENTRES", 60)
    known = codes(100)
    told = regressed(known, heads(known, np.tanh), np.eye(4))
    branch, C, error = told.branch, told.C, told.error
    assert (len(branch.centres), C.shape) == (60, (4, 61))
    exact = heads(known, np.tanh)[:, 60:]
    left = C @ branch([own[60:] for own in known]).T - exact
    assert np.linalg.norm(left) < 5 * error * np.linalg.norm(exact)  # as a few lie far out
