"""What a run leaves behind: a folder with the problem, the figures, the fields and a report.

- ``problem.toml``: the problem as resolved; solving it again gives the same
- ``metrics.json``: errors, times, settings
- ``solution.hdf``: everything, for ParaView and for scripts (see `vtkhdf`)
- ``solution.vtu``: the fields, for every ParaView; of a solution in time ``solution.pvd`` with a
  file for each time level (see `pvd`)
- ``report.html``: for people
"""
