# SPDX-License-Identifier: Apache-2.0
"""Limits that are built in and that a test can only sit out: of a silent release worker, and of askers who do
not read."""

import os
import signal
import socket
import sys
import unittest

from lab import LIMIT
from secretslab import REFUSED, RELEASED, SecretsLab, is_refusal

PROGRAM = sys.argv[1]


class Patience(unittest.TestCase):
    def test_the_worker_is_silent(self):
        def hold(asked):
            with socket.socket(fileno=os.dup(asked.fds[-1])) as asker:
                asker.send(b"part of a secret")
            # Until the daemon gives up: a round's time and half a minute.
            asked.connection.settimeout(3 * LIMIT)
            self.assertEqual(asked.connection.recv(1), b"")

        with SecretsLab(PROGRAM, timeout="1s") as lab:
            lab.release.script = hold
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.trust()
            asker.socket.settimeout(3 * LIMIT)
            self.assertTrue(is_refusal(asker.get()))
            lab.logged(REFUSED, 'ATTEST_FINDING="release-worker-silent"', 'ATTEST_ASKER="unit:db.service"')
            lab.waits(0)
            self.assertNotIn(RELEASED, lab.log())
            self.assertEqual(lab.state(), "TRUSTED")

    def test_an_asker_that_does_not_read_does_not_hold_it_up_for_ever(self):
        with SecretsLab(PROGRAM) as lab:
            lab.start_on_bus()
            asker = lab.ask()
            lab.waits(1)
            lab.process.send_signal(signal.SIGTERM)
            self.assertEqual(lab.process.wait(2 * LIMIT), 0)
            lab.logged("attestd ends before every asker has taken its answer")
            asker.close()


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: only root is let in as an asker")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
