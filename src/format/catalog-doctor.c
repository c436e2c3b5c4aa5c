/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalogue: what attestctl doctor finds and nobody else looks for.
 */
#include "format/catalog.h"

static const CatalogEntry entries[] = {
    /* Files. */
    { "trust-file-writable", "others than root can write what says whom to trust",
      "make it root's and take the others' right away: chown root, chmod go-w", EXIT_CLASS_USAGE },
    { "agent-user-missing", "there is no user attestd, as which attestd runs",
      "install the package again, or run systemd-sysusers", EXIT_CLASS_USAGE },
    { "state-missing", "the state directory is not there",
      "start attestd.service once: systemd makes the directory", EXIT_CLASS_NOT_ATTESTED },
    { "state-foreign", "the state directory does not belong to the user as whom attestd runs",
      "give it to attestd: chown -R attestd:attestd", EXIT_CLASS_USAGE },
    { "state-open", "others than attestd may look into the state directory", "close it: chmod 0700",
      EXIT_CLASS_USAGE },
    { "gate-verifier-other", "the gate is of another verifier than the one that is asked",
      "name that verifier in attestd.conf, or add the gate again with the --trust= or --verifier= "
      "of this one",
      EXIT_CLASS_USAGE },
    { "secret-gate-missing", "the secret is sealed to a gate that this machine does not have",
      "add the gate again (attestctl gate add), or have the secret back with attestctl recover",
      EXIT_CLASS_NOT_ATTESTED },
    { "secret-for-nobody", "the secret names nobody who may ask for it",
      "seal it again with --for=", EXIT_CLASS_USAGE },

    /* Those who are to get secrets, and units that are bound to the verdict; subject is the unit.
     */
    { "secret-not-sealed", "a unit or a volume asks for a secret that nobody has sealed",
      "seal it (attestctl seal NAME --for=), or take the line away that asks for it: "
      "LoadCredential= of the unit, crypttab of the volume",
      EXIT_CLASS_USAGE },
    { "secret-for-others", "a unit or a volume asks for a secret that is for others",
      "name it as well when the secret is sealed again, with --for=", EXIT_CLASS_USAGE },
    { "unit-missing", "a unit that a secret is for does not exist",
      "correct the name by sealing it again with --for=, or install the unit", EXIT_CLASS_USAGE },
    { "unit-asks-not", "the unit does not ask for the secret that is for it",
      "add LoadCredential=NAME:/run/attestd/secrets.sock to it, with the name of the secret",
      EXIT_CLASS_USAGE },
    { "unit-waits-in-boot", "the unit is started at boot, and its job waits for the verdict",
      "bind it instead: BindsTo= and After=attested.target, and systemctl add-wants "
      "attested.target",
      EXIT_CLASS_USAGE },
    { "unit-not-wanted", "the unit stops with the verdict, and nothing starts it with one",
      "let attested.target want it: systemctl add-wants attested.target UNIT", EXIT_CLASS_USAGE },
    { "user-unknown", "a user whom a secret is for does not exist",
      "seal the secret again with --for=", EXIT_CLASS_USAGE },
    { "volume-mount-waits", "the boot waits for a mount that no verdict can have opened yet",
      "add noauto and nofail to its options in fstab (attestctl volume add does)",
      EXIT_CLASS_USAGE },

    /* The system. */
    { "systemd-too-old", "systemd lacks what the units of attestd rest on",
      "use a distribution with systemd 249 or newer", EXIT_CLASS_USAGE },
    { "bus-unreachable", "the system bus cannot be reached",
      "see that D-Bus runs: systemctl status dbus", EXIT_CLASS_INTERNAL },
    { "service-missing", "a unit of attestd is not installed", "install the package again",
      EXIT_CLASS_USAGE },
    { "service-failed", "a unit of attestd has failed",
      "read its journal (journalctl -u UNIT), then systemctl restart it", EXIT_CLASS_INTERNAL },
    { "service-inactive", "a unit of attestd does not run",
      "start it: systemctl enable --now attestd.service", EXIT_CLASS_NOT_ATTESTED },
    { "service-not-enabled", "a unit of attestd is not started at boot",
      "enable it: systemctl enable attestd.service", EXIT_CLASS_USAGE },
    { "swap-not-encrypted", "what programs hold in memory can be swapped out to a disk as it is",
      "encrypt the swap (crypttab: swap, /dev/urandom), use zram, or switch it off",
      EXIT_CLASS_USAGE },
    { "kexec-open", "root can start another kernel, and every PCR stays as it is",
      "put sysctl.kernel.kexec_load_disabled=1 on the kernel's command line, which the policy "
      "covers",
      EXIT_CLASS_USAGE },

    /* attestd. */
    { "agent-not-running", "attestd is not running",
      "start it with systemctl start attestd, and read journalctl -u attestd",
      EXIT_CLASS_NOT_ATTESTED },
    { "agent-version-differs", "attestd is of another version than attestctl",
      "restart it after the upgrade: systemctl restart attestd", EXIT_CLASS_USAGE },
    { "verdict-missing", "there is no verdict", "see attestctl status for the last error",
      EXIT_CLASS_NOT_ATTESTED },
    { "verdict-simulated", "the verdict is over simulated hardware and proves nothing",
      "leave AcceptSimulated= out wherever more than a test is meant", EXIT_CLASS_USAGE },
    { "policy-layer-open", "the verifier's policy leaves a layer of this machine open",
      "see attestctl policy explain for what an attacker could do, and docs/policy.md for rules",
      EXIT_CLASS_USAGE },
    { "probe-failed", "the worker that looks at devices and network gave no answer",
      "see that attest-worker is installed and of this version; give --worker= where it is "
      "elsewhere",
      EXIT_CLASS_INTERNAL },
    { "probe-silent", "a device or the network kept the worker waiting for too long",
      "see the kernel's log (dmesg) for the TPM, and whether something drops packets on the way",
      EXIT_CLASS_INTERNAL },
};

const CatalogTable catalog_doctor = { entries, ELEMENTSOF(entries) };
