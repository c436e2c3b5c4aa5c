# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The lab for shell tests and the demo: private servers in a private folder, each ended by its pid.
# Source it, call lab_dir first. $SIM_BIN is the folder of the sim-* programs, $SIM_KEYS_DIR (may be
# unset) a folder with authority keys, so that no test waits for RSA keys.

LAB_DIR=
LAB_TCTI=
LAB_PORT=
LAB_NAMES=()
declare -A LAB_PIDS=()

lab_skip() { # REASON: this machine cannot run the test
    echo "skipped: $*"
    exit 77
}

lab_fail() { # TEXT
    echo "failed: $*" >&2
    exit 1
}

lab_need() { # PROGRAM...: skips when one is missing
    local program
    for program; do
        command -v "$program" >/dev/null || lab_skip "no $program here"
    done
}

# Makes the folder and the promise that all is ended and removed. The path is short, because a
# socket's must stay below 108 bytes.
lab_dir() {
    LAB_DIR=$(mktemp -d /tmp/lab.XXXXXX) || lab_fail "no temporary folder"
    trap lab_cleanup EXIT
    trap 'exit 1' HUP INT TERM
    PATH=${SIM_BIN:?}:$PATH
}

# Starts COMMAND in the background, in a process group of its own, with its output in
# $LAB_DIR/NAME.log. It gets SIGTERM when this shell dies, however it dies; so do not call this in
# a subshell.
lab_start() { # NAME COMMAND...
    local name=$1
    shift
    setsid setpriv --pdeathsig TERM -- "$@" >"$LAB_DIR/$name.log" 2>&1 </dev/null &
    LAB_PIDS[$name]=$!
    LAB_NAMES+=("$name")
}

lab_pid() { # NAME
    echo "${LAB_PIDS[$1]:?}"
}

lab_runs() { # NAME
    kill -0 "${LAB_PIDS[$1]:?}" 2>/dev/null
}

# Ends what lab_start started: SIGTERM, and SIGKILL to its group when that has not helped for as long
# as attestd may take. Its exit status.
lab_stop() { # NAME
    local pid=${LAB_PIDS[$1]:-} i
    [ -n "$pid" ] || return 0
    unset "LAB_PIDS[$1]"
    kill -TERM "$pid" 2>/dev/null
    for ((i = 0; i < 1500; i++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.02
    done
    kill -KILL -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}

lab_cleanup() {
    local status=$? i
    trap - EXIT
    trap '' HUP INT TERM # a second one must not leave half of it behind
    for ((i = ${#LAB_NAMES[@]} - 1; i >= 0; i--)); do
        lab_stop "${LAB_NAMES[i]}"
    done
    if [ -n "$LAB_DIR" ]; then
        if [ -d "$LAB_DIR/tsm" ] && mountpoint -q "$LAB_DIR/tsm"; then
            umount -l "$LAB_DIR/tsm" 2>/dev/null || fusermount3 -uz "$LAB_DIR/tsm"
        fi
        if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
            find "$LAB_DIR" -maxdepth 1 -name '*.log' -size +0 -exec tail -v -n 12 {} \; >&2 2>/dev/null
        fi
        rm -rf --one-file-system "$LAB_DIR"
    fi
    exit "$status"
}

# Waits until COMMAND succeeds. SECONDS is what an idle machine may need at most: one that is busy with
# other tests gets six times that.
lab_wait_for() { # SECONDS COMMAND...
    local end=$((SECONDS + 6 * $1 + 1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.02
    done
}

lab_python() { # prints a Python that has dbusmock
    local python
    for python in /usr/bin/python3 python3; do
        if "$python" -c 'import dbusmock' 2>/dev/null; then
            echo "$python"
            return 0
        fi
    done
    return 1
}

# A TCP port of 127.0.0.1 that is this test's own until it ends: only a server that binds it by number
# gets it, with SO_REUSEADDR. LAB_PORT is its number; not to be called in a subshell.
lab_port() {
    local name=port${#LAB_NAMES[@]}
    lab_start "$name" hold-port
    lab_wait_for 20 test -s "$LAB_DIR/$name.log" || lab_fail "no port is free"
    LAB_PORT=$(<"$LAB_DIR/$name.log")
}

# Starts a fresh software TPM; LAB_TCTI is how to reach it.
lab_swtpm_start() { # [NAME]
    local name=${1:-tpm}
    local dir=$LAB_DIR/$name
    lab_need swtpm tpm2_getrandom
    mkdir -p "$dir"
    rm -f "$dir/s" "$dir/s.ctrl"
    lab_start "$name" swtpm socket --tpm2 --tpmstate "dir=$dir" \
        --server "type=unixio,path=$dir/s" --ctrl "type=unixio,path=$dir/s.ctrl" \
        --flags not-need-init,startup-clear --log "file=$dir/log,level=1" --pid "file=$dir/pid"
    LAB_TCTI=swtpm:path=$dir/s
    lab_wait_for 10 test -S "$dir/s.ctrl" || lab_fail "swtpm does not start"
    lab_wait_for 10 tpm2_getrandom -T "$LAB_TCTI" --hex 4 || lab_fail "swtpm does not answer"
}

lab_swtpm_stop() { # [NAME]
    lab_stop "${1:-tpm}"
}

# swtpm has no resource manager: frees what ended processes left in it.
lab_swtpm_flush() {
    tpm2_flushcontext -T "$LAB_TCTI" -t
    tpm2_flushcontext -T "$LAB_TCTI" -l
    tpm2_flushcontext -T "$LAB_TCTI" -s
}

# Puts an Azure paravisor before the software TPM; LAB_TCTI is then how the guest reaches it.
# $LAB_DIR/paravisor.json says how it misbehaves, $LAB_DIR/paravisor.log.json what was asked of it,
# $LAB_DIR/ak.der is its key's certificate, once it is there.
lab_paravisor_start() { # [OPTION OF sim-paravisor]...
    local dir=$LAB_DIR/paravisor
    mkdir -p "$dir"
    rm -f "$dir/s" "$dir/s.ctrl"
    [ -e "$LAB_DIR/paravisor.json" ] || lab_paravisor '{}'
    lab_start paravisor sim-paravisor --chip "$LAB_DIR/chip" --tpm "$LAB_DIR/tpm/s" --listen "$dir/s" \
        --control "$LAB_DIR/paravisor.json" --certificate "$LAB_DIR/ak.der" "$@"
    lab_wait_for 20 test -S "$dir/s" || lab_fail "sim-paravisor does not start"
    LAB_TCTI=swtpm:path=$dir/s
}

# Replaces its control file, never seen half written.
lab_paravisor() { # JSON
    jq -c --arg log "$LAB_DIR/paravisor.log.json" '{log: $log} + .' <<<"$1" >"$LAB_DIR/paravisor.json.new" &&
        mv "$LAB_DIR/paravisor.json.new" "$LAB_DIR/paravisor.json"
}

lab_bus_ask() { # METHOD [ARGUMENT]: of the bus itself
    dbus-send --bus="$DBUS_SYSTEM_BUS_ADDRESS" --dest=org.freedesktop.DBus --print-reply=literal \
        /org/freedesktop/DBus "org.freedesktop.DBus.$1" ${2:+"string:$2"}
}

lab_bus_has() { # NAME
    lab_bus_ask NameHasOwner "$1" | grep -q true
}

# Starts a private bus of type system, on which everybody may do everything, and exports
# DBUS_SYSTEM_BUS_ADDRESS.
lab_bus_start() {
    lab_need dbus-daemon dbus-send
    cat >"$LAB_DIR/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=$LAB_DIR/bus</listen>
  <auth>EXTERNAL</auth>
  <apparmor mode="disabled"/>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true"/>
    <allow receive_type="method_call"/>
    <allow receive_type="signal"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
  </policy>
</busconfig>
CONF
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$LAB_DIR/bus
    lab_start bus dbus-daemon "--config-file=$LAB_DIR/bus.conf" --nofork --nopidfile
    lab_wait_for 10 lab_bus_ask GetId || lab_fail "dbus-daemon does not start"
}

lab_bus_stop() {
    lab_stop bus
}

# Starts a polkit that refuses everything; lab_polkit_allow says what it lets pass.
lab_polkit_start() {
    local python
    python=$(lab_python) || lab_skip "no python3 with dbusmock here"
    lab_start polkit "$python" -m dbusmock --template polkitd --system
    lab_wait_for 20 lab_bus_has org.freedesktop.PolicyKit1 || lab_fail "polkit does not start"
}

lab_polkit_allow() { # ACTION...: these and no others
    local IFS=,
    dbus-send --bus="$DBUS_SYSTEM_BUS_ADDRESS" --dest=org.freedesktop.PolicyKit1 --print-reply \
        /org/freedesktop/PolicyKit1/Authority org.freedesktop.DBus.Mock.SetAllowed \
        "array:string:$*" >/dev/null
}

lab_polkit_stop() {
    lab_stop polkit
}

# Makes a simulated chip in $LAB_DIR/chip.
lab_chip() { # [OPTION OF sim-chip init]...
    sim-chip init "$LAB_DIR/chip" ${SIM_KEYS_DIR:+--keys-from "$SIM_KEYS_DIR"} "$@" ||
        lab_fail "sim-chip"
}

# Replaces the control file of sim-firmware and sim-tsm, never seen half written.
lab_control() { # JSON
    printf '%s\n' "$1" >"$LAB_DIR/control.json.new" &&
        mv "$LAB_DIR/control.json.new" "$LAB_DIR/control.json"
}

# Skips where umockdev cannot give a child the device.
lab_need_firmware() {
    lab_need sim-firmware umockdev-wrapper
    sim-firmware --chip "$LAB_DIR/chip" -- test -c /dev/sev-guest ||
        lab_skip "umockdev does not work here"
}

# Mounts a simulated configfs-tsm at $LAB_DIR/tsm; skips where FUSE cannot mount.
lab_tsm_start() { # [OPTION OF sim-tsm]...
    lab_need sim-tsm mountpoint
    [ -c /dev/fuse ] || lab_skip "no /dev/fuse here"
    mkdir -p "$LAB_DIR/tsm"
    [ -e "$LAB_DIR/control.json" ] || lab_control '{}'
    lab_start tsm sim-tsm --chip "$LAB_DIR/chip" --control "$LAB_DIR/control.json" "$@" \
        "$LAB_DIR/tsm"
    mounted_or_ended() { mountpoint -q "$LAB_DIR/tsm" || ! lab_runs tsm; }
    lab_wait_for 5 mounted_or_ended || lab_fail "sim-tsm does not mount"
    if ! mountpoint -q "$LAB_DIR/tsm"; then
        lab_skip "FUSE does not mount here: $(cat "$LAB_DIR/tsm.log")"
    fi
}

lab_tsm_stop() {
    lab_stop tsm
}
