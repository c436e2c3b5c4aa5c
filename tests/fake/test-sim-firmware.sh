#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sim-firmware: a raw client sees the answers and errors of the real driver.
set -u
. "$(dirname "$0")/lab.sh"
lab_dir
lab_chip
lab_need_firmware
lab_need jq xxd cmp
cd "$LAB_DIR" || exit 1

data=$(head -c 64 /dev/urandom | xxd -p -c 64)

guest() { # COMMAND...: with the device
    sim-firmware --chip chip --control control.json -- "$@"
}

expect() { # OUTCOME [OPTION OF client-sev-guest]...
    local wanted=$1 found
    shift
    found=$(guest client-sev-guest "$@") || lab_fail "client $*"
    [ "$found" = "$wanted" ] || lab_fail "client $*: $found, wanted $wanted"
}

good='errno=0 exitinfo2=0 status=0 size=1184'

echo "- a report carries the caller's data and VMPL"
lab_control '{}'
expect "$good certs_len=0" --data "$data" --vmpl 2 --report report
[ "$(xxd -s 80 -l 64 -p -c 64 report)" = "$data" ] || lab_fail "REPORT_DATA"
[ "$(xxd -s 48 -l 4 -p report)" = 02000000 ] || lab_fail "VMPL"

echo "- an extended report brings the table; a probe tells its size"
expect "$good certs_len=16384" --extended 0x4000 --certs certs
sim-chip table chip full table && cmp -n "$(stat -c %s table)" table certs || lab_fail "table"
expect 'errno=EIO exitinfo2=100000000 status=0 size=0 certs_len=8192' --extended 0
expect 'errno=EIO exitinfo2=100000000 status=0 size=0 certs_len=8192' --extended 0x1000
expect "$good certs_len=8192" --extended 0x2000
expect 'errno=EINVAL exitinfo2=ff status=0 size=0 certs_len=4097' --extended 4097
expect 'errno=EINVAL exitinfo2=ff status=0 size=0 certs_len=20480' --extended 0x5000

echo "- the driver's own refusals"
expect 'errno=EINVAL exitinfo2=0 status=0 size=0 certs_len=0' --msg-version 0
expect 'errno=EINVAL exitinfo2=ff status=0 size=0 certs_len=0' --null
expect 'errno=ENOTTY exitinfo2=0 status=0 size=0 certs_len=0' --unknown

echo "- the firmware's refusals: VMPL out of range, a key it does not have"
expect 'errno=0 exitinfo2=0 status=22 size=0 certs_len=0' --vmpl 4
lab_control '{"guest_vmpl":2}'
expect 'errno=0 exitinfo2=0 status=22 size=0 certs_len=0' --vmpl 1
expect "$good certs_len=0" --vmpl 2
expect 'errno=0 exitinfo2=0 status=39 size=0 certs_len=0' --vmpl 2 --key-select 2
lab_control '{"errors":[{"status":"0x27"}]}'
expect 'errno=0 exitinfo2=0 status=39 size=0 certs_len=0'

echo "- other tables: the leaf alone, none, PEM, hostile, too large"
for set in vcek pem hostile; do
    lab_control "{\"certificates\":\"$set\"}"
    expect "$good certs_len=16384" --extended 0x4000 --certs certs
    sim-chip table chip $set table && cmp -n "$(stat -c %s table)" table certs || lab_fail "$set"
done
lab_control '{"certificates":"none"}'
expect "$good certs_len=0" --extended 0
expect "$good certs_len=16384" --extended 0x4000 --certs certs
[ "$(head -c 24 certs | xxd -p)" = "$(head -c 24 /dev/zero | xxd -p)" ] || lab_fail "none"
lab_control '{"certificates":"oversize"}'
expect 'errno=EIO exitinfo2=100000000 status=0 size=0 certs_len=28672' --extended 0x4000
expect "$good certs_len=0"
lab_control '{"errors":[{"answer":"invalid-len"}]}'
expect 'errno=EIO exitinfo2=100000000 status=0 size=0 certs_len=20480' --extended 0x4000

echo "- a certificate for another TCB"
lab_control '{"certificate_tcb":"9.9.9.9"}'
expect "$good certs_len=16384" --extended 0x4000 --certs certs
sim-chip table chip full table && cmp -s -n "$(stat -c %s table)" table certs && lab_fail "same certificate"

echo "- fields are set"
lab_control '{"set":{"policy":"0xb0000","guest_svn":7,"host_data":"'"$(printf 'ab%.0s' {1..32})"'"}}'
expect "$good certs_len=0" --report report
[ "$(xxd -s 4 -l 12 -p report)" = 0700000000000b0000000000 ] || lab_fail "policy, guest_svn"
[ "$(xxd -s 192 -l 32 -p -c 32 report)" = "$(printf 'ab%.0s' {1..32})" ] || lab_fail "host_data"

echo "- reports that lie"
lab_control '{"errors":[{"answer":"zero-report"}]}'
expect "$good certs_len=0" --report report
cmp -s report <(head -c 1184 /dev/zero) || lab_fail "zero-report"
lab_control '{"errors":[{"answer":"wrong-report-data"}]}'
expect "$good certs_len=0" --data "$data" --report report
[ "$(xxd -s 80 -l 64 -p -c 64 report)" != "$data" ] || lab_fail "wrong-report-data"
lab_control '{"errors":[{"answer":"stale-report","skip":1}]}'
guest sh -c 'client-sev-guest --report one && client-sev-guest --data '"$data"' --report two' >/dev/null
cmp one two || lab_fail "stale-report"

echo "- errors with their code; those after which the driver has lost its key"
for error in EIO EBADMSG ETIMEDOUT; do
    lab_control "{\"errors\":[{\"errno\":\"$error\",\"exitinfo2\":\"0x1d\",\"count\":1}]}"
    found=$(guest sh -c 'client-sev-guest; client-sev-guest; client-sev-guest --extended 0x4000')
    [ "$found" = "errno=$error exitinfo2=1d status=0 size=0 certs_len=0
errno=ENOTTY exitinfo2=0 status=0 size=0 certs_len=0
errno=ENOTTY exitinfo2=0 status=0 size=0 certs_len=16384" ] || lab_fail "$error: $found"
done
for error in EINVAL ENOMEM ENOTTY EFAULT; do
    lab_control "{\"errors\":[{\"errno\":\"$error\",\"count\":1}]}"
    found=$(guest sh -c 'client-sev-guest; client-sev-guest')
    [ "$found" = "errno=$error exitinfo2=ffffffffffffffff status=0 size=0 certs_len=0
$good certs_len=0" ] || lab_fail "$error: $found"
done
lab_control '{"errors":[{"errno":"EIO","vmpck":"keep","operation":"ext-report"}]}'
found=$(guest sh -c 'client-sev-guest --extended 0x4000; client-sev-guest')
[ "$found" = "errno=EIO exitinfo2=ffffffffffffffff status=0 size=0 certs_len=16384
$good certs_len=0" ] || lab_fail "vmpck keep: $found"

echo "- a misspelt control file is no honest machine"
for text in '{"certficates":"full"}' '{"errors":[{"errno":"EWHAT"}]}' '{"set":{"polcy":1}}' \
    '{"errors":[{"errno":"EIO","status":1}]}' 'nonsense' '{"certificates":"some"}'; do
    lab_control "$text"
    found=$(guest client-sev-guest 2>/dev/null)
    [ "${found%% *}" = errno=EPROTO ] || lab_fail "$text: $found"
done

echo "- several processes at once are served one after the other, and logged with their time"
lab_control '{"delay_ms":40,"log":"'"$LAB_DIR"'/requests"}'
guest sh -c 'for i in 1 2 3 4 5; do client-sev-guest --report r$i & done; wait' >out
[ "$(grep -c "$good" out)" = 5 ] || lab_fail "concurrent clients"
[ "$(jq -s 'length' requests)" = 5 ] || lab_fail "log"
jq -s -e '[.[].request] == [1,2,3,4,5]' requests >/dev/null || lab_fail "numbers"
jq -s -e 'all(.[]; .boottime_usec > 0 and .errno == 0)' requests >/dev/null || lab_fail "log content"

echo "- a client that is killed while it waits does no harm"
lab_control '{"delay_ms":300}'
guest sh -c 'client-sev-guest & sleep 0.1; kill -9 $!; wait; client-sev-guest' >out 2>/dev/null
[ "$(cat out)" = "$good certs_len=0" ] || lab_fail "after a kill: $(cat out)"

echo "- the command's exit status comes through"
lab_control '{}'
guest sh -c 'exit 7'
[ $? = 7 ] || lab_fail "exit status"
guest sh -c 'kill -TERM $$'
[ $? = 143 ] || lab_fail "signal"
guest /nowhere/at/all 2>/dev/null
[ $? = 127 ] || lab_fail "no such command"
sim-firmware --chip nowhere -- true 2>/dev/null && lab_fail "no chip"

echo "- the device reaches processes that systemd-socket-activate starts"
if command -v systemd-socket-activate >/dev/null; then
    lab_port
    port=$LAB_PORT
    lab_start activate sim-firmware --chip chip --control control.json -- systemd-socket-activate \
        -E LD_PRELOAD -E UMOCKDEV_DIR --accept --inetd -l "127.0.0.1:$port" \
        "$SIM_BIN/client-sev-guest"
    ask() {
        cat <"/dev/tcp/127.0.0.1/$port"
    }
    lab_wait_for 10 ask || lab_fail "systemd-socket-activate does not listen"
    [ "$(ask)" = "$good certs_len=0" ] || lab_fail "activated client: $(ask)"
    lab_stop activate
fi

echo "- SIGTERM goes to the command; files appear in /sys"
lab_start firmware sim-firmware --chip chip --ready-file "$LAB_DIR/ready" \
    -- sh -c 'trap "exit 9" TERM; : >trapping; while :; do sleep 0.05; done'
lab_wait_for 10 test -e ready || lab_fail "not ready"
lab_wait_for 10 test -e trapping || lab_fail "the command does not run"
lab_stop firmware
[ $? = 9 ] || lab_fail "SIGTERM"
echo text >file
[ "$(sim-firmware --chip chip --sys /sys/kernel/security/tpm0/binary_bios_measurements=file \
    -- cat /sys/kernel/security/tpm0/binary_bios_measurements)" = text ] || lab_fail "--sys"
exit 0
