# SPDX-License-Identifier: Apache-2.0
attestd_fuzz(fuzz-jwe SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-jwe.c LINK crypto)
