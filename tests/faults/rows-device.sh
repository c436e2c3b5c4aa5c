# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Rows: the hardware, by either way to it.
group device "/dev/sev-guest"
chip_answers() { # JSON begin|end
    case $2 in
    begin) lab_control "{\"errors\": [$1]}" ;;
    end) lab_control '{}' ;;
    esac
}
# These cost the guest its key to the firmware, which only a boot brings back.
chip_dies() { # JSON begin|end
    case $2 in
    begin) lab_control "{\"errors\": [$1]}" ;;
    end)
        lab_control '{}'
        faults_listen collect
        ;;
    esac
}
row device-eio "EIO; the guest's key is gone until the next boot" "snp-exchange-failed snp-vmpck-disabled"
device-eio() { chip_dies '{"errno": "EIO"}' "$1"; }
row device-ebadmsg "an answer that is not the firmware's (EBADMSG)" "snp-answer-forged snp-vmpck-disabled"
device-ebadmsg() { chip_dies '{"errno": "EBADMSG"}' "$1"; }
row device-enotty "ENOTTY: the key was gone before" snp-vmpck-disabled
device-enotty() { chip_dies '{"errno": "ENOTTY"}' "$1"; }
row device-eagain "EAGAIN: the host throttles" snp-host-busy
device-eagain() { chip_answers '{"errno": "EAGAIN"}' "$1"; }
row device-enomem "ENOMEM" snp-memory-exhausted
device-enomem() { chip_answers '{"errno": "ENOMEM"}' "$1"; }
row device-zeros "success, and a report of zeros" snp-report-empty
device-zeros() { chip_answers '{"answer": "zero-report"}' "$1"; }
row device-stale "the report before once more" report-data-mismatch
device-stale() { chip_answers '{"answer": "stale-report"}' "$1"; }
row device-signature "a report with one bit changed" snp-signature-invalid
device-signature() { chip_answers '{"answer": "bad-signature"}' "$1"; }
row device-refuses "the firmware refuses (status 0x16)" snp-firmware-refused
device-refuses() { chip_answers '{"status": 22}' "$1"; }

group configfs "configfs-tsm"
before_configfs() { WORLD_SOURCE=configfs-tsm; }
row configfs-race "another process uses our entry" tsm-generation-changed
configfs-race() { chip_answers '{"answer": "rival"}' "$1"; }
row configfs-provider "the provider changes meanwhile" "tsm-provider-changed tsm-provider-unknown"
configfs-provider() { chip_answers '{"answer": "provider-changes", "skip": 2}' "$1"; }
row configfs-busy "EBUSY when the request is written: the kernel loses it" tsm-request-lost
configfs-busy() { chip_answers '{"operation": "inblob", "errno": "EBUSY"}' "$1"; }
row configfs-eexist "there is no room for an entry (EEXIST)" tsm-entry-failed
configfs-eexist() { chip_answers '{"operation": "mkdir", "errno": "EEXIST"}' "$1"; }
row configfs-eio "EIO when the report is read" snp-exchange-failed
configfs-eio() { chip_dies '{"operation": "outblob", "errno": "EIO"}' "$1"; }
