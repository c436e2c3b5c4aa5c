/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [Evidence] and [Verifier NAME] on the wire.
 */
#include "config/config-request.h"

#include "config/config-value.h"
#include "config/rule.h"

#include <string.h>

#define PCR_LIMIT  32
#define LEEWAY_SEC 60 /* between the verifier's clock and ours; spec/endpoints 7.1 rule 9 */

static json_t *pcrs_to_json(uint32_t pcrs)
{
    json_auto_t *array = json_array();

    for (int pcr = 0; array && pcr < PCR_LIMIT; pcr++)
        if (pcrs >> pcr & 1 && json_array_append_new(array, json_integer(pcr)) < 0)
            return NULL;
    return TAKE_PTR(array);
}

/* On the wire no log, and no service, is an empty text. */
static const char *log_path(const char *path)
{
    return strcmp(path, "none") == 0 ? "" : path;
}

/* Without the slashes at its end. */
static json_t *base_url(const char *url)
{
    size_t n = strlen(url);

    while (n > 0 && url[n - 1] == '/')
        n--;
    return json_stringn(url, n);
}

json_t *config_evidence_request(const EvidenceConfig *evidence)
{
    return json_pack(
        "{ss ss ss ss ss ss so ss ss ss ss so ss ss ss}", "source", evidence->source, "device",
        evidence->device, "configfs_directory", evidence->configfs_directory, "tcti",
        evidence->tcti, "attestation_key", evidence->attestation_key, "pcr_bank",
        evidence->pcr_bank, "pcrs", pcrs_to_json(evidence->pcrs), "event_log",
        log_path(evidence->event_log), "userspace_log", log_path(evidence->userspace_log),
        "preflight", evidence->preflight, "metadata_url", log_path(evidence->metadata_url),
        "kds_url", base_url(log_path(evidence->kds_url)), "azure_report_index",
        evidence->azure_report_index, "azure_user_data_index", evidence->azure_user_data_index,
        "azure_certificate_index", evidence->azure_certificate_index);
}

static json_t *rules_to_json(const Texts *rules)
{
    json_auto_t *array = json_array();

    for (size_t i = 0; array && i < rules->n_items; i++) {
        _cleanup_rule_ Rule rule = { 0 };
        if (rule_parse(rules->items[i], &rule))
            return NULL;
        json_t *item = json_pack("{ss ss sO}", "pointer", rule.pointer, "operator", rule.operation,
                                 "value", rule.value);
        if (json_array_append_new(array, item) < 0)
            return NULL;
    }
    return TAKE_PTR(array);
}

/* What MAA alone has. */
static int set_maa(json_t *object, const VerifierConfig *verifier)
{
    if (!verifier_is_maa(verifier))
        return 0;
    if (verifier->api_version &&
        json_object_set_new(object, "api_version", json_string(verifier->api_version)) < 0)
        return -1;
    return json_object_set_new(object, "attestation_type", json_string(verifier->attestation_type));
}

json_t *config_verifier_request(const VerifierConfig *verifier)
{
    json_int_t timeout_sec =
        (json_int_t)((verifier->timeout_usec + USEC_PER_SEC - 1) / USEC_PER_SEC);
    json_auto_t *object = json_pack(
        "{ss ss so ss so ss ss ss sO* so so sI si sb sb so}", "name", verifier->name, "protocol",
        verifier->protocol, "urls", texts_to_json(&verifier->urls), "verifier_id",
        verifier->verifier_id, "pins", texts_to_json(&verifier->pins), "proxy",
        verifier->proxy ? verifier->proxy : "", "issuer", verifier->issuer, "audience",
        verifier->audience, "token_keys", verifier->token_keys, "algorithms",
        texts_to_json(&verifier->algorithms), "require", rules_to_json(&verifier->require),
        "timeout_sec", timeout_sec, "leeway_sec", LEEWAY_SEC, "accept_simulated",
        verifier->accept_simulated, "accept_host_tpm", verifier->accept_host_tpm, "simulated_roots",
        texts_to_json(&verifier->simulated_roots));

    if (object && set_maa(object, verifier) < 0)
        return NULL;
    if (object && verifier->ca_pem &&
        json_object_set_new(object, "ca_pem", json_string(verifier->ca_pem)) < 0)
        return NULL;
    return TAKE_PTR(object);
}
