/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs of attest-verifier. Each reads its own arguments (argv[0] is the verb), talks to the
 * person, and returns an exit status: 0, 1 for our failure, 2 for usage, configuration or policy.
 */
#pragma once

int command_init(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_check(int argc, char **argv);
int command_policy(int argc, char **argv);
int command_keys(int argc, char **argv);
int command_trust(int argc, char **argv);
