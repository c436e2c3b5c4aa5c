# SPDX-License-Identifier: Apache-2.0
attestd_fuzz(fuzz-asker SOURCES fuzz-asker.c LINK agent-core secret)
attestd_fuzz(fuzz-config SOURCES fuzz-config.c LINK config)
attestd_fuzz(fuzz-key-record SOURCES fuzz-key-record.c LINK config)
attestd_fuzz(fuzz-trust SOURCES fuzz-trust.c LINK config)
attestd_fuzz(fuzz-standing SOURCES fuzz-standing.c LINK agent-core)
