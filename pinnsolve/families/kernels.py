"""Covariances ``k(|x - y| / l)`` of Gaussian processes, and their derivatives by ``x``.

With ``δ = (x - y) / l`` and ``r = |δ|``

    rbf           exp(-r²/2), of which ∂^α = l^-|α| Π (-1)^α_i He_α_i(δ_i) exp(-r²/2)
    matern-5/2    (1 + √5 r + 5 r²/3) exp(-√5 r),   twice differentiable
    matern-3/2    (1 + √3 r) exp(-√3 r),            once
    exponential   exp(-r),                          not at all

Source: Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, MIT Press, chapter 4.
"""

from collections.abc import Callable
from math import inf, sqrt
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from numpy.polynomial.hermite_e import hermeval

from pinnsolve.diffop import MultiIndex

Kernel: TypeAlias = Callable[[ndarray, MultiIndex], ndarray]  # of δ, by δ

# how many derivatives a draw of each has
SMOOTHNESS = {"rbf": inf, "matern-5/2": 2, "matern-3/2": 1, "exponential": 0}


def covariance(
    name: str,
    x: Float[ndarray, "n d"],
    y: Float[ndarray, "m d"],
    length: float,
    alpha: MultiIndex = (),
) -> Float[ndarray, "n m"]:
    """Return the derivative ``∂^alpha`` by ``x`` of a covariance of variance one.

    Parameters
    ----------
    name
        A key of `SMOOTHNESS`.
    x, y
        Points.
    length
        The length scale.
    alpha
        The derivative; empty for none. Of no higher order than the smoothness.
    """
    delta = (x[:, None] - y) / length
    return KERNELS[name](delta, alpha or (0,) * x.shape[1]) / length ** sum(alpha)


def _rbf(delta: Float[ndarray, "n m d"], alpha: MultiIndex) -> Float[ndarray, "n m"]:
    value = np.exp(-np.sum(delta**2, axis=-1) / 2)
    for i, order in enumerate(alpha):
        if order:
            value = value * (-1) ** order * hermeval(delta[..., i], [0] * order + [1])
    return value


def _matern_5_2(delta: Float[ndarray, "n m d"], alpha: MultiIndex) -> Float[ndarray, "n m"]:
    r = sqrt(5) * np.linalg.norm(delta, axis=-1)
    axes = _axes(alpha)
    if not axes:
        return (1 + r + r**2 / 3) * np.exp(-r)
    if len(axes) == 1:
        return -5 / 3 * delta[..., axes[0]] * (1 + r) * np.exp(-r)
    i, j = axes
    return -5 / 3 * np.exp(-r) * ((i == j) * (1 + r) - 5 * delta[..., i] * delta[..., j])


def _matern_3_2(delta: Float[ndarray, "n m d"], alpha: MultiIndex) -> Float[ndarray, "n m"]:
    r = sqrt(3) * np.linalg.norm(delta, axis=-1)
    axes = _axes(alpha)
    return -3 * delta[..., axes[0]] * np.exp(-r) if axes else (1 + r) * np.exp(-r)


def _exponential(delta: Float[ndarray, "n m d"], _: MultiIndex) -> Float[ndarray, "n m"]:
    return np.exp(-np.linalg.norm(delta, axis=-1))


def _axes(alpha: MultiIndex) -> list[int]:
    """Return the axis of each derivative in turn."""
    return [i for i, order in enumerate(alpha) for _ in range(order)]


KERNELS: dict[str, Kernel] = {
    "rbf": _rbf,
    "matern-5/2": _matern_5_2,
    "matern-3/2": _matern_3_2,
    "exponential": _exponential,
}
