"""Mutants of the rivals, their chart and their words."""

from mutant import Mutant

GRAPH, RUN, TORCH, PEERS = (
    f"tools/rivals/{name}.py" for name in ("onnx_graph", "runtimes", "torch_runtime", "peers")
)
CHART, FIND, OPENCV = "tools/rivals/chart.py", "tools/rivals/__init__.py", "tools/rivals/opencv.py"
COMMAND, BENCHMARK = "cli/benchmark.py", "tools/benchmark.py"

MUTANTS = [
    # graphs
    Mutant(GRAPH, "epsilon=eps", "epsilon=1e-5", "onnx_graph"),
    Mutant(GRAPH, "pads=(1, 1, 1, 1)", "pads=(1, 1, 1, 0)", "onnx_graph"),
    Mutant(GRAPH, '_node("Round", ("moved",)', '_node("Floor", ("moved",)', "onnx_graph"),
    Mutant(GRAPH, "np.array(127.5)", "np.array(128.0)", "onnx_graph"),
    Mutant(GRAPH, "(folded.center / 255)", "(folded.center / 127)", "onnx_graph"),
    Mutant(GRAPH, "perm=(0, 2, 3, 1)", "perm=(0, 3, 2, 1)", "onnx_graph"),
    Mutant(GRAPH, "while number > 127", "while number > 255", "onnx_graph"),
    Mutant(GRAPH, "number << 3 | 5", "number << 3 | 1", "onnx_graph"),
    Mutant(GRAPH, 'first_bias": (hidden,)}', 'first_bias": (hidden, 1)}', "onnx_graph"),
    # onnxruntime and OpenVINO
    Mutant(RUN, "max(start - NETWORK_HALO, 0)", "max(start - 1, 0)", "runtimes"),
    Mutant(RUN, ", rows - window)", ", rows)", "runtimes"),
    Mutant(RUN, "range(0, rows, STRIP_ROWS)", "range(0, rows - 1, STRIP_ROWS)", "runtimes"),
    Mutant(RUN, '"first_bias": bias', '"first_bias": 0 * bias', "runtimes"),
    Mutant(RUN, '"BF16" not in capable', '"BF16" in capable', "runtimes"),
    Mutant(RUN, '"INFERENCE_PRECISION_HINT": precision', '"INFERENCE_PRECISION_HINT": "f32"', "runtimes"),  # noqa: E501
    # torch
    Mutant(TORCH, "/ 127.5 - 1.0", "/ 127.5 - 0.99", "torch_runtime"),
    Mutant(TORCH, "* 255.0).round()", "* 255.0).floor()", "torch_runtime"),
    Mutant(TORCH, "(model(signed) + 1.0) * 127.5", "(model(signed) + 1.0) * 127.0", "torch_runtime"),  # noqa: E501
    Mutant(TORCH, "parameter.copy_(", "parameter.clone().copy_(", "torch_runtime"),
    Mutant(TORCH, "torch.set_num_threads(threads)", "pass", "torch_runtime"),
    Mutant(TORCH, "if not has_compiler():", "if False:", "torch_runtime"),
    Mutant(TORCH, "except RuntimeError as error", "except KeyError as error", "torch_runtime"),
    # peers
    Mutant(PEERS, "CURVES = 8", "CURVES = 7", "peers"),
    Mutant(PEERS, "DOWNSCALING = 12", "DOWNSCALING = 8", "peers"),
    Mutant(PEERS, "low - low * low", "low * low - low", "peers"),
    Mutant(PEERS, "{4: 3, 5: 2}", "{4: 2, 5: 3}", "peers"),
    Mutant(PEERS, "torch.cat((found[1], found[-1])", "torch.cat((found[2], found[-1])", "peers"),
    Mutant(PEERS, "groups=given", "groups=1", "peers"),
    Mutant(PEERS, "clamp(DARKEST, 1.0)", "clamp(DARKEST, 2.0)", "peers"),
    Mutant(PEERS, "clamp(DARKEST, 1.0)", "clamp(0.0, 1.0)", "peers"),
    Mutant(PEERS, "features + self.block(features)", "self.block(features)", "peers"),
    Mutant(PEERS, "light = low + self.last", "light = self.last", "peers"),
    # OpenCV, finding
    Mutant(OPENCV, "CLIP_LIMIT = 2.0", "CLIP_LIMIT = 4.0", "opencv"),
    Mutant(OPENCV, "COLOR_YCrCb2RGB", "COLOR_YCrCb2BGR", "opencv"),
    Mutant(FIND, "except ModuleNotFoundError as error", "except KeyError as error", "rivals"),
    Mutant(FIND, "except RivalError as error", "except Exception as error", "rivals"),
    Mutant(FIND, 'if told else ""', "", "rivals"),
    Mutant(FIND, "load(threads)", "load(1)", "rivals"),
    # chart
    Mutant(CHART, "axes[0].invert_yaxis()", "pass", "chart"),
    Mutant(CHART, '{"svg.hashsalt": "noiser"}', "{}", "chart"),
    Mutant(CHART, 'name.startswith("noiser")', "False", "chart"),
    Mutant(CHART, "if name in same_network", "if name not in same_network", "chart"),
    Mutant(CHART, "[times[name] for name in names]", "list(times.values())", "chart"),
    Mutant(CHART, 'else {"Date": None}', "else {}", "chart"),
    # the benchmark and its words
    Mutant(BENCHMARK, "PAUSE if rivals else 0.0", "PAUSE", "benchmark"),
    Mutant(BENCHMARK, "PAUSE if rivals else 0.0", "0.0", "benchmark"),
    Mutant(BENCHMARK, "partial(run, image)", "partial(run, images[sizes[0]])", "benchmark"),
    Mutant(COMMAND, "seconds / timing.whole}", "timing.whole / seconds}", "benchmark"),
    Mutant(COMMAND, "ratio = seconds / timing.whole", "ratio = timing.whole", "benchmark"),
    Mutant(COMMAND, "key=lambda pair: pair[1]", "key=lambda pair: pair[0]", "benchmark"),
    Mutant(COMMAND, "if name != look", "if name == look", "benchmark"),
    Mutant(COMMAND, "if left_out:", "if False:", "benchmark"),
    Mutant(COMMAND, "name: s * 1e9 /", "name: s * 1e6 /", "benchmark"),
    Mutant(COMMAND, "is_taken(figure) and not overwrite", "False", "benchmark"),
    Mutant(COMMAND, "    if not has_rivals:\n", "    if False:\n", "benchmark"),
]  # fmt: skip
