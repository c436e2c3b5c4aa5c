# SPDX-License-Identifier: Apache-2.0
foreach(noun event-log evidence finding gate-file hcl-claims hcl-report luks2-header pcr-file round-record snp-certs snp-report tpm-attest tpm-public uefi-variable
             userspace-log)
  attestd_fuzz(fuzz-${noun} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz-${noun}.c LINK format)
endforeach()
