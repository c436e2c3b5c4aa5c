# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a stage finds inside the machine.
# shellcheck source=/dev/null
. /run/job/settings
# shellcheck source=tests/fake/lab.sh
. "$machine_here/../fake/lab.sh"
# shellcheck source=tests/integration/expect.sh
. "$machine_here/../integration/expect.sh"

inside_end() {
    local status=$?
    journalctl -b --no-hostname -o short-monotonic >/run/out/journal 2>&1
    exit "$status"
}
trap inside_end EXIT

# As lab.sh has it, but who looks is in the way of what is looked for: there is one processor.
lab_wait_for() { # SECONDS COMMAND...
    local end=$((SECONDS + 6 * $1 + 1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.3
    done
}

: "${INSIDE_WAIT_SEC:=300}" # the processor is emulated, and not ours alone

ctl() { attestctl "$@"; }
unit() { systemctl show --property="$1" --value "$2"; } # PROPERTY UNIT
is_active() { [ "$(unit ActiveState "$1")" = active ]; }
is_down() { case $(unit ActiveState "$1") in inactive | failed) ;; *) return 1 ;; esac; }
comes() { lab_wait_for "$INSIDE_WAIT_SEC" is_active "$1" || fail "$1 is $(unit ActiveState "$1"): $(systemctl status --no-pager "$1" 2>&1 | tail -n 8)"; }
goes() { lab_wait_for "$INSIDE_WAIT_SEC" is_down "$1" || fail "$1 is still $(unit ActiveState "$1")"; }
is_open() { [ -e "/dev/mapper/$1" ]; }
is_closed() { [ ! -e "/dev/mapper/$1" ]; }

# Asks those outside for something, and waits until it is done: TOLD is how it ended.
asks_host() {
    echo "host $*"
    read -r TOLD <&5 || fail "nobody outside answers"
}
host() {
    asks_host "$@"
    [ "$TOLD" = 0 ] || fail "outside, \"$*\" ended with $TOLD"
}

# A verdict that comes in that very moment brings jobs of its own, which end.
boot_is_over() {
    expect_exit 0 timeout "$INSIDE_WAIT_SEC" systemctl is-system-running --wait
    lab_wait_for "$INSIDE_WAIT_SEC" has_no_job || fail "jobs wait: $(systemctl list-jobs)"
}
has_no_job() { [ -z "$(systemctl list-jobs --no-legend)" ]; }

# When it happened, in milliseconds after the kernel started.
at_msec() { echo $(($(unit "$1" "$2") / 1000)); }
# First entry of this boot with TEXT in a message of attestd, in milliseconds.
said_msec() {
    journalctl --sync
    journalctl -b -u attestd.service -o json --no-pager | jq -rs --arg text "$1" \
        'map(select(.MESSAGE | tostring | contains($text))) | first | .__MONOTONIC_TIMESTAMP | tonumber / 1000 | floor'
}
