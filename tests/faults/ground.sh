# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the rows of the matrix stand on: a world whose attestd has somebody to start it again, whose workers can be given
# limits or be killed, and what is looked at in each row. Source after world.sh and expect.sh.
faults_here=$(dirname "${BASH_SOURCE[0]}")
faults_tests=$(cd "$faults_here/.." && pwd)

# Failed rounds are tried again at once: a row waits for what it is about.
: "${FAULTS_SCHEDULE:=$'IntervalSec=10min\nRandomizedDelaySec=0\nRetryMinSec=300ms\nRetryMaxSec=500ms'}"

faults_up() { # BUILD_DIRECTORY
    # shellcheck disable=SC2034
    WORLD_SCHEDULE_LINES=$FAULTS_SCHEDULE
    lab_need swtpm_ioctl prlimit unshare
    world_up "$1"
    KILLER=$B/tests/unit/agent/kill-at-call CLOCK_STEP=$B/tests/fake/shift-clock.so
    # What must not get out: long enough that no accident makes a part of it.
    SECRET=$(head -c 72 /dev/urandom | base64 -w 0)
    faults_wrap round WORKER
    faults_wrap collect COLLECT
    faults_wrap release RELEASE
    world_verifier_policy '.gates = [{name: "db", machines: ["*"], vtpm_roots: ["host"]}]'
    world_gate db --trust="$(world_trust)" >/dev/null || lab_fail "no gate"
    faults_seal db-password
    faults_agent_start
    faults_settle
}

faults_seal() { # NAME [OPTION]...
    printf %s "$SECRET" | world_seal "$1" --gate=db --for='unit:db@*.service' "${@:2}" >"$W/sealed" 2>&1 || lab_fail "not sealed: $(cat "$W/sealed")"
}

# The worker of VERB, whose program the variable names, heeds $W/fault.VERB from now on.
faults_wrap() { # VERB VARIABLE
    local verb=$1 wrapper=$W/$1-worker
    printf '#!/bin/sh\nexec "%s" "%s" "%s" "$@"\n' "$faults_here/worker" "$W/fault.$verb" "${!2}" >"$wrapper"
    chmod 755 "$wrapper"
    printf -v "$2" %s "$wrapper"
    faults_listen "$verb"
}

faults_listen() { # VERB: anew
    lab_stop "$1"
    rm -f "$W/run/$1.sock"
    if [ "$1" = collect ] && [ "$WORLD_SOURCE" != configfs-tsm ]; then
        world_listen collect sim-firmware --chip "$CHIP" --control "$W/control.json" --
    else
        world_listen "$1"
    fi
}

worker_fault() { # VERB LINES: from its next start on; without lines as ever
    if [ -n "${2:-}" ]; then
        printf '%s\n' "$2" >"$W/fault.$1.new"
        mv "$W/fault.$1.new" "$W/fault.$1"
    else
        rm -f "$W/fault.$1"
    fi
}

# attestd under somebody who starts it again and keeps what is in its descriptor store.
faults_agent_start() {
    rm -f "$W/attestd.pid"
    # As its unit has it.
    lab_start attestd env "$(sed -n 's/^Environment=\(GLIBC_TUNABLES=.*\)/\1/p' "$B/systemd/attestd.service")" "$faults_here/keeper" "$W" "$ATTESTD" --config "$W/attestd.conf" --runtime-directory "$W/run" --state-directory "$W/state"
    lab_wait_for 20 test -s "$W/attestd.pid" || lab_fail "attestd is not started"
}

faults_agent_restart() { # as after a boot: nothing is held
    lab_stop attestd
    world_rested
    faults_agent_start
}

agent_pid() { cat "$W/attestd.pid"; }

standing() { # of now: state, the last error's name, text and remedy, in lines; fails when nobody answers
    ctl status --json >"$W/status.json" 2>/dev/null
    jq -re '.state, (.last_error.name, .last_error.text, .last_error.remedy | . // "")' "$W/status.json" 2>/dev/null
}

is_settled() {
    local lines
    mapfile -t lines < <(standing)
    [ "${lines[0]:-}" = TRUSTED ] && [ -z "${lines[1]}" ]
}

faults_settle() { lab_wait_for 60 is_settled || fail "it is not TRUSTED, or not without an error: $(ctl status 2>&1)"; }

has_failed() { # leaves what a person sees then in SEEN_*
    local lines
    mapfile -t lines < <(standing)
    case ${lines[0]:-} in WAITING | REFUSED) ;; *) return 1 ;; esac
    [ -n "${lines[1]}" ] || return 1
    SEEN_STATE=${lines[0]} SEEN_NAME=${lines[1]} SEEN_TEXT=${lines[2]} SEEN_REMEDY=${lines[3]}
}

# Who asks in the background; each under a name of its own. Its answer goes to $W/asked.N, its exit status to .status
N_ASKERS=0
ask_later() { # SECRET
    N_ASKERS=$((N_ASKERS + 1))
    lab_start "asker$N_ASKERS" bash -c '"$0" "$1" "$2" "$3" 600 >"$4"; echo $? >"$4.ends"; mv "$4.ends" "$4.status"' "$faults_tests/integration/asker" \
        "$W/run/secrets.sock" "db@$N_ASKERS.service" "$1" "$W/asked.$N_ASKERS"
}

asker_waits() { # N: it has nothing yet, neither a byte nor an end
    [ -e "$W/asked.$1" ] && [ ! -s "$W/asked.$1" ] && [ ! -e "$W/asked.$1.status" ]
}

# what_asker_has N: secret, refusal, nothing (an empty answer) or else
what_asker_has() {
    lab_wait_for 120 test -e "$W/asked.$1.status" || fail "who asks gets no answer"
    case $(<"$W/asked.$1.status") in
    0) [ "$(<"$W/asked.$1")" = "$SECRET" ] && echo secret || echo "something else" ;;
    243) echo refusal ;;
    *) echo nothing ;;
    esac
    rm -f "$W/asked.$1"
}

# The secret is nowhere but with who was given it: no file here, no log, not in attestd.
expect_no_leak() {
    local found
    found=$(grep -rlaF --exclude='asked.*' --exclude-dir=tsm -e "${SECRET:0:24}" -e "${SECRET: -24}" "$W" 2>/dev/null)
    [ -z "$found" ] || fail "the secret is in $found"
    found=$(printf %s "$SECRET" | "$faults_tests/integration/leak-finder" --only "$(agent_pid)" 2>/dev/null)
    [ -z "$found" ] || fail "the secret is in $found"
}

# What a person reads, without what is this lab's alone.
plain() {
    sed -E -e "s|$W|/run/lab|g" -e "s/127\.0\.0\.1(:| port )[0-9]+/VERIFIER/g" -e "s/ after [0-9]+ m(s|illiseconds)//" -e "s/([0-9a-f]{8})[0-9a-f]{56,}/\1…/g"
}
