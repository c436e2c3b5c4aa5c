/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the declarations of libattest are made: C linkage for C++, visible in the shared library,
 * and a warning for whoever drops an answer.
 */
#pragma once

#ifdef __cplusplus
#define ATTEST_BEGIN_DECLS extern "C" {
#define ATTEST_END_DECLS   }
#else
#define ATTEST_BEGIN_DECLS
#define ATTEST_END_DECLS
#endif

#define ATTEST_API        __attribute__((visibility("default")))
#define ATTEST_MUST_CHECK __attribute__((warn_unused_result))
