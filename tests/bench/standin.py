"""Something that takes the place of the package jet-for-pytorch."""

from types import ModuleType

from pinnsolve.bench.contenders import nested


def stand_in(change=lambda values: values):
    """Return what is used of the package jet-for-pytorch, by nested differentiation."""

    def jet(net, mock):
        def transformed(series):
            assert [float(c.sum()) for c in series[1:]] == [len(mock[0])] + [0] * (len(series) - 2)
            return tuple(change(nested(net, series[0], len(series) - 1)()))

        return transformed

    def capture_graph(function, _mock):
        def captured(*series):
            assert captured.is_compiled
            return function(series)

        captured.graph, captured.is_compiled = object(), False
        captured.recompile = lambda: setattr(captured, "is_compiled", True)
        return captured, None

    package = ModuleType("jet")
    package.jet = jet
    package.capture_graph = capture_graph
    package.common_subexpression_elimination = lambda _graph: True
    return package
