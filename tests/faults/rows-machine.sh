# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Rows: what the machine has too little of, and what it takes away.
group machine "Disk, memory, descriptors, bus"
# The next round of a machine that is TRUSTED comes soon.
before_machine() { FAULTS_SCHEDULE=${FAULTS_SCHEDULE/10min/4s}; }
ground_machine() {
    local place
    lab_stop attestd
    trap 'status=$?; umount -l "$W"/state "$W"/run/standing "$W"/run/approvals 2>/dev/null; (exit $status); lab_cleanup' EXIT
    # Disks of their own, which nobody else sees and which are gone with this script.
    for place in state run/standing run/approvals; do
        mkdir -p "$W/$place"
        mv "$W/$place" "$W/${place//\//-}.old"
        mkdir -m 700 "$W/$place"
        mount -t tmpfs -o size=512k,mode=700 tmpfs "$W/$place" || lab_skip "no tmpfs can be mounted here"
        cp -a "$W/${place//\//-}.old/." "$W/$place/"
    done
    chmod 755 "$W/run/standing"
    faults_agent_start
}
disk() { # PLACE begin|end: full down to the last inode, so that nobody's tidying makes room
    local inodes=1000
    [ "$2" = end ] || inodes=$(df --output=iused "$W/$1" | tail -n 1 | tr -d " ")
    mount -o remount,nr_inodes="$inodes" "$W/$1" || fail "$1 cannot be made full"
    if [ "$2" = begin ] && : 2>/dev/null >"$W/$1/.more"; then fail "$1 is not full"; fi
}

row disk-state "/var/lib/attestd is full" - unharmed
disk-state() { disk state "$1"; }

row disk-seal "/var/lib/attestd is full while a secret is sealed anew" secret-write-failed special
disk-seal() {
    cp "$W/state/secrets/db-password.secret" "$W/before.secret"
    disk state begin
    OUT=$(printf other | world_seal db-password --gate=db --for='unit:db@*.service' 2>&1) && fail "it was sealed: $OUT"
    see_output
    cmp -s "$W/before.secret" "$W/state/secrets/db-password.secret" || fail "the old file has changed"
    unharmed
    disk state end
    faults_seal db-password
    unharmed
}

row disk-approvals "/run/attestd/approvals is full" approval-not-stored trusted
disk-approvals() { disk run/approvals "$1"; }

row disk-standing "/run/attestd/standing is full: attested.target stays down" target-not-raised special
disk-standing() {
    lab_stop attestd
    [ ! -e "$W/run/standing/trusted" ] || fail "the target is up without a verdict"
    disk run/standing begin
    world_rested
    faults_agent_start
    world_wait_state TRUSTED || fail "state $(world_state)"
    see_finding target-not-raised
    ask_later db-password
    expect_equal "$(what_asker_has $N_ASKERS)" secret "what who asks has"
    disk run/standing end
    world_rested
    lab_wait_for 30 test -s "$W/run/standing/trusted" || fail "the target is not brought up by a later round"
    RESULT_HELD="TRUSTED, the target down"
}

row descriptors-agent "attestd has no descriptor left" descriptors-exhausted held
descriptors-agent() {
    local n
    case $1 in
    begin)
        n=$(find "/proc/$(agent_pid)/fd" -mindepth 1 | wc -l)
        echo "$n" >"$W/n-fds"
        prlimit --pid "$(agent_pid)" --nofile="$n:1024"
        ;;
    end) prlimit --pid "$(agent_pid)" --nofile=1024:1024 ;;
    esac
}

row descriptors-round "the round worker has too few descriptors" tpm-lock-no-descriptor
descriptors-round() { worker_fault round "$([ "$1" = end ] || echo 'ulimit -n 7')"; }
row descriptors-collect "the collect worker has too few descriptors" collect-worker-ended
descriptors-collect() { worker_fault collect "$([ "$1" = end ] || echo 'ulimit -n 4')"; }

row descriptors-release "the release worker has too few descriptors" "release-worker-ended tpm-lock-no-descriptor" held
descriptors-release() { worker_fault release "$([ "$1" = end ] || echo 'ulimit -n 4')"; }

# Less and less, down to what does not even start.
memory() { # VERB begin|end KIB...
    local verb=$1 what=$2 limit
    shift 2
    if [ "$what" = end ]; then
        worker_fault "$verb"
        return
    fi
    for limit; do
        worker_fault "$verb" "ulimit -v $limit"
        world_rested
        ctl attest >/dev/null 2>&1 || fail "with $limit KiB the verdict is lost: $(ctl status)"
    done
}
row memory-round "the round worker gets less and less memory" round-worker-ended
memory-round() { memory round "$1" 32000 30000 29000 28500 28000 27500 27000 26500 26000 25500 25000 24500 24000 20000; }
row memory-collect "the collect worker gets less and less memory" collect-worker-ended
memory-collect() { memory collect "$1" 16000 15500 15000 14500 14000 13500 13000 12500 12000 11500 11000 10000 7000; }

row memory-release "the release worker gets no memory" release-worker-ended held
memory-release() { worker_fault release "$([ "$1" = end ] || echo 'ulimit -v 9000')"; }

row memory-agent "attestd gets no memory: it ends, and is started again" - special
memory-agent() {
    local pid
    pid=$(agent_pid)
    prlimit --pid "$pid" --as=$((($(awk '/VmSize/ { print $2 }' "/proc/$pid/status") - 400) * 1024))
    world_rested
    ctl attest >/dev/null 2>&1
    has_ended() { ! kill -0 "$pid" 2>/dev/null; }
    lab_wait_for 20 has_ended || fail "it lives without memory"
    see "" "$(sed -n 's/^<3>\(attestd ends: .*\)/\1/p' "$W/attestd.log" | tail -n 1)" ""
    [ -n "$SEEN_TEXT" ] || fail "it does not say why it ends"
    ask_later db-password
    expect_equal "$(what_asker_has $N_ASKERS)" secret "what who asks meanwhile has"
    RESULT_HELD="kept by the next run" RESULT_HELD_ASKER=secret RESULT_ASKER="-"
}

row bus-gone "the bus ends and comes back" - special
bus-gone() {
    lab_bus_stop
    expect_exit 1 ctl status
    see_output
    ask_later db-password
    expect_equal "$(what_asker_has $N_ASKERS)" secret "what who asks meanwhile has"
    lab_bus_start
    RESULT_HELD=kept RESULT_HELD_ASKER=secret RESULT_ASKER="-"
}
