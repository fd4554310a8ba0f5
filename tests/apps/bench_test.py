#!/usr/bin/env python3
"""danaus-bench from the outside: the rows and keys of every verb at tiny sizes, compare's verdicts, bad input."""

import copy
import json
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import Program, environment, main

bench = Program(sys.argv[1])

KEYS = {"case", "size", "ours_seconds", "rival", "rival_seconds", "ratio", "goal", "spread"}


def check_rows(report):
    """Every row has the promised keys, and its numbers fit together."""
    assert {"machine", "results"} <= set(report) and report["results"], report
    for row in report["results"]:
        assert KEYS <= set(row), row
        assert row["ours_seconds"] > 0 and len(row["spread"]) == 2 and row["spread"][0] <= row["spread"][1], row
        if row["rival"] is None:
            assert row["ratio"] is None and row["rival_seconds"] is None
        elif row.get("smaller_is_better"):
            assert abs(row["ratio"] * row["rival_seconds"] / row["ours_seconds"] - 1) < 1e-9, row
        else:
            assert abs(row["ratio"] * row["ours_seconds"] / row["rival_seconds"] - 1) < 1e-9, row
    return report["results"]


def check_roofs(machine):
    for key in ("peak_gflops", "peak_gflops_one_thread", "bandwidth_gigabytes", "bandwidth_gigabytes_one_thread"):
        assert machine[key] > 0, machine
    assert machine["cpu"] and machine["blas_core"] and machine["fft"].startswith("fftw")
    assert machine["threads"] >= 1 and machine["simd_floats"] >= 1


def names(rows):
    return {row["case"] for row in rows}


def test_transform_compares_every_case_with_its_rivals():
    report = bench.json("transform", "--quick", "--quiet", "--rounds", 3, "--sizes", "36,45,64", "--modes", 5,
                        "--cases", "1d,2d,real,dense", "--threads", 1, threads=1)
    check_roofs(report["machine"])
    rows = check_rows(report)
    complex_1d = [row for row in rows if row["case"] == "complex 1-D, lane layout"]
    assert [row["size"].split(",")[0] for row in complex_1d[::2]] == ["n = 36", "n = 45", "n = 64"]
    assert [row["goal"] for row in complex_1d] == 4 * [None] + [1.0, None]
    assert all("in our layout" in row["rival"] for row in complex_1d[1::2])
    assert all(row["rival"].startswith("FFTW") and row["gflops"] > 0 and row["share_of_peak"] > 0 for row in rows
               if "1-D, lane" in row["case"])
    pruned = [row["rival"] for row in rows if row["case"] == "real 2-D, pruned to 5 modes" and "45" in row["size"]]
    assert len(pruned) == 4, pruned
    for rival in ("r2c,", "r2c in our layout", "two reals in one complex", "dense pruned DFT"):
        assert any(rival in name for name in pruned), pruned
    assert {"complex 2-D", "real 2-D, full half spectrum", "complex 1-D against the dense matrix"} <= names(rows)


def test_two_threads_compute_what_the_rivals_compute():
    rows = check_rows(bench.json("transform", "--quick", "--quiet", "--rounds", 3, "--sizes", "32", "--modes", 4,
                                 "--cases", "1d,real", "--threads", 2))
    assert rows


def test_share_of_peak_and_roofline():
    for name, magic in (("roof.svg", b"<svg"), ("roof.png", b"\x89PNG")):
        report = bench.json("transform", "--quick", "--quiet", "--rounds", 3, "--cases", "share", "--threads", 1,
                            "--picture", name, threads=1)
        data = open(name, "rb").read()
        assert data.startswith(magic)
        if name.endswith("svg"):
            assert b"measured peak" in data and b"block 16" in data and data.rstrip().endswith(b"</svg>")
        else:
            assert struct.unpack(">I", data[16:20])[0] > 1000
    rows = check_rows(report)
    best, median = rows[0], rows[1]
    assert best["goal"] == 0.8 and median["goal"] == 0.6
    assert 0 < median["ratio"] <= best["ratio"]


def test_layer():
    report = bench.json("layer", "--quick", "--quiet", "--rounds", 3, "--resolution", 16, "--batch", 4, "--width",
                        "3,8", "--modes", 3, "--threads", 2)
    check_roofs(report["machine"])
    rows = check_rows(report)
    assert len(rows) == 12
    for model in ("fno", "monarch-no"):
        assert f"operator layer forward, {model}" in names(rows)
        assert f"operator layer forward and backward, 2 threads against 1, {model}" in names(rows)
    goals = {row["case"].split(",")[0]: row["goal"] for row in rows}
    assert goals["operator layer forward"] == 4.5 and goals["operator layer backward against forward"] == 2.5
    assert all(row.get("smaller_is_better", False) == ("backward against" in row["case"]) for row in rows)
    alone = bench.json("layer", "--quick", "--quiet", "--rounds", 3, "--resolution", 16, "--batch", 2, "--width", 4,
                       "--modes", 3, "--model", "fno", "--threads", 1, threads=1)
    assert len(check_rows(alone)) == 2  # no threads to compare


def test_train_keeps_what_compare_pytorch_reads():
    report = bench.json("train", "--model", "fno", "--resolution", 16, "--batch", 2, "--width", 4, "--modes", 3,
                        "--layers", 2, "--history", 3, "--steps", 2, "--iterations", 3, "--threads", 1, threads=1)
    rows = check_rows(report)
    assert [row["case"] for row in rows] == ["training iteration, fno", "inference, fno", "inference, fno"]
    assert rows[0]["memory_bytes"] >= 0 and rows[1]["size"].endswith("batch 1") and rows[2]["size"].endswith("batch 2")
    assert report["machine"]["threads"] == 1


def test_mri():
    report = bench.json("mri", "--quick", "--quiet", "--rounds", 3, "--size", "48x24/64x32,32x32", "--coils", 3)
    rows = [row for row in report["results"] if row["size"] == "48x24/64x32, 3 coils"]
    assert len(report["results"]) == 16 and len(rows) == 8
    for row in rows:
        assert row["ours_seconds"] > 0 and (row["rival"] is None) == (row["ratio"] is None)
    assert {"SENSE forward", "SENSE adjoint", "SENSE normal", "mSENSE against SENSE"} <= set(names(rows))
    bench.error(64, "mri", "--size", "64x32/48x24", names=["--size", "416x80/512x160"])


def test_io_leaves_nothing_behind():
    os.mkdir("disk")
    report = bench.json("io", "--megabytes", 1, "--resolution", 16, "--rounds", 3, "--folder", "disk")
    rows = check_rows(report)
    assert len(rows) == 3 and all(row["gigabytes_per_second"] > 0 for row in rows)
    assert os.listdir("disk") == []
    bench.error(74, "io", "--folder", "absent", names=["absent"])


def report(*rows, cpu="A", threads=2):
    return {"machine": {"cpu": cpu, "threads": threads}, "results": list(rows)}


def row(name, ratio, width=0.02, **more):
    return {"case": name, "size": "n", "ours_seconds": 1e-3, "rival": "FFTW PATIENT, contiguous",
            "rival_seconds": ratio * 1e-3, "ratio": ratio, "goal": None,
            "spread": [ratio * (1 - width), ratio * (1 + width)], **more}


def timed(name, seconds):
    return {"case": name, "size": "n", "ours_seconds": seconds, "rival": None, "rival_seconds": None, "ratio": None,
            "goal": None, "spread": [0.99 * seconds, 1.01 * seconds]}


def save(name, value):
    with open(name, "w") as file:
        json.dump(value, file)
    return name


def verdicts(before, after, *options, expect=0):
    compared = bench.json("compare", save("before.json", before), save("after.json", after), *options, expect=expect)
    found = {r["case"]: r["verdict"] for r in compared["results"]}
    for verdict in ("worse", "better", "missing"):
        assert compared[verdict] == list(found.values()).count(verdict), compared
    return found


def test_compare_judges_beyond_the_spread():
    before = report(row("same", 2), row("faster", 2), row("slower", 2), row("noisy", 2, 0.3),
                    row("backward", 2, smaller_is_better=True), row("gone", 2), timed("seconds", 1.0))
    after = report(row("same", 1.97), row("faster", 3), row("slower", 1.5), row("noisy", 1.5, 0.3),
                   row("backward", 3, smaller_is_better=True), row("added", 2), timed("seconds", 1.5))
    expected = {"same": "same", "faster": "better", "slower": "worse", "noisy": "same", "backward": "worse",
                "gone": "missing", "seconds": "worse", "added": "new"}
    assert verdicts(before, after, expect=65) == expected
    # Backwards, what was better is worse.
    reverse = verdicts(after, before, expect=65)
    assert reverse["faster"] == "worse" and reverse["slower"] == "better" and reverse["backward"] == "better"
    assert verdicts(before, before) == {r["case"]: "same" for r in before["results"]}
    text = bench.run("compare", "before.json", "before.json").stdout
    assert "0 worse" in text and "slower" in text


def test_compare_knows_what_it_cannot_compare():
    before, after = report(timed("seconds", 1.0), row("ratio", 2)), report(timed("seconds", 2.0), row("ratio", 2), cpu="B")
    assert verdicts(before, after) == {"seconds": "not comparable", "ratio": "same"}
    # FFTW may choose another layout: it is the same rival.
    other = copy.deepcopy(before)
    other["results"][1]["rival"] = "FFTW PATIENT, lanes innermost"
    assert verdicts(before, other)["ratio"] == "same"
    # A small change is none, whatever the spread; the limit can be moved.
    exact = report(row("ratio", 2, 0.0)), report(row("ratio", 1.95, 0.0))
    assert verdicts(*exact) == {"ratio": "same"}
    assert verdicts(*exact, "--tolerance", 0.01, expect=65) == {"ratio": "worse"}


def test_compare_refuses_what_is_not_a_report():
    good = save("good.json", report(row("a", 1)))
    bench.error(64, "compare", good, names=["BEFORE.json", "1"])
    bench.error(66, "compare", good, "absent.json", names=["absent.json"])
    broken = [("[]", "machine"), ("{", "machine"), ('{"machine": {}, "results": []}', "cpu")]
    for text, name in broken:
        with open("bad.json", "w") as file:
            file.write(text)
        bench.error(65, "compare", good, "bad.json", names=["bad.json", name])
    for key, value in (("case", 1), ("spread", [1]), ("spread", None), ("ratio", 0), ("ratio", "2"), ("size", None)):
        bad = report(row("a", 1))
        bad["results"][0][key] = value
        bench.error(65, "compare", good, save("bad.json", bad), names=["bad.json", "results[0]"])
    bench.error(65, "compare", good, save("bad.json", report(3)), names=["results[0]"])


def test_usage_errors():
    bench.error(64, "transfrom", names=["transform"])
    bench.error(64, "transform", "--sizes", "12,x", names=["--sizes", "x"])
    bench.error(64, "transform", "--sizes", "37", "--cases", "1d", "--quiet", "--rounds", 3, names=["37"])
    bench.error(64, "transform", "--sizes", "1000", "--cases", "2d", names=["--sizes", "1000"])
    bench.error(64, "transform", "--cases", "1d,3d", names=["--cases", "3d", "1d"])
    bench.error(64, "transform", "--picture", "roof.gif", names=["--picture", "roof.gif", ".svg"])
    bench.error(64, "layer", "--model", "fnp", names=["--model", "fnp", "fno"])
    bench.error(64, "layer", "--width", "20,0", names=["--width", "0"])
    bench.error(64, "layer", "--rounds", 1, names=["--rounds"])
    bench.error(64, "io", "--megabytes", 0, names=["--megabytes"])


def test_the_users_choice_of_blas_core_wins():
    def core(**variables):
        started = {k: v for k, v in environment(1).items() if k != "OPENBLAS_CORETYPE"}
        done = subprocess.run([bench.path, "--version", "--json"], env={**started, **variables}, capture_output=True,
                              text=True, check=True)
        return json.loads(done.stdout)
    chosen = core()
    assert chosen["blas_core"] and "blas_warning" not in chosen, chosen
    if os.uname().machine != "x86_64" or "DYNAMIC_ARCH" not in chosen["blas"]:
        return
    old = core(OPENBLAS_CORETYPE="Prescott")
    assert old["blas_core"] == "Prescott"
    if chosen["blas_core"] != "Prescott":
        assert "OPENBLAS_CORETYPE" in old["blas_warning"]


if __name__ == "__main__":
    main([(name, test) for name, test in list(globals().items()) if name.startswith("test_")])
