/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a JWE's protected header that are this format's own (RFC 7516 4.1, RFC
 * 7518 4.6.1).
 */
#pragma once

#define JWE_ALG  "alg"
#define JWE_ENC  "enc"
#define JWE_EPK  "epk"
#define JWE_APU  "apu"
#define JWE_APV  "apv"
#define JWE_CRIT "crit"
#define JWE_ZIP  "zip"

#define JWE_ECDH_NAME "ECDH-ES+A256KW"
#define JWE_RSA_NAME  "RSA-OAEP-256"
#define JWE_ENC_NAME  "A256GCM"
