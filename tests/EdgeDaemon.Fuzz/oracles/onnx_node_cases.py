"""ONNX's own tests of its operators, with what they are fed made constants of the graph, and how much each makes by ONNX's own expectation.

Writes NAME.onnx to the folder named on the command line, and prints NAME and the number of elements of the first output, a line for each.
"""
import os
import sys

import numpy

for name in ("float", "bool", "int", "object"):
    # The tests of onnx 1.12 use names that numpy has dropped.
    if name not in numpy.__dict__:
        setattr(numpy, name, __builtins__.__dict__[name])

import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node

for case in node.collect_testcases(None):
    if case.model is None or not case.data_sets:
        continue
    inputs, outputs = case.data_sets[0]
    graph = case.model.graph
    tensors = all(isinstance(value, numpy.ndarray) for value in [*inputs, *outputs])
    if not tensors or any(attribute.HasField("g") for one in graph.node for attribute in one.attribute):
        continue
    graph.initializer.extend(numpy_helper.from_array(value, port.name) for port, value in zip(graph.input, inputs))
    del graph.input[:], graph.value_info[:], graph.output[1:]
    graph.output[0].ClearField("type")
    with open(os.path.join(sys.argv[1], f"{case.name}.onnx"), "wb") as file:
        file.write(case.model.SerializeToString())
    print(case.name, outputs[0].size, graph.output[0].name)
