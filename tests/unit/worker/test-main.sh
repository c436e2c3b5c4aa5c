#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attest-worker refuses whatever is not one verb on one accepted connection: test-main.sh PROGRAM
set -u
worker=$1

expect() { # STATUS SENTENCE COMMAND...
    local status=$1 sentence=$2 got
    shift 2
    "$@" >/dev/null 2>&1 </dev/null
    got=$?
    echo "- $sentence"
    [ "$got" = "$status" ] || { echo "exit status $got, wanted $status" >&2; exit 1; }
}

unset LISTEN_FDS LISTEN_PID LISTEN_FDNAMES
expect 2 "no verb is a usage error" "$worker"
expect 2 "an unknown verb is a usage error" "$worker" steal
expect 2 "an option for a verb is a usage error" "$worker" round --force
expect 0 "help is no error" "$worker" --help
expect 2 "a verb without a connection is refused" "$worker" round
# A descriptor that is no socket.
expect 2 "a file is no connection" bash -c \
    'exec 3</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" round' "$worker"
expect 2 "collecting is another program's" "$worker" collect
expect 2 "releasing is another program's" "$worker" release
expect 2 "and so is sealing" "$worker" seal
# A whole exchange: the request is nonsense, and is answered.
expect 0 "nonsense is answered" python3 -c '
import json, os, socket, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
pid = os.fork()
if pid == 0:
    os.dup2(theirs.fileno(), 3)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = "1"
    os.execv(sys.argv[1], [sys.argv[1], "round"])
theirs.close()
ours.sendall(b"nonsense\n")
data = b""
while more := ours.recv(65536):
    data += more
assert data.endswith(b"\n")
answer = json.loads(data)
assert answer["result"] == "failed" and answer["error"] == "worker-request-malformed"
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
' "$worker"
