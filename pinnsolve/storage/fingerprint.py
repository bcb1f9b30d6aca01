"""Checksums of what a run's state rests on and does not hold: nodes, and tables of values.

Both are made again from the problem when the run is taken up. On other ones, as another machine or
a changed file may give, the weights would mean something else.
"""

from hashlib import file_digest, sha256
from pathlib import Path

import numpy as np

from pinnsolve.errors import FileError
from pinnsolve.geometry.nodes import Nodes
from pinnsolve.problem import Problem
from pinnsolve.problem.schema.file import TabulatedFunction
from pinnsolve.storage.encoding import State
from pinnsolve.storage.files import reason


def fingerprint(problem: Problem, nodes: Nodes) -> dict[str, str]:
    """Return the problem's name, and checksums of the nodes and of the tables that it names.

    Raises
    ------
    FileError
        If a table cannot be read.
    """
    found = {"name": problem.name, "nodes": _of_nodes(nodes)}
    for function in problem.settings.functions.values():
        if isinstance(function, TabulatedFunction):
            found[str(function.file)] = _of_file(function.file)
    return found


def must_agree(kept: State, present: State) -> None:
    """Refuse to go on from a state that rests on something else than what there is now.

    Raises
    ------
    FileError
        If a checksum differs or is missing; the message says of what.
    """
    changed = [name for name in present if name != "name" and kept.get(name) != present[name]]
    if not changed:
        return
    things = ["the nodes" if name == "nodes" else name for name in changed]
    verb = "are" if things[-1] == "the nodes" or len(things) > 1 else "is"
    raise FileError(
        f"the run cannot be taken up: {' and '.join(things)} {verb} not what it began with. "
        "Files may have changed since, or the nodes come out otherwise on this machine."
    )


def _of_nodes(nodes: Nodes) -> str:
    """Return a checksum of the nodes."""
    digest = sha256()
    for array in (nodes.x, nodes.normals, nodes.tags):
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data)
    parts = (nodes.n_interior, nodes.pieces, nodes.spacing, nodes.joints)
    digest.update(repr(parts).encode())
    return digest.hexdigest()


def _of_file(path: Path) -> str:
    """Return a checksum of a file."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"cannot read {path}: {reason(error)}") from error
