"""The PINN objective at points that are drawn: a batch of them for each gradient, others by error.

Of a condition with ``n`` rows a batch takes ``b``, each as probable as any other, whose squares
count ``n / b`` times, so that the loss is that of all points on the average. A condition with
fewer rows is taken whole, and so are sums.

The points of the equations are some of a pool. From time to time they are drawn anew, all of them
different, point ``i`` the sooner the larger the equations' residual there,

    p_i ~ |r_i| / mean |r| + 1:

those with the largest ``log(u_i) / p_i``, with ``u_i`` uniform between zero and one. Source: Wu,
Zhu, Tan, Kartha & Lu (2023), doi:10.1016/j.cma.2022.115671, for ``p``; Efraimidis & Spirakis
(2006), doi:10.1016/j.ipl.2005.11.003, for the draw.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pinnsolve.networks.several import AnyNetwork
from pinnsolve.networks.sizes import POOL
from pinnsolve.objectives import splitmix
from pinnsolve.objectives.capture import Work
from pinnsolve.objectives.pointwise import PointwiseObjective
from pinnsolve.process import State


class Drawn:
    """An objective whose gradient is taken at points that are drawn.

    Parameters
    ----------
    plain
        The objective at all points; those of its equations, the first of which count at first, are
        a pool if they are to be drawn.
    batch
        At how many points each condition is evaluated; None for all.
    every
        After so many iterations the points of the equations are drawn; None for never.
    seed
        Of what is drawn.
    """

    def __init__(
        self, plain: PointwiseObjective, batch: int | None, every: int | None, seed: int
    ) -> None:
        self._plain, self._batch, self._every, self._due = plain, batch, every, every or 0
        device = plain.x.device
        self._count = splitmix.begun(seed, device)
        counts = [part.count for part in plain.parts]
        drawn = range(plain.n_equations if every else 0)
        self._among = {  # of the equations, which points of the pool count
            k: torch.arange(counts[k] // POOL, device=device) for k in drawn
        }

    @property
    def model(self) -> AnyNetwork:
        """The network, or those of the regions."""
        return self._plain.model

    def value(self) -> Float[Tensor, " R"]:
        """Return the residual vector at all points."""
        return self._plain.value()

    def gradient(self) -> tuple[Float[Tensor, ""], Float[Tensor, " P"]]:
        """Return the loss and its gradient at the next batch."""
        return self._plain.gradient(self._rows())

    def repeated(self, work: Work, tensors: Iterable[Tensor]) -> Work:
        """Return a function that does the same, as the plain objective wants it."""
        return self._plain.repeated(work, [*tensors, self._count])

    def renew(self, iteration: int) -> None:
        """Draw the points of the equations anew, by the residual, if it is time to."""
        if self._every is None or iteration < self._due:
            return
        self._due = iteration + self._every
        for own, p in self._probabilities():
            n = len(self._among[own[0]])
            keys = splitmix.uniform(self._count, len(p)).log() / p.double()
            found = keys.topk(n).indices.sort().values
            for k in own:
                self._among[k].copy_(found)

    def state(self) -> State:
        """Return the points that count, how many numbers have been drawn, and when others are."""
        among = {f"among {k}": rows.cpu().numpy().copy() for k, rows in self._among.items()}
        return {"count": int(self._count), "due": self._due, **among}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        self._count.fill_(int(state["count"]))
        self._due = int(state["due"])
        for k, rows in self._among.items():
            rows.copy_(torch.as_tensor(state[f"among {k}"]))

    def _rows(self) -> list[Int[Tensor, " _"] | None]:
        """Return the points that each condition is evaluated at."""
        numbers = None if self._batch is None else splitmix.draw(self._count, self._batch)
        rows = list[Int[Tensor, " _"] | None]()
        for k, part in enumerate(self._plain.parts):
            among = self._among.get(k)
            n = part.count if among is None else len(among)
            if numbers is None or part.is_sum or n <= len(numbers):
                rows.append(among)
            else:
                rows.append(numbers % n if among is None else among[numbers % n])
        return rows

    @torch.no_grad()
    def _probabilities(self) -> list[tuple[list[int], Float[Tensor, " n"]]]:
        """Return equations that hold at the same points, and how probable each of those is."""
        together: dict[bytes, list[int]] = {}
        for k in self._among:
            rows = self._plain.conditions[k].rows
            together.setdefault(rows.tobytes(), []).append(k)
        found = []
        for own in together.values():
            values = [self._plain.value_of(self._plain.parts[k]) for k in own]
            r = torch.stack(values).square().sum(0).sqrt()
            mean = r.mean()
            found.append((own, torch.where(mean > 0, r / mean, r) + 1))
        return found
