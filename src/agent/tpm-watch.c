/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record is written when something in it changes: at most once a boot as a rule.
 */
#include "agent/tpm-watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

int tpm_watch_open(const char *state_directory, TpmWatch *ret)
{
    TpmWatch watch = { .state_directory = strdup(state_directory) };
    sd_id128_t boot_id;

    if (!watch.state_directory)
        return -ENOMEM;
    if (sd_id128_get_boot(&boot_id) >= 0)
        (void)sd_id128_to_string(boot_id, watch.boot_id);
    int r = key_record_read(state_directory, &watch.trusted);
    if (r < 0) {
        tpm_watch_done(&watch);
        return r;
    }
    *ret = watch;
    return 0;
}

void tpm_watch_done(TpmWatch *watch)
{
    key_record_done(&watch->trusted);
    free(watch->state_directory);
    free(watch->tcti);
    free(watch->place);
    *watch = (TpmWatch){ 0 };
}

int tpm_watch_begin(TpmWatch *watch, const EvidenceConfig *evidence)
{
    _cleanup_free_ char *tcti = strdup(evidence->tcti);
    _cleanup_free_ char *place = NULL;

    if (asprintf(&place, "%s %s", evidence->tcti, evidence->attestation_key) < 0)
        place = NULL;
    if (!tcti || !place)
        return -ENOMEM;
    free(watch->tcti);
    free(watch->place);
    watch->tcti = TAKE_PTR(tcti);
    watch->place = TAKE_PTR(place);
    return 0;
}

static bool is_of_place(const TpmWatch *watch)
{
    const KeyRecord *trusted = &watch->trusted;

    return trusted->name[0] && watch->place && strcmp(trusted->tpm, watch->place) == 0;
}

KeyChange tpm_watch_compare(const TpmWatch *watch, const char *name)
{
    const KeyRecord *trusted = &watch->trusted;

    if (!is_of_place(watch) || strcmp(trusted->name, name) == 0)
        return KEY_IS_KNOWN;
    return watch->boot_id[0] && strcmp(trusted->boot_id, watch->boot_id) == 0 ? KEY_WAS_REPLACED
                                                                              : KEY_IS_NEW;
}

int tpm_watch_trust(TpmWatch *watch, const char *name)
{
    _cleanup_key_record_ KeyRecord record = { .boot_id = strdup(watch->boot_id),
                                              .tpm = strdup(watch->place) };

    if (is_of_place(watch) && strcmp(watch->trusted.name, name) == 0 &&
        strcmp(watch->trusted.boot_id, watch->boot_id) == 0 && !watch->is_failing)
        return 0;
    if (!record.boot_id || !record.tpm)
        return -ENOMEM;
    (void)snprintf(record.name, sizeof(record.name), "%s", name);
    key_record_done(&watch->trusted);
    watch->trusted = TAKE_STRUCT(record);
    return key_record_write(watch->state_directory, &watch->trusted);
}
