"""Fields that are known at nodes, and at time levels if there are any.

Anywhere else they are those of the local RBF interpolant, differentiated where derivatives are
wanted; in time of the polynomial through the nearest levels.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from pinnsolve.diffop import DiffOp, Term, in_space
from pinnsolve.geometry.sight import Locate, Sight, Walls
from pinnsolve.process import State
from pinnsolve.rbffd.interpolate import interpolate, interpolate_in_time
from pinnsolve.rbffd.weights import local_values

AT_ONCE = 2**16  # points at which derivatives are taken


@dataclass(frozen=True)
class NodalFields:
    """Values of fields at all nodes, ghosts included, of a given order of accuracy.

    Attributes
    ----------
    nodes
        The nodes.
    values
        The fields there, with the time levels first if there are any.
    order
        Order of accuracy of the derivatives that gave them.
    times
        The time levels, evenly spaced; None of a steady problem.
    sight
        Which nodes see one another; None if all do.
    """

    nodes: Float[ndarray, "N d"]
    values: Float[ndarray, "N c"] | Float[ndarray, "K N c"]
    order: int
    times: Float[ndarray, " K"] | None = None
    sight: Sight | None = None

    @property
    def size(self) -> int:
        """The number of values."""
        return self.values.size

    def __call__(self, x: Float[ndarray, "n D"]) -> Float[ndarray, "n c"]:
        """Return the values of the fields at points of space, or of space and time."""
        return self._interpolated(x, None)

    def jet(self, x: Float[ndarray, "n D"], terms: Set[Term]) -> Mapping[Term, ndarray]:
        """Return derivatives of the fields at points, those of the interpolant."""
        ops = sorted({term.op for term in terms}, key=lambda op: op.terms)
        if self.times is None:  # one factorisation for all of them
            found = {term: np.empty(len(x)) for term in terms}
            slabs = np.argsort(x[:, 0])  # neighbours together share their stencils
            for start in range(0, len(x), AT_ONCE):
                some = slabs[start : start + AT_ONCE]
                values = local_values(x[some], self.nodes, self.values, ops, self.order, self.sight)
                for term in terms:
                    found[term][some] = values[ops.index(term.op), :, term.field]
            return found
        by_op = {op: self._interpolated(x, op) for op in ops}
        return {term: by_op[term.op][:, term.field] for term in terms}

    def within(self, region: int) -> "NodalFields":
        """Return the fields as they are in one of several regions, for points on its edge too."""
        assert self.sight is not None
        inside = replace(self.sight, locate=lambda x: np.full(len(x), region))
        return replace(self, sight=inside)

    def state(self) -> State:
        """Return the nodes and the values."""
        more = {} if self.times is None else {"times": self.times}
        if self.sight is not None:
            more |= {"places": self.sight.places, **_walls(self.sight)}
        return {"nodes": self.nodes, "values": self.values, "order": self.order, **more}

    def _interpolated(self, x: Float[ndarray, "n D"], op: DiffOp | None) -> Float[ndarray, "n c"]:
        """Return the fields at points, differentiated if an operator is given."""
        if self.times is None:
            return interpolate(x, self.nodes, self.values, self.order, op=op, sight=self.sight)
        in_time, still = (0, None) if op is None else in_space(op)
        return interpolate_in_time(
            x,
            self.nodes,
            self.times,
            self.values,
            self.order,
            op=still,
            time_order=in_time,
            sight=self.sight,
        )


def from_state(state: State, locate: Locate | None = None) -> NodalFields:
    """Return the fields whose state this is.

    Parameters
    ----------
    state
        The state.
    locate
        The region in which points lie, if there are several.
    """
    times, places = state.get("times"), state.get("places")
    sight = None
    if places is not None:
        regions = None if locate is None else np.asarray(state["region"])
        count = 0 if regions is None else int(regions.max()) + 1
        within = tuple(_stored_walls(state, f"walls {r}") for r in range(count))
        sight = Sight(np.asarray(places), _stored_walls(state, "walls"), regions, locate, within)
    return NodalFields(
        np.asarray(state["nodes"]),
        np.asarray(state["values"]),
        int(str(state["order"])),
        None if times is None else np.asarray(times),
        sight,
    )


def _walls(sight: Sight) -> dict[str, ndarray]:
    """Return the walls, and the regions between which they stand, by their names in a state."""
    walls = {"walls": sight.walls} | {f"walls {r}": own for r, own in enumerate(sight.walls_within)}
    found = {name: own.chords for name, own in walls.items() if own is not None}
    return found if sight.regions is None else {"region": sight.regions, **found}


def _stored_walls(state: State, name: str) -> Walls | None:
    """Return the walls of a name, if there are any."""
    return Walls(np.asarray(state[name])) if name in state else None
