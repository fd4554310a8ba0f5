#!/usr/bin/env python3
"""danaus-pde from the outside: exit codes, JSON, generate -> check -> train -> eval -> predict, resuming."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import SIGINT, SIGKILL, Program, main, stop

pde = Program(sys.argv[1])

GRID = ["--resolution", 16, "--solver-resolution", 16, "--horizon", 6]
SMALL = ["--modes", 4, "--width", 4, "--layers", 2, "--history", 3, "--batch", 4, "--progress", "none"]


def exists(path):
    return lambda: os.path.exists(path)


def parameters(run, which="last"):
    """Name -> digest of every array of weights."""
    digests = pde.json("info", f"{run}/{which}.h5", "--digests")["digests"]
    return {name: digest for name, digest in digests.items() if name.startswith("/parameters/")}


def arrays(file):
    return pde.json("info", file, "--digests")["digests"]


def test_help_lists_every_option():
    for verb in ("generate", "train", "eval", "predict", "sparsify", "densify", "info", "check"):
        listed = pde.json(verb, "--help")
        assert listed["verb"] == verb
        names = [option["name"] for option in listed["options"]]
        assert len(names) == len(set(names)) and "json" in names
        for option in listed["options"]:
            assert {"name", "type", "default", "range", "description"} <= set(option)
            assert "--" + option["name"] in pde.run(verb, "--help").stdout
    assert "train" in pde.run("--help").stdout
    version = pde.json("--version")
    assert {"version", "commit", "compiler", "kokkos", "fft", "blas", "hdf5"} <= set(version)
    assert "complete -" in pde.run("--completion").stdout
    assert pde.run("--man").stdout.startswith(".TH")


def test_usage_errors_name_the_option_and_the_nearest_name():
    pde.error(64, names=["verb"])
    pde.error(64, "trian", names=["trian", "train"])
    pde.error(64, "train", "--ep", 5, "--out", "x", names=["--ep", "--epochs"])
    pde.error(64, "train", "--epoch=5", "--out", "x", names=["--epoch", "--epochs"])
    pde.error(64, "train", "--epochs", -1, "--out", "x", names=["--epochs", "-1"])
    pde.error(64, "train", "--epochs", "3x", "--out", "x", names=["--epochs", "3x"])
    pde.error(64, "train", "--lr", "nan", "--out", "x", names=["--lr", "nan"])
    pde.error(64, "train", "--lr", 0, "--out", "x", names=["--lr"])
    pde.error(64, "train", "--increment", "maybe", "--out", "x", names=["--increment"])
    pde.error(64, "train", "--model", "monarch", "--out", "x", names=["monarch", "monarch-no"])
    pde.error(64, "train", "--epochs", names=["--epochs"])
    pde.error(64, "train", "stray", names=["stray"])
    pde.error(64, "train", "--out", "x", names=["--data"])
    pde.error(64, "generate", "--problem", "darci", "--out", "x", names=["darci", "darcy"])
    pde.error(64, "generate", "--problem", "darcy", "--nu", 1, "--out", "x", names=["--nu"])
    pde.error(64, "generate", "--samples", 2, names=["--out"])
    pde.error(66, "train", "--data", "absent.h5", "--out", "x", names=["absent.h5"])
    pde.error(66, "eval", "--run", "absent", names=["absent"])
    pde.error(66, "info", "absent", names=["absent"])
    pde.error(66, "train", "--config", "absent.ini", "--out", "x", names=["absent.ini"])
    assert not os.path.exists("x")


def test_configuration_files_name_file_and_line():
    with open("bad.ini", "w") as file:
        file.write("# a comment\nsamples = 2\nsolver-resolutoin = 16\n")
    pde.error(64, "generate", "--config", "bad.ini", "--out", "x", names=["bad.ini:3", "solver-resolution"])
    with open("range.ini", "w") as file:
        file.write("samples = 0\n")
    pde.error(64, "generate", "--config", "range.ini", "--out", "x", names=["range.ini:1", "samples"])
    with open("good.ini", "w") as file:
        file.write("samples = 3\nproblem = darcy\nresolution = 9\n")
    shapes = pde.json("generate", "--config", "good.ini", "--samples", 2, "--out", "x", "--dry-run")["shapes"]
    assert shapes["/coeff"] == [2, 9, 9], shapes  # the command line wins
    assert not os.path.exists("x")


def test_generation_is_verified_deterministic_and_refuses_to_overwrite():
    made = pde.json("generate", *GRID, "--samples", 14, "--seed", 5, "--out", "ns.h5")
    assert made["shapes"]["/u"] == [14, 16, 16, 6]
    pde.run("generate", *GRID, "--samples", 14, "--seed", 5, "--threads", 1, "--out", "ns-again.h5", "--quiet")
    assert open("ns.h5", "rb").read() == open("ns-again.h5", "rb").read()
    pde.run("generate", "--problem", "darcy", "--resolution", 16, "--samples", 14, "--out", "darcy.h5", "--quiet")
    pde.error(64, "generate", *GRID, "--samples", 14, "--out", "ns.h5", names=["ns.h5", "--overwrite"])
    pde.run("generate", *GRID, "--samples", 14, "--seed", 5, "--out", "ns-again.h5", "--overwrite", "--quiet")
    checked = pde.json("check", "ns.h5", "darcy.h5")
    assert checked["status"] == "ok" and all(file["sealed"] for file in checked["files"])
    info = pde.json("info", "ns.h5")
    assert info["kind"] == "navier-stokes" and info["format_version"] == 1
    assert info["shapes"]["/a"] == [14, 16, 16] and info["attributes"]["problem"] == "navier-stokes"
    estimate = pde.json("generate", *GRID, "--samples", 14, "--out", "none.h5", "--dry-run")
    assert estimate["memory_bytes"] > 0 and estimate["seconds_estimate"] > 0
    assert not os.path.exists("none.h5") and not os.path.exists("none.h5.partial")


def test_interrupted_generation_continues_to_the_same_bytes():
    options = ["generate", "--resolution", 32, "--solver-resolution", 32, "--horizon", 12, "--samples", 48, "--quiet"]
    pde.run(*options, "--out", "whole.h5")
    for number, code in ((SIGINT, 75), (SIGKILL, -SIGKILL)):
        name = f"cut{int(number)}.h5"
        returned = stop(pde.start(*options, "--out", name), number, exists(name + ".partial"))
        assert returned in (code, 0), returned  # it may have been too fast to stop
        assert returned == 0 or not os.path.exists(name)
        if os.path.exists(name + ".partial"):
            pde.error(65, "check", name + ".partial", names=["generate"])
            pde.error(64, *options, "--seed", 1, "--out", name)  # not the same data
            pde.run(*options, "--out", name)
        assert open("whole.h5", "rb").read() == open(name, "rb").read()


def test_train_eval_predict():
    keys = ["model", "parameters", "parameters_complex_as_one", "epochs", "train_relative_l2",
            "validation_relative_l2", "test_relative_l2", "seconds_per_epoch", "seconds_total", "seed", "data_digest"]
    for data, model in (("ns", "fno"), ("ns", "monarch-no"), ("darcy", "fno"), ("darcy", "monarch-no")):
        run = f"{data}-{model}"
        history = ["--history", 3] if data == "ns" else ["--history", 0]
        result = pde.json("train", "--data", f"{data}.h5", "--model", model, *SMALL, *history, "--epochs", 2, "--train", 10,
                          "--validation", 2, "--test", 4, "--seed", 3, "--out", run)
        assert list(result) == keys, result
        assert result["model"] == model and result["epochs"] == 2 and result["seed"] == 3
        assert result["data_digest"] == pde.json("info", f"{data}.h5")["digest"]
        for file in ("config.ini", "command.txt", "build.json", "metrics.csv", "last.h5", "best.h5", "report.html"):
            assert os.path.getsize(f"{run}/{file}") > 0, file
        rows = open(f"{run}/metrics.csv").read().splitlines()
        assert rows[0] == "epoch,step,train_relative_l2,validation_relative_l2,learning_rate,seconds" and len(rows) == 3
        pde.run("check", f"{run}/last.h5", f"{run}/best.h5")

        score = pde.json("eval", "--run", run)
        assert score["samples"] == 4 and score["parameters"] == result["parameters"]
        assert abs(score["relative_l2"] - result["test_relative_l2"]) <= 1e-12  # the same sums
        assert len(score["relative_l2_per_step"]) == (3 if data == "ns" else 1)
        best = pde.json("eval", "--run", run, "--which", "best", "--metrics", "corrected")
        assert best["rmse"] > 0 and set(best["fourier_rmse"]) == {"low", "middle", "high"}
        bare = pde.json("eval", "--checkpoint", f"{run}/last.h5", "--data", f"{data}.h5")
        assert bare["relative_l2"] == score["relative_l2"]

    several = pde.json("eval", "--run", "ns-fno,ns-monarch-no,darcy-fno,darcy-monarch-no", "--report", "all.html")
    assert [entry["model"] for entry in several] == ["fno", "monarch-no"] * 2
    report = open("all.html").read()
    assert report.count("<svg") >= 3 and "data:image/png;base64," in report
    assert "<script" not in report and 'src="http' not in report and "url(" not in report
    pde.error(64, "eval", "--run", "ns-fno", "--report", "all.html", names=["all.html"])

    pde.run("generate", *GRID, "--samples", 3, "--seed", 9, "--out", "new.h5", "--quiet")
    assert pde.json("eval", "--run", "ns-fno", "--data", "new.h5")["samples"] == 3
    pde.error(65, "eval", "--run", "ns-fno", "--data", "darcy.h5", names=["darcy.h5"])
    pde.run("predict", "--run", "ns-fno", "--data", "new.h5", "--steps", 9, "--out", "predicted.h5")
    assert pde.json("info", "predicted.h5")["shapes"]["/u"] == [3, 16, 16, 9]
    pde.error(64, "predict", "--run", "ns-fno", "--data", "new.h5", "--out", "predicted.h5", names=["predicted.h5"])
    pde.run("predict", "--run", "darcy-fno", "--data", "darcy.h5", "--out", "solution.h5")
    assert pde.json("info", "solution.h5")["shapes"]["/u"] == [14, 16, 16, 1]


def test_a_run_repeats_bit_for_bit_whatever_the_threads():
    options = ["train", "--data", "ns.h5", *SMALL, "--epochs", 4, "--seed", 7, "--noise", 0.01]
    first = pde.json(*options, "--out", "once", "--threads", 2)
    pde.json(*options, "--out", "one-thread", "--threads", 1)
    assert parameters("once") == parameters("one-thread")
    pde.json("train", "--config", "once/config.ini", "--out", "repeated", "--progress", "none")
    assert parameters("once") == parameters("repeated")
    other = pde.json("train", "--config", "once/config.ini", "--seed", 8, "--out", "other", "--progress", "none")
    assert parameters("once") != parameters("other") and other["data_digest"] == first["data_digest"]


def test_a_stopped_run_continues_bit_for_bit():
    options = ["train", "--data", "ns.h5", *SMALL, "--epochs", 60, "--seed", 7]
    whole = pde.json(*options, "--out", "whole")
    for number, code in ((SIGINT, 75), (SIGKILL, -SIGKILL)):
        run = f"stopped{int(number)}"
        returned = stop(pde.start(*options, "--out", run), number, exists(f"{run}/last.h5"))
        assert returned in (code, 0), returned
        pde.run("check", f"{run}/last.h5")
        resumed = pde.json(*options, "--out", run, "--resume")
        assert parameters(run) == parameters("whole")
        assert resumed["test_relative_l2"] == whole["test_relative_l2"]
        steps = [row.split(",")[:5] for row in open(f"{run}/metrics.csv").read().splitlines()]
        assert steps == [row.split(",")[:5] for row in open("whole/metrics.csv").read().splitlines()]
        # A finished run says the same again.
        assert pde.json("train", "--out", run, "--resume", "--progress", "none") == resumed


def test_output_that_exists_is_kept():
    pde.error(64, "train", "--data", "ns.h5", *SMALL, "--out", "once", names=["once", "--resume", "--overwrite"])
    pde.error(64, "train", "--data", "ns.h5", *SMALL, "--lr", 0.5, "--out", "once", "--resume", names=["--lr"])
    pde.error(64, "train", "--data", "darcy.h5", "--out", "once", "--resume", names=["--data"])
    before = parameters("once")
    pde.json("train", "--data", "ns.h5", *SMALL, "--epochs", 1, "--out", "once", "--overwrite")
    assert parameters("once") != before
    os.mkdir("mine")
    open("mine/thesis.txt", "w").write("years of work")
    pde.error(64, "train", "--data", "ns.h5", *SMALL, "--out", "mine", names=["mine"])
    assert os.listdir("mine") == ["thesis.txt"]


def test_recipes_are_defaults_that_options_override():
    def options(*more):
        return pde.json("train", "--data", "ns.h5", *SMALL[:-4], "--history", 3, "--out", "x", "--dry-run", *more)["options"]

    published = options("--recipe", "published", "--epochs", 500)
    expected = {"activation": "gelu", "norm": "none", "lr": "1e-3", "optimizer": "adam", "weight-decay": "1e-4",
                "schedule": "step:100:0.5", "unroll": "full:1", "batch": "20", "increment": "false"}
    assert expected.items() <= published.items(), published
    old = options("--recipe", "published-2020", "--lr", 0.5)
    assert old["activation"] == "relu" and old["norm"] == "batch" and old["lr"] == "0.5"
    dry = pde.json("train", "--data", "ns.h5", *SMALL, "--model", "monarch-no", "--out", "x", "--dry-run")
    assert dry["parameters"] > 0 and dry["memory_bytes"] > 0 and dry["seconds_estimate"] > 0 and dry["shapes"]
    assert not os.path.exists("x")


def test_shipped_configurations_are_understood():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../apps/pde/configs")
    names = sorted(os.listdir(folder))
    assert len(names) >= 16
    for name in names:
        # The file is read, and its values checked, before the missing data set is noticed.
        if name.startswith("train"):
            pde.error(66, "train", "--config", f"{folder}/{name}", "--data", "absent.h5", "--out", "x", names=["absent.h5"])
        else:
            pde.error(64, "generate", "--config", f"{folder}/{name}", "--out", "ns.h5", names=["ns.h5: exists"])


def test_bad_data():
    data = open("ns.h5", "rb").read()
    with open("flipped.h5", "wb") as file:
        middle = len(data) // 2  # inside /u: the lowest bit of a number
        file.write(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:])
    with open("truncated.h5", "wb") as file:
        file.write(data[:-1000])
    for name in ("flipped.h5", "truncated.h5"):
        for arguments in (["check", name], ["train", "--data", name, "--out", "x"], ["info", name]):
            pde.error(65, *arguments, names=[name])
    pde.run("check", "--reseal", "flipped.h5")
    pde.run("check", "flipped.h5")
    with open("text.h5", "w") as file:
        file.write("not data\n" * 100)
    pde.error(65, "train", "--data", "text.h5", "--out", "x", names=["text.h5"])
    # Six frames are too few for ten of history, and the message counts both.
    pde.error(65, "train", "--data", "ns.h5", "--out", "x", names=["ns.h5", "11", "6"])
    pde.error(64, "train", "--data", "ns.h5", *SMALL, "--train", 12, "--test", 4, "--out", "x",
              names=["train: expected", "14 samples"])
    pde.error(64, "train", "--data", "ns.h5", *SMALL, "--train", 8, "--validation", 8, "--out", "x",
              names=["validation: expected"])
    pde.error(64, "train", "--data", "ns.h5", *SMALL, "--resolution", 7, "--out", "x", names=["--resolution"])
    checkpoint = open("whole/last.h5", "rb").read()
    os.makedirs("damaged", exist_ok=True)
    with open("damaged/last.h5", "wb") as file:
        file.write(checkpoint[:5000] + b"\x55" + checkpoint[5001:])
    pde.error(65, "eval", "--run", "damaged", "--data", "ns.h5", names=["last.h5"])
    checked = pde.json("check", "ns.h5", "truncated.h5", "absent.h5", expect=65)
    assert [file["exit_code"] for file in checked["files"]] == [0, 65, 66]


def test_sparsify_fine_tune_densify_continue():
    wide = ["--modes", 4, "--width", 8, "--layers", 2, "--history", 3, "--batch", 4, "--progress", "none"]
    dense = pde.json("train", "--data", "ns.h5", *wide, "--epochs", 6, "--seed", 3, "--out", "s2d-dense")
    made = pde.json("sparsify", "--run", "s2d-dense", "--out", "s2d-sparse")
    names = ["lifting/weights", "layer_0/weights", "layer_1/weights", "projection/weights_1"]
    assert [w["name"] for w in made["weights"]] == names, made
    assert all(0 < w["relative_error"] < 1 and w["seconds"] >= 0 and w["to"] == "nblocks=4" for w in made["weights"])
    saved = sum(w["parameters_before"] - w["parameters_after"] for w in made["weights"])
    assert made["parameters_before"] - saved == made["parameters_after"] and saved > 0
    for file in ("config.ini", "command.txt", "build.json", "metrics.csv", "last.h5", "best.h5"):
        assert os.path.getsize(f"s2d-sparse/{file}") > 0, file
    pde.run("check", "s2d-sparse/last.h5", "s2d-sparse/best.h5")
    assert pde.json("info", "s2d-sparse")["parameters"] == made["parameters_after"]
    before, after = pde.json("eval", "--run", "s2d-dense,s2d-sparse")
    assert before["relative_l2"] == dense["test_relative_l2"] and after["parameters"] == made["parameters_after"]
    assert after["relative_l2"] != before["relative_l2"]
    pde.run("predict", "--run", "s2d-sparse", "--data", "ns.h5", "--steps", 2, "--out", "s2d.h5")
    assert "weights/left" in "".join(arrays("s2d-sparse/last.h5")) and not os.path.exists("s2d-sparse/report.html")

    # Fine-tuning: anew from the weights, or on with the optimiser's state.
    tuned = pde.json("train", "--config", "s2d-sparse/config.ini", "--init-from", "s2d-sparse", "--epochs", 4, "--out",
                     "s2d-tuned", "--progress", "none")
    assert tuned["parameters"] == made["parameters_after"] and tuned["test_relative_l2"] < after["relative_l2"]
    rows = open("s2d-sparse/metrics.csv").read()
    on = pde.json("train", "--resume", "--out", "s2d-sparse", "--epochs", 8, "--progress", "none")
    assert on["epochs"] == 8 and on["parameters"] == made["parameters_after"]
    assert open("s2d-sparse/metrics.csv").read().startswith(rows)

    back = pde.json("densify", "--run", "s2d-tuned", "--out", "s2d-back")
    assert back["parameters_after"] == dense["parameters"] and len(back["weights"]) == 4
    tuned_score, back_score = pde.json("eval", "--run", "s2d-tuned,s2d-back")
    # Products of factors are rounded to float once more: a few times 6e-8 of each weight.
    assert abs(tuned_score["relative_l2"] - back_score["relative_l2"]) <= 1e-5 * tuned_score["relative_l2"]
    on = pde.json("train", "--resume", "--out", "s2d-back", "--epochs", 6, "--progress", "none")
    assert on["epochs"] == 6 and on["parameters"] == dense["parameters"]
    assert sorted(parameters("s2d-back")) == sorted(parameters("s2d-dense"))

    # Monarch weights have the same bits whatever the threads.
    for threads in (1, 2):
        pde.run("train", "--config", "s2d-sparse/config.ini", "--epochs", 2, "--threads", threads, "--out",
                f"s2d-threads-{threads}", "--progress", "none")
    assert parameters("s2d-threads-1") == parameters("s2d-threads-2")

    # Monarch weights from the start; some of them back.
    start = pde.json("train", "--data", "ns.h5", *wide, "--monarch-weights", "layer_*:block=2,projection/*", "--epochs", 1,
                     "--out", "s2d-start")
    assert start["parameters"] < dense["parameters"]
    some = pde.json("densify", "--run", "s2d-start", "--layers", "layer_1/*", "--out", "s2d-some")
    assert [(w["name"], w["from"], w["to"]) for w in some["weights"]] == [("layer_1/weights", "block=2", "dense")]
    assert "layer_0/weights:block=2,projection/weights_1:nblocks=4" in open("s2d-some/config.ini").read()

    # Learned transforms to dense ones: blocks of all 16 points of an axis.
    learned = pde.json("train", "--data", "ns.h5", *wide, "--model", "monarch-no", "--epochs", 2, "--out", "s2d-learned")
    made = pde.json("densify", "--run", "s2d-learned", "--transforms", "true", "--out", "s2d-transforms")
    assert len(made["weights"]) == 2 * 4 and made["parameters_after"] > learned["parameters"]
    before, after = pde.json("eval", "--run", "s2d-learned,s2d-transforms")
    assert abs(before["relative_l2"] - after["relative_l2"]) <= 1e-5 * before["relative_l2"]
    assert "block = 16" in open("s2d-transforms/config.ini").read()
    on = pde.json("train", "--resume", "--out", "s2d-transforms", "--epochs", 3, "--progress", "none")
    assert on["parameters"] == made["parameters_after"]


def test_wrong_conversions():
    pde.error(64, "sparsify", "--run", "s2d-dense", "--layers", "layers", "--out", "y", names=["layers", "layer_0/weights"])
    pde.error(64, "sparsify", "--run", "s2d-dense", "--nblocks", 2, "--block", 2, "--out", "y", names=["--nblocks", "--block"])
    pde.error(64, "sparsify", "--run", "s2d-dense", "--nblocks", 0, "--out", "y", names=["--nblocks"])
    pde.error(64, "sparsify", "--run", "s2d-dense", "--nblocks", 1, "--out", "y", names=["smaller"])
    pde.error(64, "sparsify", "--run", "s2d-dense", "--blocks", 1, "--out", "y", names=["--blocks", "--block"])
    pde.error(64, "sparsify", "--run", "s2d-dense", names=["--out"])
    pde.error(64, "sparsify", "--out", "y", names=["--run"])
    pde.error(64, "sparsify", "--run", "s2d-dense/last.h5", "--out", "y", names=["folder"])
    pde.error(64, "densify", "--run", "s2d-dense", "--out", "y", names=["Monarch"])
    pde.error(64, "train", "--data", "ns.h5", *SMALL, "--monarch-weights", "layer_0", "--out", "y", names=["layer_0/weights"])
    pde.error(64, "densify", "--run", "s2d-some", "--transforms", "true", "--out", "y", names=["transforms", "fno"])
    pde.error(66, "sparsify", "--run", "absent", "--out", "y", names=["absent"])
    os.makedirs("empty-run", exist_ok=True)
    pde.error(66, "densify", "--run", "empty-run", "--out", "y", names=["last.h5"])
    os.makedirs("damaged-run", exist_ok=True)
    checkpoint = open("s2d-tuned/last.h5", "rb").read()
    for damaged in (checkpoint[:5000] + b"\x55" + checkpoint[5001:], checkpoint[:-100], b"", b"text" * 1000):
        with open("damaged-run/last.h5", "wb") as file:
            file.write(damaged)
        pde.error(65, "sparsify", "--run", "damaged-run", "--out", "y", names=["last.h5"])
        pde.error(65, "densify", "--run", "damaged-run", "--out", "y", names=["last.h5"])
    assert not os.path.exists("y")
    before = open("s2d-dense/last.h5", "rb").read()
    pde.error(64, "sparsify", "--run", "s2d-dense", "--out", "s2d-tuned", names=["s2d-tuned", "--overwrite"])
    pde.error(64, "sparsify", "--run", "s2d-dense", "--out", "s2d-dense", "--overwrite", names=["s2d-dense"])
    pde.run("sparsify", "--run", "s2d-dense", "--block", 4, "--out", "s2d-some", "--overwrite")
    assert open("s2d-dense/last.h5", "rb").read() == before


def test_a_full_disk_leaves_the_earlier_file():
    with open("/dev/full", "w") as full:
        done = subprocess.run([pde.path, "info", "ns.h5"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 74, done
    # A limit on the size of files stands in for a full disk.
    limited = subprocess.run(["bash", "-c", f"ulimit -f 8; trap '' XFSZ; exec {pde.path} generate --problem darcy "
                              "--resolution 64 --samples 20 --out ns.h5 --overwrite --quiet"], capture_output=True, text=True)
    assert limited.returncode == 74, limited
    pde.run("check", "ns.h5")


def test_training_that_diverges_is_76():
    pde.error(76, "train", "--data", "ns.h5", *SMALL, "--recipe", "published", "--lr", 1000, "--epochs", 40, "--out",
              "diverged", names=["diverged"])


if __name__ == "__main__":
    main([(name, test) for name, test in list(globals().items()) if name.startswith("test_")])
