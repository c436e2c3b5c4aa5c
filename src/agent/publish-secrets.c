/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal fields and message IDs of releases, refusals and withdrawals.
 */
#include "agent/publish-secrets.h"

#include "base/log-ids.h"
#include "base/log.h"
#include "config/config-show.h"
#include "format/catalog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define N_FIELDS 10

/* What an event is about. NULL and 0: not known, or nothing to say. */
typedef struct Subject {
    const char *asker;
    const char *secret;
    const char *gate;
    uint64_t version;
    const char *result; /* "released", "refused", "withdrawn", "failed" */
    const char *finding;
} Subject;

/* The fields of one message and the memory of those that had to be made. */
typedef struct SecretFields {
    LogField fields[N_FIELDS];
    char round[32];
    char version[32];
} SecretFields;

/* NULL for what is empty: such a field is left out. */
static const char *filled(const char *text)
{
    return text && *text ? text : NULL;
}

/* What every message about a secret carries. */
static void fill_fields(const PublishContext *context, const Subject *subject, SecretFields *ret)
{
    (void)snprintf(ret->round, sizeof(ret->round), "%" PRIu64, context->round);
    (void)snprintf(ret->version, sizeof(ret->version), "%" PRIu64, subject->version);
    const LogField fields[N_FIELDS] = {
        { "ATTEST_STATE", state_name(context->standing->state) },
        { "ATTEST_ROUND", ret->round },
        { "ATTEST_VERIFIER", context->verifier },
        { "ATTEST_JTI", filled(context->standing->verdict.jti) },
        { "ATTEST_ASKER", filled(subject->asker) },
        { "ATTEST_SECRET", filled(subject->secret) },
        { "ATTEST_GATE", filled(subject->gate) },
        { "ATTEST_VERSION", subject->version > 0 ? ret->version : NULL },
        { "ATTEST_RESULT", subject->result },
        { "ATTEST_FINDING", subject->finding },
    };
    memcpy(ret->fields, fields, sizeof(fields));
}

static const char *jti_of(const PublishContext *context)
{
    const char *jti = context->standing->verdict.jti;

    return jti && *jti ? jti : "none";
}

void publish_released(const PublishContext *context, const Release *release)
{
    const Subject subject = { .asker = release->asker,
                              .secret = release->secret,
                              .gate = release->gate,
                              .version = release->version,
                              .result = "released" };
    SecretFields made;

    metrics_note_released(context->metrics);
    fill_fields(context, &subject, &made);
    log_fields(LOG_NOTICE, LOG_ID_SECRET_RELEASED, made.fields, N_FIELDS,
               "the secret %s was released to %s under the token with jti \"%s\"", release->secret,
               release->asker, jti_of(context));
}

void publish_asker_refused(const PublishContext *context, const char *asker, const char *secret,
                           const char *finding, const char *found)
{
    const CatalogEntry *entry = catalog_find(finding);
    const Subject subject = {
        .asker = asker, .secret = secret, .result = "refused", .finding = finding
    };
    SecretFields made;

    metrics_note_refused(context->metrics, finding);
    fill_fields(context, &subject, &made);
    log_fields(LOG_WARNING, LOG_ID_SECRET_REFUSED, made.fields, N_FIELDS,
               "%s%s was refused %s: %s%s%s%s%s", *asker ? "" : "an unknown asker", asker,
               *secret ? secret : "a secret", entry ? entry->text : finding,
               found ? ": found " : "", found ? found : "", entry ? "; " : "",
               entry ? entry->remedy : "");
}

void publish_withdrawn(const PublishContext *context, const Release *release, const char *asker,
                       const char *finding)
{
    const Subject subject = { .asker = asker,
                              .secret = release->secret,
                              .gate = release->gate,
                              .version = release->version,
                              .result = "withdrawn",
                              .finding = finding };
    SecretFields made;

    fill_fields(context, &subject, &made);
    log_fields(LOG_NOTICE, LOG_ID_SECRET_WITHDRAWN, made.fields, N_FIELDS,
               "the secret %s, which %s has, is withdrawn with the token with jti \"%s\": nobody "
               "gets it until there is another verdict; a program that has read it keeps it until "
               "it ends, and a volume that it opened stays open until it is closed",
               release->secret, *asker ? asker : "somebody", jti_of(context));
}

void publish_loss_failed(const PublishContext *context, const Release *release, int error)
{
    const Subject subject = { .asker = release->asker,
                              .secret = release->secret,
                              .result = "failed" };
    SecretFields made;

    fill_fields(context, &subject, &made);
    log_fields(LOG_ERR, LOG_ID_LOSS_FAILED, made.fields, N_FIELDS,
               "%s%s could not be ordered for the secret %s: %s; do it by hand", release->asker,
               release->on_loss == ON_LOSS_POWEROFF ? "the power-off" : " is to be stopped, which",
               release->secret, strerror(-error));
}

void publish_release_failed(const char *finding)
{
    const CatalogEntry *entry = catalog_find(finding);
    LogField field = { "ATTEST_FINDING", finding };

    log_fields(LOG_WARNING, LOG_ID_RELEASE_FAILED, &field, 1, "nobody could be served: %s; %s",
               entry ? entry->text : finding, entry ? entry->remedy : "");
}

void publish_gate_faults(const Findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        const Finding *finding = &findings->items[i];
        _cleanup_free_ char *text = config_error_text(finding);
        LogField field = { "ATTEST_FINDING", finding->name };

        log_fields(LOG_WARNING, LOG_ID_GATE_INVALID, &field, 1, "%s", text ? text : finding->name);
    }
}
