"""Runs one program in a scratch folder; every test is a function whose name begins with test_."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback


class Program:
    def __init__(self, path):
        self.path = os.path.abspath(path)

    def run(self, *arguments, expect=0, threads=2):
        """The finished process; fails unless it exits with `expect`."""
        done = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, timeout=300,
                              env=environment(threads))
        assert done.returncode == expect, (
            f"{' '.join(map(str, arguments))}: expected exit {expect}, found {done.returncode}\n{done.stderr}")
        return done

    def json(self, *arguments, **keywords):
        """What --json prints: exactly one value and nothing else."""
        return json.loads(self.run(*arguments, "--json", **keywords).stdout)

    def error(self, expect, *arguments, names=()):
        """One line on stderr that names what it should; nothing on stdout."""
        done = self.run(*arguments, expect=expect)
        assert done.stdout == "", f"stdout is not empty: {done.stdout}"
        lines = done.stderr.strip().splitlines()
        assert lines, "no message"
        for name in names:
            assert name in lines[-1], f"expected {name!r} in the message, found: {lines[-1]}"
        return done

    def start(self, *arguments):
        return subprocess.Popen([self.path, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=environment(2))


def environment(threads):
    # Threads that spin while they wait would starve each other where tests run side by side.
    return {**os.environ, "OMP_WAIT_POLICY": "passive", "OMP_NUM_THREADS": str(threads)}


def stop(process, number, after):
    """Sends the signal once `after()` is true; the exit code."""
    deadline = time.time() + 60
    while not after() and process.poll() is None and time.time() < deadline:
        time.sleep(0.01)
    if process.poll() is None:
        process.send_signal(number)
    process.communicate(timeout=120)
    return process.returncode


def main(tests):
    folder = tempfile.mkdtemp(prefix="danaus-apps-")
    os.chdir(folder)
    failures = 0
    for name, test in tests:
        started = time.time()
        try:
            test()
            print(f"ok      {name} ({time.time() - started:.1f} s)", flush=True)
        except Exception:
            failures += 1
            print(f"FAILED  {name}", flush=True)
            traceback.print_exc()
    if failures:
        print(f"{failures} failed; their files are in {folder}")
    else:
        shutil.rmtree(folder)
    sys.exit(1 if failures else 0)


SIGINT, SIGTERM, SIGKILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL
