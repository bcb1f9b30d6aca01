"""Newton's method on the head: when it is solved."""

from dataclasses import dataclass

import pytest
import torch

from pinnsolve.optimizers.head import newton


@dataclass
class Curve:
    """The residual ``c + c^2 / 10 - 1``, and one that nothing lowers."""

    floor: float
    is_linear: bool = False
    n_constants: int = 0
    solved: int = 0

    def vector(self):
        return torch.zeros(1, dtype=torch.float64)

    def set(self, c):
        """Take nothing."""

    def residual(self, c):
        return torch.cat([c + c**2 / 10 - 1, torch.full_like(c, self.floor)])

    def linearise(self, c):
        self.solved += 1
        M = torch.stack([1 + c / 5, torch.zeros_like(c)])
        return M, M @ c - self.residual(c)


@pytest.mark.parametrize(("floor", "steps"), [(1.0, 2), (0.0, 6)])
def test_it_ends_as_soon_as_the_linearised_problem_says_what_is_left(floor, steps):
    problem = Curve(floor)
    c, loss = newton(problem, problem.vector(), 20)
    # of a residual that vanishes all digits are found, of another those that its floor leaves
    error = abs(float(c + c**2 / 10 - 1))
    assert error < (1e-14 if floor == 0 else 1e-2)
    assert loss == pytest.approx(floor**2, abs=1e-4)
    assert problem.solved <= steps
