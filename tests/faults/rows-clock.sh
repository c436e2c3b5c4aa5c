# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Rows: the wall clock of the machine is stepped under attestd and its workers; the verifier's is right.
group clock "The wall clock"
ground_clock() {
    lab_stop attestd
    echo 0 >"$W/step"
    echo "LD_PRELOAD=$CLOCK_STEP SHIFT_CLOCK=$W/step" >"$W/under"
    worker_fault round "export LD_PRELOAD=$CLOCK_STEP SHIFT_CLOCK=$W/step"
    worker_fault release "export LD_PRELOAD=$CLOCK_STEP SHIFT_CLOCK=$W/step"
    faults_agent_start
}
clock() { # SECONDS begin|end
    [ "$2" = begin ] || set -- 0 end
    echo "$1" >"$W/step.new"
    mv "$W/step.new" "$W/step"
}
row clock-hour-on "goes an hour forward" token-expired withdrawn
clock-hour-on() { clock 3600 "$1"; }
row clock-hour-back "goes an hour back" token-not-yet-valid kept
clock-hour-back() { clock -3600 "$1"; }
row clock-years-back "goes back to 2020, as without a battery" verifier-tls-not-yet-valid kept
clock-years-back() { clock $((1577836800 - $(date +%s))) "$1"; }
row clock-years-on "goes to 2048" verifier-tls-expired withdrawn
clock-years-on() { clock $((2461449600 - $(date +%s))) "$1"; }
