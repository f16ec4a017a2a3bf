"""What each ONNX file named on the command line is made of, by python's onnx: operators, opsets, parameters; a line of JSON for each."""
import json
import math
import sys

import onnx


def graphs(graph):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                yield from graphs(inner)


for path in sys.argv[1:]:
    model = onnx.load(path, load_external_data=False)
    operators, parameters = {}, 0
    for graph in graphs(model.graph):
        for node in graph.node:
            domain = "" if node.domain == "ai.onnx" else node.domain
            name = f"{domain}:{node.op_type}" if domain else node.op_type
            operators[name] = operators.get(name, 0) + 1
        parameters += sum(math.prod(tensor.dims) for tensor in graph.initializer)
        parameters += sum(math.prod(tensor.values.dims) for tensor in graph.sparse_initializer)
    opsets = {"" if one.domain == "ai.onnx" else one.domain: one.version for one in model.opset_import}
    print(json.dumps({"operators": operators, "opsets": opsets, "parameters": parameters, "nodes": sum(operators.values())}))
