#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at what grows while attestd attests by itself: at its start, and every so many rounds until as many as wanted
have been. Between two looks a unit asks for its secrets, as systemd would for it. A look waits for tpm.lock, so that what it
counts in the TPM was left by rounds that have ended. One CSV line a look.
soak.py --rounds N --csv FILE --agent PID --verifier PID --metrics URL --ca PEM --world DIRECTORY --tcti TCTI"""
import argparse
import fcntl
import os
import random
import re
import socket
import ssl
import subprocess
import time
import urllib.request

parser = argparse.ArgumentParser()
for name in ("csv", "metrics", "ca", "world", "tcti"):
    parser.add_argument(f"--{name}", required=True)
for name in ("rounds", "agent", "verifier"):
    parser.add_argument(f"--{name}", required=True, type=int)
args = parser.parse_args()
LIMIT = 120  # seconds without a round: reached by failures only
SECRETS = ("of-db", "of-vault")
context = ssl.create_default_context(cafile=args.ca)


def n_rounds():
    """Verdicts that the verifier signed."""
    with urllib.request.urlopen(args.metrics, timeout=30, context=context) as reply:
        text = reply.read().decode()
    return sum(int(n) for n in re.findall(r"^attest_verifier_verdicts_total\{[^}]*\} (\d+)$", text, re.MULTILINE))


def ask(secret):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.bind(f"\0{random.getrandbits(64):016x}/unit/soak.service/{secret}")
        connection.connect(f"{args.world}/run/secrets.sock")
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(60)
        data = b""
        while part := connection.recv(65536):
            data += part
    wanted = f"the secret of gate {secret.removeprefix('of-')}".encode()
    if data != wanted:
        raise SystemExit(f"soak.service got {len(data)} bytes for {secret}")


def memory(pid):
    """(private dirty, proportional) KiB"""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in file if line.endswith(" kB\n")}
    return sizes["Private_Dirty"], sizes["Pss"]


def family(pid):
    """The process and its children: attest-verifier is several."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [pid, *(int(child) for child in file.read().split())]


def n_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def n_handles(kind):
    listed = subprocess.run(["tpm2_getcap", "-T", args.tcti, f"handles-{kind}"], check=True, capture_output=True, timeout=60)
    return len(listed.stdout.split(b"\n")) - 1


def files():
    """(how many, bytes) of what is in its state and runtime directories."""
    found = [os.lstat(os.path.join(directory, name)).st_size for top in ("state", "run")
             for directory, _, names in os.walk(f"{args.world}/{top}") for name in names]
    return len(found), sum(found)


def look(began):
    with open(f"{args.world}/run/lock/tpm.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tpm = [n_handles(kind) for kind in ("transient", "loaded-session", "saved-session", "persistent", "nv-index")]
    verifier = [memory(pid) for pid in family(args.verifier)]
    return {
        "round": n_rounds(), "seconds": round(time.monotonic() - began),
        "agent_private_dirty_kib": memory(args.agent)[0], "agent_pss_kib": memory(args.agent)[1], "agent_fds": n_fds(args.agent),
        "verifier_private_dirty_kib": sum(private for private, _ in verifier),
        "verifier_fds": sum(n_fds(pid) for pid in family(args.verifier)),
        "tpm_objects": tpm[0], "tpm_sessions": tpm[1] + tpm[2], "tpm_persistent": tpm[3], "tpm_nv": tpm[4],
        "tsm_entries": len(os.listdir(f"{args.world}/tsm")), "files": files()[0], "file_bytes": files()[1],
    }


def wait_for_round(number):
    end = time.monotonic() + LIMIT
    while n_rounds() < number:
        if time.monotonic() > end:
            raise SystemExit(f"no round {number} in {LIMIT} s")
        time.sleep(0.5)


start, step = time.monotonic(), max(1, args.rounds // 100)
with open(args.csv, "w", encoding="ascii") as file:
    first = look(start)
    print(",".join(first), file=file)
    print(",".join(str(value) for value in first.values()), file=file, flush=True)
    for target in range(step, args.rounds + 1, step):
        wait_for_round(target)
        for wanted in SECRETS:
            ask(wanted)
        print(",".join(str(value) for value in look(start).values()), file=file, flush=True)
