"""Jets: fields and their derivatives, evaluated at points.

In differential geometry the jet of ``u`` at ``x`` is ``u(x)`` together with its derivatives
there. It is all that a residual needs to know of a network, and all that a derivative backend
has to deliver.

Shapes: ``N`` points, ``d`` coordinates, ``c`` field components, ``R`` rows where the
derivatives are wanted.
"""

from collections.abc import Callable, Mapping, Set
from typing import TypeAlias

from jaxtyping import Float
from torch import Tensor

from pinnsolve.diffop import Term

Field: TypeAlias = Callable[[Float[Tensor, "N d"]], Float[Tensor, "N c"]]
Jet: TypeAlias = Mapping[Term, Float[Tensor, "*R"]]
Differentiate: TypeAlias = Callable[[Field, Set[Term]], Jet]
