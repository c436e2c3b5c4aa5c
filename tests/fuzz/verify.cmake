# SPDX-License-Identifier: Apache-2.0
foreach(noun cc-event-log policy quote replay tdx-quote verify)
  attestd_fuzz(fuzz-${noun} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-${noun}.c LINK verify)
endforeach()
