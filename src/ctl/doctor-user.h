/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As whom attestd runs. Root looks at attestd's files as attestd, so that it sees what attestd sees
 * and follows nothing that attestd could have planted.
 */
#pragma once

#include "ctl/doctor.h"

/* By the owner of the state directory, else by the user attestd. -ENOMEM. */
_must_check_ int doctor_user_find(const char *state_directory, DoctorUser *ret);
/* From now on as attestd, when we are root. 0 or negative errno: nothing changed. */
_must_check_ int doctor_user_enter(const DoctorUser *user);
/* As ourselves again. Ends the process where that cannot be. */
void doctor_user_leave(const DoctorUser *user);
