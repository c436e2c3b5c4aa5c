# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The rows of one group, one after the other in one world. Sourced by matrix.
. "$here/../integration/world.sh"
set -- "$BUILD"
. "$here/../integration/expect.sh"
. "$here/ground.sh"

# What the row has found out; a special row sets these itself.
see() { # NAME TEXT REMEDY
    SEEN_NAME=$1 SEEN_TEXT=$2 SEEN_REMEDY=$3
}
see_status() {
    local lines
    mapfile -t lines < <(standing)
    [ -z "${lines[1]:-}" ] || see "${lines[@]:1:3}"
}
see_output() { # of a command, in $OUT: what a person reads
    see "" "$(sed '/^ *Remedy:/,$d; s/^attestctl: //' <<<"$OUT")" "$(sed -n '/^ *Remedy:/,$ { s/^ *Remedy: *//; p }' <<<"$OUT")"
}

see_refusal() { # where the standing is as ever, and the journal says why somebody is refused
    local line
    line=$(grep "MESSAGE_ID=$(world_message_id SECRET_REFUSED)" "$W/attestd.log" | tail -n 1)
    see "$(sed 's/.*ATTEST_FINDING="\([^"]*\)".*/\1/' <<<"$line")" "$(sed 's/^<[0-9]>//; s/ MESSAGE_ID=.*//; s/^[^ ]* was refused/who asked was refused/' <<<"$line")" ""
}

# Nothing has happened to who asks, nor to the standing.
unharmed() {
    ask_later db-password
    expect_equal "$(what_asker_has $N_ASKERS)" secret "what who asks has"
    faults_settle
}

expect_named() { # FOUND: among those of the row
    [ "${FINDINGS[$ROW]}" = - ] && return
    [[ " ${FINDINGS[$ROW]} " == *" $1 "* ]] || fail "$ROW: it is called \"$1\" ($SEEN_TEXT), wanted ${FINDINGS[$ROW]}"
}

# With a verdict: the fault is there, and a round meets it.
while_held() {
    local state
    "$ROW" begin
    world_rested
    [ -n "$(world_last_error)" ] || timeout 100 "$ATTESTCTL" attest >/dev/null 2>&1
    state=$(world_state)
    see_status
    ask_later db-password
    case ${MODE[$ROW]}:$state in
    kept:TRUSTED | kept:RENEWING | held:TRUSTED | held:RENEWING)
        RESULT_HELD=kept RESULT_HELD_ASKER=$(what_asker_has $N_ASKERS)
        [ "$RESULT_HELD_ASKER:$SEEN_NAME" != refusal: ] || see_refusal
        expect_named "$SEEN_NAME"
        ;;
    withdrawn:WAITING | withdrawn:PROVING)
        lab_wait_for 20 has_failed || fail "$ROW: no error"
        expect_named "$SEEN_NAME"
        asker_waits $N_ASKERS || fail "$ROW: who asks has $(what_asker_has $N_ASKERS)"
        RESULT_HELD=withdrawn RESULT_HELD_ASKER=waits
        ;;
    *) fail "$ROW: state $state with a verdict held, last error $SEEN_NAME" ;;
    esac
}

# Without one: as after a boot with the fault already there. Who asks waits, and has it once the fault has ended, by itself.
while_none() {
    local held=("$SEEN_NAME" "$SEEN_TEXT" "$SEEN_REMEDY")
    faults_agent_restart
    ask_later db-password
    lab_wait_for 60 has_failed || fail "$ROW: state $(world_state) without a verdict, last error $(world_last_error)"
    expect_named "$SEEN_NAME"
    # Who has seen a reset of the TPM names it, a daemon that was started later cannot: the table has the first.
    [ "${MODE[$ROW]}" != withdrawn ] || see "${held[@]}"
    asker_waits $N_ASKERS || fail "$ROW: who asks has $(what_asker_has $N_ASKERS)"
    expect_no_leak
    "$ROW" end
    world_rested
    faults_settle
    expect_equal "$(what_asker_has $N_ASKERS)" secret "$ROW: what who waited has once the fault has ended"
    RESULT_ASKER="waits, then gets it"
}

run_row() {
    ROW=$1
    local began=$SECONDS
    SEEN_NAME="" SEEN_TEXT="" SEEN_REMEDY="" RESULT_HELD="" RESULT_HELD_ASKER="" RESULT_ASKER="" N_CALLS=0
    faults_settle
    case ${MODE[$ROW]} in
    kept | withdrawn)
        while_held
        while_none
        ;;
    held)
        while_held
        "$ROW" end
        world_rested
        RESULT_ASKER="-"
        ;;
    trusted)
        lab_stop attestd
        "$ROW" begin
        world_rested
        faults_agent_start
        world_wait_state TRUSTED || fail "$ROW: state $(world_state)"
        ask_later db-password
        see_finding "${FINDINGS[$ROW]}"
        asker_waits $N_ASKERS || fail "$ROW: who asks has $(what_asker_has $N_ASKERS)"
        expect_no_leak
        "$ROW" end
        world_rested
        expect_equal "$(what_asker_has $N_ASKERS)" secret "$ROW: what who waited has once the fault has ended"
        RESULT_HELD="TRUSTED, the gate shut" RESULT_ASKER="waits, then gets it"
        ;;
    unharmed)
        "$ROW" begin
        world_rested
        expect_exit 0 ctl attest
        unharmed
        faults_agent_restart
        unharmed
        "$ROW" end
        RESULT_HELD=kept RESULT_HELD_ASKER=secret RESULT_ASKER="gets it"
        ;;
    special) "$ROW" ;;
    esac
    faults_settle
    unharmed
    expect_no_leak
    [ -n "$RESULT_ASKER" ] || RESULT_ASKER=-
    [ -n "$RESULT_HELD" ] || RESULT_HELD=kept
    jq -nc --arg group "${GROUP_TITLE[$GROUP]}" --arg row "$ROW" --arg title "${TITLE[$ROW]}" --arg name "$SEEN_NAME" \
        --arg text "$(plain <<<"$SEEN_TEXT")" --arg remedy "$(plain <<<"$SEEN_REMEDY")" --arg held "$RESULT_HELD" --arg held_asker "$RESULT_HELD_ASKER" \
        --arg asker "$RESULT_ASKER" --argjson calls "$N_CALLS" '$ARGS.named' >>"$RESULTS"
    say "$ROW: ${SEEN_NAME:-nothing to see}, $RESULT_HELD${RESULT_HELD_ASKER:+ ($RESULT_HELD_ASKER)}, who asks $RESULT_ASKER, well again; $((SECONDS - began)) s"
}

see_finding() { # NAME: among the last round's findings
    local lines
    has_finding() { ctl status --json | jq -e --arg name "$1" '.findings[] | select(.name == $name)' >"$W/finding"; }
    lab_wait_for 20 has_finding "$1" || fail "no finding $1: $(ctl status)"
    mapfile -t lines < <(jq -r '.name, "\(.subject): \(.found)", .remedy' "$W/finding")
    see "${lines[@]}"
}

: >"$RESULTS"
if declare -F "before_$GROUP" >/dev/null; then "before_$GROUP"; fi
faults_up "$BUILD"
if declare -F "ground_$GROUP" >/dev/null; then
    "ground_$GROUP"
    faults_agent_restart
    faults_settle
fi
for name in "${ROWS[@]}"; do
    if [ "${GROUP_OF[$name]}" = "$GROUP" ] && is_wanted "$name"; then run_row "$name"; fi
done
