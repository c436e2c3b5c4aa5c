# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What an integration test says: a sentence before each check, and where it failed. Source after
# world.sh.
set -uo pipefail

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

say() { echo "- $*"; }

# expect_exit STATUS COMMAND...: output is left in $OUT
expect_exit() {
    local wanted=$1 status=0
    shift
    OUT=$("$@" 2>&1) || status=$?
    [ "$status" -eq "$wanted" ] || fail "\"$*\" exited $status, wanted $wanted: $OUT"
}

expect_text() { # TEXT in $OUT
    case $OUT in *"$1"*) ;; *) fail "no \"$1\" in: $OUT" ;; esac
}

expect_no_text() {
    case $OUT in *"$1"*) fail "\"$1\" in: $OUT" ;; esac
}

expect_equal() { # FOUND WANTED WHAT
    [ "$1" = "$2" ] || fail "$3 is \"$1\", wanted \"$2\""
}

status_json() { # JQ_FILTER over attestctl status --json
    ctl status --json | jq -r "$1"
}

# expect_standing STATE LAST_ERROR_NAME
expect_standing() {
    local found
    found="$(status_json '.state + " " + (.last_error.name // "")')"
    expect_equal "$found" "$1 $2" "the standing with its last error"
}

expect_finding() { # NAME among the last round's findings
    local names
    names=" $(status_json '[.findings[].name] | join(" ")') "
    case $names in *" $1 "*) ;; *) fail "no finding $1 among:$names" ;; esac
}

# Who asks for a secret, as systemd does for a unit's credential.
asks() { # UNIT SECRET
    "$world_here/tests/integration/asker" "$W/run/secrets.sock" "$1" "$2"
}

expect_given() { # CONTENT UNIT SECRET
    expect_exit 0 asks "$2" "$3"
    expect_equal "$OUT" "$1" "what $2 gets for $3"
}

# expect_denied FINDING UNIT SECRET: and the journal says why
expect_denied() {
    local before
    before=$(grep -c "ATTEST_FINDING=\"$1\"" "$W/attestd.log")
    expect_exit 243 asks "$2" "$3"
    denied() { [ "$(grep -c "ATTEST_FINDING=\"$1\"" "$W/attestd.log")" -gt "$before" ]; }
    lab_wait_for 10 denied "$1" || fail "$3 was denied, and not by name as $1: $(grep "ATTEST_FINDING" "$W/attestd.log" | tail -n 3)"
}

BUILD=${1:?usage: $0 BUILD_DIRECTORY}
