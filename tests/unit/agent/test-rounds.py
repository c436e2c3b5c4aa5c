# SPDX-License-Identifier: Apache-2.0
"""What becomes of a round: every way in which a worker can answer, and what the standing does."""

import os
import subprocess
import sys
import unittest

from lab import Lab, TOKEN, finding, nonce, read_fd, sealed_memfd, until

PROGRAM, PARSER = sys.argv[1:3]
EMPTY = {"result": "ok", "findings": [], "timings_usec": {}}


class FirstRound(unittest.TestCase):
    """The first round meets a worker that misbehaves: WAITING, named, nothing held."""

    def fails(self, name, answer, **settings):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d", **settings) as lab:
            lab.worker.script = answer
            lab.start_on_bus()
            found = lab.wait_for("WAITING")
            self.assertEqual(found["LastError"][0], name)
            self.assertTrue(found["LastError"][2], "no remedy")
            self.assertEqual(found["VerdictExpiresUSec"], 0)
            self.assertEqual(found["Claims"], {})
            self.assertEqual([f[0] for f in found["Findings"] if f[2] == "failure"], [name])
            self.assertGreater(found["NextRoundUSec"], 0)
            lab.logged("MESSAGE_ID=0fa0639b056a4d57ba0639501852a678", f'ATTEST_FINDING="{name}"')
            self.assertNotIn(TOKEN, lab.log())

    def test_failed_by_name(self):
        self.fails("verifier-unreachable", lambda asked: asked.failed("verifier-unreachable"))

    def test_closed_without_a_word(self):
        self.fails("round-worker-ended", lambda asked: None)

    def test_closed_in_the_middle(self):
        self.fails("round-worker-ended", lambda asked: asked.send(b'{"result":"ok"'))

    def test_silence_until_the_time_is_over(self):
        waiting = []

        def hold(asked):
            waiting.append(asked)
            # Ends when the daemon gives up, not before.
            self.assertEqual(asked.connection.recv(1), b"")

        self.fails("round-worker-silent", hold, timeout="1s")
        self.assertEqual(len(waiting), 1)

    def test_garbage(self):
        for data in (b"\n", b"\0\xff\n", b"[]\n", b"null\n", b'{"result":"ok"}\n',
                     b'{"result":"ok","result":"ok","findings":[],"timings_usec":{}}\n',
                     b"[" * 30000 + b"\n"):
            with self.subTest(data[:20]):
                self.fails("round-answer-malformed", lambda asked, d=data: asked.send(d))

    def test_more_than_128_kib(self):
        self.fails("round-answer-malformed", lambda asked: asked.send(b"x" * 140000))

    def test_an_answer_of_100_mib(self):
        def pour(asked):
            try:
                for _ in range(1600):
                    asked.connection.sendall(b"y" * 65536)
            except OSError:
                pass

        self.fails("round-answer-malformed", pour)

    def test_bytes_behind_the_line(self):
        self.fails("round-answer-malformed",
                   lambda asked: asked.send(b'{"result":"ok","findings":[],"timings_usec":{}}\n{'))

    def test_an_unknown_member(self):
        self.fails("round-answer-malformed", lambda asked: asked.answer({**EMPTY, "approve": 1}))

    def test_a_yes_with_a_failure_in_it(self):
        self.fails("round-answer-malformed",
                   lambda asked: asked.ok(findings=[finding("snp-signature-invalid")]))

    def test_a_yes_without_a_token(self):
        self.fails("round-answer-malformed", lambda asked: asked.answer(EMPTY))

    def test_a_yes_whose_token_is_announced_but_not_passed(self):
        self.fails("round-answer-malformed",
                   lambda asked: asked.answer({**EMPTY, "fds": ["token"]}))

    def test_a_token_of_another_name(self):
        self.fails("round-answer-malformed",
                   lambda asked: asked.answer({**EMPTY, "fds": ["evidence"]},
                                              [sealed_memfd("token", b"x")]))

    def unsealed(self, asked, fd):
        original, kept = asked.send, []
        asked.send = lambda data, fds=(): kept.append((data, fds))
        asked.ok()
        data, fds = kept[0]
        for old in fds:
            os.close(old)
        original(data, [fd])

    def test_a_token_that_is_not_sealed(self):
        self.fails("round-answer-malformed",
                   lambda asked: self.unsealed(asked, sealed_memfd("t", b"x", seal=False)))

    def test_a_token_that_is_empty(self):
        self.fails("round-answer-malformed",
                   lambda asked: self.unsealed(asked, sealed_memfd("t", b"")))

    def test_a_token_that_is_too_large(self):
        self.fails("round-answer-malformed",
                   lambda asked: self.unsealed(asked, sealed_memfd("t", b"x" * 65537)))

    def test_a_token_that_is_a_device(self):
        self.fails("round-answer-malformed",
                   lambda asked: self.unsealed(asked, os.open("/dev/zero", os.O_RDONLY)))

    def test_too_many_descriptors(self):
        def pass_many(asked):
            asked.send(b'{"result":', [sealed_memfd("t", b"x") for _ in range(40)])

        self.fails("round-answer-malformed", pass_many)

    def test_descriptors_behind_the_first_bytes(self):
        def pass_late(asked):
            asked.send(b'{"result":')
            until(lambda: asked.unread() == 0, "the first bytes to be read")
            asked.send(b'"failed"', [sealed_memfd("t", b"x")])

        self.fails("round-answer-malformed", pass_late)

    def test_an_answer_in_many_pieces_is_whole(self):
        with Lab(PROGRAM) as lab:
            def drip(asked):
                original = asked.send

                def in_pieces(data, fds=()):
                    original(data[:1], fds)
                    for i in range(1, len(data), 97):
                        original(data[i:i + 97])

                asked.send = in_pieces
                asked.ok()

            lab.worker.script = drip
            lab.start_on_bus()
            lab.wait_for("TRUSTED")

    def test_a_life_longer_than_the_token_says(self):
        self.fails("round-verdict-unusable", lambda asked: asked.ok(life_usec=1000000))

    def test_a_life_that_is_over_by_the_boot_clock(self):
        self.fails("round-verdict-unusable", lambda asked: asked.ok(expires_boottime_usec=1))

    def test_a_life_that_is_over_by_the_wall_clock(self):
        self.fails("round-verdict-unusable", lambda asked: asked.ok(wall_life=-1))

    def test_no_socket_at_all(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            os.unlink(f"{lab.runtime}/round.sock")
            lab.start_on_bus()
            found = lab.wait_for("WAITING")
            self.assertEqual(found["LastError"][0], "round-worker-unreachable")

    def test_nobody_listens(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.worker.close()
            lab.start_on_bus()
            found = lab.wait_for("WAITING")
            self.assertEqual(found["LastError"][0], "round-worker-unreachable")

    def test_refused(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.worker.script = lambda asked: asked.no("snp-debug-forbidden")
            lab.start_on_bus()
            found = lab.wait_for("REFUSED")
            self.assertEqual(found["LastError"][0], "snp-debug-forbidden")
            lab.logged("MESSAGE_ID=f1bb74a1289f4d16b9217fb3f08ced9c", 'ATTEST_STATE="PROVING"')
            lab.logged("MESSAGE_ID=32d5c41464d84a7c9ecdd7e9242b65a1", 'ATTEST_STATE="REFUSED"')


class Holding(unittest.TestCase):
    """A verdict is held, and then something happens."""

    def trusted(self, lab):
        lab.start_on_bus()
        lab.worker.reply("ok")
        return lab.wait_for("TRUSTED")

    def briefly_trusted(self, lab, **life):
        """The verdict may be over before anybody looks, so the journal is asked."""
        lab.start_on_bus()
        lab.worker.reply("ok", **life)
        lab.logged("PROVING to TRUSTED")

    def renew(self, lab):
        pending = lab.call_later("Attest")
        return pending, lab.worker.next()

    def test_a_failed_round_keeps_the_verdict(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            before = self.trusted(lab)
            pending, asked = self.renew(lab)
            asked.failed("verifier-unreachable")
            asked.close()
            self.assertEqual(pending.get(), ("TRUSTED",))
            after = lab.properties()
            self.assertEqual(after["LastError"][0], "verifier-unreachable")
            self.assertEqual(after["Claims"], before["Claims"])
            # Worked out anew at every reading, so equal up to the reading's own time.
            self.assertLess(abs(after["VerdictExpiresUSec"] - before["VerdictExpiresUSec"]), 10**6)
            self.assertEqual(read_fd(lab.call("GetToken")).decode(), TOKEN)

    def test_a_refusal_withdraws_at_once(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.trusted(lab)
            pending, asked = self.renew(lab)
            asked.no()
            asked.close()
            self.assertEqual(pending.get(), ("REFUSED",))
            after = lab.properties()
            self.assertEqual(after["VerdictExpiresUSec"], 0)
            self.assertEqual(after["Claims"], {})
            self.assertEqual(after["EvidenceKinds"], [])
            self.assertFalse(after["Simulated"])
            # RetryMaxSec is a day, and a refusal waits no less.
            self.assertGreater(after["NextRoundUSec"] - after["LastRoundUSec"], 86399 * 10**6)

    def test_retry_after_is_kept(self):
        with Lab(PROGRAM) as lab:
            lab.worker.script = lambda asked: asked.failed("verifier-busy", retry_after_sec=120)
            lab.start_on_bus()
            found = lab.wait_for("WAITING")
            self.assertGreater(found["NextRoundUSec"] - found["LastRoundUSec"], 119 * 10**6)

    def test_a_verdict_expires_by_the_boot_clock_with_no_ones_consent(self):
        with Lab(PROGRAM) as lab:
            self.briefly_trusted(lab, life=3, wall_life=3600)
            asked = lab.worker.next()  # the renewal, which gets no answer in time
            found = lab.wait_for("PROVING")
            self.assertEqual(found["VerdictExpiresUSec"], 0)
            self.assertEqual(found["Claims"], {})
            lab.logged("MESSAGE_ID=aea90a10856c45f79ba66e8ea2369523")
            asked.ok()
            asked.close()
            lab.wait_for("TRUSTED")

    def test_the_wall_clock_only_shortens_a_verdict(self):
        with Lab(PROGRAM) as lab:
            self.briefly_trusted(lab, life=3600, wall_life=3)
            asked = lab.worker.next()
            lab.wait_for("PROVING")
            asked.close()

    def test_a_verdict_that_expires_while_backing_off_leads_to_waiting(self):
        with Lab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            self.briefly_trusted(lab, life=3)
            lab.worker.script = lambda asked: asked.failed(retry_after_sec=600)
            found = lab.wait_for("WAITING")
            self.assertEqual(found["VerdictExpiresUSec"], 0)
            self.assertGreater(found["NextRoundUSec"] - found["LastRoundUSec"], 599 * 10**6)

    def test_it_retries_for_ever(self):
        with Lab(PROGRAM, retry_max="200ms") as lab:
            lab.start_on_bus()
            for _ in range(8):
                lab.worker.reply("failed")
            lab.worker.reply("ok")
            found = lab.wait_for("TRUSTED")
            self.assertEqual(found["LastError"], ("", "", ""))

    def test_the_request_carries_the_settings(self):
        more = "[Evidence]\nSource=sev-guest\nPCRs=0-2,7\nEventLog=none\nPreflight=warn\n"
        verifier = ("Require=/submods/cpu/ear_status = affirming\n"
                    "Require=/submods/cpu/facts/guest_svn >= 3\nTimeoutSec=1500ms\n")
        with Lab(PROGRAM, verifier=verifier, more=more) as lab:
            lab.start_on_bus()
            request = lab.worker.reply("ok")
            self.assertEqual(request["purpose"], "round")
            self.assertNotIn("nonce", request)
            self.assertEqual(request["evidence"]["source"], "sev-guest")
            self.assertEqual(request["evidence"]["pcrs"], [0, 1, 2, 7])
            self.assertEqual(request["evidence"]["event_log"], "")
            self.assertEqual(request["evidence"]["preflight"], "warn")
            self.assertEqual(request["verifier"]["timeout_sec"], 2)
            self.assertEqual(request["verifier"]["verifier_id"], "lab-verifier")
            self.assertEqual(request["verifier"]["require"], [
                {"pointer": "/submods/cpu/ear_status", "operator": "=", "value": "affirming"},
                {"pointer": "/submods/cpu/facts/guest_svn", "operator": ">=", "value": 3}])
            self.assertEqual(request["collect_socket"], f"{lab.runtime}/collect.sock")
            self.assertEqual(request["lock_directory"], f"{lab.runtime}/lock")

    def test_named_files_are_passed_by_descriptor_and_not_read(self):
        with Lab(PROGRAM) as lab:
            for name in ("certificate", "key", "api"):
                with open(f"{lab.directory}/{name}", "w") as file:
                    file.write(f"secret {name}")
            lab.configure(verifier=f"ClientCertificate={lab.directory}/certificate\n"
                                   f"ClientKey={lab.directory}/key\n"
                                   f"ApiKeyFile={lab.directory}/api\n")
            lab.start_on_bus()
            asked = lab.worker.next()
            self.assertEqual(asked.request["fds"], ["client-certificate", "client-key", "api-key"])
            self.assertEqual([os.read(fd, 100) for fd in asked.fds],
                             [b"secret certificate", b"secret key", b"secret api"])
            self.assertNotIn("secret", str(asked.request))
            asked.ok()
            asked.close()
            lab.wait_for("TRUSTED")
            # Gone meanwhile: the round fails by name, the verdict stays.
            os.unlink(f"{lab.directory}/key")
            pending = lab.call_later("Attest")
            self.assertEqual(pending.get(), ("TRUSTED",))
            self.assertEqual(lab.properties()["LastError"][0], "config-path-unreadable")

    def accepted(self, asked):
        result = subprocess.run([PARSER, str(len(asked.fds))], input=asked.line, timeout=60,
                                stdout=subprocess.PIPE)
        self.assertEqual((result.returncode, result.stdout), (0, b""))

    def test_the_worker_accepts_what_is_sent(self):
        with Lab(PROGRAM) as lab:
            for name in ("certificate", "key"):
                with open(f"{lab.directory}/{name}", "w") as file:
                    file.write("PEM")
            lab.configure(verifier=f"ClientCertificate={lab.directory}/certificate\n"
                                   f"ClientKey={lab.directory}/key\nProxy=http://p:3128\n"
                                   "Require=/a contains b c\nRequire=/n <= 3\n"
                                   "AcceptSimulated=yes\nURL=https://[::1]:8443/base/\n",
                          more="[Evidence]\nTCTI=none\nEventLog=none\nUserspaceLog=none\n"
                               "AttestationKey=0x81000003\nPCRBank=sha384\n")
            lab.start_on_bus()
            asked = lab.worker.next()
            self.accepted(asked)
            self.assertEqual(len(asked.fds), 2)
            asked.ok()
            asked.close()
            lab.wait_for("TRUSTED")
            for size in (8, 64):
                lab.call_later("CollectEvidence", nonce(size))
                asked = lab.worker.next()
                self.accepted(asked)
                self.assertEqual(asked.fds, [])
                asked.failed()
                asked.close()

    @unittest.skipIf(os.getuid() != 0, "needs root, to look into a process that is not dumpable")
    def test_no_descriptor_is_lost_on_bad_answers(self):
        with Lab(PROGRAM, retry_max="100ms") as lab:
            lab.worker.script = lambda asked: asked.answer(
                {**EMPTY, "fds": ["a", "b"]}, [sealed_memfd("t", b"x") for _ in range(4)])
            lab.start_on_bus()
            directory = f"/proc/{lab.process.pid}/fd"
            failed = "MESSAGE_ID=0fa0639b056a4d57ba0639501852a678"
            until(lambda: lab.log().count(failed) >= 3, "three rounds")
            # A round under way has a socket and up to four descriptors more.
            before = min(len(os.listdir(directory)) for _ in range(20))
            until(lambda: lab.log().count(failed) >= 30, "thirty rounds")
            until(lambda: len(os.listdir(directory)) <= before, f"{before} descriptors")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
