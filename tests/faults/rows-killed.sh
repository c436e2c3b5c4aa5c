# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Rows: SIGKILL of each process before each of its system calls, or every so many ($STRIDE).
group killed "SIGKILL"
dies_at() { # VERB N: of its system calls
    rm -f "$W/report"
    worker_fault "$1" "set -- $KILLER +$2 $W/report \"\$@\""
}
# kill_in_rounds VERB FINDING...: rounds, each killed a few calls later than the one before, until one is not
kill_in_rounds() {
    local verb=$1 n found
    shift
    for ((n = 1; ; n += STRIDE)); do
        dies_at "$verb" "$n"
        world_rested
        ctl attest >/dev/null 2>&1 || fail "killed at call $n, the verdict is lost: $(ctl status)"
        [ -e "$W/report" ] || break
        found=$(world_last_error)
        # Behind its answer it may die unnoticed.
        case " $* " in
        *" ${found:-nothing} "*) see_status ;;
        *) [ -z "$found" ] || fail "killed at call $n it is \"$found\"" ;;
        esac
        # The kernel's resource manager does that where a TPM has a device.
        lab_swtpm_flush >/dev/null 2>&1
        lab_runs "$verb" || fail "nobody listens any more"
    done
    [ -n "$SEEN_NAME" ] || fail "it was never noticed"
    N_CALLS=$n
    worker_fault "$verb"
    world_rested
    faults_settle
    RESULT_HELD=kept
    unharmed
}

row killed-round "the round worker, at each step" "round-worker-ended" special
killed-round() { kill_in_rounds round round-worker-ended; }
row killed-collect "the collect worker, at each step" collect-worker-ended special
killed-collect() { kill_in_rounds collect collect-worker-ended; }

row killed-release "the release worker, at each step" - special
killed-release() {
    local n outcome whole=0 refused=0
    for ((n = 1; ; n += STRIDE)); do
        dies_at release "$n"
        ask_later db-password
        outcome=$(what_asker_has $N_ASKERS)
        case $outcome in
        secret) whole=$((whole + 1)) ;;
        refusal) refused=$((refused + 1)) ;;
        *) fail "killed at call $n, who asks has $outcome" ;;
        esac
        [ -e "$W/report" ] || break
        lab_swtpm_flush >/dev/null 2>&1
    done
    [ "$refused" -gt 0 ] || fail "nobody was refused"
    N_CALLS=$n
    worker_fault release
    RESULT_HELD=kept RESULT_HELD_ASKER="gets all of the secret, or a refusal"
    unharmed
}

row killed-attestd "attestd, at each step of a start, a round and a release" - special
killed-attestd() {
    local n outcome
    for ((n = 1; ; n += 5 * STRIDE)); do
        lab_stop attestd
        world_rested
        rm -f "$W/report" "$W/stored"
        echo "$KILLER +$n $W/report" >"$W/under"
        faults_agent_start
        lab_wait_for 20 test -S "$W/run/secrets.sock"
        ask_later db-password
        has_ended() { [ -e "$W/report" ] || [ -e "$W/asked.$N_ASKERS.status" ]; }
        lab_wait_for 60 has_ended || fail "killed at call $n: neither an end nor an answer"
        rm -f "$W/under"
        outcome=$(what_asker_has $N_ASKERS)
        case $outcome in
        secret | refusal) ;;
        nothing)
            # docs/secrets.md has this gap: accepted, and not yet handed to the manager.
            grep -q "/db@$N_ASKERS.service/" "$W/stored" 2>/dev/null && fail "killed at call $n, who asks has an empty answer"
            ;;
        *) fail "killed at call $n, who asks has $outcome" ;;
        esac
        [ -e "$W/report" ] || break
        lab_swtpm_flush >/dev/null 2>&1
        world_rested
        faults_settle
    done
    N_CALLS=$n
    faults_agent_restart # one that nobody counts
    RESULT_HELD="kept by the next run" RESULT_HELD_ASKER="gets all of the secret, or a refusal" RESULT_ASKER="waits, then gets it, or is refused"
    unharmed
}

row killed-verifier "one process of the verifier" - unharmed
killed-verifier() {
    [ "$1" = end ] || kill -KILL "$(pgrep -P "$(lab_pid verifier)" | head -n 1)"
}
