/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal fields and message IDs of releases, refusals and withdrawals.
 */
#include "agent/publish-secrets.h"

#include "base/log-ids.h"
#include "base/log.h"
#include "config/config-show.h"
#include "format/catalog.h"

#include <string.h>

#define N_FIELDS 6

/* What every message about a secret carries. */
static void fill_fields(const PublishContext *context, const char *asker, const char *secret,
                        const char *finding, LogField fields[static N_FIELDS])
{
    fields[0] = (LogField){ "ATTEST_STATE", state_name(context->standing->state) };
    fields[1] = (LogField){ "ATTEST_VERIFIER", context->verifier };
    fields[2] = (LogField){ "ATTEST_JTI", context->standing->verdict.jti };
    fields[3] = (LogField){ "ATTEST_ASKER", asker && *asker ? asker : NULL };
    fields[4] = (LogField){ "ATTEST_SECRET", secret && *secret ? secret : NULL };
    fields[5] = (LogField){ "ATTEST_FINDING", finding };
}

static const char *jti_of(const PublishContext *context)
{
    const char *jti = context->standing->verdict.jti;

    return jti && *jti ? jti : "none";
}

void publish_released(const PublishContext *context, const char *asker, const char *secret)
{
    LogField fields[N_FIELDS];

    fill_fields(context, asker, secret, NULL, fields);
    log_fields(LOG_NOTICE, LOG_ID_SECRET_RELEASED, fields, N_FIELDS,
               "the secret %s was released to %s under the token with jti \"%s\"", secret, asker,
               jti_of(context));
}

void publish_asker_refused(const PublishContext *context, const char *asker, const char *secret,
                           const char *finding, const char *found)
{
    const CatalogEntry *entry = catalog_find(finding);
    LogField fields[N_FIELDS];

    fill_fields(context, asker, secret, finding, fields);
    log_fields(LOG_WARNING, LOG_ID_SECRET_REFUSED, fields, N_FIELDS,
               "%s%s was refused %s: %s%s%s%s%s", *asker ? "" : "an unknown asker", asker,
               *secret ? secret : "a secret", entry ? entry->text : finding,
               found ? ": found " : "", found ? found : "", entry ? "; " : "",
               entry ? entry->remedy : "");
}

void publish_withdrawn(const PublishContext *context, const char *secret)
{
    LogField fields[N_FIELDS];

    fill_fields(context, NULL, secret, NULL, fields);
    log_fields(LOG_NOTICE, LOG_ID_SECRET_WITHDRAWN, fields, N_FIELDS,
               "the secret %s is withdrawn with the token with jti \"%s\": nobody gets it until "
               "there is another verdict; a program that has read it keeps it until it ends, and "
               "a volume that it opened stays open until it is closed",
               secret, jti_of(context));
}

void publish_loss_failed(const PublishContext *context, const Release *release, int error)
{
    LogField fields[N_FIELDS];

    fill_fields(context, release->asker, release->secret, NULL, fields);
    log_fields(LOG_ERR, LOG_ID_LOSS_FAILED, fields, N_FIELDS,
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
