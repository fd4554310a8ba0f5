#!/usr/bin/env python3
"""Times one training iteration of Danaus against the same model and step in PyTorch, on the same machine in one run.

    python3 scripts/compare_pytorch.py [--width 20] [--compile] [--json]
    python3 scripts/compare_pytorch.py --device gpu [--graph]

The model is the published FNO-2d (64x64, batch 20, modes 12, 4 layers, float32), unrolled 10 autoregressive steps with
back-propagation through all of them, relative L2 loss, Adam. PyTorch runs eagerly, and with --compile through
torch.compile too. Danaus and PyTorch take turns; medians are compared. Memory is the peak resident size less that
before the first iteration. Needs PyTorch (pip install torch), which is used by this comparison only.

On a GPU (--device gpu, the cuda build of Danaus) PyTorch keeps its own defaults, TF32 convolutions among them, while
Danaus computes in float32; with --graph a third rival replays the whole iteration as one CUDA graph. Memory is then
what the iteration holds of the device's at most.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

WORKER = r'''
import json, resource, sys, time
import torch
import torch.nn as nn
import torch.nn.functional as F

options = json.loads(sys.argv[1])
torch.set_num_threads(options["threads"])
torch.manual_seed(0)
on_gpu = options["device"] == "gpu"
torch.set_default_device("cuda" if on_gpu else "cpu")
batch, n, width, modes, steps = (options[k] for k in ("batch", "resolution", "width", "modes", "steps"))


class SpectralConv(nn.Module):
    def __init__(self):
        super().__init__()
        shape = (width, width, modes, modes)
        self.low = nn.Parameter(torch.rand(*shape, dtype=torch.cfloat) / width**2)
        self.high = nn.Parameter(torch.rand(*shape, dtype=torch.cfloat) / width**2)

    def forward(self, v):
        spectrum = torch.fft.rfft2(v)
        out = torch.zeros(v.shape[0], width, n, n // 2 + 1, dtype=torch.cfloat)
        mix = lambda part, weights: torch.einsum("bixy,ioxy->boxy", part, weights)
        out[:, :, :modes, :modes] = mix(spectrum[:, :, :modes, :modes], self.low)
        out[:, :, -modes:, :modes] = mix(spectrum[:, :, -modes:, :modes], self.high)
        return torch.fft.irfft2(out, s=(n, n))


class Fno(nn.Module):
    def __init__(self):
        super().__init__()
        self.lifting = nn.Linear(12, width)
        self.spectral = nn.ModuleList(SpectralConv() for _ in range(4))
        self.pointwise = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in range(4))
        self.projection_1, self.projection_2 = nn.Linear(width, 128), nn.Linear(128, 1)
        axis = torch.linspace(0, 1, n)
        self.grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1)[None]

    def forward(self, history):
        v = self.lifting(torch.cat((history, self.grid.expand(history.shape[0], -1, -1, -1)), -1)).permute(0, 3, 1, 2)
        for layer in range(4):
            v = self.spectral[layer](v) + self.pointwise[layer](v)
            if layer < 3:
                v = F.gelu(v)
        return self.projection_2(F.gelu(self.projection_1(v.permute(0, 2, 3, 1))))


model = Fno()
if options["compile"]:
    # The compiler generates no code for complex numbers, and 2.15 fails on the gradient of the kept modes: the
    # spectral convolution is left as it is, all around it is compiled.
    SpectralConv.forward = torch.compiler.disable(SpectralConv.forward)
    model = torch.compile(model)
adam = torch.optim.Adam(model.parameters(), lr=1e-3, capturable=on_gpu and options["graph"])
frames = torch.randn(batch, n, n, 10 + steps)


def iteration():
    history, loss = frames[..., :10], 0
    for step in range(steps):
        target = frames[..., 10 + step : 11 + step]
        prediction = model(history)
        difference = (prediction - target).reshape(batch, -1).norm(dim=1)
        loss = loss + (difference / target.reshape(batch, -1).norm(dim=1)).sum()
        history = torch.cat((history[..., 1:], prediction), -1)
    adam.zero_grad(set_to_none=not options["graph"])
    loss.backward()
    adam.step()


def inference(samples):
    with torch.no_grad():
        model(frames[:samples, ..., :10])


def wait():
    if on_gpu:
        torch.cuda.synchronize()


def seconds(run):
    wait()
    start = time.perf_counter()
    run()
    wait()
    return time.perf_counter() - start


def recorded(run):
    """The same as one CUDA graph, after the warm-up that capturing asks for."""
    if not options["graph"]:
        return run
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def peak():
    if on_gpu:
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


before = peak()
iteration()
result = {"memory_bytes": peak() - before}
train = recorded(iteration)
for _ in range(3 if on_gpu else 0):
    train()
result["train"] = [seconds(train) for _ in range(options["iterations"])]
for samples in (1, batch):
    inference(samples)
    predict = recorded(lambda: inference(samples))
    result[f"inference {samples}"] = [seconds(predict) for _ in range(5 * options["iterations"])]
print(json.dumps(result))
'''


def torch_times(options, rival):
    settings = {**vars(options), "compile": rival == "torch.compile", "graph": rival == "PyTorch CUDA graph",
                "iterations": 3 if options.device == "cpu" else 20}
    settings.pop("program"), settings.pop("json")
    done = subprocess.run([sys.executable, "-c", WORKER, json.dumps(settings)], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("the PyTorch side failed; is PyTorch installed for this Python?")
    return json.loads(done.stdout)


def danaus_times(options):
    results = []
    for model in ("fno", "monarch-no"):  # a process each: the peak of one must not hide that of the other
        command = [options.program, "train", "--model", model, "--json", "--iterations",
                   "3" if options.device == "cpu" else "20"]
        for name in ("resolution", "batch", "width", "modes", "steps", "threads"):
            command += [f"--{name}", str(getattr(options, name))]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        results += json.loads(done.stdout)["results"]
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, help="default: danaus-bench of build/release, or build/cuda")
    for name, default in (("resolution", 64), ("batch", 20), ("width", 20), ("modes", 12), ("steps", 10),
                          ("threads", 2), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--device", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--compile", action="store_true", help="compare with torch.compile too")
    parser.add_argument("--graph", action="store_true", help="compare with a CUDA graph of PyTorch's too (--device gpu)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.graph and options.device != "gpu":
        parser.error("--graph needs --device gpu")
    if options.program is None:
        options.program = ROOT / "build" / ("release" if options.device == "cpu" else "cuda") / "bin" / "danaus-bench"
    if not options.program.exists():
        sys.exit(f"{options.program} does not exist: build it first (cmake --build build/release), or --program")

    rivals = ["PyTorch eager"] + ["torch.compile"] * options.compile + ["PyTorch CUDA graph"] * options.graph
    torch_rounds, danaus_rounds = {name: [] for name in rivals}, []
    for _ in range(options.rounds):  # in turn, so that a machine that drifts drifts for both
        danaus_rounds.append(danaus_times(options))
        for name in rivals:
            torch_rounds[name].append(torch_times(options, name))

    kinds = {"training iteration": "train", "inference": "inference"}
    rows = []
    for index, ours in enumerate(danaus_rounds[0]):
        kind = ours["case"].split(",")[0]
        samples = ours["size"].rsplit("batch ", 1)[1].split(",")[0]
        seconds = statistics.median(r[index]["ours_seconds"] for r in danaus_rounds)
        for name in rivals:
            key = "train" if kinds[kind] == "train" else f"inference {samples}"
            theirs = statistics.median(t for r in torch_rounds[name] for t in r[key])
            rows.append({"case": ours["case"], "size": ours["size"], "ours_seconds": seconds,
                         "rival": f"{name}, FNO", "rival_seconds": theirs, "ratio": theirs / seconds})
            if key == "train":
                memory = statistics.median(r[index]["memory_bytes"] for r in danaus_rounds)
                rival = statistics.median(r["memory_bytes"] for r in torch_rounds[name])
                rows[-1].update(memory_bytes=memory, rival_memory_bytes=rival, memory_ratio=memory / rival)
    if options.json:
        print(json.dumps({"threads": options.threads, "results": rows}, indent=1))
        return
    print("| case | Danaus | rival | rival's | times faster | memory | rival's | share |\n|---|---|---|---|---|---|---|---|")
    for row in rows:
        memory = (f"{row['memory_bytes'] / 2**20:.0f} MiB | {row['rival_memory_bytes'] / 2**20:.0f} MiB | "
                  f"{row['memory_ratio']:.2f}" if "memory_ratio" in row else "| |")
        print(f"| {row['case']}, {row['size']} | {row['ours_seconds']:.4f} s | {row['rival']} | "
              f"{row['rival_seconds']:.4f} s | {row['ratio']:.1f} | {memory} |")


if __name__ == "__main__":
    main()
