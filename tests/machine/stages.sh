# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The stages that tests share: a machine is set up once, and from then on needs nobody.
data_secret='a key of sixteen'
password='hunter2 and a half'

# Two packages, two lines, and the machine is trusted.
stage_install() {
    say "the kernel brings a report device; the firmware, a TPM and a log"
    mkdir -p /usr/lib/lab /var/lib/lab
    cp -r /run/job/lab/. /usr/lib/lab/
    echo '{}' >/usr/lib/lab/control.json
    cp /usr/lib/lab/lab-*.service /etc/systemd/system/
    expect_exit 0 systemctl --quiet enable --now "${STAGE_HARDWARE:-lab-chip.service}"
    [ -c /dev/sev-guest ] || [ -d /sys/kernel/config/tsm/report ] || fail "nothing that makes reports"
    [ -c /dev/tpmrm0 ] || fail "no /dev/tpmrm0"
    [ "$(wc -c </sys/kernel/security/tpm0/binary_bios_measurements)" -gt 1000 ] || fail "no firmware log"

    say "packages are installed, and nothing fails for want of settings"
    echo "deb [trusted=yes] file:/run/job/packages ./" >/etc/apt/sources.list
    expect_exit 0 apt-get -q update
    ! command -v attestctl >/dev/null && [ "$(dpkg-query -W -f '${db:Status-Status}' libtss2-esys-3.0.2-0 2>/dev/null)" != installed ] ||
        fail "what apt is to find is there already"
    DEBIAN_FRONTEND=noninteractive expect_exit 0 apt-get -q -y install attestd
    expect_equal "$(apt-mark showmanual | grep -c '^attestd$\|^libattest0$\|^libtss2')" 1 "what nobody asked for is marked so: packages"
    expect_equal "$(systemctl --failed --no-legend)" "" "failed units"

    say "two lines, and it is enabled"
    install -m 0644 /run/job/verifier-trust.json /etc/attestd/verifier-trust.json
    cat >>/etc/attestd/attestd.conf <<C
[Verifier lab]
URL=$URL
Trust=/etc/attestd/verifier-trust.json
AcceptSimulated=yes

[Schedule]
RetryMinSec=1s
RetryMaxSec=5s
C
    expect_exit 0 systemctl --quiet enable --now attestd.service
    expect_exit 0 attestctl wait --timeout="$INSIDE_WAIT_SEC"
    expect_standing TRUSTED ""
    expect_equal "$(status_json '.claims.vtpm_root')" certificate "what stands behind the vTPM"
}

# A volume whose header is checked, one whose header is elsewhere, a service on the first, and one
# that is bound to nothing.
stage_furnish() {
    say "volumes are made as anybody makes them"
    local luks=(--batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file -)
    printf %s "$data_secret" | cryptsetup luksFormat "${luks[@]}" /dev/disk/by-id/virtio-data || fail "no volume data"
    printf %s "$data_secret" | cryptsetup luksFormat "${luks[@]}" --header /etc/vault.header /dev/disk/by-id/virtio-vault || fail "no volume vault"
    printf %s "$data_secret" | cryptsetup open --key-file - /dev/disk/by-id/virtio-data made || fail "it does not open"
    mkfs.ext4 -q /dev/mapper/made && cryptsetup close made || fail "no file system"

    say "a gate that asks for the TPM maker's certificate, and four secrets"
    expect_exit 0 attestctl gate add db --trust=/etc/attestd/verifier-trust.json --vtpm-root=certificate --vtpm-ca=/run/job/ca.pem
    expect_exit 0 systemctl reload attestd.service
    seal data --for=volume:data <<<"$data_secret"
    seal vault --for=volume:vault <<<"$data_secret"
    seal db-password --for=unit:db.service <<<"$password"
    seal stray-password --for=unit:stray.service --on-loss=stop-units <<<"$password"
    sha256sum /var/lib/attestd/secrets/*.secret >/var/lib/lab/sealed

    say "volumes and services follow the verdict"
    expect_exit 0 attestctl volume add data --device=/dev/disk/by-id/virtio-data --mount=/srv/data
    expect_exit 0 attestctl volume add vault --device=/dev/disk/by-id/virtio-vault --header=detached:/etc/vault.header
    cat >/etc/systemd/system/db.service <<'U'
[Unit]
BindsTo=attested.target
After=attested.target
RequiresMountsFor=/srv/data
StartLimitIntervalSec=0
[Service]
Type=exec
LoadCredential=db-password:/run/attestd/secrets.sock
TimeoutStartSec=10min
ExecStart=/bin/sh -c 'cat "$CREDENTIALS_DIRECTORY/db-password" >/srv/data/got && exec sleep infinity'
[Install]
WantedBy=attested.target
U
    cat >/etc/systemd/system/stray.service <<'U'
[Service]
Type=simple
LoadCredential=stray-password:/run/attestd/secrets.sock
ExecStart=/bin/sh -c 'cat "$CREDENTIALS_DIRECTORY/stray-password" >/run/stray && exec sleep infinity'
ExecStopPost=/bin/rm -f /run/stray
[Install]
WantedBy=multi-user.target
U
    systemctl daemon-reload
    expect_exit 0 systemctl --quiet enable db.service stray.service
    expect_exit 0 systemctl start --no-block stray.service
    expect_exit 0 systemctl start attested.target
    stage_is_up
    echo "written in the first boot" >/srv/data/kept
}

seal() { # NAME OPTION...: standard input, without its line feed
    local key
    read -r key
    printf %s "$key" | attestctl seal "$1" --gate=db "${@:2}" >/run/seal.log 2>&1 || fail "seal $1: $(cat /run/seal.log)"
}

# Everything that waits for the verdict is there, and has what it is to have.
stage_is_up() {
    comes db.service
    lab_wait_for "$INSIDE_WAIT_SEC" test -s /run/stray || fail "stray.service is $(unit ActiveState stray.service), without its secret"
    lab_wait_for "$INSIDE_WAIT_SEC" is_open vault || fail "the volume vault is not open"
    is_open data || fail "the volume data is not open"
    mountpoint -q /srv/data || fail "/srv/data is not mounted"
    expect_equal "$(cat /srv/data/got)" "$password" "what db.service got"
    expect_equal "$(cryptsetup status data | sed -n 's/^ *cipher: *//p')" aes-xts-plain64 "the cipher of the volume"
    expect_equal "$(sha256sum --quiet -c /var/lib/lab/sealed 2>&1)" "" "what was sealed anew"
}

# What was stopped and is bound to nothing, nobody starts again.
stage_strays_again() {
    lab_wait_for "$INSIDE_WAIT_SEC" test ! -e /run/stray || fail "stray.service still runs with its secret"
    expect_exit 0 systemctl start --no-block stray.service
}

# A boot with nobody there.
stage_comes_by_itself() {
    say "the boot is over before anything is attested, and has no job left; all comes without a person"
    boot_is_over
    stage_is_up
    expect_equal "$(cat /srv/data/kept)" "written in the first boot" "what the first boot wrote"
    expect_standing TRUSTED ""
    expect_equal "$(systemctl --failed --no-legend)" "" "failed units"
    echo "multi-user.target $(at_msec ActiveEnterTimestampMonotonic multi-user.target) ms," \
        "attestd $(at_msec ExecMainStartTimestampMonotonic attestd.service) ms, TRUSTED $(said_msec TRUSTED) ms," \
        "db.service $(at_msec ActiveEnterTimestampMonotonic db.service) ms after the kernel began"
}

# Nothing that was bound is left; each finding is named.
stage_is_refused() { # FINDING SUBJECT
    lab_wait_for "$INSIDE_WAIT_SEC" stage_standing_is REFUSED || fail "the standing is $(status_json .state)"
    goes db.service
    lab_wait_for "$INSIDE_WAIT_SEC" test ! -e /run/stray || fail "stray.service still runs with its secret"
    lab_wait_for "$INSIDE_WAIT_SEC" is_closed data || fail "the volume data is open"
    lab_wait_for "$INSIDE_WAIT_SEC" is_closed vault || fail "the volume vault is open"
    ! mountpoint -q /srv/data || fail "/srv/data is mounted"
    expect_equal "$(unit ActiveState attested.target)" inactive "attested.target"
    expect_equal "$(status_json "[.findings[] | select(.name == \"$1\" and .subject == \"$2\" and (.remedy | length) > 0)] | length > 0")" true \
        "that \"$1\" about \"$2\" is among the findings, with a remedy"
    lab_wait_for "$INSIDE_WAIT_SEC" stage_status_says_why "$1" || fail "attestctl status does not say why: $(attestctl status)"
}

# As a person would read it; while it is tried again the standing is PROVING.
stage_status_says_why() { # FINDING
    local said
    said=$(attestctl status)
    [[ $said == *REFUSED* && $said == *"Last error: $1"* && $said == *Remedy:* ]]
}
stage_standing_is() { [ "$(status_json .state)" = "$1" ]; }
stage_last_error_is() { [ "$(status_json '.last_error.name // ""')" = "$1" ]; }
