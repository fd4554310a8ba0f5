#!/usr/bin/env python3
"""Navier-Stokes data generation against PyTorch: the same scheme, step, grid and precision, batched in PyTorch, and
the published first-order script at equal error.

  compare_generation_pytorch.py --figures build/release/bin/danaus_pde_test [--threads N] [--json]

Needs PyTorch (any recent CPU build), which Danaus itself does not. Both sides run on the same machine, one after the
other, with the same number of threads; PyTorch gets the batch size that suits it best of those given.

The published script takes its step of dt = 1e-4 for T = 20 in 200,000 steps. We time some of its steps and multiply:
its cost is extrapolated, and said so. Equal error: its scheme's error at t = 10 was measured at dt = 1e-3 by
danaus_pde_test, is of first order (a test shows it), and so gives the number of steps for any error.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time


def figures(program, threads):
    """The JSON lines of danaus_pde_test "[.generation]"."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_PROC_BIND="false")
    output = subprocess.run([program, "[.generation]"], env=environment, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in output.stdout.splitlines() if line.startswith("{\"case\"")]
    if not lines:
        sys.exit(f"{program} printed no figures:\n{output.stdout}{output.stderr}")
    return lines


class Flow:
    """The equations of danaus::pde::NavierStokes on a batch of n x n grids."""

    def __init__(self, torch, n, nu, dtype, batch):
        self.torch, self.n = torch, n
        k = torch.fft.fftfreq(n, 1 / n, dtype=torch.float64)[:, None].expand(n, n // 2 + 1)
        l = torch.arange(n // 2 + 1, dtype=torch.float64)[None, :].expand(n, n // 2 + 1)
        laplace = 4 * math.pi**2 * (k**2 + l**2)
        divisor = laplace.clone()
        divisor[0, 0] = 1
        complex_type = torch.complex128 if dtype == torch.float64 else torch.complex64
        factor = lambda x: (2j * math.pi * x).to(complex_type)
        self.to_u, self.to_v = factor(l / divisor), factor(-k / divisor)
        self.to_x, self.to_y = factor(k), factor(l)
        self.keep = ((k.abs() <= 2 / 3 * (n // 2)) & (l <= 2 / 3 * (n // 2))).to(dtype)
        t = torch.linspace(0, 1, n + 1, dtype=torch.float64)[:-1]
        x, y = t[:, None], t[None, :]
        f = 0.1 * (torch.sin(2 * math.pi * (x + y)) + torch.cos(2 * math.pi * (x + y)))
        self.force = torch.fft.rfft2(f).to(complex_type)
        self.nu, self.laplace, self.dtype = nu, laplace, dtype
        generator = torch.Generator().manual_seed(0)
        white = torch.randn(batch, n, n, generator=generator, dtype=torch.float64)
        smooth = 49**0.625 * 7**1.5 * (laplace + 49) ** -1.25
        self.w = (torch.fft.rfft2(white) * smooth * 0.2).to(complex_type)

    def advection(self, w):
        size = (self.n, self.n)
        irfft2 = self.torch.fft.irfft2
        product = irfft2(self.to_u * w, s=size) * irfft2(self.to_x * w, s=size)
        product += irfft2(self.to_v * w, s=size) * irfft2(self.to_y * w, s=size)
        return self.force - self.keep * self.torch.fft.rfft2(product)

    def prepare_etdrk4(self, h):
        torch = self.torch
        z = -self.nu * self.laplace * h

        def phis(z):
            small = z.abs() < 1
            safe = torch.where(small, torch.ones_like(z), z)
            one = torch.expm1(safe) / safe
            two = (one - 1) / safe
            three = (two - 0.5) / safe
            series = [sum(z**j / float(math.factorial(j + k)) for j in range(20)) for k in (1, 2, 3)]
            return [torch.where(small, s, c) for s, c in zip(series, (one, two, three))]

        half = phis(z / 2)[0]
        one, two, three = phis(z)
        cast = lambda x: x.to(self.dtype)
        self.decay, self.full = cast(torch.exp(z / 2)), cast(torch.exp(z))
        self.gain = cast(h / 2 * half)
        self.first, self.middle = cast(h * (one - 3 * two + 4 * three)), cast(2 * h * (two - 2 * three))
        self.last = cast(h * (4 * three - two))

    def etdrk4(self):
        w = self.w
        n_w = self.advection(w)
        decayed = self.decay * w
        a = decayed + self.gain * n_w
        n_a = self.advection(a)
        b = decayed + self.gain * n_a
        n_b = self.advection(b)
        c = self.decay * a + self.gain * (2 * n_b - n_w)
        n_c = self.advection(c)
        self.w = self.full * w + self.first * n_w + self.middle * (n_a + n_b) + self.last * n_c

    def crank_nicolson(self, h):
        half = (0.5 * h * self.nu * self.laplace).to(self.dtype)
        self.w = (h * self.advection(self.w) + (1 - half) * self.w) / (1 + half)


def seconds_per_sample_step(torch, n, dtype, batches, scheme, h):
    """Median over rounds, for the batch size with the best median."""
    best = None
    for batch in batches:
        flow = Flow(torch, n, 1e-3, dtype, batch)
        if scheme == "etdrk4":
            flow.prepare_etdrk4(h)
            step = flow.etdrk4
        else:
            step = lambda: flow.crank_nicolson(h)
        with torch.inference_mode():
            step()
            count = max(2, 400 * 64 * 64 // (n * n * batch))
            rounds = []
            for _ in range(5):
                start = time.perf_counter()
                for _ in range(count):
                    step()
                rounds.append((time.perf_counter() - start) / count / batch)
        if not bool(torch.isfinite(torch.view_as_real(flow.w)).all()):
            sys.exit("PyTorch's flow is not finite")
        if best is None or statistics.median(rounds) < best[0]:
            best = (statistics.median(rounds), batch, max(rounds) / min(rounds) - 1)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", required=True, metavar="PROGRAM", help="danaus_pde_test of a release build")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batches", default="1,4,20", help="batch sizes that PyTorch may use")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("this comparison needs PyTorch: pip install torch")
    torch.set_num_threads(options.threads)
    batches = [int(batch) for batch in options.batches.split(",")]

    ours = figures(options.figures, options.threads)
    results = []
    for row in ours:
        if row["case"] != "fixed step" or row["grid"] > 128:
            continue
        dtype = torch.float64 if row["precision"] == "double" else torch.float32
        rival, batch, spread = seconds_per_sample_step(torch, row["grid"], dtype, batches, "etdrk4", 1 / 32)
        results.append({"case": f"etdrk4, one step of one sample, {row['precision']}", "size": row["grid"],
                        "ours_seconds": row["seconds_per_step"], "rival": f"PyTorch {torch.__version__}, batch {batch}",
                        "rival_seconds": rival, "ratio": rival / row["seconds_per_step"], "goal": 1.5,
                        "spread": max(spread, row["spread"])})

    find = lambda **wanted: next(r for r in ours if all(r.get(k) == v for k, v in wanted.items()))
    default = [r for r in ours if r["case"] == "default" and r["precision"] == "double"][-1]
    our_error = find(case="time error", nu=0.001, t=10)["relative"]
    published = find(case="published scheme", t=10)
    step, batch, spread = seconds_per_sample_step(torch, 64, torch.float32, batches, "crank-nicolson", 1e-4)
    for name, dt in (("as published, dt 1e-4 (its error is larger than ours)", 1e-4),
                     ("at our error", published["dt"] * our_error / published["relative"])):
        results.append({"case": f"one trajectory, T = 20, 64 x 64; the published scheme {name}, extrapolated from its "
                                "measured step", "size": 64, "ours_seconds": default["seconds_per_trajectory"],
                        "rival": f"PyTorch {torch.__version__}, float, batch {batch}", "rival_steps": 20 / dt,
                        "rival_seconds": step * 20 / dt, "ratio": step * 20 / dt / default["seconds_per_trajectory"],
                        "goal": 30, "spread": max(spread, default["spread"]),
                        "our_error": our_error, "rival_error": published["relative"] * dt / published["dt"]})

    machine = {"threads": options.threads, "cpu": next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                                                        if line.startswith("model name")), "unknown")}
    if options.json:
        print(json.dumps({"machine": machine, "results": results}))
        return
    print(f"{machine['cpu']}, {options.threads} threads")
    for r in results:
        print(f"{r['case']}, {r['size']}: ours {r['ours_seconds']:.4g} s, {r['rival']} {r['rival_seconds']:.4g} s, "
              f"ratio {r['ratio']:.3g} (goal {r['goal']}, spread {100 * r['spread']:.0f} %)")
    if max(r["spread"] for r in results) > 0.5:
        print("The machine was busy (spread above 50 %): these ratios are not to be quoted.")


if __name__ == "__main__":
    main()
