"""Training of one network of position and input: its head is solved for at pairs of both.

The features are drawn at the frequency that leaves the least at other pairs of the same points,
sought by half octaves; of a linear equation the head solved for at the best one is the
answer, of another Newton's method goes on from there.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf

import numpy as np
import torch

from pinnsolve.networks.mlp import MLP
from pinnsolve.objectives.joint import JointProblem
from pinnsolve.objectives.joint_fields import JointFields
from pinnsolve.optimizers.head import loss_of, newton
from pinnsolve.process import Budget, State, Step, StoppingRule, nested, part
from pinnsolve.training.frequencies import next_frequency

TRIAL, STEPS = 3, 20  # Newton steps at each, and at the best
SHIFT, OTHER = 0.0, 0.5  # of the pairs to train with, and of those by which features are compared
STAGE = "training: head"


class JointTraining:
    """Find the solutions of a family as one network.

    Parameters
    ----------
    problem
        What holds at which pairs.
    net
        The network of position and input.
    budget
        Iterations and seconds of the head solve.
    frequency
        The first that is tried, per half width of the domain.
    seed
        Of the features.
    answer
        Makes the solutions from the network.
    """

    def __init__(
        self,
        problem: JointProblem,
        net: MLP,
        budget: Budget,
        frequency: float,
        seed: int,
        answer: Callable[[MLP], JointFields],
    ) -> None:
        self._problem, self._net, self._rule = problem, net, StoppingRule(budget)
        self._frequency, self._seed, self._answer = frequency, seed, answer
        self._losses: dict[float, float] = {}  # by the frequency, in the order of the trials
        self._best = {name: value.clone() for name, value in net.state_dict().items()}
        self._iteration, self._before = 0, inf

    @torch.no_grad()
    def step(self) -> Step:
        """Return the account of one more frequency, or of more steps at the best."""
        frequency = next_frequency(self._losses, self._frequency)
        with self._rule.running():
            loss = self._improve() if frequency is None else self._attempt(frequency)
        if frequency is not None:
            step = self._rule.report(len(self._losses), loss)
            return self._told(step, note=f"frequency {frequency:.3g}")
        why = "the weights are optimal" if self._is_linear else "further steps do not pay"
        step = self._rule.judge(self._iteration, loss, why)
        return self._told(step, ended=step.done)

    def answer(self) -> JointFields:
        """Return the solutions found so far."""
        self._net.load_state_dict(self._best)
        return self._answer(self._net)

    def state(self) -> State:
        """Return the best network, and the losses by frequency."""
        net = {name: value.cpu().numpy() for name, value in self._best.items()}
        mine: State = {
            "frequencies": np.array(list(self._losses)),
            "losses": np.array(list(self._losses.values())),
            "iteration": self._iteration,
            "before": self._before,
        }
        return {**mine, **nested(net=net, rule=self._rule.state())}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        frequencies, losses = (
            np.asarray(state[name], dtype=float).tolist() for name in ("frequencies", "losses")
        )
        self._losses = dict(zip(frequencies, losses, strict=True))
        self._iteration, self._before = int(state["iteration"]), float(state["before"])
        self._rule.restore(part(state, "rule"))
        self._best = {
            name: torch.as_tensor(np.asarray(value)).to(self._best[name])
            for name, value in part(state, "net").items()
        }

    @property
    def _is_linear(self) -> bool:
        return self._problem.objective.is_linear

    def _told(self, step: Step, note: str = "", ended: str = "") -> Step:
        return replace(step, stage=STAGE, phase="head", before=self._before, note=note, ended=ended)

    def _attempt(self, frequency: float) -> float:
        """Solve for the head over features of a frequency; return what is left at other pairs."""
        self._net.draw(self._seed, frequency)
        loss = self._solved(TRIAL)
        if loss < min(self._losses.values(), default=inf):
            self._best = {name: value.clone() for name, value in self._net.state_dict().items()}
        self._losses[frequency] = loss
        return loss

    def _improve(self) -> float:
        """Take more steps over the best features, unless the first was the last."""
        self._iteration += 1
        best = min(self._losses.values())
        if self._is_linear:
            return best
        self._net.load_state_dict(self._best)
        loss = self._solved(STEPS)
        if loss < best:
            self._best = {name: value.clone() for name, value in self._net.state_dict().items()}
        return min(loss, best)

    def _solved(self, steps: int) -> float:
        """Take Newton steps on the head; return the loss at other pairs."""
        head = self._problem.head(self._net, SHIFT)
        c, _ = newton(head, head.vector(), steps)
        del head
        self._net.set_head(c)
        other = self._problem.head(self._net, OTHER)
        self._before = loss_of(other, torch.zeros_like(c))
        return loss_of(other, c)
