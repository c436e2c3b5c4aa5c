# SPDX-License-Identifier: Apache-2.0
"""OpenSecret: a caller of the bus asks as a unit does, and gets a sealed memfd or a reason."""

import fcntl
import os
import signal
import sys
import unittest

from lab import GLib, LIMIT, NAME, NOBODY, PATH, error_name
from secretslab import (REFUSED, RELEASED, SecretsLab, give, given, header_sha256_of, is_refusal,
                        release, secret_of)

PROGRAM = sys.argv[1]
ERROR = "org.attestd.Error."
F_GET_SEALS, ALL_SEALS = 1034, 0x0F


def name(text="db-password"):
    return GLib.Variant("(s)", (text,))


class Case(unittest.TestCase):
    def refused(self, pending, error):
        self.assertEqual(error_name(pending.get()), ERROR + error)

    def got(self, pending, data):
        fd = pending.get()
        self.assertIsInstance(fd, int, fd)
        with os.fdopen(fd, "rb") as file:
            self.assertEqual(file.read(), data)


class Opening(Case):
    def test_a_secret_comes_whole_sealed_and_read_only(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            fd = lab.call("OpenSecret", name())
            self.assertEqual(fcntl.fcntl(fd, F_GET_SEALS), ALL_SEALS)
            self.assertEqual(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE, os.O_RDONLY)
            self.assertEqual(os.lseek(fd, 0, os.SEEK_CUR), 0)
            with self.assertRaises(OSError):
                os.write(fd, b"x")
            with os.fdopen(fd, "rb") as file:
                self.assertEqual(file.read(), secret_of("db-password"))
            lab.logged(RELEASED, 'ATTEST_ASKER="user:0"', 'ATTEST_SECRET="db-password"')

    def test_with_it_comes_which_header_was_authentic(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            for text in ("one", "two"):
                reply, fds = lab.connect().call_with_unix_fd_list_sync(
                    NAME, PATH, NAME, "OpenSecret", name(text), GLib.VariantType("(hay)"), 0,
                    LIMIT * 1000, None, None)
                self.assertEqual(bytes(reply.unpack()[1]), header_sha256_of(text))
                with os.fdopen(fds.get(0), "rb") as file:
                    self.assertEqual(file.read(), secret_of(text))

    def test_what_the_worker_is_asked(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_on_bus()
            unit = lab.ask("a.service", "one")
            lab.waits(1)
            pending = lab.call_later("OpenSecret", name("two"))
            lab.logged("user:0 waits for the secret two")
            lab.trust()
            asked = lab.release.next()
            self.assertEqual(asked.request["askers"], [
                {"name": "one", "asker": "unit:a.service", "as": "stream"},
                {"name": "two", "asker": "user:0", "as": "memfd"}])
            self.assertEqual(os.fstat(asked.fds[2]).st_size, 0)
            self.assertEqual(fcntl.fcntl(asked.fds[2], F_GET_SEALS), 0)
            release(asked)
            asked.close()
            self.assertEqual(unit.get(), secret_of("one"))
            self.got(pending, secret_of("two"))

    def test_it_waits_for_the_verdict(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            pending = lab.call_later("OpenSecret", name())
            lab.logged("user:0 waits for the secret db-password")
            lab.trust()
            self.got(pending, secret_of("db-password"))

    def test_it_waits_no_longer_than_it_may(self):
        with SecretsLab(PROGRAM, secrets="WaitSec=1s") as lab:
            lab.start_on_bus()
            self.refused(lab.call_later("OpenSecret", name()), "NotAttested")
            lab.logged(REFUSED, 'ATTEST_ASKER="user:0"', 'ATTEST_FINDING="asker-waited-too-long"')

    def test_the_reason_of_the_worker_is_told(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: release(asked, {"db-password"},
                                                       "secret-asker-refused")
            lab.start_trusted()
            self.refused(lab.call_later("OpenSecret", name()), "SecretAskerRefused")

    def test_and_what_it_found(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: release(asked, {"db-password"}, "secret-pcrs-moved",
                                                       found="PCR 4 and 9 differ")
            lab.start_trusted()
            error = lab.call_later("OpenSecret", name()).get()
            self.assertEqual(error_name(error), ERROR + "SecretPcrsMoved")
            self.assertTrue(error.message.endswith(": found PCR 4 and 9 differ"), error.message)

    def test_a_worker_that_ends_is_a_refusal(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = lambda asked: None
            lab.start_trusted()
            self.refused(lab.call_later("OpenSecret", name()), "ReleaseWorkerEnded")

    def answer_ok(self, asked):
        asked.answer({"result": "ok", "findings": [], "timings_usec": {},
                      "released": [given(0)]})

    def test_what_is_not_sealed_or_empty_or_too_large_is_not_handed_on(self):
        for data, seal in ((b"a secret", False), (b"", True), (b"x" * (512 * 1024 + 1), True)):
            with self.subTest(len(data)), SecretsLab(PROGRAM) as lab:
                lab.release.script = lambda asked, d=data, s=seal: (give(asked, 0, d, s),
                                                                    self.answer_ok(asked))
                lab.start_trusted()
                self.refused(lab.call_later("OpenSecret", name()), "ReleaseAnswerMalformed")
                self.assertNotIn(RELEASED, lab.log())

    def test_each_try_has_a_memfd_of_its_own(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_trusted()
            pending = lab.call_later("OpenSecret", name())
            asked = lab.release.next()
            give(asked, 0, b"half of", seal=False)
            lab.release.script = release
            asked.answer({"result": "ok", "findings": [], "timings_usec": {},
                          "released": [{"index": 0, "ok": False,
                                        "finding": "secret-no-approval"}]})
            asked.close()
            lab.call_later("Attest")
            lab.trust()
            self.got(pending, secret_of("db-password"))

    def test_names_that_no_secret_has_are_refused(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            for text in ("", "..", "../gates/lab", "a b", "x" * 65, ".hidden", "a/b"):
                self.refused(lab.call_later("OpenSecret", name(text)), "SecretNameInvalid")
            self.assertTrue(lab.release.arrived.empty())

    def test_what_was_opened_is_withdrawn_with_the_verdict(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            names = lab.withdrawn(lab.connect())
            lab.start_trusted()
            self.got(lab.call_later("OpenSecret", name()), secret_of("db-password"))
            lab.call_later("Attest")
            lab.worker.reply("no")
            self.assertEqual(lab.received(names, 1), ["db-password"])


class Leaving(Case):
    def test_a_caller_that_left_while_it_waited_is_forgotten(self):
        with SecretsLab(PROGRAM) as lab:
            lab.release.script = None
            lab.start_on_bus()
            connection = lab.connect()
            lab.call_later("OpenSecret", name("one"), connection)
            stays = lab.call_later("OpenSecret", name("two"))
            lab.logged("user:0 waits for the secret two")
            connection.close_sync(None)
            lab.logged("user:0 does not wait for the secret one any longer")
            lab.trust()
            asked = lab.release.next()
            self.assertEqual([one["name"] for one in asked.request["askers"]], ["two"])
            release(asked)
            asked.close()
            self.got(stays, secret_of("two"))

    def test_a_caller_that_left_while_it_was_served_got_nothing(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            names = lab.withdrawn(lab.connect())
            lab.release.script = None
            lab.start_trusted()
            connection = lab.connect()
            lab.call_later("OpenSecret", name("one"), connection)
            asked = lab.release.next()
            connection.close_sync(None)
            lab.logged("user:0 does not wait for the secret one any longer")
            release(asked)
            asked.close()
            lab.logged(REFUSED, 'ATTEST_FINDING="secret-asker-gone"')
            # Nothing of it is out.
            lab.release.script = release
            self.got(lab.call_later("OpenSecret", name("two")), secret_of("two"))
            lab.call_later("Attest")
            lab.worker.reply("no")
            self.assertEqual(lab.received(names, 1), ["two"])

    def test_a_lost_verdict_ends_a_call_that_is_served(self):
        with SecretsLab(PROGRAM, retry_min="1h", retry_max="1d") as lab:
            lab.release.script = None
            lab.start_trusted()
            pending = lab.call_later("OpenSecret", name())
            asked = lab.release.next()
            lab.call_later("Attest")
            lab.worker.reply("no")
            self.refused(pending, "AskerVerdictLost")
            release(asked)
            asked.close()
            self.assertNotIn(RELEASED, lab.log())

    def test_an_end_of_the_daemon_ends_the_call(self):
        for job in ("restart", "stop"):
            with self.subTest(job), SecretsLab(PROGRAM) as lab:
                lab.start_pid1(job)
                lab.start_on_bus()
                pending = lab.call_later("OpenSecret", name())
                lab.logged("user:0 waits for the secret db-password")
                unit = lab.ask()
                lab.waits(1)
                later = unit.get_later()
                lab.process.send_signal(signal.SIGTERM)
                self.refused(pending, "AgentStopping")
                self.assertEqual(lab.process.wait(LIMIT), 0)
                if job == "stop":
                    self.assertTrue(is_refusal(later()))
                else:
                    lab.trust_on()
                    lab.start_from_store()
                    self.assertEqual(later(), secret_of("db-password"))

    def test_a_bus_that_ends_is_survived(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.call_later("OpenSecret", name())
            lab.logged("user:0 waits for the secret db-password")
            unit = lab.ask()
            lab.waits(1)
            lab.end_bus()
            lab.logged("user:0 does not wait for the secret db-password any longer")
            lab.trust()
            self.assertEqual(unit.get(), secret_of("db-password"))
            lab.start_bus()


class Limits(Case):
    def test_units_and_callers_share_the_places(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            units = [lab.ask(f"u{i}.service", f"s{i}") for i in range(108)]
            lab.waits(108)
            calls = [lab.call_later("OpenSecret", name(f"c{i}")) for i in range(4)]
            lab.logged("user:0 waits for the secret c3")
            self.refused(lab.call_later("OpenSecret", name("more")), "AskerTooMany")
            self.assertTrue(is_refusal(lab.ask("one-too-many.service").get()))
            lab.trust()
            for i, unit in enumerate(units):
                self.assertEqual(unit.get(), secret_of(f"s{i}"))
            for i, call in enumerate(calls):
                self.got(call, secret_of(f"c{i}"))
            self.got(lab.call_later("OpenSecret", name("more")), secret_of("more"))

    def test_one_user_has_so_many_and_no_more(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            calls = [lab.call_later("OpenSecret", name(f"c{i}")) for i in range(8)]
            lab.logged("user:0 waits for the secret c7")
            self.refused(lab.call_later("OpenSecret", name("more")), "AskerTooMany")
            unit = lab.ask()
            lab.waits(1)
            lab.trust()
            self.assertEqual(unit.get(), secret_of("db-password"))
            for i, call in enumerate(calls):
                self.got(call, secret_of(f"c{i}"))


class Rights(Case):
    DENIED = {"org.freedesktop.DBus.Error.AccessDenied": 1}

    def test_without_polkit_root_is_let_in_and_nobody_else(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            self.assertEqual(lab.as_nobody("OpenSecret", "1", "1", "1"), self.DENIED)
            self.got(lab.call_later("OpenSecret", name()), secret_of("db-password"))
            self.assertNotIn(f"user:{NOBODY}", lab.log())

    def test_polkit_is_told_which_secret(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            lab.start_polkit('(args[1] == "org.attestd.agent1.open-secret" and '
                             'args[2].get("secret") == "db-password", False, {})')
            self.assertEqual(lab.as_nobody("OpenSecret", "1", "1", "1"), {"ok": 1})
            lab.logged(RELEASED, f'ATTEST_ASKER="user:{NOBODY}"')
            lab.decide('(args[2].get("secret") == "another", False, {})')
            self.assertEqual(lab.as_nobody("OpenSecret", "1", "1", "1"), self.DENIED)
            lab.decide('(len(args[2]) == 0, False, {})')
            self.assertEqual(lab.as_nobody("GetToken", "1", "1", "1"), {"ok": 1})

    def test_polkit_is_asked_before_anybody_waits(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            lab.start_polkit()
            self.assertEqual(lab.as_nobody("OpenSecret", "1", "1", "1"), self.DENIED)
            self.assertNotIn(f"user:{NOBODY}", lab.log())


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in without polkit")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
