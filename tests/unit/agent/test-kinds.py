# SPDX-License-Identifier: Apache-2.0
"""Gates of all kinds: what a round is asked for, what is kept of its answer and where, and rounds
that are begun for those who ask."""

import json
import os
import signal
import subprocess
import sys
import unittest

from lab import Opened, approval_of, finding, open_files, until
from secretslab import JWK, REFUSED, SecretsLab, given, is_refusal, release, secret_of

PROGRAM, ROUND_PARSER, RELEASE_PARSER = sys.argv[1:4]
SHUT = "secret-no-approval"
BEGUN = "a round is begun for those who ask"


VAULT = {"key_url": "https://localhost:8443/keys/k", "key": JWK, "resource": "https://vault.example",
         "client_id": "11111111-2222-3333-4444-555555555555", "api_version": "7.5",
         "vault_ca_pem": "-----BEGIN CERTIFICATE-----\n"}


def wrapped(number, gate="vault"):
    return {"name": f"s{number}", "id": f"{number:021d}A", "version": 1, "gate": gate,
            "jwe": f"e30.a2V5.aXY.Y2lwaGVy.{number:04d}"}


class KindsLab(SecretsLab):
    """Gates of every kind, if not told otherwise."""

    def __init__(self, gates=("lab", "vault", "now", "boot"), **settings):
        super().__init__(PROGRAM, gates=(), **settings)
        writers = {
            "lab": lambda: self.write_gate("lab"),
            "other": lambda: self.write_gate("other"),
            "vault": lambda: self.write_gate("vault", kind="rewrap", release_key=None,
                                             rewrap_key={**JWK, "kid": "k1"}, bind=["ak-name"]),
            "cloud": lambda: self.write_gate("cloud", kind="key-release", release_key=None, **VAULT),
            "now": lambda: self.write_gate("now", ticket=False, cap_pcr=13),
            "boot": lambda: self.write_gate("boot", kind="pcr", release_key=None, verifier=None,
                                            pcr_bank="sha256", pcrs=[4, 7, 9]),
        }
        for gate in gates:
            writers[gate]()

    def shut(self, *gates_open):
        """Secrets are named after their gates; those behind others stay shut."""
        def serve(asked):
            if asked.request is None:
                return
            approved = {one["gate"] for one in asked.request["approvals"]} | set(gates_open)
            release(asked, {one["name"] for one in asked.request["askers"]
                            if one["name"] not in approved}, SHUT)

        self.release.script = serve

    def n_rounds(self):
        return self.log().count(BEGUN)


class Rounds(unittest.TestCase):
    def accepted(self, parser, asked):
        result = subprocess.run([parser, str(len(asked.fds))], input=asked.line, timeout=60,
                                stdout=subprocess.PIPE)
        self.assertEqual((result.returncode, result.stdout), (0, b""))

    def test_each_kind_is_asked_for_as_it_is(self):
        with KindsLab() as lab:
            lab.release.wrapped = [wrapped(1), wrapped(2)]
            lab.start_on_bus()
            asked = lab.worker.next()
            self.assertEqual(asked.request["gates"], [
                {"name": "lab", "kind": "verifier", "release_key": JWK},
                {"name": "now", "kind": "verifier", "release_key": JWK, "ticket": False,
                 "cap_pcr": 13},
                {"name": "vault", "kind": "rewrap"}])
            self.assertEqual(asked.request["wrapped"], [wrapped(1), wrapped(2)])
            self.accepted(ROUND_PARSER, asked)
            self.assertEqual(lab.release.asked_for_wrapped, [
                {"verb": "wrapped", "secrets_directory": f"{lab.directory}/secrets",
                 "gates": ["vault"]}])
            asked.ok()
            asked.close()

    def test_a_vault_s_gate_is_asked_for_with_all_that_leads_to_its_key(self):
        with KindsLab(gates=("vault", "cloud")) as lab:
            lab.release.wrapped = [wrapped(1), wrapped(2, "cloud")]
            lab.start_on_bus()
            asked = lab.worker.next()
            self.assertEqual(asked.request["gates"], [
                {"name": "cloud", "kind": "key-release", **VAULT},
                {"name": "vault", "kind": "rewrap"}])
            self.assertEqual(asked.request["wrapped"], [wrapped(1), wrapped(2, "cloud")])
            self.assertEqual(lab.release.asked_for_wrapped[0]["gates"], ["cloud", "vault"])
            self.accepted(ROUND_PARSER, asked)
            asked.ok()
            asked.close()

    def test_without_a_rewrap_gate_nobody_is_asked_for_wrapped_keys(self):
        with KindsLab(gates=("lab", "now", "boot")) as lab:
            lab.start_on_bus()
            request = lab.worker.reply("ok")
            self.assertNotIn("wrapped", request)
            self.assertEqual(lab.release.asked_for_wrapped, [])

    def test_thirty_two_wrapped_keys_fit(self):
        with KindsLab() as lab:
            long = ".".join(["A" * 400] * 4)
            lab.release.wrapped = [{**wrapped(i), "jwe": f"{long}.{i:04d}"} for i in range(32)]
            lab.start_on_bus()
            asked = lab.worker.next()
            self.assertEqual(len(asked.request["wrapped"]), 32)
            self.accepted(ROUND_PARSER, asked)
            asked.ok()
            asked.close()

    def test_a_wrapped_key_that_is_there_twice_is_sent_once(self):
        with KindsLab() as lab:
            lab.release.wrapped = [wrapped(1), {**wrapped(2), "jwe": wrapped(1)["jwe"]},
                                   {**wrapped(3), "id": wrapped(1)["id"]}, wrapped(4)]
            lab.start_on_bus()
            asked = lab.worker.next()
            self.assertEqual(asked.request["wrapped"], [wrapped(1), wrapped(4)])
            self.accepted(ROUND_PARSER, asked)
            asked.ok()
            asked.close()

    def test_wrapped_keys_of_gates_that_are_not_asked_for_are_left_out(self):
        with KindsLab() as lab:
            lab.release.wrapped = [wrapped(1), wrapped(2, "another")]
            lab.start_on_bus()
            asked = lab.worker.next()
            self.assertEqual(asked.request["wrapped"], [wrapped(1)])
            self.accepted(ROUND_PARSER, asked)
            asked.ok()
            asked.close()

    def test_a_round_without_its_wrapped_keys_proves_the_machine_all_the_same(self):
        def ended(asked):
            pass

        def malformed(asked):
            asked.answer({"result": "ok", "findings": [], "timings_usec": {},
                          "wrapped": [{"name": "x"}]})

        def failed(asked):
            asked.failed("secret-store-unusable")

        def of_a_release(asked):
            asked.answer({"result": "ok", "findings": [], "timings_usec": {},
                          "released": [given(0)]})

        for answer, name in ((ended, "release-worker-ended"),
                             (malformed, "release-answer-malformed"),
                             (of_a_release, "release-answer-malformed"),
                             (failed, "secret-store-unusable")):
            with self.subTest(answer.__name__), KindsLab() as lab:
                lab.release.answer_wrapped = answer
                lab.start_on_bus()
                self.assertNotIn("wrapped", lab.worker.reply("ok"))
                properties = lab.wait_for("TRUSTED")
                self.assertEqual([(one[0], one[2]) for one in properties["Findings"]],
                                 [(name, "warning")])

    def test_what_does_not_fit_a_request_is_said(self):
        with KindsLab(retry_min="1h", retry_max="1d") as lab:
            certificate = ("-----BEGIN CERTIFICATE-----\n" + ("A" * 64 + "\n") * 20
                           + "-----END CERTIFICATE-----\n")
            with open(f"{lab.directory}/ca.pem", "w") as file:
                file.write(certificate * (127 * 1024 // len(certificate)))
            key = {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
            with open(f"{lab.directory}/keys.json", "w") as file:
                json.dump({"keys": [{**key, "kid": f"{i:0320}"} for i in range(64)]}, file)
            rules = "".join(f'Require=/submods/x{i} = "{"v" * 460}"\n' for i in range(64))
            lab.configure(verifier=f"CACertificates={lab.directory}/ca.pem\n{rules}",
                          retry_min="1h", retry_max="1d")
            long = ".".join(["A" * 500] * 4)
            lab.release.wrapped = [{**wrapped(i), "jwe": f"{long}.{i:04d}"} for i in range(32)]
            lab.start_on_bus()
            self.assertEqual(lab.wait_for("WAITING")["LastError"][0], "round-request-too-large")

    def test_a_warning_about_wrapped_keys_is_shown(self):
        with KindsLab() as lab:
            lab.release.answer_wrapped = lambda asked: asked.answer(
                {"result": "ok", "timings_usec": {}, "wrapped": [wrapped(1)],
                 "findings": [finding("secret-rewrap-many", "warning")]})
            lab.start_on_bus()
            lab.trust()
            properties = lab.wait_for("TRUSTED")
            self.assertEqual([one[0] for one in properties["Findings"]], ["secret-rewrap-many"])


class Keeping(unittest.TestCase):
    def test_data_keys_are_in_no_file_and_not_in_the_store(self):
        with KindsLab() as lab:
            lab.release.script = None
            lab.start_trusted(gates={"lab": 600, "vault": Opened(600, "rewrap")})
            self.assertEqual(lab.approval_names(), ["lab"])
            lab.manager.catch_up()
            with lab.manager.lock:
                names = {os.readlink(f"/proc/self/fd/{fd}") for _, fd in lab.manager.store}
            self.assertFalse([name for name in names if "approval" in name], names)
            asker = lab.ask(secret="vault")
            asked = lab.release.next()
            self.assertEqual(asked.request["approvals"], [{"gate": "lab", "kind": "verifier"},
                                                          {"gate": "vault", "kind": "rewrap"}])
            self.assertEqual(os.pread(asked.fds[1], 100, 0).rstrip(b"\0"), approval_of("vault"))
            release(asked)
            asked.close()
            self.assertEqual(asker.get(), secret_of("vault"))

    def test_what_a_vault_opened_is_kept_as_what_a_verifier_did(self):
        with KindsLab(gates=("cloud",)) as lab:
            lab.release.script = None
            lab.start_trusted(gates={"cloud": Opened(600, "key-release")})
            self.assertEqual(lab.approval_names(), [])
            asker = lab.ask(secret="cloud")
            asked = lab.release.next()
            self.assertEqual(asked.request["approvals"], [{"gate": "cloud", "kind": "key-release"}])
            release(asked)
            asked.close()
            self.assertEqual(asker.get(), secret_of("cloud"))

    def test_data_keys_serve_as_long_as_the_verdict_lasts(self):
        with KindsLab() as lab:
            lab.shut()
            lab.start_trusted(gates={"vault": Opened(600, "rewrap")})
            for _ in range(3):
                self.assertEqual(lab.ask(secret="vault").get(), secret_of("vault"))
            self.assertEqual(lab.n_rounds(), 0)

    def test_a_refusal_closes_them(self):
        with KindsLab(retry_min="1h", retry_max="1d") as lab:
            lab.start_trusted(gates={"vault": Opened(600, "rewrap")})
            self.assertTrue([name for name in open_files(lab.process.pid) if "memfd:approval" in name])
            pending = lab.call_later("Attest")
            lab.worker.reply("no")
            self.assertEqual(pending.get(), ("REFUSED",))
            self.assertFalse([name for name in open_files(lab.process.pid) if "memfd:approval" in name])

    def test_their_end_closes_them_and_the_verdict_stays(self):
        with KindsLab(retry_min="1h", retry_max="1d") as lab:
            lab.start_trusted(gates={"vault": Opened(600, "rewrap")})
            lab.attest_briefly(gates={"vault": Opened(2, "rewrap")})
            until(lambda: not [name for name in open_files(lab.process.pid) if "memfd:approval" in name],
                  "the end of the data keys")
            self.assertIn(lab.state(), ("TRUSTED", "RENEWING"))

    def test_a_restart_has_none_and_who_asks_brings_them_back(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(number), KindsLab() as lab:
                lab.start_pid1("restart")
                lab.shut()
                lab.start_trusted(gates={"lab": 600, "vault": Opened(600, "rewrap")})
                lab.restart(number)
                self.assertEqual(lab.state(), "TRUSTED")
                self.assertFalse([name for name in open_files(lab.process.pid) if "memfd:approval" in name])
                self.assertEqual(lab.ask(secret="lab").get(), secret_of("lab"))
                asker = lab.ask(secret="vault")
                lab.trust(gates={"lab": 600, "vault": Opened(600, "rewrap")})
                self.assertEqual(asker.get(), secret_of("vault"))
                self.assertEqual(lab.n_rounds(), 1)

    def test_who_asks_for_what_no_vault_has_opened_begins_a_round(self):
        with KindsLab(gates=("cloud",)) as lab:
            lab.shut()
            lab.start_trusted(gates={})
            asker = lab.ask(secret="cloud")
            lab.trust(gates={"cloud": Opened(600, "key-release")})
            self.assertEqual(asker.get(), secret_of("cloud"))
            self.assertEqual(lab.n_rounds(), 1)

    def test_a_renewal_comes_before_the_first_of_them_ends(self):
        with KindsLab() as lab:
            lab.start_on_bus()
            lab.trust(gates={"lab": 3600, "vault": Opened(1000, "rewrap"),
                             "now": Opened(200, once=True)})
            found = lab.wait_for("TRUSTED")
            left = found["NextRoundUSec"] - found["LastRoundUSec"]
            self.assertTrue(450 * 10**6 <= left <= 710 * 10**6, left)


class Once(unittest.TestCase):
    NOW = {"now": Opened(60, once=True)}

    def test_it_is_for_those_who_wait_and_for_nobody_after_them(self):
        with KindsLab() as lab:
            lab.shut()
            lab.start_on_bus()
            askers = [lab.ask(f"u{i}.service", "now") for i in range(3)]
            lab.waits(3)
            lab.trust(gates={"lab": 600, **self.NOW})
            for asker in askers:
                self.assertEqual(asker.get(), secret_of("now"))
            self.assertEqual(lab.approval_names(), ["lab"])
            self.assertFalse([name for name in open_files(lab.process.pid) if "memfd:approval" in name])
            # The next one has a round of its own.
            asker = lab.ask(secret="now")
            lab.trust(gates={"lab": 600, **self.NOW})
            self.assertEqual(asker.get(), secret_of("now"))
            self.assertEqual(lab.n_rounds(), 1)

    def test_where_nobody_waits_it_is_closed_at_once(self):
        with KindsLab() as lab:
            lab.shut()
            lab.start_trusted(gates=self.NOW)
            self.assertEqual(lab.approval_names(), [])
            self.assertFalse([name for name in open_files(lab.process.pid) if "memfd:approval" in name])

    def test_those_who_came_while_a_batch_ran_get_it_too(self):
        with KindsLab() as lab:
            lab.release.script = None
            lab.start_trusted(gates={"lab": 600})
            first = lab.ask("a.service", "lab")
            asked = lab.release.next()
            late = lab.ask("b.service", "now")
            lab.waits(2)
            pending = lab.call_later("Attest")
            lab.trust(gates={"lab": 600, **self.NOW})
            self.assertEqual(pending.get(), ("TRUSTED",))
            release(asked)
            asked.close()
            self.assertEqual(first.get(), secret_of("lab"))
            asked = lab.release.next()
            self.assertEqual({one["gate"] for one in asked.request["approvals"]}, {"lab", "now"})
            release(asked)
            asked.close()
            self.assertEqual(late.get(), secret_of("now"))
            self.assertEqual(lab.n_rounds(), 0)

    def test_a_crash_loses_it_and_who_waits_gets_a_round(self):
        with KindsLab() as lab:
            lab.release.script = None
            lab.start_trusted(gates={"lab": 600})
            busy = lab.ask("a.service", "lab")
            asked = lab.release.next()
            waits = lab.ask("b.service", "now")
            lab.waits(2)
            pending = lab.call_later("Attest")
            lab.trust(gates={"lab": 600, **self.NOW})
            self.assertEqual(pending.get(), ("TRUSTED",))
            lab.shut()
            lab.restart(signal.SIGKILL)
            asked.close()
            self.assertTrue(is_refusal(busy.get()))
            lab.trust(gates={"lab": 600, **self.NOW})
            self.assertEqual(waits.get(), secret_of("now"))

    def test_a_stop_closes_it(self):
        with KindsLab() as lab:
            lab.start_pid1("stop")
            lab.shut()
            lab.start_trusted(gates=self.NOW)
            lab.process.send_signal(signal.SIGTERM)
            lab.process.wait(60)
            self.assertEqual(lab.approval_names(), [])


class Demand(unittest.TestCase):
    def test_one_round_and_then_a_refusal(self):
        with KindsLab() as lab:
            lab.shut()
            lab.start_trusted(gates={"lab": 600})
            asker = lab.ask(secret="now")
            lab.trust(gates={"lab": 600})
            self.assertTrue(is_refusal(asker.get()))
            lab.logged(REFUSED, f'ATTEST_FINDING="{SHUT}"')
            self.assertEqual(lab.n_rounds(), 1)
            self.assertEqual(lab.state(), "TRUSTED")

    def test_many_who_ask_at_once_have_one_round(self):
        with KindsLab() as lab:
            lab.shut()
            lab.start_trusted(gates={"lab": 600})
            lab.release.script = None
            first = lab.ask("first.service", "lab")
            asked = lab.release.next()
            askers = [lab.ask(f"u{i}.service", "now") for i in range(50)]
            lab.waits(51)
            lab.shut()
            release(asked)
            asked.close()
            lab.trust(gates={"lab": 600, "now": Opened(60, once=True)})
            for asker in [first] + askers:
                self.assertIn(asker.get(), (secret_of("lab"), secret_of("now")))
            self.assertEqual(lab.n_rounds(), 1)

    def test_a_gate_that_is_shut_under_a_verdict_is_tried_again_at_once(self):
        """The verifier grants it by now; the next round is planned for minutes later."""
        for granted in ({"lab": 600}, {}):
            with self.subTest(granted), KindsLab(gates=("lab", "other", "boot")) as lab:
                lab.shut("boot")
                lab.start_trusted(gates=granted)
                asker = lab.ask(secret="other")
                lab.trust(gates={**granted, "other": 600})
                self.assertEqual(asker.get(), secret_of("other"))
                self.assertEqual(lab.n_rounds(), 1)

    def test_one_that_stays_shut_is_waited_for_after_one_round(self):
        with KindsLab(gates=("lab", "boot")) as lab:
            lab.shut()
            lab.start_trusted(gates={"lab": 600})
            asker = lab.ask(secret="other")
            lab.trust(gates={"lab": 600})
            lab.wait_for("TRUSTED")
            self.assertEqual(lab.ask(secret="lab").get(), secret_of("lab"))
            self.assertFalse(asker.has_answer())
            self.assertTrue(lab.worker.arrived.empty())
            self.assertEqual(lab.n_rounds(), 1)
            # A round for another reason opens it.
            lab.call_later("Attest")
            lab.trust(gates={"lab": 600, "other": 600})
            self.assertEqual(asker.get(), secret_of("other"))

    def test_who_asks_for_what_no_verifier_of_this_protocol_opens_is_told_so(self):
        with KindsLab(gates=("lab", "boot")) as lab:
            lab.release.script = lambda asked: release(asked, {"lab"}, SHUT, found="lab")
            lab.start_trusted(findings=[finding("gate-protocol-unfit", "warning")])
            self.assertTrue(is_refusal(lab.ask(secret="lab").get()))
            lab.logged("gate-protocol-unfit")
            self.assertEqual(lab.n_rounds(), 0)

    def test_who_waited_for_the_verdict_that_leaves_it_shut_has_had_its_round(self):
        with KindsLab(gates=("lab", "boot")) as lab:
            lab.shut()
            lab.start_on_bus()
            asker = lab.ask(secret="other")
            lab.waits(1)
            lab.trust(gates={"lab": 600})
            lab.wait_for("TRUSTED")
            self.assertEqual(lab.ask(secret="lab").get(), secret_of("lab"))
            self.assertFalse(asker.has_answer())
            self.assertEqual(lab.n_rounds(), 0)
            asker.close()  # a stop waits for those who do not read

    def test_an_approval_that_the_tpm_does_not_take_is_brought_anew(self):
        """It was reset under us, for one. Once: a second such answer is the asker's."""
        for finding in ("tpm-approval-lost", "tpm-approval-expired"):
            with self.subTest(finding), KindsLab(gates=("lab",)) as lab:
                answers = [(["lab"], finding), ([], finding), (["lab"], finding), (["lab"], finding)]
                lab.release.script = lambda asked: release(asked, *answers.pop(0))
                lab.start_trusted(gates={"lab": 600})
                asker = lab.ask(secret="lab")
                lab.trust(gates={"lab": 600})
                self.assertEqual(asker.get(), secret_of("lab"))
                asker = lab.ask(secret="lab")
                lab.trust(gates={"lab": 600})
                self.assertTrue(is_refusal(asker.get()))
                lab.logged(REFUSED, f'ATTEST_FINDING="{finding}"')

    def test_who_asks_again_and_again_has_ever_fewer_rounds(self):
        """The second fruitless round comes after a pause, which a test cannot wait for."""
        with KindsLab(retry_min="1h", retry_max="1d") as lab:
            lab.shut()
            lab.start_trusted(gates={"lab": 600})
            asker = lab.ask(secret="now")
            lab.trust(gates={"lab": 600})
            self.assertTrue(is_refusal(asker.get()))
            again = lab.ask(secret="now")
            lab.waits(1)
            self.assertEqual(lab.ask(secret="lab").get(), secret_of("lab"))
            self.assertFalse(again.has_answer())
            self.assertTrue(lab.worker.arrived.empty())
            self.assertEqual(lab.n_rounds(), 1)
            # A round for another reason helps it as well.
            lab.call_later("Attest")
            lab.trust(gates={"lab": 600, "now": Opened(60, once=True)})
            self.assertEqual(again.get(), secret_of("now"))

    def test_a_round_that_failed_is_followed_by_those_that_are_planned(self):
        with KindsLab(retry_min="1h", retry_max="1d") as lab:
            lab.shut()
            lab.start_trusted(gates={"lab": 600})
            asker = lab.ask(secret="vault")
            lab.worker.reply("failed")
            lab.wait_for("TRUSTED")
            self.assertEqual(lab.ask(secret="lab").get(), secret_of("lab"))
            self.assertFalse(asker.has_answer())
            self.assertTrue(lab.worker.arrived.empty())
            lab.call_later("Attest")
            lab.trust(gates={"lab": 600, "vault": Opened(600, "rewrap")})
            self.assertEqual(asker.get(), secret_of("vault"))

    def test_a_round_that_is_refused_leaves_nobody_with_anything(self):
        with KindsLab(retry_min="1h", retry_max="1d", secrets="WaitWhenRefused=no") as lab:
            lab.shut()
            lab.start_trusted(gates={"lab": 600})
            asker = lab.ask(secret="now")
            lab.worker.reply("no")
            self.assertTrue(is_refusal(asker.get()))
            lab.wait_for("REFUSED")
            self.assertEqual(lab.approval_names(), [])


class Pcr(unittest.TestCase):
    def test_a_verdict_is_enough_for_a_gate_of_pcrs(self):
        with KindsLab(gates=("boot",)) as lab:
            lab.release.script = None
            lab.start_on_bus()
            asker = lab.ask(secret="boot")
            lab.waits(1)
            request = lab.worker.reply("ok")
            self.assertEqual(request["gates"], [])
            asked = lab.release.next()
            self.assertEqual((asked.request["approvals"], asked.request["fds"]), ([], ["asker-0"]))
            result = subprocess.run([RELEASE_PARSER, "1"], input=asked.line, timeout=60,
                                    stdout=subprocess.PIPE)
            self.assertEqual((result.returncode, result.stdout), (0, b""))
            release(asked)
            asked.close()
            self.assertEqual(asker.get(), secret_of("boot"))

    def test_without_a_verdict_nothing_is_asked(self):
        with KindsLab(gates=("boot",), retry_min="1h", retry_max="1d") as lab:
            lab.start_on_bus()
            asker = lab.ask(secret="boot")
            lab.waits(1)
            lab.worker.reply("failed")
            lab.wait_for("WAITING")
            self.assertFalse(asker.has_answer())
            asker.close()  # a stop waits for those who do not read


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
