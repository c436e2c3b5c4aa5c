#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# attest-release serves one of its verbs on one accepted connection, and maps nothing that
# reaches a network: test-release-main.sh PROGRAM
set -u
release=$1

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
expect 0 "help is no error" "$release" --help
expect 2 "no verb is a usage error" "$release"
expect 2 "a round is another program's" "$release" round
expect 2 "an option for a verb is a usage error" "$release" release --force
expect 2 "no connection is refused" "$release" release
expect 2 "no connection is refused, for sealing too" "$release" seal

echo "- nothing that reaches a network is mapped"
# LD_TRACE_LOADED_OBJECTS is what ldd sets; nothing of the program runs.
mapped=$(LD_TRACE_LOADED_OBJECTS=1 "$release") || fail "the libraries cannot be told"
grep -q libtss2-esys <<<"$mapped" || fail "not a list of libraries: $mapped"
! grep -E 'lib(curl|ssl|gnutls|nss|ldap|krb5|microhttpd|nghttp2|ssh|rtmp)' <<<"$mapped" || fail "these should not be here"

# answers SENTENCE VERB ERROR [REQUEST]: a whole exchange, of which the request is nonsense or REQUEST
answers() {
    echo "- $1"
    python3 -c '
import json, os, socket, sys
request, wanted = sys.argv.pop(), sys.argv.pop()
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
pid = os.fork()
if pid == 0:
    os.dup2(theirs.fileno(), 3)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = "1"
    os.execv(sys.argv[1], sys.argv[1:])
theirs.close()
ours.sendall(request.encode() + b"\n")
data = b""
while more := ours.recv(65536):
    data += more
answer = json.loads(data)
assert answer["result"] == "failed" and answer["error"] == wanted, answer
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
' "$release" "$2" "$3" "${4:-nonsense}" || fail "no such answer"
}
answers "nonsense is answered" release worker-request-malformed
answers "nonsense to be sealed is answered" seal worker-request-malformed
answers "nonsense to be forgotten is answered" forget worker-request-malformed
answers "wrapped keys are told to whom secrets are given" release secret-store-unusable \
    '{"verb":"wrapped","secrets_directory":"/nowhere/at/all","gates":["vault"]}'
answers "nothing is sealed for attestd" release worker-request-malformed '{"verb":"seal"}'
