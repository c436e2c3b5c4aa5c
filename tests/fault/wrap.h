/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cannot be wrapped by the linker.
 */
#pragma once

/* From now on jansson's memory fails as the dice says. Before its first use. */
void wrap_jansson(void);
