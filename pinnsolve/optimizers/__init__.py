"""Optimisers: each lowers the mean square of an objective's residual vector."""

from pinnsolve.optimizers.adam import adam
from pinnsolve.optimizers.budget import Optimizer
from pinnsolve.optimizers.gauss_newton import gauss_newton
from pinnsolve.optimizers.head import head
from pinnsolve.optimizers.lbfgs import lbfgs

OPTIMIZERS: dict[str, Optimizer] = {
    "head": head,
    "gauss-newton": gauss_newton,
    "adam": adam,
    "lbfgs": lbfgs,
}
