/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message IDs of the journal. Each has one entry in systemd/attestd.catalog that says what the
 * operator should do; a test compares the two.
 */
#pragma once

/* The standing changed. */
#define LOG_ID_STATE "32d5c41464d84a7c9ecdd7e9242b65a1"
/* A verifier said no, by a signed result. */
#define LOG_ID_REFUSED "f1bb74a1289f4d16b9217fb3f08ced9c"
/* A round failed; nothing was withdrawn. */
#define LOG_ID_ROUND_FAILED "0fa0639b056a4d57ba0639501852a678"
/* The verdict expired and was withdrawn. */
#define LOG_ID_VERDICT_EXPIRED "aea90a10856c45f79ba66e8ea2369523"
/* The configuration is not usable. */
#define LOG_ID_CONFIG_INVALID "0d24437405e34bdf8ac507fc73ec6e80"
/* A changed configuration took effect. */
#define LOG_ID_CONFIG_RELOADED "3daf763e5b364967b29402bb4b5144cb"
/* Evidence was made for a caller on the bus. */
#define LOG_ID_EVIDENCE_GIVEN "7a07a64a84d5406591bcbc040fe17b38"
/* The token was handed to a caller on the bus. */
#define LOG_ID_TOKEN_GIVEN "b5e0b9d0aa674007a44d498c7dfd542e"
/* The bus went away; it is tried again. */
#define LOG_ID_BUS_LOST "01c96d7a3f7347ad83745d40823555a7"
/* The standing of the run before was taken over, or thrown away. */
#define LOG_ID_RESTORED "d8740161fc7249ff875411ed2cb88446"
/* A secret was given to who asked for it. */
#define LOG_ID_SECRET_RELEASED "fa9289301eb74aebb7c8a36373cdce7e"
/* Who asked for a secret did not get it. */
#define LOG_ID_SECRET_REFUSED "f5a1dcb99c544122824eb24af4a0ae95"
/* A secret that was given out is withdrawn with the verdict. */
#define LOG_ID_SECRET_WITHDRAWN "85657fd5b0a84db7b67e8095fc904880"
/* The release worker cannot be reached; those who ask go on waiting. */
#define LOG_ID_RELEASE_FAILED "62b91875eaa849edbf71f3b639711cc4"
/* Records of rounds, or metrics, cannot be written; nothing else fails by it. */
#define LOG_ID_UNWRITABLE "5b0e6d3c2f5a4b7e8c1d90a4e7f3b216"
/* A gate file cannot be used. */
#define LOG_ID_GATE_INVALID "2a312796544b4323aa16ecff37b7580b"
/* Units that hold a withdrawn secret could not be ordered to stop, nor the machine. */
#define LOG_ID_LOSS_FAILED "d538d22f90b54c45b2ee5120698143df"
/* The wall clock was set, or the machine slept. */
#define LOG_ID_CLOCK_SET "c0905b42813e4d60bc69846a52664c76"
/* The machine, or its TPM alone, was put back to an earlier moment. */
#define LOG_ID_REWOUND "52f2de8e75c4405a9f018450045ec93f"
