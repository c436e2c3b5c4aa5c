# SPDX-License-Identifier: Apache-2.0
"""Who is let in as an asker: names, users, floods."""

import os
import socket
import subprocess
import sys
import unittest

from lab import LIMIT, NOBODY, open_files, until
from secretslab import (Asker, REFUSAL, REFUSED, SecretsLab, is_refusal, name_of, release,
                        secret_of)

PROGRAM = sys.argv[1]


class Names(unittest.TestCase):
    def refused(self, *names):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            for name in names:
                with self.subTest(name):
                    self.assertTrue(is_refusal(Asker(lab.secrets_socket, name).get()))
                    lab.logged(REFUSED, 'ATTEST_FINDING="asker-unknown"')
            self.assertTrue(lab.release.arrived.empty())
            self.assertEqual(lab.ask().get(), secret_of("db-password"))

    def test_a_connection_without_a_name_is_refused(self):
        self.refused(None)

    def test_a_path_is_no_name(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            self.assertTrue(is_refusal(Asker(lab.secrets_socket,
                                             f"{lab.directory}/1/unit/db".replace("/1/unit", "")
                                             ).get()))

    def test_names_that_systemd_does_not_give_are_refused(self):
        self.refused(b"\0/unit/db.service/x", b"\0ABC/unit/db.service/x", b"\0xyz/unit/db.service/x",
                     b"\x0011112222333344445/unit/db.service/x", b"\0ab/unit/db.service",
                     b"\0ab/unit/db.service/", b"\0ab/unit//x", b"\0ab/unit/db.service/x/y",
                     b"\0ab/user/db.service/x", b"\0ab/unit/db/x", b"\0ab/unit/db.socket/x",
                     b"\0ab/unit/db@.service/x", b"\0ab/unit/@x.service/x", b"\0ab/unit/.service/x",
                     b"\0ab/unit/db.service/.x", b"\0ab/unit/db.service/a b",
                     b"\0ab/unit/db.service/x\0", b"\0ab/unit/db\0.service/x", b"\0ab/cryptsetup/",
                     b"\0ab/cryptsetup/../x", b"\0ab/cryptsetup/a/b", b"\0\0ab/unit/db.service/x",
                     b"\0ab/unit/db.service/" + b"x" * 65)

    def test_names_that_systemd_gives_are_let_in(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            for unit, secret in (("db.service", "x"), ("run-r1.service", "a.b_c-d"),
                                 ("t-inst@x\\x2dy.service", "k"), ("a:b@c@d.service", "0")):
                self.assertEqual(lab.ask(unit, secret).get(), secret_of(secret))

    def test_only_root_is_let_in_whatever_its_name(self):
        program = ("import socket,sys\n"
                   "s=socket.socket(socket.AF_UNIX)\n"
                   "s.bind(b'\\0' + sys.argv[2].encode())\n"
                   "s.connect(sys.argv[1])\n"
                   "n=0\n"
                   "while True:\n"
                   "    d=s.recv(65536)\n"
                   "    if not d or d.strip(b'\\0'): break\n"
                   "    n+=len(d)\n"
                   "print(n)\n")
        with SecretsLab(PROGRAM) as lab:
            # A socket as systemd passes it, but open to all: the name alone must not do.
            path = f"{lab.directory}/open.sock"
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(256)
            os.chmod(path, 0o666)
            lab.start_on_bus(stored=[("attestd.socket", listener.fileno())])
            listener.detach()
            lab.trust()
            lab.wait_for("TRUSTED")
            command = ["/usr/bin/python3", "-c", program, path,
                       name_of("db.service", "db-password")[1:].decode()]
            result = subprocess.run(command, stdout=subprocess.PIPE, timeout=LIMIT, check=True,
                                    user=NOBODY, group=NOBODY, extra_groups=[])
            self.assertEqual(int(result.stdout), REFUSAL)
            lab.logged(REFUSED, "not root", 'ATTEST_FINDING="asker-unknown"')
            self.assertFalse(os.path.exists(lab.secrets_socket))
            self.assertEqual(Asker(path, name_of("db.service", "db-password")).get(),
                             secret_of("db-password"))

    def test_nobody_can_connect_to_a_socket_of_our_own(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            self.assertEqual(os.stat(lab.secrets_socket).st_mode & 0o777, 0o600)


class Floods(unittest.TestCase):
    def test_a_hundred_may_wait_and_all_are_served(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            askers = [lab.ask(f"u{i}.service", f"s{i}") for i in range(100)]
            lab.waits(100)
            lab.trust()
            for i, asker in enumerate(askers):
                self.assertEqual(asker.get(), secret_of(f"s{i}"))
            lab.waits(0)

    def test_there_are_limits_for_one_and_for_all(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            one = [lab.ask() for _ in range(9)]
            self.assertTrue(is_refusal(one.pop().get()))
            lab.logged(REFUSED, 'ATTEST_FINDING="asker-too-many"')
            others = [lab.ask(f"u{i}.service") for i in range(104)]
            lab.waits(112)
            self.assertTrue(is_refusal(lab.ask("last.service").get()))
            lab.trust()
            for asker in one + others:
                self.assertEqual(asker.get(), secret_of("db-password"))

    def test_those_beyond_every_limit_stay_in_the_queue(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            waiting = [lab.ask(f"u{i}.service") for i in range(112)]
            lab.waits(112)
            # Refusals that nobody reads take the other slots.
            refused = [lab.ask(f"r{i}.service") for i in range(8)]
            lab.waits(120)
            queued = [lab.ask(f"q{i}.service", "queued") for i in range(100)]
            self.assertFalse(any(asker.has_answer() for asker in queued))
            lab.trust()
            for asker in waiting:
                self.assertEqual(asker.get(), secret_of("db-password"))
            for asker in queued:
                self.assertEqual(asker.get(), secret_of("queued"))
            for asker in refused:
                self.assertTrue(is_refusal(asker.get()))
            lab.waits(0)

    def test_a_thousand_who_come_and_go_leave_nothing(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            for _ in range(10):
                askers = [lab.ask(f"u{i}.service") for i in range(100)]
                for asker in askers:
                    asker.close()
            lab.waits(0)
            lab.trust()
            lab.wait_for("TRUSTED")
            self.assertEqual(lab.ask().get(), secret_of("db-password"))
            fds = os.listdir(f"/proc/{lab.process.pid}/fd")
            self.assertLess(len(fds), 40, fds)

    def test_what_a_hundred_took_is_given_back(self):
        """Connections, descriptors, places in the queue. Memory: bench/agent.py."""
        def descriptors(pid):
            return sorted(name.split(":")[0] for name in open_files(pid))

        with SecretsLab(PROGRAM) as lab:
            lab.start_trusted()
            pid = lab.process.pid
            before = descriptors(pid)
            for _ in range(2):
                lab.release.script = None
                askers = [lab.ask(f"u{i}.service", f"s{i}") for i in range(100)]
                lab.waits(100)
                until(lambda: len(descriptors(pid)) >= len(before) + 100, "a hundred descriptors")
                lab.release.script = release
                lab.serve_queued()
                for i, asker in enumerate(askers):
                    self.assertEqual(asker.get(), secret_of(f"s{i}"))
                lab.waits(0)
                until(lambda: descriptors(pid) == before, "the descriptors to be closed")


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
