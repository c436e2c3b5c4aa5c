#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sim-tsm: the semantics of configfs-tsm, seen through the file system.
set -u
. "$(dirname "$0")/lab.sh"
lab_dir
lab_chip
lab_tsm_start
lab_need xxd cmp timeout
cd "$LAB_DIR" || exit 1
head -c 64 /dev/urandom >nonce

# The reason a command fails, as the C library spells it.
reason() { # COMMAND...
    "$@" 2>&1 >/dev/null | sed 's/.*: //'
}

is() { # FOUND WANTED WHAT
    [ "$1" = "$2" ] || lab_fail "$3: $1, wanted $2"
}

write() { # TEXT FILE: in one write()
    printf '%s\n' "$1" 2>&1 >"$2" | sed 's/.*: //'
}

fresh() { # makes tsm/x anew
    if [ -d tsm/x ]; then rmdir tsm/x || lab_fail "rmdir"; fi
    mkdir tsm/x || lab_fail "mkdir"
}

echo "- mkdir makes the attributes, rmdir takes them away"
mkdir tsm/x || lab_fail "mkdir"
is "$(cd tsm/x && echo *)" "auxblob generation inblob outblob privlevel privlevel_floor provider" list
is "$(reason mkdir tsm/x)" "File exists" "mkdir twice"
is "$(reason mkdir tsm/x/y)" "Operation not permitted" "mkdir below"
is "$(reason rm tsm/x/inblob)" "Operation not permitted" unlink
is "$(reason touch tsm/x/new)" "Permission denied" create
is "$(stat -c '%a %s' tsm/x/outblob)" "444 0" outblob
is "$(stat -c '%a' tsm/x/inblob)" 200 inblob
is "$(stat -c '%a' tsm/x)" 755 entry
is "$(cat tsm/x/provider)" sev_guest provider
is "$(cat tsm/x/generation)" 0 generation
is "$(cat tsm/x/privlevel_floor)" 0 privlevel_floor
rmdir tsm/x || lab_fail "rmdir"
is "$(reason cat tsm/x/provider)" "No such file or directory" "after rmdir"

echo "- inblob is committed by close; the report comes at the first read"
fresh
is "$(reason cat tsm/x/outblob)" "Invalid argument" "no inblob"
exec 5>tsm/x/inblob
head -c 30 nonce >&5
is "$(cat tsm/x/generation)" 0 "generation before close"
tail -c 34 nonce >&5
exec 5>&-
is "$(cat tsm/x/generation)" 1 "generation after close"
cat tsm/x/outblob >report || lab_fail "outblob"
is "$(stat -c %s report)" 1184 size
is "$(xxd -s 80 -l 64 -p -c 64 report)" "$(xxd -p -c 64 nonce)" REPORT_DATA
cat tsm/x/auxblob >table && sim-chip table chip full wanted && cmp table wanted || lab_fail "auxblob"
cat tsm/x/outblob | cmp - report || lab_fail "the report is not kept"
is "$(cat tsm/x/generation)" 1 "generation after reads"
cat nonce >tsm/x/inblob
is "$(cat tsm/x/generation)" 2 "generation of a second write"
cat tsm/x/outblob | cmp -s - report && lab_fail "no new report after a write"

echo "- generation is there at once, every time"
fresh
for i in {1..100}; do
    cat nonce >tsm/x/inblob
    read -r generation <tsm/x/generation
    [ "$generation" = "$i" ] || lab_fail "generation $generation after $i writes"
done

echo "- an inblob of another length fails at the read, a longer one at the write"
fresh
head -c 32 nonce >tsm/x/inblob
is "$(cat tsm/x/generation)" 1 "generation of a short inblob"
is "$(reason cat tsm/x/outblob)" "Invalid argument" "short inblob"
is "$(head -c 65 /dev/zero 2>&1 >tsm/x/inblob | sed 's/.*: //')" "File too large" "long inblob"
is "$(cat tsm/x/generation)" 2 "generation of a long inblob"

echo "- privlevel counts, from floor to 3"
is "$(write 3 tsm/x/privlevel)" "" "privlevel 3"
is "$(cat tsm/x/generation)" 3 "generation of privlevel"
is "$(write 4 tsm/x/privlevel)" "Invalid argument" "privlevel 4"
is "$(write abc tsm/x/privlevel)" "Invalid argument" "privlevel abc"
cat nonce >tsm/x/inblob
is "$(xxd -s 48 -l 4 -p <(cat tsm/x/outblob))" 03000000 VMPL
lab_control '{"guest_vmpl":2}'
fresh
is "$(cat tsm/x/privlevel_floor)" 2 "floor"
cat nonce >tsm/x/inblob
is "$(reason cat tsm/x/outblob)" "Invalid argument" "below the floor"
is "$(write 1 tsm/x/privlevel)" "Invalid argument" "privlevel below the floor"
is "$(write 2 tsm/x/privlevel)" "" "privlevel at the floor"
is "$(cat tsm/x/outblob | wc -c)" 1184 "at the floor"

echo "- no table is an empty auxblob; a table too large is an error"
lab_control '{"certificates":"none"}'
fresh
cat nonce >tsm/x/inblob
is "$(cat tsm/x/auxblob | wc -c)" 0 "no table"
lab_control '{"certificates":"oversize"}'
fresh
cat nonce >tsm/x/inblob
is "$(reason cat tsm/x/outblob)" "Input/output error" oversize
lab_control '{"certificates":"hostile"}'
fresh
cat nonce >tsm/x/inblob
is "$(cat tsm/x/auxblob | wc -c)" 16384 hostile

echo "- errors on demand"
for pair in "EIO=Input/output error" "ENOTTY=Inappropriate ioctl for device" "EBUSY=Device or resource busy"; do
    lab_control "{\"errors\":[{\"errno\":\"${pair%%=*}\",\"vmpck\":\"keep\",\"count\":1}]}"
    fresh
    cat nonce >tsm/x/inblob
    is "$(reason cat tsm/x/outblob)" "${pair#*=}" "${pair%%=*}"
    is "$(cat tsm/x/outblob | wc -c)" 1184 "after ${pair%%=*}"
done
lab_control '{"errors":[{"operation":"mkdir","errno":"ENXIO"}]}'
is "$(reason mkdir tsm/y)" "No such device or address" "mkdir ENXIO"
lab_control '{"errors":[{"operation":"privlevel","errno":"EBUSY"}]}'
is "$(write 0 tsm/x/privlevel)" "Device or resource busy" "privlevel EBUSY"
lab_control '{"errors":[{"operation":"inblob","errno":"EIO"}]}'
fresh
cat nonce >tsm/x/inblob || lab_fail "a lost commit must not show at close"
is "$(cat tsm/x/generation)" 0 "lost commit"
for status in 22 39; do
    lab_control "{\"errors\":[{\"status\":$status}]}"
    fresh
    cat nonce >tsm/x/inblob
    is "$(reason cat tsm/x/outblob)" "Invalid argument" "status $status"
done
lab_control '{"errors":[{"status":3}]}'
is "$(reason cat tsm/x/outblob)" "No such device or address" "another status"

echo "- a rival, a provider that changes, a stale report"
lab_control '{"errors":[{"answer":"rival"}]}'
fresh
cat nonce >tsm/x/inblob
is "$(cat tsm/x/outblob | wc -c)" 1184 "with a rival"
is "$(cat tsm/x/generation)" 2 "generation with a rival"
lab_control '{"errors":[{"answer":"provider-changes","skip":1}]}'
fresh
is "$(cat tsm/x/provider) $(cat tsm/x/provider)" "sev_guest tdx_guest" provider-changes
lab_control '{"errors":[{"answer":"stale-report","name":"test"}]}'
fresh
head -c 64 /dev/zero >tsm/x/inblob
is "$(xxd -s 80 -l 64 -p -c 64 <(cat tsm/x/outblob))" "$(xxd -p -c 64 nonce)" stale-report

echo "- a lost key stays lost"
lab_control '{"errors":[{"errno":"EBADMSG","count":1}],"log":"'"$LAB_DIR"'/requests"}'
fresh
cat nonce >tsm/x/inblob
is "$(reason cat tsm/x/outblob)" "Bad message" EBADMSG
lab_control '{}'
is "$(reason cat tsm/x/outblob)" "Inappropriate ioctl for device" "lost key"
is "$(grep -c ext-report requests)" 1 log

echo "- SIGTERM unmounts"
lab_tsm_stop || lab_fail "exit status $?"
mountpoint -q tsm && lab_fail "still mounted"
[ ! -e tsm/x ] || lab_fail "still there"
exit 0
