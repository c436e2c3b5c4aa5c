#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sim-paravisor: what a guest of Azure sees of its vTPM, by the tools of others.
set -u
. "$(dirname "$0")/lab.sh"
lab_dir
lab_need jq xxd tpm2_nvread tpm2_quote
lab_chip
lab_swtpm_start
lab_paravisor_start
cd "$LAB_DIR" || exit 1

is() { # FOUND WANTED WHAT
    [ "$1" = "$2" ] || lab_fail "$3: $1, wanted $2"
}
tpm() { # COMMAND [OPTION]...
    "$@" -T "$LAB_TCTI" -Q 2>error
}
refused() { # CODE COMMAND...: with this response code
    local code=$1
    shift
    tpm "$@" && lab_fail "$* is not refused"
    grep -qi "($code)" error || lab_fail "$*: $(tail -n 2 error)"
}
report() { tpm tpm2_nvread -C o -o report 0x01400001 || lab_fail "no report: $(tail -n 1 error)"; }
claims() { tail -c +1237 report | tr -d '\0'; }
user_data() { claims | jq -r '."user-data"'; }
write() { # 64 BYTES IN HEX
    xxd -r -p <<<"$1" | tpm tpm2_nvwrite -C o -i- 0x01400002 || lab_fail "not written"
}
number() { od -An -tu4 --endian=little -j "$1" -N 4 report | tr -d ' '; }
events() { jq -r .event paravisor.log.json | tr '\n' ' '; }
zeros=$(printf '00%.0s' {1..64}) ones=$(printf '11%.0s' {1..64}) twos=$(printf '22%.0s' {1..64})

echo "- indices and key are as Azure's"
is "$(tpm2_nvreadpublic -T "$LAB_TCTI" 0x01400001 | awk '/value:/ { v = $2 } /size:/ { print v, $2 }')" "0x62060004 2600" index
tpm2_readpublic -T "$LAB_TCTI" -c 0x81000003 -f tpmt -o ak >/dev/null 2>&1 || lab_fail "no AK"
is "$(head -c 22 ak | xxd -p -c 22)" 0001000b00050472000000100014000b080000000000 "the AK's template"
refused 0x9A2 tpm2_nvread -P "" -C 0x01400001 0x01400001
for auth in o p; do
    tpm tpm2_nvundefine -C "$auth" 0x01400001 && lab_fail "the guest removes the report ($auth)"
done
refused 0x185 tpm2_nvdefine -C p -s 8 -a "ppread|ppwrite" 0x01410000
refused 0x14A tpm2_nvread -C o 0x01c101d0
printf '\x30\x03\x02\x01\x07' >ak.der
tpm tpm2_nvread -C o -o certificate 0x01c101d0 || lab_fail "no certificate"
is "$(stat -c %s certificate) $(head -c 6 certificate | xxd -p)" "4096 300302010700" "certificate"

echo "- 50 bytes of qualifying data and no more"
tpm tpm2_quote -c 0x81000003 -l sha256:0 -q "$(head -c 50 /dev/zero | xxd -p -c 50)" -m m -s s || lab_fail "no quote"
refused 0x1D5 tpm2_quote -c 0x81000003 -l sha256:0 -q "$(head -c 51 /dev/zero | xxd -p -c 51)" -m m -s s

echo "- header, claims, and the hash of them in the report"
report
is "$(head -c 4 report) $(number 4) $(number 12) $(number 16)" "HCLA 2 2 0" header
is "$(number 8)" "$((1236 + $(claims | wc -c)))" "total size"
is "$(xxd -p -s 112 -l 64 -c 64 report)" "$(claims | sha256sum | cut -d' ' -f1)${zeros:0:64}" REPORT_DATA
is "$(claims | jq -r '.keys[0].n' | tr -- '-_' '+/' | sed 's/$/==/' | base64 -d 2>/dev/null | xxd -p -c 256)" \
    "$(tail -c 256 ak | xxd -p -c 256)" HCLAkPub
is "$(user_data)" "$zeros" "user data before there are any"

echo "- a read from offset 0 refreshes, when strictly more than the window has passed; nothing else does"
tpm tpm2_nvdefine -C o -s 64 -a "ownerread|ownerwrite|authread|authwrite" 0x01400002 || lab_fail "not defined"
lab_paravisor '{"window_ms": 600000}'
write "$ones"
: >paravisor.log.json
report
is "$(user_data) $(events)" "$zeros read stale read-on read-on " "user data within the window"
lab_paravisor '{"window_ms": 0}'
: >paravisor.log.json
tpm tpm2_nvread -C o --offset 1 -s 8 0x01400001 || lab_fail "no read from offset 1"
is "$(events)" "read-on " "a read from offset 1"
report
is "$(user_data)" "$ones" "user data behind the window"
write "$twos"
tpm2_nvreadpublic -T "$LAB_TCTI" 0x01400001 >/dev/null
lab_paravisor '{"faults": ["stale"]}'
report
is "$(user_data)" "$ones" "user data after what is no read of it"

echo "- an index that its owner may not read keeps the paravisor from refreshing, a short one is padded"
lab_paravisor '{"window_ms": 0}'
tpm tpm2_nvundefine -C o 0x01400002 && tpm tpm2_nvdefine -C o -s 64 -a "ownerwrite|authread" 0x01400002 || lab_fail "not defined"
write "$twos"
report
is "$(user_data)" "$ones" "user data that the paravisor cannot read"
tpm tpm2_nvundefine -C o 0x01400002 && tpm tpm2_nvdefine -C o -s 2 -a "ownerread|ownerwrite" 0x01400002 || lab_fail "not defined"
write 2222
report
is "$(user_data)" "2222${zeros:4}" "short user data"

echo "- an owner authorisation keeps out who does not know it"
tpm tpm2_changeauth -c owner mine || lab_fail "not changed"
refused 0x9A2 tpm2_nvread -C o -P "" 0x01400002
tpm tpm2_changeauth -c owner -p mine || lab_fail "not changed back"

echo "- a boot makes the key anew, and of the same seed the same"
tpm tpm2_evictcontrol -C o -c 0x81000003 || lab_fail "the key stays"
tpm tpm2_readpublic -c 0x81000003 && lab_fail "the key is still there"
lab_stop paravisor
lab_swtpm_stop
lab_swtpm_start
lab_paravisor_start --header-version 1 --index-size 2900
tpm tpm2_readpublic -c 0x81000003 -f tpmt -o again || lab_fail "no AK"
cmp ak again || lab_fail "another AK"
report
is "$(stat -c %s report) $(number 4)" "2900 1" "size and header version"
is "$(claims | jq -r '."vm-configuration".vmUniqueId')" 5F1C7A04-93D2-4BE8-A1C6-0D2E4F6A8B90 "vmUniqueId"

echo "- without authority over its hierarchy it has no key, and says so by zeros"
tpm tpm2_changeauth -c endorsement mine || lab_fail "not changed"
lab_stop paravisor
lab_swtpm_stop
lab_swtpm_start
lab_paravisor_start
report
is "$(claims | jq -r '.keys[0].n' | tr -d A)" "" HCLAkPub

echo "- one that forgets has another key at each start, and says so"
head -c 70 ak | tail -c 48 >kept
for i in 1 2; do
    lab_stop paravisor
    lab_paravisor_start --forgets
    tpm tpm2_readpublic -c 0x81000003 -f tpmt -o ak || lab_fail "no AK"
    head -c 70 ak | tail -c 48 | cmp -s - kept && lab_fail "the same key at start $i"
    head -c 70 ak | tail -c 48 >kept
done
report
is "$(claims | jq '."vm-configuration"."tpm-persisted"')" false tpm-persisted

echo "- elsewhere, and of the oldest kind"
lab_stop paravisor
lab_paravisor_start --elsewhere --index-size 2048
tpm tpm2_readpublic -c 0x81000013 || lab_fail "no AK elsewhere"
tpm tpm2_nvread -C o -o report 0x01400011 || lab_fail "no report elsewhere"
is "$(claims | jq -c '[has("user-data"), (.keys | length), .keys[0].key_ops[0]]')" '[false,1,"encrypt"]' "claims of the oldest"

echo "- Trusted Launch has no report; a misspelt control file ends the simulator"
lab_stop paravisor
lab_paravisor_start --trusted-launch
tpm2_readpublic -T "$LAB_TCTI" -c 0x81000003 -f tpmt -o ak >/dev/null 2>&1 || lab_fail "no AK"
is "$(head -c 10 ak | xxd -p)" 0001000b000504720020 "the AK's template, with a policy"
tpm2_getcap -T "$LAB_TCTI" handles-nv-index | grep -qi 0x1400001 && lab_fail "a report"
lab_paravisor '{"fault": []}'
tpm2_getrandom -T "$LAB_TCTI" 1 >/dev/null 2>&1 && lab_fail "goes on"
lab_wait_for 5 grep -q 'unknown member "fault"' paravisor.log || lab_fail "says nothing"
exit 0
