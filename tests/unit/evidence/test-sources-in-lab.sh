#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sources against simulated firmware: real ioctl numbers by umockdev, a FUSE configfs-tsm.
# test-sources-in-lab.sh CLIENT FAKE-BUILD-DIRECTORY FAKE-SOURCE-DIRECTORY
set -u
client=$1
export SIM_BIN=$2 SIM_KEYS_DIR=$2/sim-keys
# shellcheck source=/dev/null
. "$3/lab.sh"

lab_dir
[ -e "$SIM_KEYS_DIR/chip.json" ] || lab_skip "no simulated chip in $SIM_BIN"
lab_need sim-chip sim-firmware sim-tsm
lab_chip >/dev/null
lab_need_firmware
nowhere=$LAB_DIR/nowhere
mkdir "$LAB_DIR/locks"
failed=0

say() { # NAME OUTPUT PATTERN...: every pattern is in the output
    local name=$1 output=$2
    shift 2
    for pattern in "$@"; do
        if ! grep -Eq -- "$pattern" <<<"$output"; then
            echo "FAILED: $name: no \"$pattern\" in"
            # shellcheck disable=SC2001
            sed 's/^/    /' <<<"$output"
            failed=1
            return
        fi
    done
    echo "- $name"
}

device() { # CONTROL CHOICE TIMES [OPTION]...
    local json=$1 choice=$2 times=$3
    shift 3
    lab_control "$json"
    rm -f "$LAB_DIR/log"
    sim-firmware --chip "$LAB_DIR/chip" --control "$LAB_DIR/control.json" "$@" -- \
        "$client" "$choice" /dev/sev-guest "$nowhere" "$LAB_DIR/locks" "$times" 2>&1
}

requests() { # how many the firmware saw
    grep -c . "$LAB_DIR/log" 2>/dev/null || true
}

with_log() { # MEMBERS: a control file that also counts requests
    echo "{\"log\":\"$LAB_DIR/log\"${1:+,$1}}"
}

out=$(device "$(with_log '')" auto 1)
say "auto takes the device and says why configfs was skipped" "$out" \
    '^warning evidence-source-skipped configfs-tsm: tsm-directory-missing' \
    '^ok sev-guest sev_guest report=1184 table=[1-9]'
say "one report is one request" "requests $(requests)" '^requests 1$'

out=$(device '{"certificates":"none"}' sev-guest 1)
say "no certificates are no table" "$out" '^ok .* table=0 '

out=$(device "$(with_log '"certificates":"oversize"')" sev-guest 1)
say "a table beyond the limit is done without" "$out" \
    '^warning snp-certificates-too-large' '^ok .* table=0 '

out=$(device "$(with_log '"errors":[{"answer":"invalid-len"}]')" sev-guest 1)
say "a host that always wants more ends in a name or a plain report" "$out" '^(ok|failure snp-)'
say "and after two requests" "requests $(requests)" '^requests [12]$'

out=$(device '{"certificates":"hostile"}' sev-guest 1)
say "a hostile table hurts nobody" "$out" '^ok .* table=[1-9]'

for pair in EIO:snp-exchange-failed EBADMSG:snp-answer-forged ETIMEDOUT:snp-host-throttled \
    ENOSR:snp-sequence-exhausted; do
    out=$(device "$(with_log "\"errors\":[{\"errno\":\"${pair%%:*}\",\"count\":1}]")" sev-guest 2)
    say "${pair%%:*} is ${pair#*:}, and the key is dead afterwards" "$out" \
        "^failure ${pair#*:} cpu: ${pair%%:*}" '^failure snp-vmpck-disabled'
done

for pair in ENOTTY:snp-vmpck-disabled EINVAL:snp-request-invalid EFAULT:snp-request-invalid \
    ENOMEM:snp-memory-exhausted EAGAIN:snp-host-busy ENODEV:snp-device-missing; do
    out=$(device "$(with_log "\"errors\":[{\"errno\":\"${pair%%:*}\",\"count\":1}]")" sev-guest 2)
    say "${pair%%:*} is ${pair#*:}, and not tried again at once" "$out" \
        "^failure ${pair#*:} cpu: ${pair%%:*}" '^no 3$' '^ok '
done

out=$(device '{"errors":[{"errno":"EIO","exitinfo2":"0x200000000"}]}' sev-guest 1)
say "EIO of a busy host is named throttling" "$out" '^failure snp-host-throttled'

out=$(device '{"errors":[{"status":22}]}' sev-guest 1)
say "a refusal of the firmware is told from an error of the kernel" "$out" \
    '^failure snp-firmware-refused cpu: status 0x16'
out=$(device '{"errors":[{"answer":"zero-report"}]}' sev-guest 1)
say "zeros with success are refused" "$out" '^failure snp-report-empty'
out=$(device '{"errors":[{"answer":"wrong-report-data"}]}' sev-guest 1)
say "a report over other data is refused" "$out" '^failure report-data-mismatch'
out=$(device '{"errors":[{"answer":"stale-report","skip":1}]}' sev-guest 2)
say "yesterday's report is refused" "$out" '^ok ' '^failure report-data-mismatch'

echo 2 >"$LAB_DIR/vmpl"
out=$(device '{"guest_vmpl":2}' sev-guest 1 --sys "/sys/devices/system/cpu/sev/vmpl=$LAB_DIR/vmpl")
say "a guest at VMPL 2 asks for VMPL 2" "$out" '^ok .* vmpl=2$'
echo 0 >"$LAB_DIR/vmpl"
out=$(device '{"guest_vmpl":2}' sev-guest 1 --sys "/sys/devices/system/cpu/sev/vmpl=$LAB_DIR/vmpl")
say "VMPL 0 from a guest at VMPL 2 is refused by the firmware" "$out" \
    '^failure snp-firmware-refused cpu: .*VMPL 0 asked'

work() { # CONTROL EVENT-LOG USERSPACE-LOG
    lab_control "$1"
    sim-firmware --chip "$LAB_DIR/chip" --control "$LAB_DIR/control.json" -- "$client" --work auto \
        "$nowhere" "$LAB_DIR/logs" "$LAB_DIR/locks" "$2" "$3" 2>&1
}

mkdir "$LAB_DIR/logs"
printf 'twelve bytes' >"$LAB_DIR/logs/eventlog"
printf '\036{}\n' >"$LAB_DIR/logs/userspace"
out=$(work '{}' "$LAB_DIR/logs/eventlog" "$LAB_DIR/logs/userspace")
say "the program hands over report and both logs" "$out" '"result":"ok"' '"source":"sev-guest"' \
    '"provider":"sev_guest"' '"fds":\["eventlog","eventlog-userspace"\]' '"report":[0-9]' \
    '^fd eventlog size=12$' '^fd eventlog-userspace size=4$'
out=$(work '{}' "$LAB_DIR/logs/nothing" "$LAB_DIR/logs/nothing")
say "an absent log is a warning of an answer that is ok" "$out" '"result":"ok"' \
    '"name":"eventlog-missing"'
rm -f "$LAB_DIR/log"
out=$(work "$(with_log '')" "$LAB_DIR/logs/eventlog" "$LAB_DIR/chip/chip.json")
say "a path that the unit does not allow is refused" "$out" '"error":"collect-path-refused"'
say "and costs no request to the hardware" "requests $(requests)" '^requests 0?$'
out=$(work '{"errors":[{"errno":"EIO"}]}' "$LAB_DIR/logs/eventlog" "")
say "a failure of the hardware decides, and brings no log" "$out" '"result":"failed"' \
    '"error":"snp-exchange-failed"'

[ $failed -eq 0 ] || exit 1 # what follows may skip
tree=$LAB_DIR/tsm

tsm() { # CONTROL [TIMES [CHOICE]]
    lab_control "$1"
    "$client" "${3:-auto}" "$nowhere" "$tree" "$LAB_DIR/locks" "${2:-1}" 2>&1
}

entries() { find "$tree" -mindepth 1 -maxdepth 1 | wc -l; }

lab_control '{}'
lab_tsm_start
out=$(tsm '{}' 3)
say "configfs-tsm comes first" "$out" '^ok configfs-tsm sev_guest report=1184 table=[1-9]'
say "and no entry is left" "entries $(entries)" '^entries 0$'
out=$(tsm '{"certificates":"none"}')
say "no certificates are an empty auxblob" "$out" '^ok .* table=0 '
out=$(tsm '{"errors":[{"answer":"rival"}]}')
say "a rival in our entry is noticed" "$out" '^failure tsm-generation-changed'
out=$(tsm '{"errors":[{"answer":"provider-changes","skip":2}]}' 1 configfs-tsm)
say "another provider afterwards is noticed" "$out" '^failure tsm-provider-changed'
out=$(tsm '{"errors":[{"answer":"provider-changes"}]}')
say "another provider from the start is passed over" "$out" \
    '^warning evidence-source-skipped configfs-tsm: tsm-provider-unknown' \
    '^failure evidence-no-source'
out=$(tsm '{"errors":[{"operation":"mkdir","errno":"EACCES"}]}')
say "a directory that may not be written is passed over" "$out" \
    '^warning evidence-source-skipped configfs-tsm: tsm-directory-denied' \
    '^warning evidence-source-skipped sev-guest: snp-device-missing' \
    '^failure evidence-no-source'
out=$(tsm '{"errors":[{"operation":"mkdir","errno":"ENXIO"}]}' 1 configfs-tsm)
say "a directory without provider is named" "$out" '^failure tsm-no-provider'
for pair in EINVAL:tsm-request-refused ENXIO:tsm-no-provider EFBIG:tsm-blob-too-large \
    ENOTTY:snp-vmpck-disabled; do
    out=$(tsm "{\"errors\":[{\"operation\":\"outblob\",\"errno\":\"${pair%%:*}\"}]}")
    say "${pair%%:*} of the report is ${pair#*:}" "$out" "^failure ${pair#*:} cpu: outblob: ${pair%%:*}"
done
out=$(tsm '{"errors":[{"operation":"privlevel","errno":"EINVAL"}]}')
say "a privilege level that is refused is named" "$out" '^failure tsm-privlevel-refused'
out=$(tsm '{"errors":[{"answer":"wrong-report-data"}]}')
say "a report over other data is refused" "$out" '^failure report-data-mismatch'
out=$(tsm '{"errors":[{"answer":"zero-report"}]}')
say "zeros are refused" "$out" '^failure (snp-report-empty|tsm-request-refused)'
say "no error leaves an entry" "entries $(entries)" '^entries 0$'

mkdir "$tree/attestd"
out=$(tsm '{"errors":[{"operation":"mkdir","errno":"EACCES"}]}' 2 configfs-tsm)
say "an entry handed over is used, again and again" "$out" '^ok configfs-tsm'
say "and stays" "entries $(entries)" '^entries 1$'
rmdir "$tree/attestd"

lab_control '{}'
mkdir "$tree/attestd-00112233445566778899aabbccddeeff"
out=$(tsm '{}')
say "what a killed process left is removed" "entries $(entries)" '^entries 0$'

# Collects without end; the first request in the log says that it is at it.
rm -f "$LAB_DIR/log"
lab_control "$(with_log '"delay_ms":200')"
"$client" configfs-tsm "$nowhere" "$tree" "$LAB_DIR/locks" 1000 >"$LAB_DIR/out" 2>&1 &
pid=$!
lab_wait_for 20 test -s "$LAB_DIR/log"
kill -TERM $pid
wait $pid
status=$?
lab_control '{}'
say "a signal ends the process once the entry is gone" "status $status entries $(entries)" \
    '^status 143 entries 0$'
lab_tsm_stop

lab_tsm_start --floor 2
out=$(tsm '{}')
say "privlevel_floor is honoured" "$out" '^ok configfs-tsm .* vmpl=2$'
lab_tsm_stop
exit $failed
