/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: volumes, secrets as files, and units that stop when the verdict is lost.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    /* crypttab, fstab and drop-ins. */
    { "volume-line-foreign", "a line or file of this name is there and is not attestctl's",
      "take another name, or remove by hand what is there", EXIT_CLASS_USAGE },
    { "volume-missing", "crypttab has no volume of this name that is opened by attestd",
      "see attestctl volume list, or add it: attestctl volume add NAME --device=DEVICE",
      EXIT_CLASS_USAGE },
    { "volume-file-unusable", "a file below /etc cannot be read or written",
      "see the error; what was not written is as it was, and the same command goes on from there",
      EXIT_CLASS_INTERNAL },
    /* crypttab makes the boot wait for each volume without noauto; a verdict needs the network,
     * which comes later in the boot. */
    { "volume-boot-waits", "the boot waits for this volume, and attestd waits for the boot",
      "add noauto to its options in crypttab (attestctl volume add does)", EXIT_CLASS_USAGE },
    /* Without headless=true systemd-cryptsetup asks for a passphrase after the refusal. */
    { "volume-asks-person", "when it is refused its key, this volume asks a person, for ever",
      "add headless=true to its options in crypttab (attestctl volume add does)",
      EXIT_CLASS_USAGE },
    { "volume-stays-open", "this volume is not closed when the verdict is lost",
      "bind it to attested.target (attestctl volume add does)", EXIT_CLASS_USAGE },
    { "volume-header-unchecked", "whoever can write this disk can switch its encryption off",
      "have the header checked (attestctl volume add NAME --header=checked), or keep it elsewhere "
      "(--header=detached:PATH)",
      EXIT_CLASS_USAGE },

    /* The LUKS2 header. */
    { "volume-device-unreadable", "the volume's device cannot be read",
      "see the error, and the device in crypttab", EXIT_CLASS_NOT_ATTESTED },
    { "volume-header-absent", "there is no LUKS2 header on the device",
      "see the device in crypttab; make the volume with cryptsetup luksFormat --type luks2",
      EXIT_CLASS_NOT_ATTESTED },
    { "volume-header-malformed", "the LUKS2 header is damaged, or was made by something else",
      "restore it from a backup; a header whose copies differ is repaired by cryptsetup repair",
      EXIT_CLASS_NOT_ATTESTED },
    { "volume-header-checksum", "the LUKS2 header does not match its own checksum",
      "restore it from a backup (cryptsetup luksHeaderRestore)", EXIT_CLASS_NOT_ATTESTED },
    /* Whoever can write the disk can put a header there that opens with any key and encrypts
     * nothing; what is written afterwards would be readable. */
    { "volume-header-cipher", "the LUKS2 header asks for another cipher, or for none",
      "treat the disk as tampered with; restore the header from a backup, and write nothing to it",
      EXIT_CLASS_REFUSED },
    { "volume-header-outside", "the LUKS2 header has something that is not accepted unchecked",
      "compare with docs/volumes.md; if it was put there on purpose, keep the header elsewhere "
      "(--header=detached:PATH)",
      EXIT_CLASS_REFUSED },
    { "volume-header-unwritten", "the checked copy of the header cannot be written",
      "see the error, and that /run/attestd-headers is there (systemd-tmpfiles --create)",
      EXIT_CLASS_INTERNAL },

    /* Secrets as files. */
    { "secret-file-not-tmpfs", "the directory is on no tmpfs: the secret would stay on a disk",
      "take a path below /run", EXIT_CLASS_USAGE },
    { "secret-file-directory-unsafe", "others than its owner may write in the directory",
      "take a directory that only root or the file's owner may write", EXIT_CLASS_USAGE },
    { "secret-file-credential", "the secret was not handed over as a credential, or is empty",
      "start attestd-file@NAME.service again; it alone runs this", EXIT_CLASS_NOT_ATTESTED },
    { "secret-file-unwritten", "the secret's file cannot be written or removed",
      "see the error, the owner and the group", EXIT_CLASS_INTERNAL },

    /* What follows a loss. */
    { "loss-foreign", "something in the directory of losses names no unit",
      "nothing, it was removed; if it comes again, see who writes there", EXIT_CLASS_INTERNAL },
    /* Only attestd's user can have put it there; no verb of attestctl walks into it as root. */
    { "loss-planted", "a full directory lay in the directory of losses; it has a hidden name now",
      "remove it by hand, and see who writes there: attestd makes none", EXIT_CLASS_INTERNAL },
    { "loss-unit-runs", "a unit could not be stopped though the verdict is lost",
      "see the error, and systemctl status of the unit; it is tried again", EXIT_CLASS_INTERNAL },
    { "loss-power", "the machine could not be turned off though the verdict is lost",
      "see the error, and turn the machine off by hand; it is tried again", EXIT_CLASS_INTERNAL },

    { "standing-file-malformed", "the file that says until when the verdict holds is none",
      "see who writes in the directory; attestd writes it anew with the next verdict",
      EXIT_CLASS_INTERNAL },

    /* The service manager. */
    { "unit-manager-unreachable", "the service manager does not answer on the system bus",
      "run systemctl daemon-reload; see that dbus.service runs", EXIT_CLASS_INTERNAL },
};

const CatalogTable catalog_volume = { entries, ELEMENTSOF(entries) };
