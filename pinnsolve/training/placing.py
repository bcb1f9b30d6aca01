"""Where bumps join a network, and how wide they are: at rows of a residual, most where it is large.

A centre is the place of a row ``i``, drawn with the probability

    KEEP / R + (1 - KEEP) r_i^2 / |r|^2,

its radius some distances of the centres around it, but not less than `LEAST` spacings of the
points. Where the scales of the axes differ, centres, radii and distances are those of coordinates
that are stretched by them: by the same everywhere or, where slopes ``s`` of what is sought are
known, by lengths on which it varies along each axis,

    l_i(p) = min_q 1 / |s_i(q)| + GRADING |p_i - q_i| + |p - q|_other^2 / ACROSS,

so that bumps are as long as a front and as thin. Such metrics come from the adaptation of meshes:
Castro-Diaz, Hecht, Mohammadi & Pironneau (1997),
doi:10.1002/(SICI)1097-0363(19970830)25:4<475::AID-FLD575>3.0.CO;2-6.
"""

from math import log

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.networks.bumps import LOCAL, Bumps
from pinnsolve.networks.mlp import MLP

MORE = 1.3  # times as many features after a block of bumps
FEWEST = 16  # bumps in a block
KEEP = 0.3  # of the centres are drawn evenly
REACH = (3.0, 6.0)  # radii, in distances of the centres
LEAST = 2.0  # radii, in spacings of the points
WIDEST = 2.0  # radii, in half widths of the domain
APART = 1e-6  # in half widths: centres are moved so that no two coincide
GRADING = 0.5  # of a length with the distance along its axis
ACROSS = 0.1  # in half widths: lengths change slowly along a front
STRETCH = 4.0  # lengths are rounded to powers of it
THINNEST = 4.0**-4  # length along an axis, relative to the longest


def next_block(have: int, most: int) -> int:
    """Return the number of bumps in the next block of a network that has some features."""
    return min(max(int(MORE * have), have + FEWEST), most) - have


def chances(squares: Float[ndarray, " R"]) -> Float[ndarray, " R"]:
    """Return the probability with which each row of a residual is drawn, from its squares."""
    share = squares / max(float(squares.sum()), np.finfo(float).tiny)
    p = KEEP / len(squares) + (1 - KEEP) * share
    return p / p.sum()


def bumps_at(
    net: MLP,
    a: Float[ndarray, "R q"],
    new: Float[ndarray, "m q"],
    scales: Float[ndarray, " q"],
    rng: np.random.Generator,
) -> list[Bumps]:
    """Return bumps at some of the points, as many of each profile, for a network that has others.

    Parameters
    ----------
    net
        The network.
    a, new
        All points, and those that are to be centres, in its inputs.
    scales
        Of its inputs, by which they are divided.
    rng
        For their radii.
    """
    a, new = a / scales, new / scales + APART * rng.normal(size=new.shape)
    old = [
        (own.centres * own.scales).detach().cpu().numpy() / scales
        for own in net.bumps
        if own.is_local
    ]
    radii = _median_distance(np.concatenate([*old, new]), new)
    radii = radii * np.exp(rng.uniform(log(REACH[0]), log(REACH[1]), len(new)))
    radii = np.clip(radii, LEAST * _median_distance(np.unique(a, axis=0), new), WIDEST)
    parts = (torch.as_tensor(v).to(net.like).tensor_split(len(LOCAL)) for v in (new, radii))
    blocks = zip(LOCAL, *parts, strict=True)
    return [Bumps(profile, p, r, torch.as_tensor(scales).to(p)) for profile, p, r in blocks]


def stretches(
    new: Float[ndarray, "m q"], a: Float[ndarray, "R q"], slopes: Float[ndarray, "R q"]
) -> Float[ndarray, "m q"]:
    """Return by how much coordinates are stretched at some points, rounded so that few differ.

    Parameters
    ----------
    new
        The points, in inputs of a network.
    a, slopes
        Points where the slopes of what is sought are known, relative to its size.
    """
    apart = new[:, None] - a
    whole = np.square(apart).sum(axis=2)
    lengths = [
        (1 / np.maximum(s, 1.0) + GRADING * np.abs(d) + (whole - d**2) / ACROSS).min(axis=1)
        for s, d in zip(np.abs(slopes).T, np.moveaxis(apart, 2, 0), strict=True)
    ]
    found = np.array(lengths).T
    found = np.maximum(found / found.max(axis=1, keepdims=True), THINNEST)
    return STRETCH ** np.round(np.log(found) / np.log(STRETCH))


def _median_distance(x: Float[ndarray, "n q"], new: Float[ndarray, "m q"]) -> Float[ndarray, " m"]:
    """Return the median distance from each of some points to those nearest."""
    k = min(len(x), 2 * x.shape[1] + 1)
    return np.median(KDTree(x).query(new, k)[0][:, 1:], axis=1)
