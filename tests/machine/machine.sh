# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Makes of the test that sources it a machine's life: outside are the verifier, its policy and the
# machine's power switch; each stage is a function that runs as root inside, one boot long. The test
# ends with: machine_main "$@"; it has the functions outside and inside_STAGE...
machine_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "${1:-}" = inside ]; then
    # shellcheck source=tests/machine/inside.sh
    . "$machine_here/inside.sh"
    machine_main() { "inside_$2"; }
    return
fi
# shellcheck source=tests/integration/world.sh
. "$machine_here/../integration/world.sh"
# shellcheck source=tests/integration/expect.sh
. "$machine_here/../integration/expect.sh"
MACHINE_TEST=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
VM=$world_here/tools/vm
: "${MACHINE_LIMIT_SEC:=900}" # of one boot, which takes a minute where nothing else runs
: "${MACHINE_PACKAGES:=}"     # made already: a directory

machine_need() {
    local status=0
    [ "$(uname -m)" = x86_64 ] || lab_skip "the machine is an x86-64"
    MACHINE_IMAGE=$("$VM" build) || status=$?
    [ "$status" -ne 77 ] || lab_skip "the machine cannot be made here"
    [ "$status" -eq 0 ] || lab_fail "tools/vm build"
    [ -x "$B/tests/machine/sim-cuse" ] || lab_skip "sim-cuse is not built: libfuse3 is missing"
    command -v dpkg-scanpackages >/dev/null || lab_skip "no dpkg-scanpackages here"
    local which version
    while read -r which version; do declare -g "MACHINE_${which^^}=$version"; done < <("$VM" kernels)
}

# What a user would install; package-builds makes it, once a build directory.
machine_packages() {
    [ -z "$MACHINE_PACKAGES" ] || return 0
    MACHINE_PACKAGES=$B/package
    [ -d "$MACHINE_PACKAGES" ] || lab_skip "no packages in $MACHINE_PACKAGES; tools/package --out $MACHINE_PACKAGES makes them"
}

# What apt in the machine finds at the next boot: our packages, and of Debian's what they or PACKAGES need.
machine_offer() { # [PACKAGE]...
    local debs
    debs=$("$VM" debs "$MACHINE_PACKAGES"/{libattest0,attestd}_*.deb "$@") || lab_skip "Debian's packages are not to be had"
    rm -rf --one-file-system "$W/packages"
    mkdir "$W/packages"
    cp "$MACHINE_PACKAGES"/{libattest0,attestd}_*.deb "$W/packages/"
    find "$debs" -name '*.deb' -exec ln -s -t "$W/packages" {} +
    (cd "$W/packages" && dpkg-scanpackages . >Packages 2>../scanpackages.log) || lab_fail "no index: $(tail -n 3 "$W/scanpackages.log")"
}

# A policy as whoever builds the image would write it, from the files of the image alone.
# machine_policy SECURE_BOOT old|new|both: whether it must be on, and which kernels may have started
machine_policy() {
    local secure=$1 which=$2 version lines=() programs=() files=()
    shift
    case ${1:-} in
    old) set -- "$MACHINE_OLD" ;;
    new) set -- "$MACHINE_NEW" ;;
    both) set -- "$MACHINE_OLD" "$MACHINE_NEW" ;;
    esac
    programs=("$MACHINE_IMAGE/shimx64.efi.signed" "$MACHINE_IMAGE/grubx64.efi.signed")
    for version; do machine_measured "$version"; done
    jq --arg secure "$secure" --arg id "lab-$secure-$which" --arg measurement "$MEASUREMENT" --rawfile ca "$W/machine/tpm-ca/ca.pem" \
        --argjson programs "$("$machine_here/authenticode" "${programs[@]}" | jq -Rn '[inputs]')" \
        --argjson files "$(sha256sum "${files[@]}" | cut -c 1-64 | jq -Rn '[inputs]')" \
        --argjson lines "$(printf '%s\n' "${lines[@]}" | jq -Rn '[inputs]')" '
        .id = $id
        | .snp.measurements = [{value: $measurement, covers: "firmware", name: "the lab"}]
        | .tpm = {required: true, roots: ["certificate"], bank: "sha256", ek_certificate_roots: [$ca], secure_boot: ($secure == "yes"),
            events: [{pcr: 4, type: "EV_EFI_BOOT_SERVICES_APPLICATION", digests: $programs}, {pcr: 9, type: "EV_IPL", digests: $files}],
            command_line: {equals: $lines}}
        | .gates = [{name: "db", machines: ["*"]}]' "$W/policy.starter" >"$W/policy.new" || lab_fail "no policy"
    mv "$W/policy.new" "$W/verifier/policy.json"
    [ -z "${LAB_PIDS[verifier]:-}" ] || world_verifier_reload
}

# What a boot with kernel VERSION measures, of the files that the machine's own packages left in $W/left-VERSION,
# else of the image's: adds to machine_policy's programs, files and lines.
machine_measured() { # VERSION
    local left=$W/left-$1 grub=$W/grub-$1.cfg
    if [ -d "$left" ]; then
        programs+=("$left/vmlinuz-$1" "$left"/*.efi)
        files+=("$left"/*)
        lines+=("$(sed -n 's/^[[:space:]]*linux[[:space:]]*//p' "$left/grub.cfg" | head -n 1 | tr -s ' ')")
        return
    fi
    "$VM" grub "$1" >"$grub"
    programs+=("$MACHINE_IMAGE/vmlinuz-$1")
    files+=("$MACHINE_IMAGE/vmlinuz-$1" "$MACHINE_IMAGE/initrd-$1" "$grub")
    lines+=("$(sed -n 's/^linuxefi //p' "$grub")")
}

# --- A job on its disk ---------------------------------------------------------------------------

machine_job() { # STAGE
    local job=$W/job
    rm -rf --one-file-system "$job"
    mkdir -p "$job/tests/machine" "$job/tests/integration" "$job/tests/fake" "$job/lab"
    cp "$machine_here"/{machine.sh,inside.sh,stages.sh} "$MACHINE_TEST" "$job/tests/machine/"
    cp "$machine_here/../integration/expect.sh" "$job/tests/integration/"
    cp "$machine_here/../fake/lab.sh" "$job/tests/fake/"
    cp "$B/tests/machine/sim-cuse" "$FAKE/sim-chip" "$job/lab/"
    strip "$job/lab/sim-cuse" "$job/lab/sim-chip"
    cp -r "$CHIP" "$job/lab/chip"
    cp "$machine_here"/lab-*.service "$job/lab/"
    [ ! -d "$W/more" ] || cp -r "$W/more/." "$job/lab/"
    # Once: what is installed needs it no more.
    [ ! -d "$W/packages" ] || { cp -rL "$W/packages" "$job/packages" && rm -rf --one-file-system "$W/packages"; }
    cp "$W/verifier/verifier-trust.json" "$W/machine/tpm-ca/ca.pem" "$job/"
    cat >"$job/settings" <<S
URL=https://10.0.2.2:$PORT
SIM_BIN=/usr/lib/lab
OLD=$MACHINE_OLD
NEW=$MACHINE_NEW
S
    printf '#!/bin/bash\ncd /run/job && exec bash tests/machine/%q inside %q\n' "$(basename "$MACHINE_TEST")" "$1" >"$job/run"
    chmod +x "$job/run"
    tar -C "$job" -cf "$W/job.tar" .
}

# What a job may ask of the world outside: "host WORD...".
machine_answer() {
    case $1 in
    policy) machine_policy "${@:2}" ;;
    verifier) "world_verifier_$2" ;;
    save) "$VM" save "$W/machine" "$W/saved" ;;
    *) return 2 ;;
    esac
}

machine_boot() { # STAGE [OPTION OF vm boot]...
    echo "--- $1"
    machine_job "$1"
    machine_run "$W/machine" "$1" --job "$W/job.tar" "${@:2}"
}

# The machine that was saved is put back, in the middle of STAGE; there it is told STATUS.
machine_put_back() { # STAGE STATUS
    echo "--- $1, put back: $2"
    rm -rf --one-file-system "$W/put-back"
    cp -r --sparse=always "$W/saved" "$W/put-back"
    machine_run "$W/put-back" "$1" --resume "$2"
}

# The answers come from this very shell: it holds the verifier. The machine runs beside it.
machine_run() { # DIR STAGE [OPTION OF vm boot]...
    local dir=$1 stage=$2 status=0 began=$SECONDS line
    shift 2
    rm -f "$W/ask" "$W/told"
    mkfifo "$W/ask" "$W/told"
    exec 6<>"$W/ask" 7<>"$W/told"
    lab_start vm "$VM" boot "$dir" --out "$W/out.tar" --limit "$MACHINE_LIMIT_SEC" \
        --answer "$machine_here/ask-outside $W/ask $W/told" "$@"
    tail --pid="$(lab_pid vm)" --sleep-interval=0.2 -n +1 -F "$LAB_DIR/vm.log" 2>/dev/null &
    local tail=$!
    while lab_runs vm; do
        IFS= read -r -t 1 line <&6 || continue
        # shellcheck disable=SC2086
        machine_answer $line
        echo $? >&7
    done
    wait "$(lab_pid vm)" || status=$?
    unset "LAB_PIDS[vm]"
    wait "$tail"
    exec 6>&- 7>&-
    echo "($stage: $((SECONDS - began)) s)"
    if [ "$status" -ne 0 ]; then
        # Skipped there means that something of QEMU's is missing here.
        [ "$status" -ne 77 ] || lab_skip "$(tail -n 1 "$LAB_DIR/vm.log")"
        cp "$dir/console.log" "$B/machine-console.log"
        rm -rf --one-file-system "$W/out" && mkdir "$W/out" && tar -C "$W/out" -xf "$W/out.tar" 2>/dev/null
        [ ! -e "$W/out/journal" ] || { cp "$W/out/journal" "$B/machine-journal.log" && tail -n 60 "$W/out/journal" >&2; }
        fail "stage $stage ended with $status; $B/machine-console.log and machine-journal.log have what was said"
    fi
}

machine_main() { # BUILD_DIRECTORY [WORD]...
    world_path "$1"
    machine_need
    machine_packages
    lab_dir
    W=$LAB_DIR
    lab_control '{}'
    world_chip
    WORLD_HOST=10.0.2.2 machine_verifier
    "$VM" new "$W/machine" || lab_fail "no machine"
    machine_offer
    outside "${@:2}"
}

# As world_verifier_init, for agents that see this host under another address.
machine_verifier() {
    lab_port
    PORT=$LAB_PORT
    "$VERIFIER" init "$W/verifier" --url "https://$WORLD_HOST:$PORT" --listen "127.0.0.1:$PORT" \
        --simulated-root "$FINGERPRINT" >"$W/init.txt" || lab_fail "no verifier"
    jq -r .ca_pem "$W/verifier/verifier-trust.json" >"$W/ca.pem"
    cp "$W/verifier/policy.json" "$W/policy.starter"
}
