#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lab.sh: what it starts answers, and nothing is left behind.
set -u
. "$(dirname "$0")/lab.sh"

echo "- everything started is ended and removed, also after a failure"
(
    lab_dir
    echo "$LAB_DIR" >"/tmp/lab-test.$$"
    lab_start sleeper sh -c 'sleep 1000 & echo $!; wait'
    lab_wait_for 5 test -s "$LAB_DIR/sleeper.log" || exit 3
    echo "$(lab_pid sleeper) $(cat "$LAB_DIR/sleeper.log")" >>"/tmp/lab-test.$$"
    lab_fail "on purpose" 2>/dev/null
)
status=$?
{ read -r dir && read -r pid child; } <"/tmp/lab-test.$$"
rm -f "/tmp/lab-test.$$"
[ $status = 1 ] || { echo "status $status"; exit 1; }
[ ! -e "$dir" ] || { echo "$dir is still there"; exit 1; }
gone() { # PID
    ! kill -0 "$1" 2>/dev/null
}
for p in "$pid" "$child"; do
    lab_wait_for 5 gone "$p" || { echo "process $p is still there"; exit 1; }
done

lab_dir
cd "$LAB_DIR" || exit 1

echo "- a wait ends when its time is over"
lab_wait_for 0 false && lab_fail "false came true"

echo "- a port is nobody else's, refuses while nobody serves there, and can be served again and again"
lab_port
first=$LAB_PORT
lab_port
[ "$first" != "$LAB_PORT" ] || lab_fail "port $first twice"
cat >port.py <<'P'
import socket, sys
def bound(port, reuse):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
    s.bind(("127.0.0.1", port))
    return s
port = int(sys.argv[1])
for _ in range(3):
    try:
        socket.create_connection(("127.0.0.1", port))
        sys.exit("somebody serves there")
    except ConnectionRefusedError:
        pass
    server = bound(port, 1)
    server.listen()
    near = socket.create_connection(("127.0.0.1", port))
    far = server.accept()[0]
    far.close()  # this side waits out the connection
    near.close()
    server.close()
try:
    bound(port, 0)
    sys.exit("anybody can have it")
except OSError:
    pass
P
python3 port.py "$LAB_PORT" || lab_fail "port $LAB_PORT"

echo "- a private bus answers, and a polkit on it refuses until told otherwise"
lab_bus_start
lab_bus_has org.freedesktop.DBus || lab_fail "the bus has no name of its own"
lab_polkit_start
lab_need busctl
authorized() { # ACTION
    busctl "--address=$DBUS_SYSTEM_BUS_ADDRESS" call org.freedesktop.PolicyKit1 \
        /org/freedesktop/PolicyKit1/Authority org.freedesktop.PolicyKit1.Authority \
        CheckAuthorization '(sa{sv})sa{ss}us' unix-process 1 pid u $$ "$1" 0 0 ''
}
[[ $(authorized org.example.two) == *" false "* ]] || lab_fail "not refused"
lab_polkit_allow org.example.one org.example.two || lab_fail "SetAllowed"
[[ $(authorized org.example.two) == *" true "* ]] || lab_fail "not allowed"
[[ $(authorized org.example.three) == *" false "* ]] || lab_fail "too much allowed"
lab_polkit_stop
lab_bus_has org.freedesktop.PolicyKit1 && lab_fail "polkit does not go away"
lab_bus_stop

echo "- two TPMs at once do not meet"
lab_swtpm_start one
one=$LAB_TCTI
lab_swtpm_start two
[ "$one" != "$LAB_TCTI" ] || lab_fail "same TCTI"
tpm2_pcrextend -T "$one" 8:sha256=$(printf '11%.0s' {1..32}) || lab_fail "extend"
[ "$(tpm2_pcrread -T "$one" sha256:8)" != "$(tpm2_pcrread -T "$LAB_TCTI" sha256:8)" ] || lab_fail "same TPM"
lab_swtpm_flush || lab_fail "flush"
lab_swtpm_stop two
lab_runs one || lab_fail "the other TPM died"
exit 0
