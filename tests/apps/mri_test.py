#!/usr/bin/env python3
"""danaus-mri from the outside: exit codes, JSON, generate -> mask -> coils -> reconstruct -> eval, bad input."""

import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import SIGINT, SIGTERM, Program, main, stop

mri = Program(sys.argv[1])

SMALL = ["--size", "48x32", "--pad", "64x40", "--slices", 12, "--coils", 4, "--calibration", 10]
VERBS = ("generate", "mask", "coils", "train", "reconstruct", "eval", "info", "check")


def write_cfl(name, shape, values):
    with open(name + ".hdr", "w") as header:
        header.write("# Dimensions\n" + " ".join(map(str, shape)) + "\n")
    with open(name + ".cfl", "wb") as data:
        data.write(struct.pack(f"<{len(values)}f", *values))


def test_help_lists_every_option():
    for verb in VERBS:
        listed = mri.json(verb, "--help")
        names = [option["name"] for option in listed["options"]]
        assert listed["verb"] == verb and len(names) == len(set(names)) and "json" in names
        for option in listed["options"]:
            assert {"name", "type", "default", "range", "description"} <= set(option)
            assert "--" + option["name"] in mri.run(verb, "--help").stdout
    assert "reconstruct" in mri.run("--help").stdout
    assert {"version", "commit", "compiler"} <= set(mri.json("--version"))


def test_usage_errors_are_64():
    mri.error(64, names=["verb"])
    mri.error(64, "reconstrct", names=["reconstruct"])
    mri.error(64, "mask", "--type", "poison", "--out", "m.h5", names=["--type", "poisson"])
    mri.error(64, "mask", "--shape", "416", "--out", "m.h5", names=["--shape", "416x80"])
    mri.error(64, "mask", "--acceleration", 0.5, "--out", "m.h5", names=["--acceleration"])
    mri.error(64, "mask", "--shape", "30x30", "--acceleration", 9, "--out", "m.h5", names=["calibration", "possible"])
    mri.error(64, "mask", "--out", "m.tiff", names=["m.tiff", ".png"])
    mri.error(66, "reconstruct", "--data", "absent.h5", "--out", "x.h5", names=["absent.h5"])
    mri.error(66, "info", "absent.h5", names=["absent.h5"])
    assert os.listdir(".") == []


def test_generate_info_check():
    result = mri.json("generate", "--subjects", 2, *SMALL, "--seed", 3, "--out", "knees", "--progress", "none")
    assert len(result["files"]) == 2 and "synthetic" in result["note"]
    info = mri.json("info", "knees/subject_000.h5")
    assert info["kind"] == "mri-raw" and info["shapes"]["/kspace"] == [12, 64, 40, 2, 4]
    assert info["shapes"]["/maps"] == [12, 64, 40, 4, 1] and info["shapes"]["/target"] == [12, 64, 40, 2, 1]
    assert info["shapes"]["/masks/poisson_4.0x"] == [48, 32]
    assert info["scan"]["layout"] == "skm-tea" and info["scan"]["acquired_plane"] == [48, 32]
    checked = mri.json("check", "knees/subject_000.h5", "knees/subject_001.h5")
    assert checked["status"] == "ok" and all(file["sealed"] for file in checked["files"])
    # The same command keeps what is there; other options do not overwrite it.
    before = os.stat("knees/subject_000.h5").st_mtime_ns
    assert mri.json("generate", "--subjects", 2, *SMALL, "--seed", 3, "--out", "knees", "--progress", "none")["kept"] == 2
    assert os.stat("knees/subject_000.h5").st_mtime_ns == before
    mri.error(64, "generate", *SMALL, "--seed", 4, "--out", "knees", names=["subject_000.h5", "--overwrite"])
    mri.run("generate", *SMALL, "--seed", 3, "--threads", 1, "--out", "again", "--quiet")
    assert open("again/subject_000.h5", "rb").read() == open("knees/subject_000.h5", "rb").read()
    estimate = mri.json("generate", *SMALL, "--out", "none", "--dry-run")
    assert estimate["memory_bytes"] > 0 and estimate["seconds_estimate"] > 0 and not os.path.exists("none")


def test_generate_parts():
    options = ["generate", *SMALL[:4], "--slices", 2, *SMALL[6:], "--seed", 5, "--progress", "none"]
    parts = ["--subjects", 2, "--validation", 1, "--test", 1]
    result = mri.json(*options, *parts, "--out", "parts")
    assert [result[name] for name in ("subjects", "validation", "test", "kept", "seed")] == [2, 1, 1, 0, 5]
    files = ["train/subject_000.h5", "train/subject_001.h5", "validation/subject_000.h5", "test/subject_000.h5"]
    assert result["files"] == ["parts/" + name for name in files] and sorted(os.listdir("parts")) == ["test", "train", "validation"]
    # Every subject can be made alone, so that no part depends on the size of another; a larger part keeps all there is.
    for seed, name in zip((5, 6, 1005, 2005), files):
        mri.run(*options, "--seed", seed, "--overwrite", "--out", "alone")
        assert open("alone/subject_000.h5", "rb").read() == open("parts/" + name, "rb").read(), name
    larger = mri.json(*options, *parts, "--subjects", 3, "--validation", 2, "--out", "parts")
    assert larger["kept"] == 4 and len(larger["files"]) == 6
    mri.error(64, *options, *parts, "--seed", 6, "--out", "parts", names=["train/subject_000.h5", "--overwrite"])
    mri.error(64, *options, "--validation", 1001, "--out", "no", names=["--validation"])
    # One part alone has its folder too.
    assert mri.json(*options, "--test", 1, "--out", "tested")["files"] == ["tested/train/subject_000.h5", "tested/test/subject_000.h5"]
    whole, one = (mri.json(*options, *some, "--out", "no", "--dry-run") for some in (parts, []))
    assert whole["test"] == 1 and whole["file_bytes"] == 4 * one["file_bytes"] and not os.path.exists("no")
    trained = mri.json("train", "--data", "parts", "--epochs", 1, "--out", "no", "--dry-run")
    assert trained["shapes"]["training_slices"] == 6 and trained["shapes"]["validation_slices"] == 4


def test_masks():
    for kind in ("poisson", "random", "equispaced", "uniform", "gaussian"):
        result = mri.json("mask", "--type", kind, "--shape", "96x64", "--acceleration", 4, "--seed", 1, "--out", kind + ".h5")
        if kind in ("poisson", "gaussian"):
            assert abs(result["acceleration"] / 4 - 1) < 0.01
        again = mri.json("mask", "--type", kind, "--shape", "96x64", "--acceleration", 4, "--seed", 1, "--dry-run", "--out", "x.h5")
        assert again["mask_digest"] == result["mask_digest"] and not os.path.exists("x.h5")
    assert mri.json("info", "poisson.h5")["kind"] == "mri-mask"
    mri.error(64, "mask", "--out", "poisson.h5", names=["poisson.h5", "--overwrite"])
    large = mri.json("mask", "--shape", "512x160", "--acceleration", 4, "--out", "large.png")
    assert large["seconds"] < 5, large  # under a second on a quiet machine


def test_every_method_reconstructs_and_is_scored_on_the_same_masks():
    score = mri.json("eval", "--data", "knees", "--acceleration", "2,4", "--report", "report.html", "--progress", "none")
    assert score["metrics"] == "meddlr-scan" and len(score["mask_digest"]) == 32 and len(score["masks"]) == 4
    rows = {(row["acceleration"], row["method"], row["echo"]): row for row in score["results"]}
    assert len(rows) == 2 * 4 * 2
    for row in score["results"]:
        assert row["run"] is None and row["parameters"] == 0 and row["seconds_per_slice"] > 0
        for name in ("psnr", "ssim", "nrmse"):
            assert row[name]["n"] == 2 and row[name]["standard_error"] >= 0
        assert row["psnr"]["mean"] >= rows[row["acceleration"], "zero-filled", row["echo"]]["psnr"]["mean"]
        assert 0 < row["ssim"]["mean"] <= 1
    for echo in (1, 2):
        assert rows[2, "cg-sense", echo]["psnr"]["mean"] > rows[4, "cg-sense", echo]["psnr"]["mean"]
        assert rows[4, "l1-wavelet", echo]["psnr"]["mean"] > rows[4, "zero-filled", echo]["psnr"]["mean"] + 3
    report = open("report.html").read()
    assert "not scores on clinical data" in report and report.count("data:image/png;base64,") >= 2 * 2 * 13
    assert "<script" not in report and 'src="http' not in report
    mri.error(64, "eval", "--data", "knees", "--report", "report.html", names=["report.html"])
    one = mri.json("eval", "--data", "knees/subject_001.h5", "--method", "zero-filled", "--metrics", "bart")
    assert one["results"][0]["psnr"]["standard_error"] is None and one["results"][0]["ssim"]["mean"] is None
    limited = mri.json("eval", "--data", "knees", "--acceleration", 4, "--method", "tv", "--band-limit", "--progress", "none")
    for row in limited["results"]:
        free = [r for r in score["results"] if (r["method"], r["acceleration"], r["echo"]) == ("tv", 4, row["echo"])]
        assert row["psnr"]["mean"] > free[0]["psnr"]["mean"] + 0.5, (row, free)
    tuned = mri.json("eval", "--data", "knees/subject_001.h5", "--method", "cg-sense", "--settings", "cg-sense:0.1:7")
    assert tuned["results"][0]["lambda"] == 0.1 and tuned["results"][0]["iterations"] == 7
    mri.error(64, "eval", "--data", "knees", "--settings", "cg-sense", names=["--settings"])
    mri.error(64, "eval", "--data", "knees", "--method", "cgsense", names=["cg-sense"])
    mri.error(66, "eval", "--data", "nowhere.h5", names=["nowhere.h5"])


def test_images_of_other_programs_are_scored():
    os.mkdir("others")
    for n in (0, 1):
        mri.json("reconstruct", "--data", f"knees/subject_00{n}.h5", "--acceleration", 4, "--method", "zero-filled", "--out",
                 f"others/subject_00{n}.h5")
    score = mri.json("eval", "--data", "knees", "--method", "zero-filled", "--images", "theirs:others", "--report",
                     "others.html")
    ours, theirs = ([row for row in score["results"] if row["method"] == name] for name in ("zero-filled", "theirs"))
    assert len(ours) == len(theirs) == 2
    for a, b in zip(ours, theirs):
        assert all(a[name] == b[name] for name in ("psnr", "ssim", "nrmse", "echo", "acceleration"))
        assert b["seconds_per_slice"] is None and b["lambda"] is None and b["run"] is None
    assert "theirs" in open("others.html").read()
    alone = mri.json("eval", "--data", "knees", "--images", "theirs:others")
    assert {row["method"] for row in alone["results"]} == {"theirs"}
    mri.error(64, "eval", "--data", "knees", "--images", "others", names=["--images", "NAME:FOLDER"])
    mri.error(64, "eval", "--data", "knees", "--images", "theirs:others", "--acceleration", "2,4", names=["--images"])
    mri.error(66, "eval", "--data", "knees", "--images", "theirs:knees/nothing", names=["subject_000.h5"])
    mri.error(65, "eval", "--data", "knees", "--images", "theirs:knees", names=["/reconstruction"])


RUN = ["--data", "knees", "--acceleration", "2,4", "--epochs", 2, "--progress", "none"]


def rows_of(folder):
    """metrics.csv without the seconds."""
    lines = [line.split(",") for line in open(folder + "/metrics.csv").read().splitlines()]
    at = lines[0].index("seconds")
    return [line[:at] + line[at + 1:] for line in lines]


def test_models_are_trained_evaluated_and_applied():
    dry = mri.json("train", *RUN, "--model", "msense", "--out", "dry", "--dry-run")
    assert dry["parameters"] == 2 * (64 * 16 + 40 * 13) and dry["memory_bytes"] > 0 and dry["seconds_estimate"] > 0
    assert not os.path.exists("dry") and dry["shapes"]["image"] == [1, 2, 64, 40]
    result = mri.json("train", *RUN, "--model", "msense", "--out", "runs/msense")
    assert result["model"] == "msense" and result["epochs"] == 2 and result["parameters"] == dry["parameters"]
    assert result["psnr"] > 20 and 0 < result["ssim"] < 1 and result["seconds_per_epoch"] > 0 and result["seed"] == 0
    assert {"config.ini", "command.txt", "build.json", "metrics.csv", "last.h5", "best.h5", "report.html"} <= set(os.listdir("runs/msense"))
    rows = rows_of("runs/msense")
    assert rows[0][:2] == ["epoch", "step"] and rows[0][-3:-1] == ["psnr", "ssim"] and len(rows) == 3
    assert "not scores on clinical data" in " ".join(open("runs/msense/report.html").read().split())
    assert mri.json("check", "runs/msense/last.h5")["status"] == "ok"

    # Finished runs give their result again; more epochs continue them; the configuration repeats them.
    assert mri.json("train", "--out", "runs/msense", "--resume", "--progress", "none") == result
    mri.error(64, "train", *RUN, "--out", "runs/msense", names=["runs/msense", "--resume"])
    mri.error(64, "train", "--out", "runs/msense", "--resume", "--loss", "l2", names=["--loss"])
    mri.json("train", "--config", "runs/msense/config.ini", "--out", "runs/again", "--progress", "none", "--threads", 1)
    digest = lambda run: mri.json("info", run + "/last.h5", "--digests")["digests"]["/parameters/inverse_y/left"]
    assert digest("runs/again") == digest("runs/msense") and rows_of("runs/again") == rows

    mri.json("train", *RUN, "--model", "unrolled", "--iterations", 2, "--patch", 8, "--channels", 8, "--scans", 1, "--out", "runs/unrolled")
    score = mri.json("eval", "--data", "knees/subject_001.h5", "--acceleration", "2,4", "--method", "zero-filled", "--run",
                     "runs/msense,runs/again,runs/unrolled", "--report", "runs.html", "--progress", "none")
    rows = score["results"]
    assert len(rows) == 2 * 4 * 2 and {row["run"] for row in rows} == {None, "runs/msense", "runs/again", "runs/unrolled"}
    psnr = {(row["run"], row["acceleration"], row["echo"]): row["psnr"]["mean"] for row in rows}
    for r in (2, 4):
        for echo in (1, 2):
            assert psnr["runs/unrolled", r, echo] > psnr[None, r, echo] + 2
            assert psnr["runs/msense", r, echo] == psnr["runs/again", r, echo]
    assert all(row["method"] == "msense" and row["parameters"] == dry["parameters"] for row in rows if row["run"] == "runs/msense")
    assert "msense (runs/msense)" in open("runs.html").read()

    scan = "knees/subject_001.h5"
    made = mri.json("reconstruct", "--data", scan, "--acceleration", 4, "--run", "runs/unrolled", "--out", "learned.h5", "--progress", "none")
    assert made["method"] == "unrolled" and made["run"] == "runs/unrolled"
    assert mri.json("info", "learned.h5")["shapes"]["/reconstruction"] == [12, 64, 40, 2]
    mri.error(64, "reconstruct", "--data", scan, "--run", "runs/unrolled", "--method", "tv", "--out", "no.h5", names=["--method", "--run"])
    mri.error(64, "reconstruct", "--data", scan, "--run", "runs/unrolled", "--lambda", 1, "--out", "no.h5", names=["--lambda"])
    mri.error(64, "reconstruct", "--data", scan, "--run", "runs/unrolled", "--band-limit", "--out", "no.h5", names=["--band-limit"])
    mri.error(66, "reconstruct", "--data", scan, "--run", "runs/absent", "--out", "no.h5", names=["runs/absent"])
    mri.error(65, "reconstruct", "--data", scan, "--run", scan, "--out", "no.h5", names=["subject_001.h5"])
    mri.run("generate", "--size", "40x32", "--pad", "64x48", "--slices", 2, "--coils", 4, "--calibration", 8, "--out", "wide", "--quiet")
    mri.error(65, "reconstruct", "--data", "wide/subject_000.h5", "--run", "runs/msense", "--out", "no.h5", names=["64x40", "64x48"])
    assert not os.path.exists("no.h5")


def test_a_network_is_fitted_to_the_scan_itself():
    scan = "knees/subject_000.h5"
    common = ["--method", "self-unrolled", "--data", scan, "--acceleration", 4, "--iterations", 20]
    made = mri.json("reconstruct", *common, "--out", "self.h5", "--progress", "none")
    assert made["method"] == "self-unrolled" and made["run"] is None and made["seconds_per_slice"] > 0
    score = mri.json("eval", "--data", scan, "--method", "zero-filled,self-unrolled", "--settings", "self-unrolled:0:20")
    rows = {(row["method"], row["echo"]): row for row in score["results"]}
    for echo in (1, 2):
        assert rows["self-unrolled", echo]["psnr"]["mean"] > rows["zero-filled", echo]["psnr"]["mean"] + 2
    assert rows["self-unrolled", 1]["parameters"] > 8000
    mri.error(64, "reconstruct", *common, "--lambda", 1, "--out", "no.h5", names=["--lambda"])
    mri.error(64, "reconstruct", *common, "--band-limit", "--out", "no.h5", names=["--band-limit"])


def test_training_usage_errors_and_signals():
    unscored = mri.run("train", *RUN, "--validation", 0, "--model", "separable", "--epochs", 1, "--out", "unscored")
    assert "parameters" in unscored.stdout and "validation" not in unscored.stdout and "nan" not in unscored.stdout, unscored.stdout
    mri.error(64, "train", *RUN, "--model", "mSense", "--out", "no", names=["--model", "msense"])
    mri.error(64, "train", *RUN, "--scans", 2, "--out", "no", names=["--scans", "1"])
    mri.error(64, "train", *RUN, "--validation", 2, "--out", "no", names=["--validation", "2"])
    mri.error(64, "train", *RUN, "--block-y", 7, "--out", "no", names=["block-y", "64"])
    mri.error(64, "train", *RUN, "--metrics", "bart", "--out", "no", names=["--metrics"])
    mri.error(64, "train", "--out", "no", names=["--data"])
    mri.error(66, "train", "--data", "nowhere", "--out", "no", names=["nowhere"])
    write_cfl("flat", [12, 8, 6, 2], [1.0] * (2 * 12 * 8 * 6 * 2))
    os.makedirs("mapless", exist_ok=True)
    os.rename("flat.hdr", "mapless/flat.hdr")
    os.rename("flat.cfl", "mapless/flat.cfl")
    mri.error(65, "train", "--data", "mapless", "--out", "no", names=["flat", "danaus-mri coils"])
    assert not os.path.exists("no")

    long = ["train", *RUN[:-2], "--epochs", 30, "--model", "unrolled", "--iterations", 2, "--patch", 8, "--channels", 8, "--quiet"]
    code = stop(mri.start(*long, "--out", "runs/stopped"), SIGTERM, lambda: os.path.exists("runs/stopped/last.h5"))
    assert code == 75, code
    mri.run("train", "--out", "runs/stopped", "--resume", "--quiet")
    mri.run(*long, "--out", "runs/whole")
    assert rows_of("runs/stopped") == rows_of("runs/whole")


def test_reconstruct_writes_every_format():
    scan = "knees/subject_000.h5"
    first = mri.json("reconstruct", "--data", scan, "--acceleration", 4, "--method", "l1-wavelet", "--iterations", 10,
                     "--convergence", "--out", "image.h5", "--progress", "none")
    assert first["mask"] == "stored poisson_4.0x" and len(first["convergence"]) == 10
    assert mri.json("info", "image.h5")["shapes"]["/reconstruction"] == [12, 64, 40, 2]
    digest = mri.json("info", "image.h5", "--digests")["digests"]["/reconstruction"]
    for threads in (1, 2):
        mri.run("reconstruct", "--data", scan, "--acceleration", 4, "--method", "l1-wavelet", "--iterations", 10, "--out",
                "image.h5", "--overwrite", "--quiet", "--threads", threads)
        assert mri.json("info", "image.h5", "--digests")["digests"]["/reconstruction"] == digest
    mri.error(64, "reconstruct", "--data", scan, "--out", "image.h5", names=["image.h5", "--overwrite"])
    for name in ("image.nii", "image.png", "image.cfl"):
        mri.run("reconstruct", "--data", scan, "--mask", "mask48.h5", "--method", "zero-filled", "--out", name, "--quiet",
                expect=66)
        mri.run("mask", "--shape", "48x32", "--acceleration", 3, "--calibration", 8, "--out", "mask48.h5", "--overwrite")
        mri.run("reconstruct", "--data", scan, "--mask", "mask48.h5", "--method", "zero-filled", "--out", name, "--quiet")
        os.remove("mask48.h5")
    assert os.path.getsize("image.nii") == 352 + 12 * 64 * 40 * 2 * 4
    assert open("image.hdr").read().splitlines()[1].split()[:6] == ["12", "64", "40", "1", "1", "2"]
    mri.error(64, "reconstruct", "--data", scan, "--format", "fastmri", "--out", "f.h5", names=["fastmri", "echo"])
    mri.error(64, "reconstruct", "--data", scan, "--method", "zero-filled", "--lambda", 1, "--out", "f.h5", names=["--lambda"])
    dry = mri.json("reconstruct", "--data", scan, "--method", "tv", "--dry-run", "--out", "none.h5")
    assert dry["memory_bytes"] > 0 and dry["seconds_estimate"] > 0 and dry["parameters"] == 0
    assert not os.path.exists("none.h5")


def test_coils_are_whitened_and_compressed():
    scan = "knees/subject_000.h5"
    common = ["--data", scan, "--acceleration", 2, "--slices", 2, "--progress", "none"]
    result = mri.json("reconstruct", *common, "--prewhiten", "--virtual-coils", 3, "--out", "virtual.h5")
    assert result["coils"] == 3 and 0.8 < result["energy_kept"] < 1
    mri.error(64, "reconstruct", *common, "--virtual-coils", 5, "--out", "no.h5", names=["4", "5"])


def test_coils_are_estimated_and_used():
    scan = "knees/subject_000.h5"
    made = mri.json("coils", "--data", scan, "--calibration", 20, "--out", "maps.h5", "--progress", "none")
    assert made["shapes"]["/maps"] == [12, 64, 40, 4, 1]
    mri.run("check", "maps.h5")
    mri.run("reconstruct", "--data", scan, "--maps", "maps.h5", "--acceleration", 2, "--out", "espirit.h5", "--quiet")
    mri.run("coils", "--data", scan, "--map-count", 2, "--calibration", 20, "--out", "soft.h5", "--quiet")
    assert mri.json("reconstruct", "--data", scan, "--maps", "soft.h5", "--out", "soft_image.h5", "--progress", "none")["maps"] == 2
    mri.error(64, "coils", "--data", scan, "--calibration", 60, "--out", "no.h5", names=["calibration"])
    # Calibration reaches into the zeros around the acquired samples.
    mri.error(65, "coils", "--data", scan, "--calibration", 36, "--out", "no.h5", names=["--calibration"])
    mri.run("generate", *SMALL[:6], "--coils", 3, "--calibration", 10, "--out", "three", "--quiet")
    mri.error(65, "reconstruct", "--data", "three/subject_000.h5", "--maps", "maps.h5", "--out", "no.h5", names=["maps.h5", "4"])
    assert not os.path.exists("no.h5")


def test_bad_input_leaves_nothing_behind():
    scan = "knees/subject_000.h5"
    data = open(scan, "rb").read()
    for name, bad in (("flipped.h5", data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1:]),
                      ("truncated.h5", data[:-1000]), ("text.h5", b"not data\n" * 100), ("empty.h5", b"")):
        with open(name, "wb") as file:
            file.write(bad)
        for verb in (["check", name], ["reconstruct", "--data", name, "--out", "no.h5"], ["coils", "--data", name, "--out", "no.h5"],
                     ["eval", "--data", name]):
            mri.error(65, *verb, names=[name])
    mri.run("mask", "--shape", "50x32", "--out", "wrong.h5", "--calibration", 8)
    mri.error(65, "reconstruct", "--data", scan, "--mask", "wrong.h5", "--out", "no.h5", names=["wrong.h5", "48x32", "50x32"])
    write_cfl("zero", [1, 48, 32], [0.0] * (2 * 48 * 32))
    mri.error(65, "reconstruct", "--data", scan, "--mask", "zero.cfl", "--out", "no.h5", names=["zero", "no point"])
    mri.error(65, "eval", "--data", "image.h5", names=["image.h5"])
    write_cfl("scan", [1, 8, 6, 2], [1.0] * (2 * 8 * 6 * 2))
    mri.error(65, "reconstruct", "--data", "scan", "--out", "no.h5", names=["danaus-mri coils"])
    write_cfl("nan", [1, 8, 6], [float("nan")] + [1.0] * (2 * 8 * 6 - 1))
    mri.error(65, "reconstruct", "--data", "nan", "--out", "no.h5", names=["nan.cfl", "finite"])
    assert not os.path.exists("no.h5")
    checked = mri.json("check", scan, "truncated.h5", "absent.h5", expect=65)
    assert [file["exit_code"] for file in checked["files"]] == [0, 65, 66]


def test_mutated_files_are_refused_or_reconstructed():
    """A few of many mutations: never a crash, and never a sealed file with a changed byte."""
    data = open("knees/subject_000.h5", "rb").read()
    draw = random.Random(1)
    for i in range(12):
        at, bad = draw.randrange(len(data)), bytearray(data)
        bad[at:at + draw.choice([1, 4, 64])] = draw.randbytes(draw.choice([1, 4, 64]))
        if bytes(bad) == data:
            continue
        with open("mutated.h5", "wb") as file:
            file.write(bad)
        mri.run("reconstruct", "--data", "mutated.h5", "--method", "zero-filled", "--slices", 1, "--out", "no.h5", "--quiet", expect=65)
    header = open("scan.hdr").read()
    for i in range(40):
        text = list(header)
        text[draw.randrange(len(text))] = chr(draw.randrange(1, 127))
        open("scan.hdr", "w").write("".join(text))
        done = subprocess.run([mri.path, "check", "scan"], capture_output=True, timeout=60)
        assert done.returncode in (0, 65), done


def test_a_stopped_generation_continues_with_the_next_subject():
    options = ["generate", "--subjects", 6, "--slices", 8, "--coils", 4, "--size", "128x64", "--pad", "160x80", "--out", "many", "--quiet"]
    code = stop(mri.start(*options), SIGINT, lambda: os.path.exists("many/subject_000.h5"))
    assert code in (75, 0), code
    done = len([name for name in os.listdir("many") if name.endswith(".h5") and not name.startswith(".")])
    assert mri.json(*options[:-1], "--progress", "none")["kept"] == done


if __name__ == "__main__":
    main([(name, test) for name, test in list(globals().items()) if name.startswith("test_")])
