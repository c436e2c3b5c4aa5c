#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sim-boot: its log replays to what it extended, in every bank; the same boot twice is the same log.
set -u
. "$(dirname "$0")/lab.sh"
lab_dir
cd "$LAB_DIR" || exit 1

echo "- the same options give the same log"
sim-boot --no-extend --log one --pcrs one.json || lab_fail "sim-boot"
sim-boot --no-extend --log two --pcrs two.json || lab_fail "sim-boot"
cmp one two || lab_fail "logs differ"

echo "- another command line changes PCR 8 alone, another kernel PCR 4, 8 and 9, Secure Boot PCR 4 and 7"
changed() { # OPTION...: prints the PCRs that differ from the default boot's
    sim-boot --no-extend --log other --pcrs other.json "$@" || lab_fail "sim-boot $*"
    jq -nr --slurpfile a one.json --slurpfile b other.json \
        '[range(16) | select($a[0].sha256["\(.)"] != $b[0].sha256["\(.)"]) | tostring] | join(" ")'
}
lab_need jq
[ "$(changed --cmdline 'ro debug')" = "8" ] || lab_fail "command line"
[ "$(changed --kernel 6.1.0-99-amd64)" = "4 8 9" ] || lab_fail "kernel"
[ "$(changed --secure-boot no)" = "4 7" ] || lab_fail "Secure Boot"

echo "- unknown banks and missing options are refused"
sim-boot --no-extend --log x --banks sha256,md5 2>/dev/null && lab_fail "md5"
sim-boot --no-extend --log x --banks sha256,sha256 2>/dev/null && lab_fail "a bank twice"
sim-boot --log x 2>/dev/null && lab_fail "no TCTI"
sim-boot --no-extend --tcti swtpm --log x 2>/dev/null && lab_fail "both"

echo "- tpm2_eventlog replays the log to the same values"
lab_need tpm2_eventlog
sim-boot --no-extend --log log --pcrs pcrs.json --banks sha1,sha256,sha384 || lab_fail "sim-boot"
tpm2_eventlog log >log.yaml 2>eventlog.err || lab_fail "tpm2_eventlog: $(cat eventlog.err)"
# "BANK PCR VALUE", a line each, from our JSON and from the text of the TPM tools.
wanted_values() { # PCR...
    jq -r --arg pcrs "$*" \
        'to_entries[] | .key as $bank | .value as $v | $pcrs | split(" ")[] | "\($bank) \(.) \($v[.])"' \
        pcrs.json
}
tool_values() { # FILE
    sed -n 's/^  \(sha[0-9]*\):$/bank \1/p; s/^    \([0-9]*\) *: *0x\([0-9A-Fa-f]*\)$/pcr \1 \L\2/p' "$1" |
        awk '$1 == "bank" { bank = $2 } $1 == "pcr" { print bank, $2, $3 }'
}
tool_values log.yaml >found
wanted_values {0..9} 14 >wanted
diff wanted found >&2 || lab_fail "tpm2_eventlog finds other values"
grep -q 'kernel_cmdline: /boot/vmlinuz-6.1.0-28-amd64 root=UUID=.* ro quiet' log.yaml ||
    lab_fail "no command line in the log"

echo "- a fresh TPM holds what the logs say"
lab_swtpm_start
sim-boot --tcti "$LAB_TCTI" --log log --userspace-log userspace --pcrs pcrs.json \
    --banks sha1,sha256,sha384 || lab_fail "sim-boot with a TPM"
tpm2_pcrread -T "$LAB_TCTI" sha1:all+sha256:all+sha384:all >read.txt || lab_fail "tpm2_pcrread"
tool_values read.txt | awk '$2 < 16' >found
wanted_values {0..15} >wanted
diff wanted found >&2 || lab_fail "the TPM holds other values"
tr -d '\036' <userspace | jq -e 'select(.pcr == 11) | .content.string' >phases || lab_fail "userspace log"
[ "$(tr '\n' ' ' <phases)" = '"enter-initrd" "leave-initrd" "sysinit" "ready" ' ] || lab_fail "phases"

echo "- a TPM that was extended before is noticed"
sim-boot --tcti "$LAB_TCTI" --log log 2>err && lab_fail "second boot without reset"
grep -q 'not a fresh TPM' err || lab_fail "no reason given"
lab_swtpm_stop

echo "- a TPM that is not there is noticed"
sim-boot --tcti "$LAB_TCTI" --log log >/dev/null 2>&1 && lab_fail "no TPM"
exit 0
