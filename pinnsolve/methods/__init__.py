"""Methods: one file each, one line in `METHODS`.

This table and `ABILITIES` (`pinnsolve.problem.abilities`), which says what a problem file may ask
of each, are the only places that know a method's name. Importing it loads no torch: a method does
so when it begins to solve.
"""

from pinnsolve.methods import dt_pinn, neural_ivp, operator, pinn, rbf_fd
from pinnsolve.methods.method import Method

METHODS: dict[str, Method] = {
    "rbf-fd": rbf_fd.METHOD,
    "dt-pinn": dt_pinn.METHOD,
    "pinn": pinn.METHOD,
    "operator": operator.METHOD,
    "neural-ivp": neural_ivp.METHOD,
}
