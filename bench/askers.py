#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast secrets come out: starts attestd with a hundred who wait, then lets one and a hundred ask again and
again, as systemd would for units.
askers.py --socket PATH --trusted FILE --start COMMAND [--seconds N]"""
import argparse
import os
import random
import selectors
import shlex
import socket
import statistics
import subprocess
import time

parser = argparse.ArgumentParser()
for name in ("socket", "trusted", "start"):
    parser.add_argument(f"--{name}", required=True)
parser.add_argument("--seconds", type=float, default=10)
args = parser.parse_args()


class Asker:
    """One connection, from its begin to the end of what came."""

    def __init__(self, unit, secret):
        self.began = time.monotonic()
        self.data = b""
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.bind(f"\0{random.getrandbits(64):016x}/unit/bench@{unit}.service/{secret}")
        self.connection.connect(args.socket)
        self.connection.shutdown(socket.SHUT_WR)

    def fileno(self):
        return self.connection.fileno()

    def is_done(self):
        more = self.connection.recv(65536)
        self.data += more
        if more:
            return False
        self.connection.close()
        if not 0 < len(self.data) < 1000:
            raise SystemExit(f"refused: {len(self.data)} bytes")
        return True


def wait_for(askers, on_done):
    selector = selectors.DefaultSelector()
    for asker in askers:
        selector.register(asker, selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            if key.fileobj.is_done():
                selector.unregister(key.fd if key.fileobj.fileno() < 0 else key.fileobj)
                following = on_done(key.fileobj)
                if following:
                    selector.register(following, selectors.EVENT_READ)


def ask_again(n_askers, names):
    """So many ask for these in turn, each anew once it has what it asked for."""
    began, times, count = time.monotonic(), [], iter(range(1 << 30))

    def done(asker):
        times.append((time.monotonic() - asker.began) * 1000)
        return Asker(next(count) % 100, names[next(count) % len(names)]) if time.monotonic() < began + args.seconds else None

    wait_for([Asker(i, names[i % len(names)]) for i in range(n_askers)], done)
    passed = time.monotonic() - began
    times.sort()
    return (f"{len(times) / passed:.0f} a second, median {statistics.median(times):.1f} ms, "
            f"p99 {times[len(times) * 99 // 100]:.1f} ms ({len(times)} releases)")


def is_listened():
    """Whoever connects without a name of systemd's is turned away at once."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(args.socket) == 0


def from_trusted(names):
    """Milliseconds from the file that says TRUSTED to the last of a hundred."""
    last = []
    process = subprocess.Popen(shlex.split(args.start), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not is_listened():
        time.sleep(0.01)
    wait_for([Asker(i, names[i % len(names)]) for i in range(100)], lambda _: last.append(time.time()))
    return process, (last[-1] - os.stat(args.trusted).st_mtime) * 1000


def stop(process):
    process.terminate()
    process.wait()
    time.sleep(2)  # between two reports


for names, what in ((["of-verifier"], "one secret"), ([f"secret-{i}" for i in range(1, 101)], "100 secrets")):
    spans = []
    for _ in range(5):
        process, span = from_trusted(names)
        spans.append(span)
        stop(process)
    print(f"from TRUSTED to the last of 100 who wait for {what}: median {statistics.median(spans):.0f} ms, least {min(spans):.0f}")

process, _ = from_trusted(["of-verifier"])
for names, what in ((["of-verifier"], "gate of kind verifier"), (["of-pcr"], "gate of kind pcr"), (["one"], "gate of kind rewrap"),
                    ([f"secret-{i}" for i in range(1, 101)], "100 secrets, gate of kind verifier")):
    for n in (1, 100):
        print(f"{n} asking, {what}: {ask_again(n, names)}", flush=True)
process.terminate()
process.wait()
