"""Shapes in space and above: balls and boxes."""

from collections.abc import Sequence
from itertools import product
from math import gamma

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.patches import Curve, Side
from pinnsolve.geometry.planar import constant
from pinnsolve.geometry.relaxation import golden_sphere, lattice
from pinnsolve.geometry.surfaces import Face

SIDES_3D = ("left", "right", "bottom", "top", "front", "back")


def ball(center: Sequence[float], radius: float) -> Domain:
    """Return a ball in three dimensions or more; its boundary is ``surface``."""
    c = np.asarray(center, dtype=float)
    dim = len(c)
    area = 2 * np.pi ** (dim / 2) / gamma(dim / 2) * radius ** (dim - 1)

    def outward(x: Float[ndarray, "N d"]) -> Float[ndarray, "N d"]:
        away = x - c
        return away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-300)

    def cover(h: float, rng: np.random.Generator) -> Float[ndarray, "N d"]:
        if dim == 3:
            turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
            away = golden_sphere(max(int(area / (np.sqrt(0.75) * h**2)), 1)) @ turn
        else:
            away = rng.normal(size=(max(int(area / h ** (dim - 1)), 1), dim))
        return c + radius * away / np.linalg.norm(away, axis=1, keepdims=True)

    def rule(count: int) -> tuple[Float[ndarray, "Q 3"], Float[ndarray, " Q"]]:
        # exact for polynomials: Gauss and Legendre along the axis, evenly around it
        n = max(int(np.sqrt(count / 2)), 2)
        z, weights = np.polynomial.legendre.leggauss(n)
        turn = np.pi * (np.arange(2 * n) + 0.5) / n
        r = np.sqrt(1 - z**2)[:, None]
        around = [r * np.cos(turn), r * np.sin(turn), z[:, None] + 0 * turn]
        x = c + radius * np.stack(around, axis=-1).reshape(-1, 3)
        return x, np.repeat(weights, 2 * n) * np.pi / n * radius**2

    surface = Face(
        Side("surface", outward),
        cover,
        lambda x: c + radius * outward(x),
        area,
        rule=rule if dim == 3 else None,
    )
    return Domain(
        c - radius, c + radius, lambda x: np.linalg.norm(x - c, axis=1) - radius, faces=(surface,)
    )


def box(lower: Sequence[float], upper: Sequence[float]) -> Domain:
    """Return a box along the axes in three dimensions or more.

    Its faces are ``left``, ``right``, ``bottom``, ``top``, ``front`` (low z) and ``back`` in three
    dimensions, ``low-x1``, ``high-x1``, … above.
    """
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    dim = len(low)
    names = (
        SIDES_3D
        if dim == 3
        else tuple(f"{end}-x{i + 1}" for i in range(dim) for end in ("low", "high"))
    )

    def distance(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        beyond = np.abs(x - (low + high) / 2) - (high - low) / 2
        outside = np.linalg.norm(np.maximum(beyond, 0), axis=1)
        return outside + np.minimum(beyond.max(axis=1), 0)

    faces = tuple(
        _box_face(low, high, axis, is_high, names[2 * axis + is_high])
        for axis in range(dim)
        for is_high in (False, True)
    )
    return Domain(low, high, distance, curves=_box_edges(low, high), faces=faces)


def _box_face(
    low: Float[ndarray, "d"], high: Float[ndarray, "d"], axis: int, is_high: bool, name: str
) -> Face:
    """Return one face of a box."""
    dim = len(low)
    along = np.delete(np.arange(dim), axis)
    level = high[axis] if is_high else low[axis]
    area = float(np.prod((high - low)[along]))

    def project(x: Float[ndarray, "N d"]) -> Float[ndarray, "N d"]:
        x = x.copy()
        x[:, axis] = level
        return x

    def cover(h: float, rng: np.random.Generator) -> Float[ndarray, "N d"]:
        if dim == 3:
            flat = lattice(low[along], high[along], h, rng)
            flat = flat[((flat >= low[along]) & (flat <= high[along])).all(axis=1)]
        else:
            flat = rng.uniform(
                low[along], high[along], (max(int(area / h ** (dim - 1)), 1), dim - 1)
            )
        x = np.full((len(flat), dim), level)
        x[:, along] = flat
        return x

    def extent(x: Float[ndarray, "N d"]) -> Float[ndarray, "N"]:
        inner = x[:, along]
        return np.minimum(inner - low[along], high[along] - inner).min(axis=1)

    def rule(count: int) -> tuple[Float[ndarray, "Q 3"], Float[ndarray, " Q"]]:
        nodes, weights = np.polynomial.legendre.leggauss(max(int(np.sqrt(count)), 2))
        x = np.full((len(nodes), len(nodes), 3), level)
        for i, j in enumerate(along):
            there = (low[j] + high[j] + (high[j] - low[j]) * nodes) / 2
            x[..., j] = np.expand_dims(there, 1 - i)
        return x.reshape(-1, 3), np.outer(weights, weights).ravel() * area / 4

    normal = np.zeros(dim)
    normal[axis] = 1.0 if is_high else -1.0
    side = Side(name, constant(normal))
    return Face(side, cover, project, area, extent, rule=rule if dim == 3 else None)


def _box_edges(low: Float[ndarray, "d"], high: Float[ndarray, "d"]) -> tuple[Curve, ...]:
    """Return the twelve edges of a box in space; none above, where nodes do not sit on edges."""
    if len(low) != 3:
        return ()

    def edge(a: ndarray, b: ndarray) -> Curve:
        return Curve(lambda t: (1 - t)[:, None] * a + t[:, None] * b, ())

    corners = [np.where(bits, high, low) for bits in product((False, True), repeat=3)]
    return tuple(
        edge(a, b)
        for i, a in enumerate(corners)
        for b in corners[i + 1 :]
        if np.count_nonzero(a != b) == 1
    )
