# SPDX-License-Identifier: Apache-2.0
"""Who asks is served under a live approval, waits for one, or is refused so that it fails."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import unittest

from lab import GLib, LIMIT, error_name, nonce, until
from secretslab import (JWK, REFUSAL, REFUSED, RELEASED, SecretsLab, VOLUME_REFUSAL, WITHDRAWN, given, is_refusal,
                        release, secret_of)

PROGRAM, ROUND_PARSER, RELEASE_PARSER = sys.argv[1:4]


class Wire(unittest.TestCase):
    """The workers take what attestd sends."""

    def accepted(self, parser, asked):
        result = subprocess.run([parser, str(len(asked.fds))], input=asked.line, timeout=60,
                                stdout=subprocess.PIPE)
        self.assertEqual((result.returncode, result.stdout), (0, b""))

    def test_a_round_with_gates_is_taken(self):
        with SecretsLab(PROGRAM, gates=[f"g{i}" for i in range(15)]) as lab:
            lab.write_gate("next", next_release_key=JWK)
            lab.start_on_bus()
            asked = lab.worker.next()
            self.assertEqual(len(asked.request["gates"]), 16)
            self.accepted(ROUND_PARSER, asked)
            asked.ok()
            asked.close()

    def test_a_release_is_taken(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_on_bus()
            askers = [lab.ask(f"u{i}@x\\x2d.service", f"s{i}") for i in range(112)]
            lab.waits(112)
            lab.trust(gates={f"g{i}": 600 for i in range(16)})
            asked = lab.release.next()
            self.assertEqual(len(asked.fds), 128)
            self.accepted(RELEASE_PARSER, asked)
            release(asked)
            asked.close()
            for i, asker in enumerate(askers):
                self.assertEqual(asker.get(), secret_of(f"s{i}"))


class Serving(unittest.TestCase):
    def test_a_unit_is_served_when_it_asks_under_a_verdict(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            self.assertEqual(lab.ask().get(), secret_of("db-password"))
            lab.logged(RELEASED, 'ATTEST_ASKER="unit:db.service"', 'ATTEST_SECRET="db-password"',
                       'ATTEST_JTI="lab-1"')
            lab.waits(0)
            self.assertNotIn("the secret db-password".upper(), lab.log().upper().replace(
                "THE SECRET DB-PASSWORD WAS RELEASED", ""))

    def test_a_unit_that_asked_before_is_served_with_the_verdict(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            self.assertFalse(asker.has_answer())
            lab.trust()
            self.assertEqual(asker.get(), secret_of("db-password"))
            lab.waits(0)

    def test_what_the_worker_is_asked(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_trusted(gates={"lab": 600, "other": 600})
            asker = lab.ask("db@main.service", "key.pem")
            asked = lab.release.next()
            self.assertEqual(asked.request["verb"], "release")
            self.assertEqual(asked.request["askers"],
                             [{"name": "key.pem", "asker": "unit:db@main.service",
                               "as": "stream"}])
            self.assertEqual(asked.request["approvals"],
                             [{"gate": "lab", "kind": "verifier"},
                              {"gate": "other", "kind": "verifier"}])
            self.assertEqual(asked.request["fds"], ["approval-lab", "approval-other", "asker-0"])
            self.assertEqual(asked.request["vtpm_root"], "host")
            self.assertEqual(asked.request["secrets_directory"], f"{lab.directory}/secrets")
            self.assertEqual(asked.request["lock_directory"], f"{lab.runtime}/lock")
            self.assertEqual(asked.request["evidence"]["tcti"], "device:/dev/tpmrm0")
            self.assertEqual(os.read(asked.fds[0], 100), b"approval of lab")
            with self.assertRaises(OSError):
                os.write(asked.fds[0], b"x")
            release(asked)
            asked.close()
            self.assertEqual(asker.get(), secret_of("key.pem"))

    def test_a_volume_asks_for_the_secret_of_its_name(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_on_bus()
            asker = lab.ask("data_x.y-z", "", kind="cryptsetup")
            lab.waits(1)
            self.assertFalse(asker.has_answer())
            lab.trust()
            asked = lab.release.next()
            self.assertEqual(asked.request["askers"], [
                {"name": "data_x.y-z", "asker": "volume:data_x.y-z", "as": "stream"}])
            release(asked)
            asked.close()
            self.assertEqual(asker.get(), secret_of("data_x.y-z"))

    def test_the_worker_is_told_what_stands_behind_the_vtpm(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_trusted(claims={"vtpm_root": "paravisor"})
            asker = lab.ask()
            asked = lab.release.next()
            self.assertEqual(asked.request["vtpm_root"], "paravisor")
            release(asked)
            asked.close()
            self.assertEqual(asker.get(), secret_of("db-password"))

    def test_all_who_wait_are_one_batch(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_on_bus()
            askers = [lab.ask(f"u{i}.service", f"s{i}") for i in range(20)]
            lab.waits(20)
            lab.trust()
            asked = lab.release.next()
            self.assertEqual(len(asked.request["askers"]), 20)
            release(asked)
            asked.close()
            for i, asker in enumerate(askers):
                self.assertEqual(asker.get(), secret_of(f"s{i}"))
            self.assertTrue(lab.release.arrived.empty())

    def test_those_who_come_while_a_batch_runs_are_the_next_one(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_trusted()
            first = lab.ask("a.service", "one")
            asked = lab.release.next()
            later = [lab.ask("b.service", "two"), lab.ask("c.service", "three")]
            lab.waits(3)
            release(asked)
            asked.close()
            self.assertEqual(first.get(), secret_of("one"))
            asked = lab.release.next()
            self.assertEqual(len(asked.request["askers"]), 2)
            release(asked)
            asked.close()
            self.assertEqual([asker.get() for asker in later],
                             [secret_of("two"), secret_of("three")])

    def test_half_a_mebibyte_arrives_whole(self):
        with SecretsLab(PROGRAM) as lab:
            data = os.urandom(100000)

            def give(asked):
                with socket.socket(fileno=os.dup(asked.fds[1])) as asker:
                    self.assertEqual(asker.send(data), len(data))
                asked.answer({"result": "ok", "findings": [], "timings_usec": {},
                              "released": [given(0)]})

            lab.release.script = give
            lab.start_trusted()
            self.assertEqual(lab.ask().get(), data)

    def test_nothing_is_released_without_an_approval(self):
        def refused_as(finding):
            return {"members": {"result": "ok", "findings": [], "timings_usec": {},
                                "released": [{"index": 0, "ok": False, "finding": finding}]}}

        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.trust(gates={})
            # What is missing or somebody else's is said at once; this is neither.
            request = lab.release.reply("answer", **refused_as("secret-no-approval"))
            self.assertEqual(request["approvals"], [])
            lab.wait_for("TRUSTED")
            lab.waits(1)
            self.assertFalse(asker.has_answer())
            # The next verdict brings it.
            pending = lab.call_later("Attest")
            lab.trust()
            self.assertEqual(pending.get(), ("TRUSTED",))
            request = lab.release.reply("answer", **refused_as("secret-missing"))
            self.assertEqual(len(request["approvals"]), 1)
            self.assertTrue(is_refusal(asker.get()))

    def test_a_gate_that_stays_shut_keeps_its_askers_waiting(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: release(asked, {"b"}, "secret-no-approval")
            lab.start_on_bus()
            open_, shut = lab.ask("a.service", "a"), lab.ask("b.service", "b")
            lab.waits(2)
            lab.trust()
            self.assertEqual(open_.get(), secret_of("a"))
            lab.waits(1)
            self.assertFalse(shut.has_answer())
            lab.release.script = release
            pending = lab.call_later("Attest")
            lab.trust(gates={"lab": 600, "other": 600})
            self.assertEqual(pending.get(), ("TRUSTED",))
            self.assertEqual(shut.get(), secret_of("b"))

    def test_a_peer_that_shut_its_sending_side_has_not_left(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            asker, other = lab.ask(shut=True), lab.ask("o.service", "other", shut=False)
            lab.waits(2)
            lab.trust()
            self.assertEqual(asker.get(), secret_of("db-password"))
            self.assertEqual(other.get(), secret_of("other"))

    def test_one_who_leaves_is_forgotten(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            asker, stays = lab.ask(), lab.ask("o.service", "other")
            lab.waits(2)
            asker.close()
            lab.waits(1)
            lab.logged("unit:db.service does not wait for the secret db-password any longer")
            lab.trust()
            self.assertEqual(stays.get(), secret_of("other"))
            self.assertNotIn(f'{RELEASED} ATTEST_STATE="TRUSTED" ATTEST_VERIFIER="lab" '
                             'ATTEST_JTI="lab-1" ATTEST_ASKER="unit:db.service"', lab.log())


class Refusing(unittest.TestCase):
    """A refused unit gets more than systemd takes; never nothing, never a part."""

    def refused_by(self, script, finding, **settings):
        with SecretsLab(PROGRAM, **settings) as lab:
            lab.release.script = script
            lab.start_on_bus()
            askers = [lab.ask(), lab.ask("o.service", "other")]
            lab.waits(2)
            lab.trust()
            for asker in askers:
                asker.socket.settimeout(2 * LIMIT)
                self.assertTrue(is_refusal(asker.get()), finding)
            lab.logged(REFUSED, f'ATTEST_FINDING="{finding}"', 'ATTEST_SECRET="db-password"',
                       'ATTEST_ASKER="unit:db.service"')
            lab.waits(0)
            self.assertNotIn(RELEASED, lab.log())
            self.assertEqual(lab.state(), "TRUSTED")

    def test_the_worker_says_no(self):
        self.refused_by(lambda asked: release(asked, {"db-password", "other"}), "secret-missing")

    def test_the_worker_ends_before_its_write(self):
        self.refused_by(lambda asked: None, "release-worker-ended")

    def write_and(self, asked, size, answer=None):
        n_approvals = len(asked.fds) - len(asked.request["askers"])
        for fd in asked.fds[n_approvals:]:
            with socket.socket(fileno=os.dup(fd)) as asker:
                asker.send(b"part of a secret"[:size])
        if answer:
            asked.send(answer)

    def test_the_worker_ends_within_its_write(self):
        self.refused_by(lambda asked: self.write_and(asked, 7), "release-worker-ended")

    def test_the_worker_ends_after_its_write_without_an_answer(self):
        self.refused_by(lambda asked: self.write_and(asked, 16), "release-worker-ended")

    def test_the_worker_ends_within_its_answer(self):
        self.refused_by(lambda asked: self.write_and(asked, 16, b'{"result":"ok","find'),
                        "release-worker-ended")

    def test_answers_that_are_none(self):
        good = [given(0), given(1)]
        base = {"result": "ok", "findings": [], "timings_usec": {}}
        for answer in (base, {**base, "released": good[:1]},
                       {**base, "released": good + [given(2)]},
                       {**base, "released": [good[1], good[0]]},
                       {**base, "released": [{**good[0], "finding": "x"}, good[1]]},
                       {**base, "released": [{"index": 0, "ok": True}, good[1]]},
                       {**base, "released": good, "secret": {"name": "x", "version": 1}},
                       {**base, "released": good, "more": 1}):
            with self.subTest(answer):
                self.refused_by(lambda asked, a=answer: (self.write_and(asked, 16),
                                                         asked.answer(a)),
                                "release-answer-malformed")

    def test_a_failed_batch(self):
        self.refused_by(lambda asked: asked.failed("secret-store-unusable"),
                        "secret-store-unusable")

    def is_no_key(self, *answers):
        """An empty key, or one that can be guessed, opens a header that somebody made for it."""
        for answer in answers:
            self.assertEqual(len(answer), VOLUME_REFUSAL)
            self.assertGreater(len(set(answer)), 16)
        self.assertEqual(len(set(answers)), len(answers))

    def test_a_volume_is_refused_by_a_key_that_nobody_knows(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: release(asked, {"data_x.y-z"},
                                                       "secret-asker-refused")
            lab.start_trusted()
            self.is_no_key(*[lab.ask("data_x.y-z", "", kind="cryptsetup").get() for _ in range(2)])
            lab.logged(REFUSED, 'ATTEST_ASKER="volume:data_x.y-z"',
                       'ATTEST_FINDING="secret-asker-refused"')
            lab.waits(0)

    def test_a_volume_is_refused_so_when_the_worker_ends(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: None
            lab.start_trusted()
            self.is_no_key(lab.ask("data", "", kind="cryptsetup").get())
            lab.logged(REFUSED, 'ATTEST_FINDING="release-worker-ended"')

    def test_a_volume_does_not_open_when_the_worker_ends_after_its_write(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: self.write_and(asked, 16)
            lab.start_trusted()
            answer = lab.ask("data", "", kind="cryptsetup").get()
            self.assertEqual(answer[:16], b"part of a secret")
            self.is_no_key(answer[16:])

    def test_a_refusal_that_nobody_reads_holds_up_nobody(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: release(asked, {"no"})
            lab.start_trusted()
            slow = [lab.ask(f"u{i}.service", "no") for i in range(20)]
            lab.waits(20)
            self.assertEqual(lab.ask().get(), secret_of("db-password"))
            for asker in slow:
                self.assertEqual(len(asker.get()), REFUSAL)
            lab.waits(0)

    def test_a_worker_that_cannot_be_reached_is_tried_again(self):
        with SecretsLab(PROGRAM) as lab:
            path = f"{lab.runtime}/release.sock"
            os.rename(path, path + ".away")
            lab.start_trusted()
            asker = lab.ask()
            lab.logged("MESSAGE_ID=62b91875eaa849edbf71f3b639711cc4", "attest-release.socket")
            self.assertFalse(asker.has_answer())
            os.rename(path + ".away", path)
            self.assertEqual(asker.get(), secret_of("db-password"))

    def test_waiting_has_an_end(self):
        with SecretsLab(PROGRAM, secrets="WaitSec=1s") as lab:
            lab.start_on_bus()
            self.assertTrue(is_refusal(lab.ask().get()))
            lab.logged(REFUSED, 'ATTEST_FINDING="asker-waited-too-long"')
            lab.waits(0)

    def test_without_waiting_only_a_verdict_helps(self):
        with SecretsLab(PROGRAM, secrets="WaitSec=0") as lab:
            lab.start_on_bus()
            self.assertTrue(is_refusal(lab.ask().get()))
            lab.trust()
            lab.wait_for("TRUSTED")
            self.assertEqual(lab.ask().get(), secret_of("db-password"))

    def test_a_reload_changes_how_long_is_waited(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.configure(secrets="WaitSec=0")
            lab.process.send_signal(signal.SIGHUP)
            self.assertTrue(is_refusal(asker.get()))

    def test_a_verifiers_no_keeps_them_waiting_by_default(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.worker.reply("no")
            lab.wait_for("REFUSED")
            self.assertFalse(asker.has_answer())
            pending = lab.call_later("Attest")
            lab.trust()
            self.assertEqual(pending.get(), ("TRUSTED",))
            self.assertEqual(asker.get(), secret_of("db-password"))

    def test_a_verifiers_no_refuses_them_where_that_is_configured(self):
        with SecretsLab(PROGRAM, secrets="WaitWhenRefused=no") as lab:
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.worker.reply("no")
            self.assertTrue(is_refusal(asker.get()))
            lab.wait_for("REFUSED")
            self.assertTrue(is_refusal(lab.ask().get()))
            lab.logged(REFUSED, 'ATTEST_FINDING="asker-verdict-refused"')


class Approvals(unittest.TestCase):
    def test_files_are_private_and_as_the_worker_made_them(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted(gates={"lab": 600, "b": 500})
            self.assertEqual(lab.approval_names(), ["b", "lab"])
            mode = os.stat(lab.approvals).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o700)
            for name in ("b", "lab"):
                path = f"{lab.approvals}/{name}"
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
                with open(path) as file:
                    self.assertEqual(file.read(), f"approval of {name}")

    def test_a_refusal_wipes_them(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_trusted(gates={"lab": 600, "b": 500})
            with open(f"{lab.approvals}/lab", "rb") as file:
                pending = lab.call_later("Attest")
                lab.worker.reply("no")
                self.assertEqual(pending.get(), ("REFUSED",))
                self.assertEqual(lab.approval_names(), [])
                self.assertEqual(file.read(), bytes(len("approval of lab")))

    def test_the_end_of_the_verdict_wipes_them(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_trusted()
            self.assertEqual(lab.approval_names(), ["lab"])
            lab.attest_briefly(life=2)
            lab.wait_for("WAITING")
            self.assertEqual(lab.approval_names(), [])

    def open_brief(self, lab):
        """An approval that ends soon, opened before it does, however slow this machine is."""
        for seconds in (2, 8, 30):
            lab.attest_briefly(gates={"lab": 600, "brief": seconds})
            with contextlib.suppress(FileNotFoundError):
                return open(f"{lab.approvals}/brief", "rb")
        raise AssertionError("the approval is never there")

    def test_each_ends_by_itself_and_the_verdict_stays(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_trusted()
            with self.open_brief(lab) as file:
                until(lambda: lab.approval_names() == ["lab"], "the end of one")
                self.assertEqual(file.read(), bytes(len("approval of brief")))
            self.assertIn(lab.state(), ("TRUSTED", "RENEWING"))

    def test_renewal_comes_before_the_first_of_them_ends(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.trust(gates={"lab": 3600, "brief": 1000})
            found = lab.wait_for("TRUSTED")
            left = found["NextRoundUSec"] - found["LastRoundUSec"]
            self.assertTrue(450 * 10**6 <= left <= 710 * 10**6, left)

    def test_a_renewal_replaces_them(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted(gates={"lab": 600, "old": 600})
            before = os.stat(f"{lab.approvals}/lab").st_ino
            with open(f"{lab.approvals}/lab", "rb") as file:
                pending = lab.call_later("Attest")
                lab.trust(gates={"lab": 600, "new": 600})
                pending.get()
                self.assertEqual(lab.approval_names(), ["lab", "new"])
                self.assertNotEqual(os.stat(f"{lab.approvals}/lab").st_ino, before)
                # A worker that has it open still reads what it was given.
                self.assertEqual(file.read(), b"approval of lab")

    def test_a_failed_round_keeps_them(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.start_trusted()
            pending = lab.call_later("Attest")
            lab.worker.reply("failed")
            pending.get()
            self.assertEqual(lab.approval_names(), ["lab"])
            self.assertEqual(lab.ask().get(), secret_of("db-password"))

    def test_what_lies_about_is_wiped_at_the_start(self):
        with SecretsLab(PROGRAM) as lab:
            os.mkdir(lab.approvals)
            for name in ("lab", ".lab.new", "strange name"):
                with open(f"{lab.approvals}/{name}", "w") as file:
                    file.write("of a run before")
            os.symlink("/etc/passwd", f"{lab.approvals}/link")
            with open(f"{lab.approvals}/lab", "rb") as file:
                lab.start_on_bus()
                self.assertEqual(lab.approval_names(), [])
                self.assertEqual(file.read(), bytes(len("of a run before")))
            self.assertGreater(os.stat("/etc/passwd").st_size, 0)

    def test_an_approval_that_is_not_sealed_fails_the_round(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            def answer(asked):
                original, kept = asked.send, []
                asked.send = lambda data, fds=(): kept.append((data, list(fds)))
                asked.ok(gates={"lab": 600})
                data, fds = kept[0]
                os.close(fds[1])
                fds[1] = os.memfd_create("approval")
                os.write(fds[1], b"approval")
                original(data, fds)

            lab.worker.script = answer
            lab.start_on_bus()
            self.assertEqual(lab.wait_for("WAITING")["LastError"][0], "round-answer-malformed")
            self.assertEqual(lab.approval_names(), [])


class Gates(unittest.TestCase):
    FAULTY = "MESSAGE_ID=2a312796544b4323aa16ecff37b7580b"

    def asked_gates(self, lab):
        lab.start_on_bus()
        return lab.worker.reply("ok")["gates"]

    def test_the_round_asks_for_them_all(self):
        with SecretsLab(PROGRAM, gates=("b", "a")) as lab:
            lab.write_gate("c", next_release_key={"kid": "x", **JWK}, vtpm_root="paravisor")
            gates = self.asked_gates(lab)
            self.assertEqual([gate["name"] for gate in gates], ["a", "b", "c"])
            self.assertEqual(gates[0], {"name": "a", "kind": "verifier", "release_key": JWK})
            self.assertEqual(gates[2], {"name": "c", "kind": "verifier", "release_key": JWK,
                                        "next_release_key": JWK})

    def test_those_of_another_verifier_are_not_asked_for(self):
        with SecretsLab(PROGRAM) as lab:
            lab.write_gate("other", verifier="somebody-else")
            self.assertEqual([gate["name"] for gate in self.asked_gates(lab)], ["lab"])

    def test_a_caller_gets_none(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            pending = lab.call_later("CollectEvidence", nonce())
            self.assertEqual(lab.worker.reply("evidence")["gates"], [])
            os.close(pending.get())

    def test_faulty_files_are_named_and_passed_over(self):
        long_x = {**JWK, "x": "AA"}
        for name, changes, finding in (
                ("format", {"attestd_gate": 2}, "gate-file-invalid"),
                ("absent", {"attestd_gate": None}, "gate-file-invalid"),
                ("renamed", {"name": "lab"}, "gate-file-invalid"),
                ("kind", {"kind": "tomorrow"}, "gate-kind-unknown"),
                ("verifier", {"verifier": ""}, "gate-file-invalid"),
                ("unknown", {"more": 1}, "gate-file-invalid"),
                ("keyless", {"release_key": None}, "gate-file-invalid"),
                ("short", {"release_key": long_x}, "gate-file-invalid"),
                ("private", {"release_key": {**JWK, "d": "AA"}}, "gate-file-invalid"),
                ("rsa", {"release_key": {"kty": "RSA", "n": "AA", "e": "AQAB"}},
                 "gate-file-invalid"),
                ("next", {"next_release_key": {}}, "gate-file-invalid"),
                ("Wrong_Name", {}, "gate-file-invalid")):
            with self.subTest(name), SecretsLab(PROGRAM) as lab:
                path = lab.write_gate(name, **changes)
                self.assertEqual([gate["name"] for gate in self.asked_gates(lab)], ["lab"])
                line = lab.logged(self.FAULTY, path, f'ATTEST_FINDING="{finding}"')
                self.assertIn("; ", line)

    def test_files_that_others_could_write_are_passed_over(self):
        def writable(path):
            os.chmod(path, 0o666)

        def link(path):
            os.rename(path, path + ".real")
            os.symlink(path + ".real", path)

        def directory(path):
            os.unlink(path)
            os.mkdir(path)

        def large(path):
            with open(path, "a") as file:
                file.write(" " * 20000)

        def pipe(path):
            os.unlink(path)
            os.mkfifo(path)

        def foreign(path):
            if os.getuid() == 0:
                os.chown(path, 65534, 65534)
            else:
                os.chmod(path, 0o646)

        def broken(path):
            with open(path, "w") as file:
                file.write('{"attestd_gate":1,"attestd_gate":1}')

        for change in (writable, link, directory, large, pipe, foreign, broken):
            with self.subTest(change.__name__), SecretsLab(PROGRAM) as lab:
                change(lab.write_gate("bad"))
                self.assertEqual([gate["name"] for gate in self.asked_gates(lab)], ["lab"])
                lab.logged(self.FAULTY, f"{lab.gates_directory}/bad.json")

    def test_the_seventeenth_is_too_many(self):
        with SecretsLab(PROGRAM, gates=[f"g{i:02}" for i in range(17)]) as lab:
            self.assertEqual(len(self.asked_gates(lab)), 16)
            lab.logged(self.FAULTY, "g16.json", 'ATTEST_FINDING="gate-too-many"')

    def test_a_reload_reads_them_again(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            lab.write_gate("new")
            os.unlink(f"{lab.gates_directory}/lab.json")
            lab.process.send_signal(signal.SIGHUP)
            self.assertEqual([gate["name"] for gate in lab.worker.reply("ok")["gates"]], ["new"])

    def test_no_directory_is_no_gates(self):
        with SecretsLab(PROGRAM, gates=()) as lab:
            os.rmdir(lab.gates_directory)
            self.assertEqual(self.asked_gates(lab), [])
            self.assertNotIn(self.FAULTY, lab.log())


class Bus(unittest.TestCase):
    def test_the_names_of_secrets_are_listed(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            self.assertEqual(lab.call("ListSecrets"), ([],))
            for name in ("b.secret", "a.secret", "a.version", ".hidden.secret", ".secret", "other",
                         "a b.secret", "\udcff.secret"):
                with open(f"{lab.directory}/secrets/{name}", "w"):
                    pass
            self.assertEqual(lab.call("ListSecrets"), (["a", "b"],))
            lab.configure(secrets="Directory=/nonexistent")
            lab.process.send_signal(signal.SIGHUP)
            until(lambda: lab.call("ListSecrets") == ([],), "the other directory")

    def test_a_directory_that_is_none_is_an_error(self):
        with SecretsLab(PROGRAM, secrets="Directory=/etc/passwd") as lab:
            lab.start_on_bus()
            with self.assertRaises(GLib.Error) as caught:
                lab.call("ListSecrets")
            self.assertEqual(error_name(caught.exception), "org.attestd.Error.SecretsUnlistable")

    def test_what_was_released_is_withdrawn_with_the_verdict(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            connection = lab.connect()
            names = lab.withdrawn(connection)
            lab.start_trusted()
            for name in ("one", "two", "one"):
                self.assertEqual(lab.ask(secret=name).get(), secret_of(name))
            # A renewal and a failed round withdraw nothing.
            for how in ("ok", "failed"):
                pending = lab.call_later("Attest")
                lab.worker.reply(how, **({"gates": {"lab": 600}} if how == "ok" else {}))
                pending.get()
            pending = lab.call_later("Attest")
            lab.worker.reply("no")
            self.assertEqual(pending.get(), ("REFUSED",))
            self.assertEqual(lab.received(names, 2), ["one", "two"])
            lab.logged(WITHDRAWN, 'ATTEST_JTI="lab-1" ATTEST_ASKER="unit:db.service" ATTEST_SECRET="two"')
            self.assertEqual(lab.log().count(WITHDRAWN), 2)


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
