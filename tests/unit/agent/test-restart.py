# SPDX-License-Identifier: Apache-2.0
"""What survives: reloads, restarts, crashes, a lost bus; and what does not."""

import json
import os
import signal
import struct
import subprocess
import sys
import unittest

from lab import GLib, LIMIT, Lab, NAME, TOKEN, error_name, read_fd, until

PROGRAM = sys.argv[1]
RELOADED = "MESSAGE_ID=3daf763e5b364967b29402bb4b5144cb"
INVALID = "MESSAGE_ID=0d24437405e34bdf8ac507fc73ec6e80"
RESTORED = "MESSAGE_ID=d8740161fc7249ff875411ed2cb88446"


class Case(unittest.TestCase):
    def trusted(self, lab, **arguments):
        lab.start_on_bus(**arguments)
        lab.worker.reply("ok")
        return lab.wait_for("TRUSTED")


class Manager(Case):
    def test_ready_is_said_before_the_first_round_ends(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            asked = lab.worker.next()
            until(lambda: lab.manager.said("READY", "1"), "READY=1")
            self.assertEqual(lab.state(), "PROVING")
            asked.ok()
            asked.close()
            until(lambda: any(m.get("STATUS", "").startswith("TRUSTED until ")
                              for m in lab.manager.messages), "STATUS=TRUSTED")
            lab.process.terminate()
            self.assertEqual(lab.process.wait(LIMIT), 0)
            until(lambda: lab.manager.said("STOPPING", "1"), "STOPPING=1")

    def test_the_watchdog_is_fed(self):
        with Lab(PROGRAM) as lab:
            # WATCHDOG_PID is left out: the number is for whoever gets it.
            lab.start_on_bus(environment={"WATCHDOG_USEC": "1000000"})
            until(lambda: lab.manager.said("WATCHDOG", "1"), "WATCHDOG=1")

    def test_term_withdraws_and_those_who_wait_are_told(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            asked = lab.worker.next()
            connection = lab.connect()
            waiting = lab.call_later("Attest", None, connection)
            with self.assertRaises(GLib.Error):
                lab.call("GetToken", None, connection)
            lab.process.terminate()
            self.assertEqual(error_name(waiting.get()), "org.attestd.Error.AgentStopping")
            self.assertEqual(lab.process.wait(LIMIT), 0)
            asked.close()
            self.assertIn("PROVING to STOPPING", lab.log())


class Restart(Case):
    def test_a_restart_keeps_the_standing_and_the_token(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number), Lab(PROGRAM) as lab:
                before = self.trusted(lab)
                until(lambda: lab.manager.stored_names() == ["standing", "token", "waiting"], "the store")
                lab.restart(number)
                after = lab.properties()
                self.assertEqual(after["State"], "TRUSTED")
                for name in ("Claims", "EvidenceKinds", "Findings", "LastError", "Simulated"):
                    self.assertEqual(after[name], before[name])
                for name in ("VerdictExpiresUSec", "NextRoundUSec", "StateSinceUSec",
                             "LastRoundUSec"):
                    self.assertLess(abs(after[name] - before[name]), 10**6, name)
                self.assertEqual(read_fd(lab.call("GetToken")).decode(), TOKEN)
                self.assertTrue(lab.worker.arrived.empty(), "a round was begun")
                lab.logged(RESTORED, "taken over")

    def test_a_renewed_token_replaces_the_stored_one(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            pending = lab.call_later("Attest")
            lab.worker.reply("ok")
            self.assertEqual(pending.get(), ("TRUSTED",))
            lab.restart(signal.SIGKILL)
            until(lambda: lab.manager.stored_names() == ["standing", "token", "waiting"], "the store")
            self.assertEqual(lab.state(), "TRUSTED")
            self.assertEqual(read_fd(lab.call("GetToken")).decode(), TOKEN)

    def test_a_crash_within_a_renewal_keeps_the_verdict_and_counts_as_a_failure(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab)
            lab.call_later("Attest")
            asked = lab.worker.next()
            lab.restart(signal.SIGKILL)
            asked.close()
            self.assertEqual(lab.wait_for("TRUSTED", "RENEWING")["Claims"]["hardware"], "affirming")

    def test_a_refusal_survives_a_restart(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.worker.reply("no")
            before = lab.wait_for("REFUSED")
            lab.restart(signal.SIGKILL)
            after = lab.properties()
            self.assertEqual(after["State"], "REFUSED")
            self.assertEqual(after["LastError"], before["LastError"])
            self.assertLess(abs(after["NextRoundUSec"] - before["NextRoundUSec"]), 10**6)

    def test_a_withdrawn_token_is_taken_out_of_the_store(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            pending = lab.call_later("Attest")
            lab.worker.reply("no")
            self.assertEqual(pending.get(), ("REFUSED",))
            until(lambda: lab.manager.stored_names() == ["standing", "waiting"], "the token to go")

    def test_a_verdict_that_ended_meanwhile_is_not_taken_over(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            lab.end(lab.process, signal.SIGKILL)
            lab.edit_standing(lambda record: record["verdict"].update(expires_boottime_usec=1))
            lab.restart()
            self.assertEqual(lab.properties()["Claims"], {})
            self.assertIn(lab.state(), ("WAITING", "PROVING"))

    def test_a_record_that_was_being_written_leaves_the_one_before(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            lab.end(lab.process, signal.SIGKILL)
            lab.manager.catch_up()
            fd = dict(lab.manager.store)["standing"]
            first, _ = struct.unpack("QQ", os.pread(fd, 16, 0))
            for offset in (4096, 4096 + 256 * 1024):
                if offset != first:
                    os.pwrite(fd, b"{ what was under way", offset)
            lab.restart()
            self.assertEqual(lab.state(), "TRUSTED")

    def test_pointers_that_lead_nowhere_are_thrown_away(self):
        for pointer in (b"", b"\xff" * 16, struct.pack("QQ", 0, 16),
                        struct.pack("QQ", 4096, 256 * 1024 + 1),
                        struct.pack("QQ", 4096, 256 * 1024), struct.pack("QQ", 4096, 2**64 - 1),
                        struct.pack("QQ", 4096, 0)):
            with self.subTest(pointer), Lab(PROGRAM) as lab:
                self.trusted(lab)
                lab.end(lab.process, signal.SIGKILL)
                lab.manager.catch_up()
                fd = dict(lab.manager.store)["standing"]
                if len(pointer) == 0:
                    os.ftruncate(fd, 8)
                os.pwrite(fd, pointer, 0)
                lab.restart()
                self.assertEqual(lab.state(), "PROVING")
                lab.logged(RESTORED, "thrown away")

    def test_records_that_do_not_hold_are_thrown_away(self):
        changes = {
            "another boot": lambda r: r.update(boot_id="0" * 32),
            "another verifier": lambda r: r.update(verifier="other"),
            "another issuer": lambda r: r.update(issuer="other"),
            "another version": lambda r: r.update(attestd_standing=2),
            "a state that is none": lambda r: r.update(state="BLESSED"),
            "a time that is none": lambda r: r["verdict"].update(expires_realtime_usec="never"),
            "nothing": lambda r: b"",
            "a torn record": lambda r: json.dumps(r).encode()[:-20],
            "garbage": lambda r: b"\0" * 5000,
        }
        with Lab(PROGRAM) as lab:
            for name, change in changes.items():
                self.trusted(lab)
                until(lambda: lab.manager.stored_names() == ["standing", "token", "waiting"], "the store")
                lab.end(lab.process, signal.SIGKILL)
                with self.subTest(name):
                    lab.edit_standing(change)
                    lab.restart()
                    self.assertEqual(lab.state(), "PROVING")
                    self.assertEqual(lab.properties()["Claims"], {})
                    lab.logged(RESTORED, "thrown away")
                    lab.worker.next().close()
                lab.end(lab.process, signal.SIGKILL)
                with lab.manager.lock:
                    while lab.manager.store:
                        os.close(lab.manager.store.pop()[1])

    def test_a_verdict_without_its_own_token_is_not_taken_over(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            until(lambda: lab.manager.stored_names() == ["standing", "token", "waiting"], "the store")
            lab.end(lab.process, signal.SIGKILL)
            other = os.memfd_create("token", os.MFD_ALLOW_SEALING)
            os.write(other, b"another token")
            with lab.manager.lock:
                lab.manager.store = [(n, other if n == "token" else fd)
                                     for n, fd in lab.manager.store]
            lab.restart()
            self.assertIn(lab.state(), ("WAITING", "PROVING"))
            self.assertEqual(lab.properties()["Claims"], {})

    def test_descriptors_of_unknown_names_are_closed(self):
        with Lab(PROGRAM) as lab:
            read_end, write_end = os.pipe()
            lab.start_on_bus(stored=[("strange", write_end)])
            os.close(write_end)
            self.assertEqual(os.read(read_end, 1), b"", "the daemon kept it")
            os.close(read_end)


class Reload(Case):
    def reload(self, lab, word):
        before = lab.log().count(word)
        lab.process.send_signal(signal.SIGHUP)
        until(lambda: lab.log().count(word) > before, word)

    def test_a_reload_keeps_the_standing_and_uses_the_new_settings(self):
        with Lab(PROGRAM) as lab:
            before = self.trusted(lab)
            lab.configure(verifier="Proxy=http://proxy.example:3128\n")
            self.reload(lab, RELOADED)
            until(lambda: lab.manager.said("RELOADING", "1"), "RELOADING=1")
            # The next round comes soon, and it is one of the new configuration.
            asked = lab.worker.next()
            self.assertEqual(asked.request["verifier"]["proxy"], "http://proxy.example:3128")
            self.assertEqual(lab.state(), "RENEWING")
            self.assertEqual(lab.properties()["Claims"], before["Claims"])
            asked.ok()
            asked.close()
            lab.wait_for("TRUSTED")

    def test_a_broken_new_configuration_leaves_the_old_one_in_force(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            lab.configure(more="IntervalSec=5 parsecs\n")
            self.reload(lab, INVALID)
            line = lab.logged(INVALID)
            self.assertIn(f"{lab.config}:", line)
            self.assertIn("parsecs", line)
            self.assertEqual(lab.state(), "TRUSTED")
            self.assertEqual(read_fd(lab.call("GetToken")).decode(), TOKEN)
            pending = lab.call_later("Attest")
            lab.worker.reply("ok")
            self.assertEqual(pending.get(), ("TRUSTED",))

    def test_a_caller_of_the_bus_is_told_what_is_wrong_and_nothing_changes(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab)
            lab.configure(more="IntervalSec=5 parsecs\n")
            error = lab.call_later("Reload").get()
            self.assertEqual(error_name(error), "org.attestd.Error.ConfigUnitUnknown")
            self.assertIn(f"{lab.config}:", error.message)
            self.assertIn("parsecs", error.message)
            lab.logged(INVALID, "parsecs")
            self.assertEqual(lab.state(), "TRUSTED")
            self.assertEqual(lab.properties()["Verifier"], "lab")

    def test_a_caller_of_the_bus_finds_the_new_settings_in_force(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab)
            with open(lab.config) as file:
                text = file.read()
            with open(lab.config, "w") as file:
                file.write(text.replace("[Verifier lab]", "[Verifier other]"))
            self.assertEqual(lab.call("Reload"), ())
            self.assertEqual(lab.properties()["Verifier"], "other")

    def test_a_reload_within_a_round_is_followed_by_another_round(self):
        with Lab(PROGRAM) as lab:
            lab.start_on_bus()
            asked = lab.worker.next()
            lab.configure(verifier="Audience=other\n")
            self.reload(lab, RELOADED)
            asked.ok()
            asked.close()
            self.assertEqual(lab.worker.reply("ok")["verifier"]["audience"], "other")
            lab.wait_for("TRUSTED")

    def test_the_verifiers_name_follows_the_configuration(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            with open(lab.config) as file:
                text = file.read()
            with open(lab.config, "w") as file:
                file.write(text.replace("[Verifier lab]", "[Verifier other]"))
            self.reload(lab, RELOADED)
            until(lambda: lab.properties()["Verifier"] == "other", "the new name")
            self.assertIn(lab.state(), ("TRUSTED", "RENEWING"))


class Start(Case):
    def run_attestd(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, timeout=60)

    def test_help_and_version_are_answered(self):
        self.assertIn("--runtime-directory", self.run_attestd("--help").stdout)
        self.assertRegex(self.run_attestd("--version").stdout, r"^attestd \d+\.\d+")

    def test_wrong_arguments_end_with_2(self):
        for arguments in (["--frobnicate"], ["start"], ["--config"], ["--config", "relative"],
                          ["--runtime-directory", "relative"],
                          ["--runtime-directory", "/" + "x" * 100]):
            result = self.run_attestd(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertTrue(result.stderr)

    def test_an_unusable_configuration_ends_with_2_naming_file_and_line(self):
        with Lab(PROGRAM, more="IntervallSec=5\n") as lab:
            result = self.run_attestd("--config", lab.config)
            self.assertEqual(result.returncode, 2)
            self.assertRegex(result.stderr, rf"{lab.config}:\d+: .*IntervallSec=.*IntervalSec=")
            self.assertIn(INVALID, result.stderr)

    def test_a_missing_configuration_ends_with_2(self):
        result = self.run_attestd("--config", "/nonexistent/attestd.conf")
        self.assertEqual(result.returncode, 2)
        self.assertIn("/nonexistent/attestd.conf: the configuration cannot be read", result.stderr)

    def test_the_process_is_not_dumpable_and_maps_little(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            with open(f"/proc/{lab.process.pid}/limits") as file:
                cores = [line for line in file if line.startswith("Max core file size")]
            self.assertEqual(cores[0].split()[4:6], ["0", "0"])
            if os.getuid() == 0:
                with open(f"/proc/{lab.process.pid}/maps") as file:
                    maps = file.read()
                for library in ("libcrypto", "libssl", "libcurl", "libtss2"):
                    self.assertNotIn(library, maps)
            else:
                with self.assertRaises(PermissionError):
                    os.listdir(f"/proc/{lab.process.pid}/fd")


class LostBus(Case):
    def test_the_bus_may_go_and_come_back(self):
        with Lab(PROGRAM) as lab:
            self.trusted(lab)
            lab.end_bus()
            lab.logged("MESSAGE_ID=01c96d7a3f7347ad83745d40823555a7")
            lab.start_bus()
            until(lambda: lab.has_owner(NAME), "attestd on the new bus")
            self.assertEqual(lab.state(), "TRUSTED")

    def test_rounds_go_on_without_a_bus(self):
        with Lab(PROGRAM) as lab:
            lab.end_bus()
            lab.start()
            lab.worker.reply("ok")
            lab.logged("PROVING to TRUSTED")
            lab.start_bus()
            until(lambda: lab.has_owner(NAME), "attestd on the bus")
            self.assertEqual(lab.state(), "TRUSTED")

    def test_a_taken_name_is_waited_for(self):
        with Lab(PROGRAM) as lab:
            holder = lab.connect()
            holder.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus",
                             "org.freedesktop.DBus", "RequestName",
                             GLib.Variant("(su)", (NAME, 0)), None, 0, 10000, None)
            lab.start()
            lab.worker.reply("ok")
            lab.logged("another process owns org.attestd.Agent1")
            holder.close_sync(None)
            until(lambda: lab.has_owner(NAME) and lab.state() == "TRUSTED", "the name")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
