/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl secrets remove: a secret's file, and the counter that the TPM keeps for it.
 */
#pragma once

#include "ctl/verb.h"

int secret_remove(const Options *options);

extern const Option secret_remove_options[];
