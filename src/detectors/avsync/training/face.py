# SPDX-License-Identifier: MPL-2.0
"""Takes the weights of BlazeFace (short range, Apache-2.0, The MediaPipe Authors) out of their file, for ../content/net.rs.

    pip download --no-deps mediapipe==0.10.14, unzip it
    pip install ai-edge-litert numpy
    python face.py mediapipe/modules/face_detection/face_detection_short_range.tflite ../content/blazeface.f16

In the order of use: weights and biases of each layer, 16 bit floating point, as the file has them but for the order: kernels by line, column,
input, output.
"""
import sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

interpreter = Interpreter(sys.argv[1], experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, experimental_preserve_all_tensors=True)
interpreter.allocate_tensors()
interpreter.invoke()
shapes = {t["index"]: tuple(t["shape"]) for t in interpreter.get_tensor_details()}
out, layers = [], []
for op in interpreter._get_ops_details():
    if op["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        weights, bias = (np.array(interpreter.get_tensor(int(i))) for i in op["inputs"][1:3])
        layers.append((op["op_name"], weights.shape))
        # CONV_2D has output, line, column, input; DEPTHWISE_CONV_2D has 1, line, column, channel.
        if op["op_name"] == "CONV_2D":
            weights = weights.transpose(1, 2, 3, 0)
        out += [weights.ravel(), bias.ravel()]
print(*layers, sep="\n")
np.concatenate(out).astype("<f2").tofile(sys.argv[2])
