# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Makes of the test that sources it a job on a whole machine: Debian with systemd, D-Bus and polkit,
# the project installed as a package would install it, booted in systemd-nspawn. Run by a person,
# the test ends here with the job's status; run as the job, it goes on with boot-guest.sh.
# The Debian root is made once a build directory, by the test boot-root where CTest runs.
boot_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -n "${BOOT_INSIDE:-}" ]; then
    # shellcheck source=tests/integration/boot-guest.sh
    . "$boot_here/boot-guest.sh"
    return
fi
# shellcheck source=tests/integration/world.sh
. "$boot_here/world.sh"

: "${BOOT_LIMIT_SEC:=300}" # from power on to power off; failures only reach it

boot_packages=(curl dbus fuse3 jq libcurl4 libfuse3-3 libglib2.0-0 libjansson4 libmicrohttpd12 libssl3 libsystemd0
    libtss2-esys-3.0.2-0 libtss2-mu0 libtss2-rc0 libtss2-tcti-device0 libtss2-tcti-swtpm0 libtss2-tctildr0
    libumockdev0 openssl polkitd python3-minimal swtpm systemd-sysv tpm2-tools umockdev xxd)

boot_need() {
    [ "$(id -u)" -eq 0 ] || lab_skip "only root can boot a machine"
    lab_need mmdebstrap systemd-nspawn flock timeout
    # Our programs are built here and run there: both must be the same distribution.
    BOOT_SUITE=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME")
    [ -n "$BOOT_SUITE" ] || lab_skip "this is not Debian"
}

# One at a time makes the root; the others wait and find it. The lock is 9's until boot_unlock.
boot_lock() { exec 9>"$1.lock" && flock 9 || lab_fail "no lock at $1.lock"; }
boot_unlock() { flock -u 9; }

boot_base() {
    local base=$B/lab-root wanted="$BOOT_SUITE ${boot_packages[*]}"
    boot_lock "$base"
    if [ "$(cat "$base.packages" 2>/dev/null)" != "$wanted" ]; then
        rm -rf --one-file-system "$base" "$base.new" "$base.packages"
        mmdebstrap --quiet --variant=minbase --include="$(IFS=,; echo "${boot_packages[*]}")" \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
            --dpkgopt='path-exclude=/usr/share/man/*' \
            "$BOOT_SUITE" "$base.new" >"$B/lab-root.log" 2>&1 ||
            lab_skip "mmdebstrap makes no root: $(grep -E '^[EW]:' "$B/lab-root.log" | tail -n 1)"
        mv "$base.new" "$base" && echo "$wanted" >"$base.packages"
    fi
}

boot_root() {
    local base=$B/lab-root
    boot_base
    # Nobody writes in it, so that files can be shared.
    cp -al "$base" "$BOOT_ROOT" 2>/dev/null || { rm -rf "$BOOT_ROOT" && cp -a "$base" "$BOOT_ROOT"; } ||
        lab_fail "the root cannot be copied"
    boot_unlock
}

boot_build() {
    local build=$B/lab-build
    boot_lock "$build"
    {
        cmake -S "$world_here" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX=/usr \
            -DATTESTD_TESTS=OFF && cmake --build "$build"
    } >"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2 && lab_fail "the project does not build for /usr"; }
}

# Programs, units and all, as an administrator or a package would install them; then over
# themselves, as an upgrade does, which must leave the administrator's settings alone.
boot_install() {
    local build=$B/lab-build conf=$BOOT_ROOT/etc/attestd/attestd.conf
    boot_build
    DESTDIR=$BOOT_ROOT cmake --install "$build" >>"$build.log" 2>&1 || { tail -n 20 "$build.log" >&2 && lab_fail "the project does not install"; }
    echo '# a line of the administrator' >>"$conf"
    DESTDIR=$BOOT_ROOT cmake --install "$build" >>"$build.log" 2>&1 && grep -q administrator "$conf" ||
        lab_fail "an upgrade overwrites attestd.conf"
    boot_unlock
    {
        systemd-sysusers --root="$BOOT_ROOT" && journalctl --root="$BOOT_ROOT" --update-catalog &&
            systemctl --root="$BOOT_ROOT" enable attestd.service
    } >"$LAB_DIR/postinst.log" 2>&1 || lab_fail "users, catalog and units cannot be set up"
}

# What is not the project's: simulated hardware, a verifier, a person, and the job itself.
boot_furnish() { # JOB
    local etc=$BOOT_ROOT/etc
    world_chip
    WORLD_PORT=8443
    world_verifier_init
    cp -r "$boot_here"/boot-units/. "$etc/systemd/system/"
    mkdir -p "$BOOT_ROOT/usr/lib/sysusers.d" "$etc/attestd/attestd.conf.d"
    echo 'u someone 1500 "A person" /' >"$BOOT_ROOT/usr/lib/sysusers.d/lab.conf"
    cp "$W/verifier/verifier-trust.json" "$etc/attestd/"
    cat >"$etc/attestd/attestd.conf.d/lab.conf" <<C
[Evidence]
TCTI=swtpm:path=/run/lab/tpm/s

[Verifier lab]
URL=https://127.0.0.1:$PORT
Trust=/etc/attestd/verifier-trust.json
AcceptSimulated=yes
AcceptHostTPM=yes

[Schedule]
IntervalSec=10min
RetryMinSec=1s
RetryMaxSec=2s
C
    printf '%s\n' "BOOT_INSIDE=1" "BOOT_PORT=$PORT" "BOOT_JOB=/lab/tests/${BOOT_FOLDER:-integration}/$1" >"$W/lab.env"
    systemd-sysusers --root="$BOOT_ROOT" >>"$W/postinst.log" 2>&1 && systemctl --quiet --root="$BOOT_ROOT" enable lab-job.service \
        lab-tpm.service lab-boot.service "${BOOT_UNITS[@]}" || lab_fail "the lab's units cannot be enabled"
}

# systemd takes the control group that it is started in for its own: each machine gets one. Where
# PID 1 is systemd, systemd-nspawn asks it for that.
boot_cgroups() {
    local root
    BOOT_CGROUPS=()
    [ ! -d /run/systemd/system ] || return 0
    for root in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ -e "$root/cgroup.procs" ] || continue
        mkdir "$root/${LAB_DIR##*/}" 2>/dev/null || lab_skip "no control group can be made in $root"
        BOOT_CGROUPS+=("$root/${LAB_DIR##*/}")
    done
    [ "${#BOOT_CGROUPS[@]}" -gt 0 ] || lab_skip "no control groups here"
}

boot_end() {
    local status=$? group
    trap '' HUP INT TERM
    lab_stop machine
    for group in "${BOOT_CGROUPS[@]}"; do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
    done
    [ -z "${BOOT_ROOT:-}" ] || rm -rf --one-file-system "$BOOT_ROOT" "$BOOT_ROOT"/../".#${BOOT_ROOT##*/}.lck"
    (exit "$status")
    lab_cleanup
}

# shellcheck disable=SC2016
boot_machine() {
    local alone=()
    [ "${#BOOT_CGROUPS[@]}" -eq 0 ] || alone=(--keep-unit)
    lab_start machine bash -c 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"' \
        machine "${BOOT_CGROUPS[@]}" -- timeout --kill-after=10 "$BOOT_LIMIT_SEC" \
        systemd-nspawn --quiet --directory="$BOOT_ROOT" --machine="${LAB_DIR##*.}" --volatile=overlay --register=no \
        "${alone[@]}" --private-network --system-call-filter="@memlock memfd_secret" --bind=/dev/fuse --bind="$W/out:/out" --bind-ro="$W:/lab/world" \
        --bind-ro="$FAKE:/lab/fake" --bind-ro="$world_here/tests:/lab/tests" --bind-ro="$world_here/docs:/lab/docs" \
        --bind-ro="$world_here/src/base/log-ids.h:/lab/src/base/log-ids.h" \
        --boot
}

boot_run() { # JOB: its status
    boot_cgroups
    mkdir "$W/out"
    boot_machine
    tail --pid="$(lab_pid machine)" --sleep-interval=0.1 -F "$W/out/log" 2>/dev/null &
    wait "$(lab_pid machine)"
    wait $!
    if [ ! -e "$W/out/status" ]; then
        grep -qE '^(Failed|Cannot|.*not permitted)' "$W/machine.log" && [ ! -e "$W/out/log" ] &&
            lab_skip "systemd-nspawn does not boot here: $(grep -E '^(Failed|Cannot|.*not permitted)' "$W/machine.log" | head -n 1)"
        lab_fail "the machine ended without a word from the job, or ran into the limit of $BOOT_LIMIT_SEC s"
    fi
    return "$(cat "$W/out/status")"
}

boot_main() { # JOB BUILD_DIRECTORY
    local began=$SECONDS made
    boot_need
    world_path "$2"
    if [ -n "${BOOT_PREPARES:-}" ]; then
        boot_base
        boot_unlock
        boot_build
        exit 0
    fi
    lab_dir
    W=$LAB_DIR
    BOOT_CGROUPS=()
    BOOT_ROOT=$B/lab-machine.${LAB_DIR##*.}
    trap boot_end EXIT
    boot_root
    "${BOOT_INSTALL:-boot_install}"
    boot_furnish "$1"
    made=$SECONDS
    boot_run "$1"
    local status=$?
    echo "(prepared in $((made - began)) s, ran $((SECONDS - made)) s)"
    if [ "$status" -ne 0 ] && [ -e "$W/out/journal" ]; then
        cp "$W/out/journal" "$B/lab-journal.${1##*/}"
        tail -n 40 "$W/out/journal" >&2
    fi
    exit "$status"
}

declare -p BOOT_UNITS >/dev/null 2>&1 || BOOT_UNITS=() # units of the lab that run from the start
boot_main "$(basename "$0")" "${1:?usage: $0 BUILD_DIRECTORY}"
