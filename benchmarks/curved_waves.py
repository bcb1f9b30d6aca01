"""A wave beside a black hole by the last layer alone, in the weak form with its own weight.

    python benchmarks/curved_waves.py [--features 400 800 1600] [--activation tanh]
        [--spacing 0.04] [--points 5]

The equation of ``wave_maps_3d.toml`` is self-adjoint under the weight ``w = 1/(1 - rs/r)``:

    (w u_tt, v) = -(A grad u, grad v),        A = I - rs q q^T / r^3,

so that modes of frozen features evolve exactly in time and keep their energy, as those of constant
coefficients do in the solver. A row for each number of features: the frequency that is chosen, the
misfit of the initial values, the distance at the end from finite differences of order 4, by its
norm, and seconds of CPU. The estimated error of the
differences, and their seconds, come first. Points of the integrals are so many for each feature.
"""

from pathlib import Path
from time import process_time

import numpy as np
import torch
from reporting import options_of

from pinnsolve import load
from pinnsolve.conditions.resampling import Places
from pinnsolve.conditions.selfadjoint import SelfAdjoint
from pinnsolve.diffop import DiffOp, identity
from pinnsolve.geometry.gauss import interior_quadrature
from pinnsolve.geometry.sampling import sample
from pinnsolve.networks.mlp import MLP
from pinnsolve.references import TRUTHS
from pinnsolve.setup import Setup
from pinnsolve.training.frozen import CHUNK, Frozen, Task
from pinnsolve.training.initialisation import best_frequency, next_frequency

PROBLEM = Path(__file__).parent / "wave_maps_3d.toml"
RS, CENTRE = 1.0, np.array([-2.0, 0.0, 0.0])  # as in the file
POINTS = 4000  # at which errors are measured


class Curved(Frozen):
    """Frozen features under the weight and the metric of the black hole."""

    def _matrices(self, slopes: list[DiffOp]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return ``M``, ``K`` (zero without slopes), and ``(phi, w initial)``."""
        task, q = self._task, self._net.head.in_features + 1
        M, K, r = np.zeros((q, q)), np.zeros((q, q)), np.zeros((q, task.operator.order))
        for start in range(0, len(task.quadrature.x), CHUNK):
            here = slice(start, start + CHUNK)
            x, factors = task.quadrature.x[here], task.quadrature.factors[here]
            apart = x - CENTRE
            radius = np.linalg.norm(apart, axis=1)
            weight = factors / np.sqrt(1 - RS / radius)
            own = self._columns(x, [identity(3), *slopes])
            phi = weight[:, None] * own[identity(3)]
            M += phi.T @ phi
            r += phi.T @ (weight * task.initial(x)).T
            radial = np.zeros_like(phi)
            for axis, slope in enumerate(slopes):
                along = factors[:, None] * own[slope]
                K += along.T @ along
                radial += (apart[:, axis] / radius**1.5)[:, None] * along
            K -= RS * radial.T @ radial
        return M, K, r


def main() -> None:
    parser = options_of(__doc__, threads=1)
    parser.add_argument("--features", type=int, nargs="*", default=[400, 800, 1600])
    parser.add_argument("--activation", default="tanh", help="of the features")
    parser.add_argument("--spacing", type=float, default=0.04, help="of the differences")
    parser.add_argument("--points", type=int, default=5, help="of the integrals, for each feature")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    problem = load(PROBLEM, {"reference.spacing": options.spacing})
    setup, begin = Setup(problem), process_time()
    end = problem.time[1]
    truth = TRUTHS["finite-differences"](setup)
    x = sample(setup.domain, POINTS, 3)
    there = np.column_stack([x, np.full(len(x), end)])
    exact = truth.fields(there)[:, 0]
    print(
        f"differences: error {truth.error:.1e}, {process_time() - begin:.1f} s of CPU", flush=True
    )
    print("features  frequency   misfit    error    CPU s")
    for count in options.features:
        begin = process_time()
        net = MLP([-1.0] * 3, [1.0] * 3, [count], 1, options.activation, 0)
        at, weights = interior_quadrature(
            setup.domain, options.points * count, is_box=True, seed=11
        )
        initial = problem.initial[0]
        task = Task(
            SelfAdjoint(np.eye(3), 0.0, 2),
            setup.ansatz(),
            lambda x, own=initial: np.stack([np.broadcast_to(f(x), len(x)) for f in own]),
            problem.times,
            Places(at, np.sqrt(weights)),
            sample(setup.domain, POINTS, 12),
        )
        frozen = Curved(net, task, 0)
        while (frequency := next_frequency(frozen._losses)) is not None:
            frozen._losses[frequency] = frozen._misfit(frequency)
        best = best_frequency(frozen._losses)
        frozen._modes = frozen._found(best)
        found = frozen.answer()(there)[:, 0]
        print(
            f"{count:8}  {best:9.3g} {np.sqrt(frozen._losses[best]):8.1e} "
            f"{np.linalg.norm(found - exact) / np.linalg.norm(exact):8.1e} "
            f"{process_time() - begin:8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
