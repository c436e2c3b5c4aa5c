# SPDX-License-Identifier: Apache-2.0
foreach(noun policy replay verify)
  attestd_fuzz(fuzz-${noun} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-${noun}.c LINK verify)
endforeach()
