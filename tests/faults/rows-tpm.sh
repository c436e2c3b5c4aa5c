# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Rows: the TPM.
group tpm "The TPM"
# What the firmware does at the next boot.
tpm_boots() { sim-boot --tcti "$LAB_TCTI" --log "$W/eventlog" --pcrs "$W/pcrs.json" >/dev/null || fail "sim-boot"; }
tpm_init() { swtpm_ioctl --unix "$W/tpm/s.ctrl" -i || fail "swtpm_ioctl"; }

row tpm-gone "is not there" tpm-unreachable
tpm-gone() {
    case $1 in
    begin) mv "$W/tpm/s" "$W/tpm/s.away" ;;
    end) mv "$W/tpm/s.away" "$W/tpm/s" ;;
    esac
}

row tpm-busy "is in use by another process all the time" tpm-locked
tpm-busy() {
    case $1 in
    begin)
        lab_start holder flock "$W/run/lock/tpm.lock" -c 'echo held; exec sleep 600'
        lab_wait_for 10 grep -q held "$W/holder.log" || fail "the lock is not held"
        ;;
    end) lab_stop holder ;;
    esac
}

row tpm-full "has no slot left for a key" tpm-slots-full
tpm-full() {
    local i
    case $1 in
    begin) for i in 1 2 3; do tpm2_createprimary -T "$LAB_TCTI" -Q -C o -c "$W/slot.$i" || fail "no key $i"; done ;;
    end) lab_swtpm_flush ;;
    esac
}

row tpm-not-started "was reset and not started" tpm-not-started
tpm-not-started() {
    case $1 in
    begin) tpm_init ;;
    end)
        tpm2_startup -T "$LAB_TCTI" -c
        tpm_boots
        ;;
    esac
}

row tpm-reset "is reset under us: its registers no longer say what the log says" "tpm-registers-lost eventlog-replay-mismatch" withdrawn
tpm-reset() {
    case $1 in
    begin)
        tpm_init
        tpm2_startup -T "$LAB_TCTI" -c || fail "no startup"
        ;;
    end) tpm_boots ;;
    esac
}

row tpm-extended "has a register that somebody extended, which the log does not have" eventlog-replay-mismatch
tpm-extended() {
    case $1 in
    begin) tpm2_pcrextend -T "$LAB_TCTI" 7:sha256="$(printf 'ab%.0s' {1..32})" || fail "not extended" ;;
    end)
        tpm_init
        tpm2_startup -T "$LAB_TCTI" -c
        tpm_boots
        ;;
    esac
}

row tpm-locked-out "is locked out after wrong passwords" - unharmed
tpm-locked-out() {
    case $1 in
    begin)
        tpm2_dictionarylockout -T "$LAB_TCTI" -s -n 1 -t 1000 -l 1000 || fail "no lockout parameters"
        tpm2_nvdefine -T "$LAB_TCTI" -Q -C o -s 8 -a "authread|authwrite" -p right 0x01500001 || fail "no index"
        is_locked_out() {
            tpm2_nvread -T "$LAB_TCTI" -C 0x01500001 -P wrong 0x01500001
            tpm2_getcap -T "$LAB_TCTI" properties-variable | grep -q 'inLockout: *1'
        }
        lab_wait_for 10 is_locked_out || fail "it is not locked out"
        ;;
    end)
        tpm2_dictionarylockout -T "$LAB_TCTI" -c
        tpm2_nvundefine -T "$LAB_TCTI" -Q -C o 0x01500001
        ;;
    esac
}

row tpm-nv-full "has no room in NV: sealing with a counter is refused, nothing else" tpm-nv-full special
tpm-nv-full() {
    local i=0 kind index
    # The TPM keeps room back for counters: these come last.
    for kind in "2000 ownerread|ownerwrite" "200 ownerread|ownerwrite" "8 ownerread|ownerwrite" "8 ownerread|ownerwrite|nt=counter"; do
        while printf -v index '0x015%05x' "$((i++))" &&
            tpm2_nvdefine -T "$LAB_TCTI" -Q -C o -s "${kind% *}" -a "${kind#* }" "$index" 2>/dev/null; do :; done
    done
    cp "$W/state/secrets/db-password.secret" "$W/before.secret"
    OUT=$(printf other | world_seal db-password --gate=db --for='unit:db@*.service' --rollback-counter 2>&1) && fail "it was sealed: $OUT"
    see_output
    cmp -s "$W/before.secret" "$W/state/secrets/db-password.secret" || fail "the old file has changed"
    unharmed
    for index in $(tpm2_getcap -T "$LAB_TCTI" handles-nv-index | grep -io '0x15[0-9a-f]*'); do
        tpm2_nvundefine -T "$LAB_TCTI" -Q -C o "$index"
    done
    faults_seal db-password --rollback-counter
    unharmed
}

# A group for the sake of its setting: three minutes are RoundTimeoutSec= as it ships.
group silence "The TPM"
before_silence() { FAULTS_SCHEDULE+=$'\nRoundTimeoutSec=8s'; }
row tpm-silent "takes commands and does not answer" round-worker-silent
tpm-silent() {
    case $1 in
    begin) kill -STOP "$(lab_pid tpm)" ;;
    end) kill -CONT "$(lab_pid tpm)" ;;
    esac
}
