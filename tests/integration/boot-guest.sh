# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a job finds inside the machine; sourced by boot.sh there.
# shellcheck source=tests/integration/world.sh
. "$boot_here/world.sh"
# shellcheck source=tests/integration/expect.sh
. "$boot_here/expect.sh"
trap 'echo $? >/out/status' EXIT

W=/run/lab PORT=$BOOT_PORT ATTESTCTL=/usr/bin/attestctl WORLD_LOCKS=/run/attestd/lock
cp /lab/world/ca.pem "$W/"

unit() { # PROPERTY UNIT
    systemctl show --property="$1" --value "$2"
}

# A person who has an account and no rights.
as_someone() { setpriv --reuid=someone --regid=someone --clear-groups --reset-env -- "$@"; }

guest_verifier_start() {
    systemctl start lab-verifier.service || fail "the verifier does not start"
    LAB_PIDS[verifier]=$(unit MainPID lab-verifier.service)
}

guest_trusted() {
    expect_exit 0 ctl wait --timeout=30
    expect_standing TRUSTED ""
}

# journal JQ_FILTER: over attestd's entries; prints what the filter makes of them
journal() {
    journalctl --sync
    journalctl -b -u attestd.service -o json --no-pager | jq -r "$1"
}

message_id() { world_message_id "$1"; }
