# SPDX-License-Identifier: Apache-2.0
foreach(noun attest inspect)
  attestd_fuzz(fuzz-${noun} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-${noun}.c LINK attest-static)
endforeach()
