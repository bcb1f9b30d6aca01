"""What a run leaves behind: a folder with the problem, the figures, the fields and a report.

- ``- ``problem.toml``: the problem as resolved; solving it again gives the same
- ``metrics.json``: errors, times, settings
- ``solution.hdf``: everything, for ParaView and for scripts (see `vtkhdf`)
- ``solution.vtu``: the fields, for every ParaView
- ``report.html``: for people
"""

from pinnsolve.output import vtkhdf, vtu

WRITERS = {"hdf": vtkhdf.write, "vtu": vtu.write}  # by format; they write solution.<format>
