#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attest-collect believes its command line, not its request, and maps no library that it does not
# need: test-collect-main.sh PROGRAM
set -u
collect=$1

fail() { echo "$*" >&2; exit 1; }

expect() { # STATUS SENTENCE COMMAND...
    local status=$1 sentence=$2 got
    shift 2
    "$@" >/dev/null 2>&1 </dev/null
    got=$?
    echo "- $sentence"
    [ "$got" = "$status" ] || fail "exit status $got, wanted $status"
}

unset LISTEN_FDS LISTEN_PID LISTEN_FDNAMES
expect 0 "help is no error" "$collect" --help
expect 2 "an argument is a usage error" "$collect" collect
expect 2 "an unknown option is a usage error" "$collect" --anywhere
expect 2 "a directory is wanted" "$collect" --lock-directory
expect 2 "a relative path is refused" "$collect" --log-directory logs
many=()
for i in {1..15}; do many+=(--log-directory "/$i"); done
expect 2 "too many directories are refused" "$collect" "${many[@]}"
expect 2 "no connection is refused" "$collect"

echo "- neither TLS nor a TPM's software is mapped"
# LD_TRACE_LOADED_OBJECTS is what ldd sets; nothing of the program runs.
mapped=$(LD_TRACE_LOADED_OBJECTS=1 "$collect") || fail "the libraries cannot be told"
grep -q libc.so <<<"$mapped" || fail "not a list of libraries: $mapped"
! grep -E 'lib(curl|ssl|tss2|gnutls|nss|ldap|krb5|microhttpd)' <<<"$mapped" || fail "these should not be here"

# ask REQUEST [OPTION]...: prints the answer's error and the finding's subject
ask() {
    python3 -c '
import json, os, socket, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
pid = os.fork()
if pid == 0:
    os.dup2(theirs.fileno(), 3)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = "1"
    os.execv(sys.argv[1], [sys.argv[1], *sys.argv[3:]])
theirs.close()
ours.sendall(sys.argv[2].encode() + b"\n")
data = b""
while more := ours.recv(65536):
    data += more
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
answer = json.loads(data)
assert answer["result"] == "failed"
print(answer["error"], answer["findings"][-1]["subject"])
' "$collect" "$@"
}

request() { # LOG [DEVICE]
    cat <<R
{"verb":"collect","evidence":{"source":"sev-guest","device":"${2:-/dev/sev-guest}","configfs_directory":"/sys/kernel/config/tsm/report","tcti":"none","attestation_key":"auto","pcr_bank":"sha256","pcrs":[0],"event_log":"$1","userspace_log":"","preflight":"enforce"},"claims":"$(printf '{"eat_profile":"tag:github.com,2026:attestd/evidence#1","purpose":"caller","eat_nonce":"AAAAAAAAAAA","members":["cpu"],"swname":"attestd","swversion":"0.1.0"}' | base64 -w0 | tr '+/' '-_' | tr -d =)"}
R
}

answers() { # SENTENCE ANSWER REQUEST [OPTION]...
    local sentence=$1 wanted=$2 got
    shift 2
    got=$(ask "$@")
    echo "- $sentence"
    [ "$got" = "$wanted" ] || fail "answered \"$got\", wanted \"$wanted\""
}

locks=(--lock-directory /nonexistent)
answers "nonsense is answered" "worker-request-malformed request" nonsense
answers "its own lock is used" "report-lock-failed /nonexistent" "$(request "")" "${locks[@]}"
answers "a log elsewhere is refused" "collect-path-refused eventlog" "$(request /nowhere/log)" "${locks[@]}"
answers "an option allows it" "report-lock-failed /nonexistent" "$(request /nowhere/log)" "${locks[@]}" --log-directory /nowhere
answers "another device is refused" "collect-path-refused sev-guest" "$(request "" /dev/tpm0)" "${locks[@]}"
answers "an option allows that, too" "report-lock-failed /nonexistent" "$(request "" /dev/tpm0)" "${locks[@]}" --device /dev/tpm0
