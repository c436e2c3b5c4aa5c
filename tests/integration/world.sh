# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A whole world for integration tests, benchmarks and the demo: simulated chip and boot, TPM
# emulator, system bus, verifier over TLS, the workers' sockets and attestd, all in one private
# directory, all ended by pid. Source it, then: world_up BUILD_DIRECTORY. It ends with the shell.
# shellcheck source=tests/fake/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/../fake/lab.sh"

# World settings; set before world_up.
: "${WORLD_SOURCE:=sev-guest}"        # or configfs-tsm, azure, auto
: "${WORLD_PARAVISOR:=no}"            # yes: the TPM is behind one of Azure's; then no sev-guest
: "${WORLD_PARAVISOR_OPTIONS:=}"      # of sim-paravisor
: "${WORLD_TOKEN_LIFE:=900}"          # seconds
: "${WORLD_AGENT_LINES:=}"            # more lines for attestd.conf
: "${WORLD_VERIFIER_LINES:=}"         # more lines for its [Verifier] section
: "${WORLD_USERSPACE_LOG:=no}"        # yes: systemd has measured and logged too
: "${WORLD_SCHEDULE_LINES:=IntervalSec=10min}"
: "${WORLD_SECRETS_LINES:=}"          # more lines for [Secrets]
: "${WORLD_PORT:=}"                   # of the verifier, where the network is nobody else's

world_here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

world_path() { # BUILD_DIRECTORY: where everything is
    B=$(cd "$1" && pwd)
    ATTESTD=$B/src/agent/attestd ATTESTCTL=$B/src/ctl/attestctl
    WORKER=$B/src/worker/attest-worker COLLECT=$B/src/worker/attest-collect
    RELEASE=$B/src/worker/attest-release
    VERIFIER=$B/src/verifier/attest-verifier
    FAKE=$B/tests/fake SIM_BIN=$B/tests/fake
    export ATTESTD ATTESTCTL WORKER COLLECT RELEASE VERIFIER FAKE SIM_BIN
}

# The chip's RSA-4096 keys come from the build, where they were made once: that takes seconds.
world_chip() {
    SIM_KEYS_DIR=$FAKE/sim-keys lab_chip >/dev/null
    CHIP=$W/chip
    FINGERPRINT=$(sim-chip fingerprint "$CHIP")
    sim-chip report "$CHIP" --report-data "$(printf '00%.0s' {1..64})" "$W/report"
    MEASUREMENT=$(xxd -p -s 144 -l 48 -c 48 "$W/report")
}

world_boot() { # [OPTION OF sim-boot]...: a TPM emulator that has booted
    lab_swtpm_start
    [ "$WORLD_USERSPACE_LOG" = no ] || set -- --userspace-log "$W/userspace-log" "$@"
    sim-boot --tcti "$LAB_TCTI" --log "$W/eventlog" --pcrs "$W/pcrs.json" "$@" || lab_fail "sim-boot"
    # shellcheck disable=SC2086
    [ "$WORLD_PARAVISOR" = no ] || lab_paravisor_start $WORLD_PARAVISOR_OPTIONS
}

world_reboot() { # [OPTION OF sim-boot]...: what the TPM keeps, it keeps
    lab_stop paravisor
    lab_swtpm_stop
    world_boot "$@"
}

# Certificates for keys of the TPM. An attestation key signs no request, so the CA takes its key.
world_ca() { # NAME: $W/NAME.pem and .key
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$W/$1.key" -out "$W/$1.pem" \
        -subj "/CN=attestd lab $1" -days 2 2>/dev/null || lab_fail "no CA $1"
}

world_certify() { # CA KEY_PEM DER [DAYS]
    openssl x509 -new -force_pubkey "$2" -subj "/CN=attestd lab vTPM" -days "${4:-2}" -CA "$W/$1.pem" -CAkey "$W/$1.key" \
        -outform DER -out "$3" 2>/dev/null || lab_fail "no certificate by $1"
}

world_nv() { # INDEX FILE: what stands there from now on
    tpm2_nvundefine -T "$LAB_TCTI" -Q -C o "$1" 2>/dev/null
    tpm2_nvdefine -T "$LAB_TCTI" -Q -C o -s "$(stat -c %s "$2")" -a "ownerread|authread|ownerwrite" "$1" ||
        lab_fail "no NV index $1"
    tpm2_nvwrite -T "$LAB_TCTI" -Q -C o -i "$2" "$1" || lab_fail "NV index $1 cannot be written"
}

world_verifier_policy() { # JQ_FILTER: change the policy, then let the verifier read it again
    jq "$1" "$W/verifier/policy.json" >"$W/policy.new" && mv "$W/policy.new" "$W/verifier/policy.json"
    [ -z "${LAB_PIDS[verifier]:-}" ] || world_verifier_reload
}

# A process of before may take one more request by the old policy: it is over when they are gone.
world_verifier_reload() {
    local before pid old
    pid=$(lab_pid verifier)
    before=$(world_metric attest_verifier_reloads_total)
    read -ra old <"/proc/$pid/task/$pid/children"
    kill -HUP "$pid"
    lab_wait_for 10 world_metric_above attest_verifier_reloads_total "$before" || lab_fail "the verifier does not reload"
    lab_wait_for 10 world_all_gone "${old[@]}" || lab_fail "old processes of the verifier go on"
}

world_all_gone() { # PID...
    local pid
    for pid; do [ ! -e "/proc/$pid" ] || return 1; done
}

world_curl() { curl -sS --cacert "$W/ca.pem" "$@"; }

world_metric() { world_curl "https://127.0.0.1:$PORT/metrics" | awk -v n="$1" '$1 == n { print $2 + 0; f = 1 } END { if (!f) print 0 }'; }

world_metric_above() { [ "$(world_metric "$1")" -gt "$2" ]; }

world_verifier_init() {
    [ -n "$WORLD_PORT" ] || lab_port
    PORT=${WORLD_PORT:-$LAB_PORT}
    "$VERIFIER" init "$W/verifier" --url "https://127.0.0.1:$PORT" --simulated-root "$FINGERPRINT" >"$W/init.txt"
    jq -r .ca_pem "$W/verifier/verifier-trust.json" >"$W/ca.pem"
    # The emulated TPM is the host's, so the lab says in so many words that it takes one, and asks
    # nothing of what only a better TPM could prove.
    world_verifier_policy '.tpm.roots = ["host"] | del(.tpm.rules, .tpm.secure_boot, .tpm.log, .tpm.events)
        | .snp.measurements = [{value: "'"$MEASUREMENT"'", covers: "firmware", name: "the lab"}]'
    if [ "$WORLD_TOKEN_LIFE" != 900 ]; then
        jq --argjson life "$WORLD_TOKEN_LIFE" '.token_life_sec = $life' "$W/verifier/verifier.json" >"$W/v.new" &&
            mv "$W/v.new" "$W/verifier/verifier.json"
    fi
}

world_verifier_start() {
    lab_start verifier "$VERIFIER" serve "$W/verifier" --listen "127.0.0.1:$PORT"
    lab_wait_for 20 world_curl -f -o /dev/null "https://127.0.0.1:$PORT/health" || lab_fail "the verifier does not start"
}

world_verifier_stop() { lab_stop verifier; }

# A false verifier of the tests, with the real one behind it and its TLS certificate unless
# RELAY_CERTIFICATE and RELAY_KEY name another; sets RELAY_PORT.
world_relay() { # NAME PROGRAM [OPTION]...
    local name=$1 program=$world_here/tests/integration/$2
    shift 2
    lab_stop "$name"
    rm -f "$W/$name.port"
    lab_start "$name" "$program" --port-file "$W/$name.port" --upstream "$PORT" \
        --certificate "${RELAY_CERTIFICATE:-$W/verifier/tls/server.pem}" --key "${RELAY_KEY:-$W/verifier/tls/server.key}" "$@"
    lab_wait_for 20 test -e "$W/$name.port" || lab_fail "$name does not start"
    RELAY_PORT=$(<"$W/$name.port")
}

# Someone on the way who holds the verifier's TLS key; sets PROXY_PORT.
world_proxy() { # CHANGE [RECORD_FILE]
    world_relay proxy tampering-proxy --change "$1" ${2:+--record "$2"}
    # shellcheck disable=SC2034
    PROXY_PORT=$RELAY_PORT
}

# The two seconds between hardware reports have passed: a test that is not about them does not sit
# them out before the rounds that it asks for.
world_rested() { truncate --no-create --size=0 "${WORLD_LOCKS:-$W/run/lock}"/{report,azure}.lock; }

# Azure around the machine: metadata service, attestation provider and key vault, told how to behave by
# world_azure. IMDS, MAA and VAULT are their URLs, $W/azure-ca.pem the authority of the latter two,
# azure.log.json what they were asked.
world_azure_start() { # [OPTION OF sim-azure]...
    sim-chip roots "$CHIP" "$W/roots"
    world_ca azure-ca
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$W/azure.key" -out "$W/azure.csr" -subj /CN=azure \
        2>/dev/null && openssl x509 -req -in "$W/azure.csr" -CA "$W/azure-ca.pem" -CAkey "$W/azure-ca.key" -days 2 \
        -out "$W/azure.pem" -extfile <(echo subjectAltName=IP:127.0.0.1) 2>/dev/null || lab_fail "no certificate for Azure"
    # What the vault signs with, and the same key for another host.
    openssl req -newkey rsa:2048 -nodes -keyout "$W/vault.key" -out "$W/vault.csr" -subj /CN=vault.azure.net 2>/dev/null ||
        lab_fail "no key for the vault"
    local name
    for name in vault:IP:127.0.0.1 vault-other:DNS:other.vault.azure.net; do
        openssl x509 -req -in "$W/vault.csr" -CA "$W/azure-ca.pem" -CAkey "$W/azure-ca.key" -days 2 -out "$W/${name%%:*}.pem" \
            -extfile <(echo "subjectAltName=${name#*:}") 2>/dev/null || lab_fail "no certificate for the vault"
    done
    world_azure '{}'
    rm -f "$W/azure.port"
    lab_start azure "$world_here/tests/fake/sim-azure" --roots "$W/roots" --report "$W/report" --control "$W/azure.json" \
        --port-file "$W/azure.port" --certificate "$W/azure.pem" --key "$W/azure.key" \
        --vault-certificate "$W/vault.pem" --vault-other "$W/vault-other.pem" --vault-key "$W/vault.key" "$@"
    lab_wait_for 30 test -e "$W/azure.port" || lab_fail "sim-azure does not start"
    # shellcheck disable=SC2034
    IMDS=http://127.0.0.1:$(jq .imds "$W/azure.port") MAA=https://127.0.0.1:$(jq .maa "$W/azure.port") \
        VAULT=https://127.0.0.1:$(jq .vault "$W/azure.port")
}

world_azure() { # JSON
    jq -c --arg log "$W/azure.log.json" '{log: $log} + .' <<<"$1" >"$W/azure.new" && mv "$W/azure.new" "$W/azure.json"
}

# The service manager's part: a worker per connection.
world_listen() { # VERB [COMMAND...]: in front of the listener
    local verb=$1 program=("$WORKER" "$1")
    shift
    # What the unit says of paths; the lab has its own.
    [ "$verb" != collect ] || program=("$COLLECT" --lock-directory "$W/run/lock" --log-directory "$W"
        --configfs-directory "$W/tsm")
    [ "$verb" != release ] || program=("$RELEASE" release)
    # It tells of every connection, from a signal handler, too.
    lab_start "$verb" "$@" env SYSTEMD_LOG_LEVEL=warning systemd-socket-activate --accept --listen="$W/run/$verb.sock" \
        -E LD_PRELOAD -E UMOCKDEV_DIR -E ASAN_OPTIONS -E UBSAN_OPTIONS "${program[@]}"
    lab_wait_for 20 test -S "$W/run/$verb.sock" || lab_fail "$verb.sock does not listen"
}

world_chip_restart() { # the driver's key is whole again, as after a reboot
    lab_stop collect
    rm -f "$W/run/collect.sock"
    lab_control '{}'
    world_listen collect sim-firmware --chip "$CHIP" --control "$W/control.json" --
}

world_workers() {
    mkdir -p "$W/run/lock" "$W/state"
    world_listen round
    world_listen release
    case $WORLD_SOURCE,$WORLD_PARAVISOR in
    *,yes)
        world_listen collect
        ;;
    configfs-tsm,no)
        lab_tsm_start
        world_listen collect
        ;;
    *)
        lab_need_firmware
        world_listen collect sim-firmware --chip "$CHIP" --control "$W/control.json" --
        ;;
    esac
}

world_config() { # [URL]: write attestd.conf
    cat >"$W/attestd.conf" <<C
[Evidence]
Source=$WORLD_SOURCE
ConfigfsDirectory=$W/tsm
TCTI=$LAB_TCTI
EventLog=$W/eventlog
UserspaceLog=$W/userspace-log
$WORLD_AGENT_LINES

[Verifier lab]
URL=${1:-https://127.0.0.1:$PORT}
Trust=$W/verifier/verifier-trust.json
AcceptSimulated=yes
AcceptHostTPM=yes
$WORLD_VERIFIER_LINES

[Schedule]
$WORLD_SCHEDULE_LINES

[Secrets]
Directory=$W/state/secrets
$WORLD_SECRETS_LINES
C
}

world_agent_start() {
    world_rested
    lab_start attestd "$ATTESTD" --config "$W/attestd.conf" --runtime-directory "$W/run" --state-directory "$W/state"
    lab_wait_for 20 lab_bus_has org.attestd.Agent1 || lab_fail "attestd does not start"
}

world_agent_stop() { lab_stop attestd; }

world_message_id() { # NAME of src/base/log-ids.h
    awk -v n="LOG_ID_$1" '$2 == n { gsub(/"/, "", $3); print $3 }' "$world_here/src/base/log-ids.h"
}

# However it ends: with the new settings, or with the old ones and a word about what is wrong.
world_reloads() { grep -cE "$(world_message_id CONFIG_RELOADED)|$(world_message_id CONFIG_INVALID)" "$W/attestd.log"; }
world_reloads_above() { [ "$(world_reloads)" -gt "$1" ]; }

world_agent_reload() {
    local before
    before=$(world_reloads)
    world_rested
    kill -HUP "$(lab_pid attestd)"
    lab_wait_for 20 world_reloads_above "$before" || lab_fail "attestd does not reload"
}

ctl() {
    [ "$1" != attest ] || world_rested
    "$ATTESTCTL" "$@"
}

# What root does on the machine itself, in the lab's places.
world_gate() { # NAME [OPTION]...
    local name=$1
    shift
    ctl gate add "$name" --state-directory="$W/state" --config="$W/attestd.conf" "$@"
}
world_sealing() { # seal|reseal [ARGUMENT]...
    ctl "$@" --accept-host-tpm --worker="$RELEASE" --state-directory="$W/state" --runtime-directory="$W/run" --config="$W/attestd.conf"
}
world_seal() { world_sealing seal "$@"; } # NAME [OPTION]...: what is on stdin
world_trust() { echo "$W/verifier/verifier-trust.json"; }

world_state() { ctl status --json 2>/dev/null | jq -r .state; }
world_state_is() { case " $* " in *" $(world_state) "*) return 0 ;; *) return 1 ;; esac; }
world_wait_state() { lab_wait_for 40 world_state_is "$@"; }
world_last_error() { ctl status --json | jq -r '.last_error.name // ""'; }

world_up() { # BUILD_DIRECTORY
    world_path "$1"
    lab_dir
    W=$LAB_DIR
    lab_control '{}'
    world_chip
    world_boot
    lab_bus_start
    world_verifier_init
    world_verifier_start
    world_workers
    world_config
}
