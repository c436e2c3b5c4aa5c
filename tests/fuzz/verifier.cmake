# SPDX-License-Identifier: Apache-2.0
attestd_fuzz(fuzz-verifier-request SOURCES fuzz-verifier-request.c LINK verifier-core)
attestd_fuzz(fuzz-rewrap SOURCES fuzz-rewrap.c LINK verifier-core)
