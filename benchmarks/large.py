"""A large node set: the disk with 100,000 nodes by dt-pinn, against its floor.

The floor is the direct solution of the same discrete problem. The run is that of the command
line, in a process of its own, whose largest resident set is told by the system.

    python benchmarks/large.py [--nodes 100000] [--orders 4 3] [--json FILE]
"""

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reporting import options_of, report

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"


def solve(order: int, nodes: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--order", str(order), "--set", f"nodes.count={nodes}", "--json"]
        arguments += ["--out", str(Path(folder) / "run")]
        ran = subprocess.run(
            [sys.executable, "-m", "pinnsolve", "solve", str(PROBLEM), *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(ran.stdout)
    error, floor = found["relative_l2"]["u"], found["baseline"]["relative_l2"]
    return {
        "order": order,
        "nodes": found["nodes"],
        "relative_l2": error,
        "floor": floor,
        "ratio": error / floor,
        **{f"{stage}_s": seconds for stage, seconds in found["seconds"].items()},
        # of all children so far: the largest of them
        "peak_gib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20,
    }


def rows(orders: list[int], nodes: int) -> Iterator[dict[str, Any]]:
    for order in orders:
        yield solve(order, nodes)


def main() -> None:
    parser = options_of(__doc__)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--orders", type=int, nargs="+", default=[4, 3])
    options = parser.parse_args()
    columns = {"order": "d", "nodes": "7d", "relative_l2": "8.2e", "floor": "8.2e"}
    columns |= {"ratio": "5.2f", "peak_gib": "5.1f"}
    stages = ("nodes_s", "operators_s", "baseline_s", "training_s", "estimate_s", "total_s")
    columns |= dict.fromkeys(stages, "6.1f")
    report(options, (rows(options.orders, options.nodes), columns))


if __name__ == "__main__":
    main()
