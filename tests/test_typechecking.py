"""Shapes in signatures are checked in test runs, those of functions within functions too."""

import numpy as np
import pytest
from jaxtyping import Float, TypeCheckError, jaxtyped
from numpy import ndarray

from pinnsolve.rbffd.stencils import nearest
from tests import checked


def test_the_package_is_checked():
    with pytest.raises(TypeCheckError, match=r"parameters of pinnsolve\.rbffd\.stencils\.nearest"):
        nearest(np.zeros((3, 2)), np.zeros(3), 2)


def scaled(x, factor):
    @jaxtyped(typechecker=checked)
    def inner(x: Float[ndarray, "N d"]) -> Float[ndarray, "N d"]:
        return factor(x)

    return inner(x)


def test_a_function_within_another_is_checked_at_every_call():
    x = np.zeros((3, 2))
    for _ in range(2):
        assert scaled(x, lambda x: 2 * x).shape == x.shape
        with pytest.raises(TypeCheckError, match="parameters of"):
            scaled(x[0], lambda x: x)
        with pytest.raises(TypeCheckError, match="return value of"):
            scaled(x, lambda x: x[:1])
