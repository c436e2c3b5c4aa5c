# SPDX-License-Identifier: Apache-2.0
foreach(noun tpm-certify tpm-key tpm-seal)
  attestd_fuzz(fuzz-${noun} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-${noun}.c LINK tpm format crypto)
endforeach()
