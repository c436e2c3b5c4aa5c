# SPDX-License-Identifier: Apache-2.0
attestd_fuzz(fuzz-azure-report SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-azure-report.c LINK evidence tpm format crypto)
