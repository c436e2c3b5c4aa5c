# SPDX-License-Identifier: Apache-2.0
attestd_fuzz(fuzz-worker-answer SOURCES fuzz-worker-answer.c LINK format)
attestd_fuzz(fuzz-worker-request SOURCES fuzz-worker-request.c LINK worker-core release-core)
attestd_fuzz(fuzz-native SOURCES fuzz-native.c LINK protocol)
attestd_fuzz(fuzz-opened-gates SOURCES fuzz-opened-gates.c LINK worker-core)
attestd_fuzz(fuzz-raw-member SOURCES fuzz-raw-member.c LINK protocol)
