"""Node sets from files, held against the domain: places, normals, spacing.

A node set is right if its boundary nodes lie on the boundary and carry its outward normals there,
if its other nodes lie inside, and its ghosts outside, each near its own boundary node. A domain
with formulas says all that itself. Of one that is known by its nodes only (shape ``points``) the
nodes must agree with one another:

    outward      the interior nodes nearest to a boundary node b lie behind it: their mean
                 direction d has d . n(b) < 0 (at a cusp a little more)
    tangential   of boundary neighbours a and b, with e the unit vector from b to a,
                 e . (n(a) + n(b)) is 0 on a circle, a sphere or a plane, and of second order in
                 the spacing on any smooth boundary; across an edge or a thin wall it may be
                 anything, but some of the neighbours lie on the same side; where
                 the nodes are few for the boundary's turns, more is let pass
    inside       an interior node lies behind some of the boundary nodes nearest to it

Whatever is found is said of one node: its number, its place, and how many more there are.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.spatial import KDTree

from pinnsolve.errors import NodesError, place
from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.geometry.patches import Curve
from pinnsolve.geometry.relaxation import workers
from pinnsolve.geometry.surfaces import Face

OFF = 0.01  # in spacings: how far off the boundary a boundary node may be: coordinates of 4 digits
TURNED = 2e-3  # how far a unit normal may be from the domain's: components of 3 digits
AHEAD = 0.1  # mean direction of the interior nodes, along the normal, that counts as inward
BEND = 0.1  # how far the sum of neighbouring normals may be from across their connection …
COARSE = 0.8  # … and how much more, for each unit by which the normals around it turn, at most
NEIGHBOURS = {2: (4, 2), 3: (8, 3)}  # boundary neighbours looked at, and on the same side, by dim
BEHIND = 3  # times the dimension: interior nodes that tell on which side the inside is
FAR_GHOST = 4.0  # in local spacings: how far a ghost may be from its node, for each ring
TYPICAL = 4.0  # by which factor the spacing may leave the range of distances between neighbours


def must_fit(nodes: Nodes, domain: Domain) -> None:
    """Refuse nodes from a file that are not those of a domain.

    Parameters
    ----------
    nodes
        As read.
    domain
        Where they should lie.

    Raises
    ------
    NodesError
        If a node lies elsewhere, a normal is not the boundary's, or the spacing is another one.
    """
    if nodes.dim != domain.dim:
        raise NodesError(
            f"the nodes have {nodes.dim} coordinates, but the domain is {domain.dim}-D."
        )
    _check_spacing(nodes)
    if domain.nodes is None:
        _check_places(nodes, domain)
        _check_normals(nodes, domain)
    else:
        must_agree(nodes)
    _check_ghosts(nodes, domain)


def must_agree(nodes: Nodes) -> None:
    """Refuse nodes of which the places and the normals contradict one another.

    Raises
    ------
    NodesError
        If a normal points inward or askew, or an interior node lies outside.
    """
    _check_outward(nodes)
    _check_tangential(nodes)
    _check_inside(nodes)


def _check_spacing(nodes: Nodes) -> None:
    """Refuse a spacing that is not between the smallest and the largest between neighbours."""
    x = nodes.x[nodes.rows]
    if len(x) < 2:
        raise NodesError("there must be two nodes or more.")
    gaps = KDTree(x).query(x, 2, workers=workers(len(x)))[0][:, 1]
    low, high = gaps.min() / TYPICAL, gaps.max() * TYPICAL
    if nodes.dim <= max(NEIGHBOURS) and not low <= nodes.spacing <= high:
        raise NodesError(
            f"the spacing is said to be {nodes.spacing:.3g}, but neighbours are between "
            f"{gaps.min():.3g} and {gaps.max():.3g} apart. Give their typical distance."
        )


def _check_places(nodes: Nodes, domain: Domain) -> None:
    """Refuse boundary nodes that are not on the boundary, and interior ones that are not inside."""
    off = np.abs(domain.distance(nodes.x[nodes.boundary]))
    wrong = np.flatnonzero(off > OFF * nodes.spacing)
    if len(wrong):
        worst = int(np.argmax(off))
        raise NodesError(
            f"boundary node {_named(nodes, nodes.n_interior + worst)} of the file lies "
            f"{off[worst]:.3g} off the boundary of the domain{_more(wrong)}, so these nodes belong "
            'to another domain. Change nodes.file or [domain], or use shape = "points".'
        )
    depth = domain.distance(nodes.x[nodes.interior])
    wrong = np.flatnonzero(depth >= 0)
    if len(wrong):
        worst = int(np.argmax(depth))
        raise NodesError(
            f"interior node {_named(nodes, worst)} of the file lies {depth[worst]:.3g} outside of "
            f"the domain{_more(wrong)}, so these nodes belong to another domain, or boundary nodes "
            "are counted as interior ones. Change nodes.file or [domain]."
        )


def _check_normals(nodes: Nodes, domain: Domain) -> None:
    """Refuse normals that are not those of the boundary, of the piece if the domain has it."""
    base, normals = nodes.x[nodes.boundary], nodes.normals
    tagged = np.array(nodes.pieces, dtype=object)[nodes.tags]
    is_known = np.isin(tagged, domain.pieces)
    turned = np.full(len(base), np.inf)
    wanted, found = np.zeros_like(base), np.full(len(base), "", dtype=object)
    for piece, rows, outward in _patches(domain, base, OFF * nodes.spacing):
        found[rows] = np.where(found[rows] == tagged[rows], found[rows], piece)
        mine = ~is_known[rows] | (tagged[rows] == piece)
        angle = np.linalg.norm(normals[rows] - outward, axis=1)
        better = rows[mine & (angle < turned[rows])]
        wanted[better] = outward[mine & (angle < turned[rows])]
        turned[better] = angle[mine & (angle < turned[rows])]
    astray = np.flatnonzero(np.isinf(turned) & (found != ""))
    if len(astray):
        b = int(astray[0])
        raise NodesError(
            f"boundary node {_named(nodes, nodes.n_interior + b)} of the file has the piece "
            f'"{tagged[b]}", but lies on "{found[b]}"{_more(astray)}. Correct the piece.'
        )
    wrong = np.flatnonzero(np.isfinite(turned) & (turned > TURNED))
    if len(wrong):
        b = int(wrong[np.argmax(turned[wrong])])
        raise NodesError(
            f"the normal of boundary node {_named(nodes, nodes.n_interior + b)} of the file is "
            f"{place(normals[b])}, but the outward normal of the domain there is "
            f"{place(wanted[b])}{_more(wrong)}. Correct the normals: row by row they belong to "
            "the boundary nodes in their order."
        )


def _check_ghosts(nodes: Nodes, domain: Domain) -> None:
    """Refuse ghosts inside the domain, and ghosts that are not near their own boundary node."""
    if not nodes.has_ghosts or nodes.dim not in NEIGHBOURS:
        return
    ghosts, base = nodes.x[nodes.ghost], np.tile(nodes.x[nodes.boundary], (nodes.rings, 1))
    if domain.nodes is None:
        inside = np.flatnonzero(domain.distance(ghosts) <= 0)
        if len(inside):
            raise NodesError(
                f"ghost node {_named(nodes, nodes.rows.stop + int(inside[0]))} of the file lies "
                f"inside the domain{_more(inside)}. Leave the ghosts out: they are made anew."
            )
    closed = nodes.x[nodes.rows]
    k = min(2 * nodes.dim, len(closed))
    local = KDTree(closed).query(nodes.x[nodes.boundary], k)[0].max(axis=1)
    ring = np.repeat(np.arange(1, nodes.rings + 1), nodes.n_boundary)
    reach = FAR_GHOST * ring * np.maximum(np.tile(local, nodes.rings), nodes.spacing)
    far = np.flatnonzero(np.linalg.norm(ghosts - base, axis=1) > reach)
    if len(far):
        g = int(far[0])
        raise NodesError(
            f"ghost node {_named(nodes, nodes.rows.stop + g)} of the file is far from its boundary "
            f"node at {place(base[g])}{_more(far)}. Ghosts come in the order of the boundary "
            "nodes; leave them out, and they are made anew."
        )


def _check_outward(nodes: Nodes) -> None:
    """Refuse normals that point to where the interior nodes are."""
    inner, base = nodes.x[nodes.interior], nodes.x[nodes.boundary]
    k = min(BEHIND * nodes.dim, len(inner))
    near = KDTree(inner).query(base, k, workers=workers(len(base)))[1].reshape(len(base), k)
    away = inner[near] - base[:, None]
    away /= np.linalg.norm(away, axis=2, keepdims=True)
    ahead = (away.mean(axis=1) * nodes.normals).sum(axis=1)
    wrong = np.flatnonzero(ahead >= AHEAD)
    if len(wrong):
        b = int(wrong[np.argmax(ahead[wrong])])
        raise NodesError(
            f"the normal of boundary node {_named(nodes, nodes.n_interior + b)} of the file is "
            f"{place(nodes.normals[b])}, but the interior nodes near it lie on that side"
            f"{_more(wrong)}. Normals point out of the domain: correct them."
        )


def _check_tangential(nodes: Nodes) -> None:
    """Refuse normals that are not across the boundary that the nodes near it form."""
    if nodes.dim not in NEIGHBOURS:
        return
    base, normals = nodes.x[nodes.boundary], nodes.normals
    k, same = NEIGHBOURS[nodes.dim]
    if len(base) <= k:
        return
    near = KDTree(base).query(base, k + 1, workers=workers(len(base)))[1][:, 1:]
    away = base[near] - base[:, None]
    away /= np.linalg.norm(away, axis=2, keepdims=True)
    bend = np.abs((away * (normals[near] + normals[:, None])).sum(axis=2))
    around = normals[near] - normals[near].mean(axis=1, keepdims=True)
    turning = np.linalg.norm(around, axis=2).max(axis=1)
    askew = np.sort(bend, axis=1)[:, same - 1] - COARSE * np.minimum(turning, 1)
    wrong = np.flatnonzero(askew > BEND)
    if len(wrong):
        b = int(wrong[np.argmax(askew[wrong])])
        raise NodesError(
            f"the normal of boundary node {_named(nodes, nodes.n_interior + b)} of the file is "
            f"{place(normals[b])}, which is not across the boundary that the nodes near it form"
            f"{_more(wrong)}. Correct the normals: row by row they belong to the boundary nodes "
            "in their order."
        )


def _check_inside(nodes: Nodes) -> None:
    """Refuse interior nodes that lie in front of all boundary nodes near them."""
    inner, base = nodes.x[nodes.interior], nodes.x[nodes.boundary]
    k = min(2 * nodes.dim, len(base))
    near = KDTree(base).query(inner, k, workers=workers(len(inner)))[1].reshape(len(inner), k)
    ahead = ((inner[:, None] - base[near]) * nodes.normals[near]).sum(axis=2).min(axis=1)
    wrong = np.flatnonzero(ahead >= 0)
    if len(wrong):
        i = int(wrong[np.argmax(ahead[wrong])])
        raise NodesError(
            f"interior node {_named(nodes, i)} of the file lies outside of the boundary nodes "
            f"nearest to it{_more(wrong)}. Remove it, or correct the boundary."
        )


def _patches(
    domain: Domain, x: Float[ndarray, "B d"], off: float
) -> Iterator[tuple[str, Int[ndarray, " R"], Float[ndarray, "R d"]]]:
    """Yield for each patch of a boundary its piece, the rows that lie on it, the normals there."""
    for end in domain.ends:
        rows = np.flatnonzero(np.abs(x[:, 0] - end.x) <= off)
        yield end.side.piece, rows, end.side.normal(x[rows])
    for curve in domain.curves if domain.dim == 2 else ():
        rows = np.flatnonzero(_is_on_curve(curve, x, off))
        yield curve.sides[0].piece, rows, curve.sides[0].normal(x[rows])
    for face in domain.faces:
        rows = np.flatnonzero(_is_on_face(face, x, off))
        yield face.side.piece, rows, face.side.normal(x[rows])


def _is_on_curve(curve: Curve, x: Float[ndarray, "B 2"], off: float) -> Bool[ndarray, " B"]:
    """Return whether points lie on a curve: on its polyline, less the sagitta of its segments."""
    line = curve.polyline[1]
    found = np.zeros(len(x), dtype=bool)
    near = np.flatnonzero(((x >= line.min(0) - off) & (x <= line.max(0) + off)).all(axis=1))
    if len(near) == 0:
        return found
    at = KDTree(line).query(x[near], workers=workers(len(near)))[1]
    gaps = []
    for start in (np.maximum(at - 1, 0), np.minimum(at, len(line) - 2)):
        a, edge = line[start], line[start + 1] - line[start]
        squared = np.maximum((edge**2).sum(axis=1), 1e-300)
        t = np.clip(((x[near] - a) * edge).sum(axis=1) / squared, 0, 1)
        gaps.append(np.linalg.norm(x[near] - a - t[:, None] * edge, axis=1))
    found[near] = np.minimum(*gaps) <= 2 * off
    return found


def _is_on_face(face: Face, x: Float[ndarray, "B d"], off: float) -> Bool[ndarray, " B"]:
    """Return whether points lie on the part of a surface that is boundary, or at its rim."""
    there = face.project(x)
    return (np.linalg.norm(there - x, axis=1) <= 2 * off) & (face.margin(there) >= -2 * off)


def _named(nodes: Nodes, row: int) -> str:
    """Return the number of a node and its place."""
    first = next(s.start for s in (nodes.ghost, nodes.boundary, nodes.interior) if row >= s.start)
    return f"{row - first} at {place(nodes.x[row])}"


def _more(wrong: Int[ndarray, " W"]) -> str:
    """Return the words for all others of which the same is true; empty for one."""
    return f", as do {len(wrong) - 1} others" if len(wrong) > 1 else ""
