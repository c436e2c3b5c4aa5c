# SPDX-License-Identifier: Apache-2.0
foreach(noun approval data-keys secret-file)
  attestd_fuzz(fuzz-${noun} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-${noun}.c LINK secret)
endforeach()
