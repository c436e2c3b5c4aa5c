# SPDX-License-Identifier: Apache-2.0
foreach(noun certificate crl jwks jws key require token)
  attestd_fuzz(fuzz-${noun} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-${noun}.c LINK token)
endforeach()
