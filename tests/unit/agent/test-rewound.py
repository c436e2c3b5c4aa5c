# SPDX-License-Identifier: Apache-2.0
"""A machine that was restored from a snapshot, or whose TPM was reset under it: what was approved
before is gone, whatever the round that shows it brings, and the machine proves itself anew."""

import json
import os
import signal
import subprocess
import sys
import unittest

from lab import GLib, Lab, LIMIT, until

PROGRAM = sys.argv[1]


def log_id(name):
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
    with open(f"{root}/src/base/log-ids.h") as file:
        for line in file:
            if line.startswith(f"#define LOG_ID_{name} "):
                return line.split('"')[1]
    raise AssertionError(f"no LOG_ID_{name}")


REWOUND = log_id("REWOUND")


def tpm(clock=1000, resets=4, restarts=0):
    return {"clock_msec": clock, "reset_count": resets, "restart_count": restarts}


def names(found):
    return [finding[0] for finding in found["Findings"]]


class Told(unittest.TestCase):
    """SIGUSR1, which a rule of udev sends when the kernel tells of a new VM generation."""

    def test_a_verdict_is_dropped_and_a_round_begins_at_once(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_on_bus()
            lab.worker.reply("ok", gates={"db": 3600})
            lab.wait_for("TRUSTED")
            until(lambda: os.path.exists(f"{lab.runtime}/approvals/db"), "the approval")
            lab.process.send_signal(signal.SIGUSR1)
            asked = lab.worker.next()  # an hour before it was planned
            found = lab.wait_for("PROVING")
            self.assertEqual(found["VerdictExpiresUSec"], 0)
            self.assertFalse(os.path.exists(f"{lab.runtime}/approvals/db"))
            self.assertFalse(os.path.exists(f"{lab.runtime}/standing/trusted"))
            lab.logged(f"MESSAGE_ID={REWOUND}", 'ATTEST_FINDING="machine-rewound"')
            asked.ok()
            asked.close()
            self.assertIn("machine-rewound", names(lab.wait_for("TRUSTED")))
            lab.call_later("Attest")
            lab.worker.reply("ok")
            until(lambda: names(lab.wait_for("TRUSTED")) == [], "a round that does not say so")

    def test_the_round_that_runs_is_of_the_past_and_does_not_count(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_on_bus()
            before = lab.worker.next()
            lab.process.send_signal(signal.SIGUSR1)
            after = lab.worker.next()
            before.ok(jti="of-the-past")
            before.close()
            self.assertEqual(lab.state(), "PROVING")
            after.no()
            after.close()
            self.assertIn("machine-rewound", names(lab.wait_for("REFUSED")))

    def test_also_while_a_verdict_is_renewed(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            caller = lab.call_later("Attest")
            before = lab.worker.next()
            lab.wait_for("RENEWING")
            lab.process.send_signal(signal.SIGUSR1)
            after = lab.worker.next()
            self.assertEqual(lab.wait_for("PROVING")["VerdictExpiresUSec"], 0)
            before.close()
            after.failed()
            after.close()
            self.assertIn("machine-rewound", names(lab.wait_for("WAITING")))
            self.assertFalse(isinstance(caller.get(), GLib.Error))

    def test_waiting_or_refused_a_round_begins_at_once(self):
        for how, state in (("failed", "WAITING"), ("no", "REFUSED")):
            with self.subTest(state), Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
                lab.start_on_bus()
                lab.worker.reply(how)
                lab.wait_for(state)
                lab.process.send_signal(signal.SIGUSR1)
                lab.worker.reply("ok")
                lab.wait_for("TRUSTED")

    def test_a_failed_round_leaves_it_to_the_next_to_say_so(self):
        with Lab(PROGRAM, retry_min="100ms", retry_max="100ms") as lab:
            lab.start_on_bus()
            lab.worker.reply("ok")
            lab.wait_for("TRUSTED")
            lab.process.send_signal(signal.SIGUSR1)
            lab.worker.reply("failed")
            lab.worker.reply("ok")
            self.assertIn("machine-rewound", names(lab.wait_for("TRUSTED")))


class Seen(unittest.TestCase):
    """The counters of the TPM, as the round's quote has them."""

    def begin(self, lab, **first):
        lab.start_on_bus()
        lab.worker.reply("failed", tpm_clock=tpm(**first))
        lab.wait_for("WAITING")
        return lab

    def trusted(self, lab, clock):
        """Rounds have no TPM clock by Asked.ok(): a verdict, and a failed round that has it."""
        lab.start_on_bus()
        lab.worker.reply("ok")
        lab.wait_for("TRUSTED")
        self.renew(lab, "failed", tpm_clock=clock)
        self.assertEqual(lab.wait_for("TRUSTED")["LastError"][0], "verifier-unreachable")

    def renew(self, lab, how, **members):
        caller = lab.call_later("Attest")
        lab.worker.reply(how, **members)
        caller.get()

    def test_a_clock_that_goes_on_changes_nothing(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab, tpm())
            self.renew(lab, "failed", tpm_clock=tpm(clock=2000))
            found = lab.wait_for("TRUSTED")
            self.assertEqual(names(found), ["verifier-unreachable"])

    def test_a_reset_withdraws_though_the_round_only_failed(self):
        for what, clock in (("reset", tpm(resets=5, clock=1)), ("older", tpm(resets=3)),
                            ("clock back", tpm(clock=999))):
            with self.subTest(what), Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
                self.trusted(lab, tpm())
                self.renew(lab, "failed", tpm_clock=clock)
                found = lab.wait_for("WAITING")
                self.assertEqual(found["VerdictExpiresUSec"], 0)
                self.assertIn("tpm-not-continuous", names(found))
                self.assertEqual(found["LastError"][0], "verifier-unreachable")
                self.assertFalse(os.path.exists(f"{lab.runtime}/standing/trusted"))
                lab.logged(f"MESSAGE_ID={REWOUND}", 'ATTEST_FINDING="tpm-not-continuous"')

    def test_a_log_that_no_longer_replays_is_told_by_its_cause(self):
        mismatch = "eventlog-replay-mismatch"
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab, tpm())
            self.renew(lab, "failed", tpm_clock=tpm(clock=2000), name=mismatch)
            self.assertEqual(lab.wait_for("TRUSTED")["LastError"][0], mismatch)
            # As long as no round is judged, and over a restart of the daemon.
            for clock in (3000, 4000, 5000):
                self.renew(lab, "failed", tpm_clock=tpm(resets=5, clock=clock), name=mismatch)
                name, text, remedy = lab.wait_for("WAITING")["LastError"]
                self.assertEqual(name, "tpm-registers-lost")
                self.assertIn("was reset", text)
                self.assertIn(f"resetCount 5, restartCount 0, clock {clock} ms", text)
                self.assertIn("boot the machine", remedy)
                self.assertIn(mismatch, names(lab.properties()))
                self.assertEqual(lab.log().count(REWOUND), 1)
                if clock == 4000:
                    lab.restart(signal.SIGKILL)
            self.renew(lab, "no", tpm_clock=tpm(resets=5, clock=6000))
            lab.wait_for("REFUSED")
            self.renew(lab, "failed", tpm_clock=tpm(resets=5, clock=7000), name=mismatch)
            self.assertEqual(lab.wait_for("WAITING", "REFUSED")["LastError"][0], mismatch)

    def test_a_restart_is_said_and_costs_nothing(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab, tpm())
            self.renew(lab, "failed", tpm_clock=tpm(clock=2000, restarts=1))
            found = lab.wait_for("TRUSTED")
            self.assertIn("tpm-not-continuous", names(found))

    def test_a_restart_that_lost_the_registers_withdraws(self):
        """As a suspend to disk does, within one boot."""
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab, tpm())
            self.renew(lab, "failed", tpm_clock=tpm(clock=2000, restarts=1),
                       name="eventlog-replay-mismatch")
            self.assertEqual(lab.wait_for("WAITING")["LastError"][0], "tpm-registers-lost")

    def test_it_is_known_over_a_restart_of_the_daemon(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab, tpm())
            lab.restart(signal.SIGKILL)
            self.assertEqual(lab.state(), "TRUSTED")
            self.renew(lab, "failed", tpm_clock=tpm(resets=5))
            self.assertIn("tpm-not-continuous", names(lab.wait_for("WAITING")))

    def test_the_text_has_both_readings_and_nothing_secret(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.begin(lab)
            self.renew(lab, "failed", tpm_clock=tpm(resets=9, clock=77))
            finding = next(f for f in lab.wait_for("WAITING")["Findings"] if f[0] == "tpm-not-continuous")
            self.assertEqual(finding[3], "resetCount 9, restartCount 0, clock 77 ms")
            self.assertEqual(finding[4], "resetCount 4, restartCount 0, clock 1000 ms")


ONE, TWO = "000b" + "11" * 32, "000b" + "22" * 32


class Key(unittest.TestCase):
    """The attestation key, by the name that the round quoted with."""

    def round(self, lab, how, name, forgotten=False, **members):
        key = {"name": name, "is_forgotten": forgotten}
        caller = lab.call_later("Attest")
        asked = lab.worker.next()
        if how == "ok":
            asked.ok(members={"tpm_key": key, **members})
        else:
            getattr(asked, how)(tpm_key=key, **members)
        asked.close()
        caller.get()
        return lab.properties()

    def begin(self, lab):
        os.mkdir(f"{lab.directory}/state")
        lab.start_on_bus()
        lab.worker.reply("failed")
        lab.wait_for("WAITING")
        self.assertEqual(names(self.round(lab, "ok", ONE)), [])
        self.assertEqual(names(self.round(lab, "ok", ONE)), [])

    def record(self, lab, change=None):
        path = f"{lab.directory}/state/attestation-key"
        with open(path) as file:
            record = json.load(file)
        if change:
            record.update(change)
            with open(path, "w") as file:
                json.dump(record, file)
        return record

    def another_boot(self, lab):
        """As far as the record knows: what is there is of a boot before."""
        lab.end(lab.process)
        self.record(lab, {"boot_id": "0" * 32})
        lab.start_on_bus()

    def test_another_key_after_a_boot_is_told_until_a_round_passes(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.begin(lab)
            self.assertEqual(self.record(lab)["name"], ONE)
            self.another_boot(lab)
            lab.worker.reply("failed")
            lab.wait_for("WAITING")
            for how in ("failed", "no", "ok"):
                found = self.round(lab, how, TWO, forgotten=True)
                said = next(f for f in found["Findings"] if f[0] == "tpm-key-new")
                self.assertIn("tpm-persisted", said[3])
                self.assertIn("rewrap", said[5])
                self.assertIn("key-release", said[5])
                self.assertEqual(lab.log().count(REWOUND), 1)
                self.assertEqual(self.record(lab)["name"], TWO if how == "ok" else ONE)
            self.assertEqual(names(self.round(lab, "ok", TWO)), [])

    def test_the_same_key_after_a_boot_is_nothing_to_speak_of(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.begin(lab)
            self.another_boot(lab)
            lab.worker.reply("failed")
            lab.wait_for("WAITING")
            self.assertEqual(names(self.round(lab, "ok", ONE)), [])

    def test_another_key_within_a_boot_is_told_and_costs_nothing(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.begin(lab)
            found = self.round(lab, "failed", TWO)
            self.assertIn("tpm-key-replaced", names(found))
            self.assertEqual(found["State"], "TRUSTED")

    def test_another_tpm_by_a_reload_has_another_key_and_another_clock(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.begin(lab)
            self.assertEqual(names(self.round(lab, "ok", ONE, tpm_clock=tpm())), [])
            lab.configure(retry_min="1h", retry_max="1d", more="[Evidence]\nTCTI=swtpm:path=/x\n")
            lab.call("Reload")
            self.assertEqual(names(self.round(lab, "ok", TWO, tpm_clock=tpm(resets=2))), [])
            lab.restart(signal.SIGKILL)
            found = self.round(lab, "failed", TWO, tpm_clock=tpm(resets=3))
            self.assertIn("tpm-not-continuous", names(found))

    def test_a_reload_within_a_round_does_not_mix_two_tpms(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.begin(lab)
            self.assertEqual(names(self.round(lab, "ok", ONE, tpm_clock=tpm())), [])
            caller = lab.call_later("Attest")
            asked = lab.worker.next()
            lab.configure(retry_min="1h", retry_max="1d", more="[Evidence]\nTCTI=swtpm:path=/x\n")
            lab.call("Reload")
            asked.ok(members={"tpm_key": {"name": ONE, "is_forgotten": False}, "tpm_clock": tpm(clock=2000)})
            asked.close()
            caller.get()
            self.assertEqual(names(lab.properties()), [])
            self.assertEqual(names(self.round(lab, "ok", TWO, tpm_clock=tpm(resets=2))), [])

    def test_a_record_that_cannot_be_written_is_said_and_nothing_fails(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            os.makedirs(f"{lab.directory}/state/attestation-key")
            lab.start_on_bus()
            lab.worker.reply("failed")
            lab.wait_for("WAITING")
            self.assertEqual(names(self.round(lab, "ok", ONE)), [])
            self.assertEqual(names(self.round(lab, "ok", ONE)), [])
            self.assertEqual(lab.log().count("name cannot be kept"), 1)
            self.assertIn("tpm-key-replaced", names(self.round(lab, "ok", TWO)))


class Alone(unittest.TestCase):
    def test_a_second_attestd_on_the_same_directory_is_refused_by_name(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_on_bus()
            lab.worker.reply("ok", gates={"db": 3600})
            lab.wait_for("TRUSTED")
            until(lambda: os.path.exists(f"{lab.runtime}/approvals/db"), "the approval")
            # With settings of its own that cannot be used: it would let go of all there is.
            broken = f"{lab.directory}/broken.conf"
            with open(broken, "w") as file:
                file.write("[Nothing]\n")
            others = [subprocess.Popen(
                [PROGRAM, "--config", config, "--runtime-directory", lab.runtime,
                 "--state-directory", f"{lab.directory}/state"],
                env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": lab.address},
                stderr=subprocess.PIPE, text=True) for config in (lab.config, broken)]
            for other in others:
                said = other.communicate(timeout=LIMIT)[1]
                self.assertEqual(other.returncode, 1)
                self.assertIn("agent-runs-already", said)
                self.assertIn(lab.runtime, said)
            self.assertEqual(lab.state(), "TRUSTED")
            self.assertTrue(os.path.exists(f"{lab.runtime}/approvals/db"))
            self.assertTrue(os.path.exists(f"{lab.runtime}/standing/trusted"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
