# SPDX-License-Identifier: Apache-2.0
attestd_fuzz(fuzz-tpm-key SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-tpm-key.c LINK tpm format crypto)
