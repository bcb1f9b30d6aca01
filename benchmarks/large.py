"""A large node set: the disk with 100,000 nodes by dt-pinn, against its floor.

The floor is the direct solution of the same discrete problem. The run is that of the command
line, in a process of its own, whose largest resident set is told by the system.

    python benchmarks/large.py [--nodes 100000] [--orders 4 3] [--json FILE]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

PROBLEM = Path(__file__).parents[1] / "problems" / "disk_poisson.toml"


def solve(order: int, nodes: int) -> dict[str, object]:
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
        "seconds": found["seconds"],
        # of all children so far: the largest of them
        "peak_gib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--orders", type=int, nargs="+", default=[4, 3])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for order in options.orders:
        rows.append(solve(order, options.nodes))
        r = rows[-1]
        stages = ", ".join(f"{stage} {s:.1f}" for stage, s in r["seconds"].items())
        print(
            f"p = {order}: relative L2 {r['relative_l2']:.2e}, floor {r['floor']:.2e}, "
            f"{r['ratio']:.2f} times; at most {r['peak_gib']:.1f} GiB\n    seconds: {stages}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
