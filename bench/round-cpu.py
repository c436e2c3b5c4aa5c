#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU of rounds: starts both workers itself, one connection each, and asks the kernel what every
process used, start included. Waiting for device, TPM, network and pacing costs wall time, not CPU;
what tpm2-tss computes in our process does count."""
import argparse
import array
import base64
import glob
import json
import os
import resource
import socket
import statistics
import subprocess
import tempfile
import threading

parser = argparse.ArgumentParser()
for name in ("worker", "collect", "rounds", "work", "trust", "url", "tcti", "event-log", "configfs", "secrets"):
    parser.add_argument(f"--{name}", required=True)
parser.add_argument("--metadata", help="URL of the metadata service: the TPM is behind a paravisor")
parser.add_argument("--maa", help="URL of an attestation provider, asked in the verifier's place")
parser.add_argument("--maa-trust", help="its trust file")
args = parser.parse_args()

with open(args.trust, encoding="utf-8") as f:
    trust = json.load(f)

directory = tempfile.mkdtemp(dir=args.work)
os.mkdir(f"{directory}/lock")
collect_path = f"{directory}/collect.sock"
listener = socket.socket(socket.AF_UNIX)
listener.bind(collect_path)
listener.listen()


def run(command, connection):
    """Runs COMMAND on CONNECTION as socket activation would; its user and system seconds."""
    script = 'exec 3<&0; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"'
    child = subprocess.Popen(["/bin/sh", "-c", script, *command], stdin=connection)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def collect(seconds):
    connection, _ = listener.accept()
    seconds.append(run([args.collect, "--lock-directory", f"{directory}/lock", "--configfs-directory", args.configfs,
                        "--log-directory", os.path.dirname(args.event_log)], connection))
    connection.close()


def wrapped(gate):
    """What is sealed to GATE of kind rewrap, as attest-release finds it in the store."""
    found = []
    for path in sorted(glob.glob(f"{args.secrets}/*.secret")):
        with open(path, encoding="utf-8") as file:
            header = json.load(file)["header"]
        header = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
        if header["gate"] == gate:
            found.append({"name": header["name"], "id": header["id"], "version": header["version"], "gate": gate,
                          "jwe": header["wrapped"]})
    return found


def request(purpose, tcti, gates=(), rewraps=()):
    asked = {
        "verb": "round", "purpose": purpose,
        "evidence": {"source": "configfs-tsm", "device": "/dev/sev-guest", "configfs_directory": args.configfs,
                     "tcti": tcti, "attestation_key": "auto", "pcr_bank": "sha256",
                     "pcrs": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15], "event_log": args.event_log,
                     "userspace_log": "", "preflight": "enforce"},
        "verifier": {"name": "bench", "protocol": "native", "urls": [args.url], "verifier_id": trust["verifier_id"],
                     "ca_pem": trust["ca_pem"], "pins": [], "proxy": "", "issuer": trust["issuer"],
                     "audience": trust["audience"], "token_keys": trust["token_keys"],
                     "algorithms": trust["algorithms"], "require": [], "timeout_sec": 30, "leeway_sec": 60,
                     "accept_simulated": True, "accept_host_tpm": True,
                     "simulated_roots": trust.get("simulated_roots", [])},
        "gates": [{"name": gate, "kind": "verifier", "release_key": trust["release_key"]} for gate in gates] +
                 [{"name": gate, "kind": "rewrap"} for gate in rewraps],
        "wrapped": [blob for gate in rewraps for blob in wrapped(gate)],
        "collect_socket": collect_path, "lock_directory": f"{directory}/lock", "fds": [],
    }
    if purpose == "caller":
        asked["nonce"] = "AAAAAAAAAAAAAAAAAAAAAA"
    if args.metadata:
        asked["evidence"].update(source="azure", metadata_url=args.metadata)
    return asked


def to_provider(asked):
    """The same round of Microsoft Azure Attestation's."""
    with open(args.maa_trust, encoding="utf-8") as file:
        provider = json.load(file)
    asked["verifier"].update(protocol="maa", urls=[args.maa], verifier_id=args.maa, issuer=args.maa, ca_pem=provider["ca_pem"],
                             algorithms=["RS256"], attestation_type="auto", accept_host_tpm=False)
    del asked["verifier"]["token_keys"]
    return asked


def read_answer(connection):
    data, fds = b"", array.array("i")
    while not data.endswith(b"\n"):
        part, ancillary, _, _ = connection.recvmsg(65536, socket.CMSG_SPACE(64))
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.frombytes(payload[:len(payload) - len(payload) % fds.itemsize])
        if not part:
            break
        data += part
    for fd in fds:
        os.close(fd)
    return json.loads(data)


def one_round(asked):
    ours, theirs = socket.socketpair()
    ours.sendall(json.dumps(asked).encode() + b"\n")
    collected, answer = [], []
    threads = [threading.Thread(target=collect, args=(collected,)),
               threading.Thread(target=lambda: answer.append(read_answer(ours)))]
    for thread in threads:
        thread.start()
    used = run([args.worker, "round"], theirs)
    theirs.close()
    for thread in threads:
        thread.join()
    if answer[0]["result"] != "ok":
        raise SystemExit(f"the round did not pass: {answer[0]}")
    return used * 1000, collected[0] * 1000, answer[0]["timings_usec"]


def line(label, values):
    print(f"  {label}: median {statistics.median(values):.1f} ms, least {min(values):.1f}, most {max(values):.1f}")


def walls(timings):
    return (timings["total"] - timings["pacing"]) / 1000


def measure(label, asked):
    """Prints and returns the median CPU of both workers. ASKED may be what makes the request."""
    results = [one_round(asked() if callable(asked) else asked) for _ in range(int(args.rounds))]
    print(f"{label}, {len(results)} rounds")
    line("CPU of the round worker, start included", [r[0] for r in results])
    line("CPU of the collect worker, start included", [r[1] for r in results])
    line("CPU of both", [r[0] + r[1] for r in results])
    line("wall without the pause between reports", [walls(r[2]) for r in results])
    for name in sorted({n for r in results for n in r[2]}):
        line(f"wall of step {name}", [r[2][name] / 1000 for r in results if name in r[2]])
    return statistics.median(r[0] + r[1] for r in results)


def rest():
    """The pause between two reports is over: for rounds that are compared with each other."""
    for lock in ("report", "azure"):
        with open(f"{directory}/lock/{lock}.lock", "w", encoding="ascii"):
            pass


def measure_azure():
    """A paravisor's report, which is read through the TPM, and its certificates from the cloud."""
    def rested(asked, forget=False):
        def begin():
            rest()
            if forget and os.path.exists(f"{directory}/lock/thim.json"):
                os.unlink(f"{directory}/lock/thim.json")
            return asked
        return begin

    measure("whole round, certificates asked for", rested(request("round", args.tcti), forget=True))
    measure("whole round, certificates kept", rested(request("round", args.tcti)))
    measure("without a verifier (evidence for a caller)", rested(request("caller", args.tcti)))
    if args.maa:
        measure("whole round with MAA", rested(to_provider(request("round", args.tcti))))


def compare_gates(rows):
    """Prints what rounds with these gates cost, made in turns so that the machine's mood is shared."""
    results = {what: [] for what in rows}
    for _ in range(int(args.rounds)):
        for what, (gates, rewraps) in rows.items():
            rest()
            results[what].append(one_round(request("round", args.tcti, gates, rewraps)))
    for what, rounds in results.items():
        print(f"whole round with {what}, {args.rounds} rounds")
        line("CPU of the round worker, start included", [r[0] for r in rounds])
        line("wall", [walls(r[2]) for r in rounds])
        line("wall of the steps quote and token", [(r[2]["quote"] + r[2]["token"]) / 1000 for r in rounds])


if args.metadata:
    measure_azure()
    raise SystemExit(0)
whole = measure("whole round", request("round", args.tcti))
offline = measure("without network (evidence for a caller)", request("caller", args.tcti))
neither = measure("without network and TPM", request("caller", "none"))
print(f"CPU outside TPM and network, process starts included: {neither:.1f} ms; "
      f"TPM's share {offline - neither:.1f} ms, network's {whole - offline:.1f} ms")
four = [f"bench-{i}" for i in range(4)]
compare_gates({"no gate (kind pcr is no part of it)": ([], []), "1 gate of kind verifier": (four[:1], []),
               "4 of kind verifier": (four, []), "1 of kind rewrap with 1 secret": ([], ["one"]),
               "1 of kind rewrap with 16 secrets": ([], ["sixteen"])})
print(f"largest worker: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss} KiB resident")
