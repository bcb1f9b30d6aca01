"""Shapes in signatures are checked in test runs, those of functions within functions too."""

import jaxtyping
import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError
from numpy import ndarray

from pinnsolve.rbffd.stencils import nearest
from tests import checked, typechecking


def test_the_package_is_checked():
    with pytest.raises(TypeCheckError, match=r"parameters of pinnsolve\.rbffd\.stencils\.nearest"):
        nearest(np.zeros((3, 2)), np.zeros(3), 2)


def scaling(factor):
    @jaxtyping.jaxtyped(typechecker=checked)
    def inner(x: Float[ndarray, "N d"]) -> Float[ndarray, "N d"]:
        return factor(x)

    return inner


def scaled(x, factor):
    return scaling(factor)(x)


def test_a_function_within_another_is_checked_each_time_it_is_made():
    x = np.zeros((3, 2))
    for _ in range(2):
        assert scaled(x, lambda x: 2 * x).shape == x.shape
        with pytest.raises(TypeCheckError, match="parameters of"):
            scaled(x[0], lambda x: x)
        with pytest.raises(TypeCheckError, match="return value of"):
            scaled(x, lambda x: x[:1])


def test_what_is_called_often_is_checked_in_every_test_again():
    x = np.random.default_rng(0).random((30, 2))
    for _ in range(100):
        nearest(x[:2], x, 2)
    nearest(x[:2].tolist(), x, 2)  # no longer looked at
    typechecking.begin()
    with pytest.raises(TypeCheckError):
        nearest(x[:2].tolist(), x, 2)


def test_so_is_a_function_within_another():
    x, kept = np.zeros((3, 2)), scaling(lambda x: x[:1])
    for _ in range(100):
        scaled(x, lambda x: x)
    assert kept(x).shape == (1, 2)  # no longer looked at
    assert not hasattr(scaling(lambda x: x), "__wrapped__")
    typechecking.begin()
    for made in (kept, scaling(lambda x: x[:1])):
        with pytest.raises(TypeCheckError, match="return value of"):
            made(x)
