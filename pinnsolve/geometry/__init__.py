"""Where to solve: shapes, quasi-uniform nodes, ghosts, point clouds. NumPy only."""

from pinnsolve.geometry.domain import Domain
from pinnsolve.geometry.from_problem import build_domain

__all__ = ["Domain", "build_domain"]
