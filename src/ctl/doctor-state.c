/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory and what is in it, seen as attestd sees it.
 */
#include "base/encode.h"
#include "config/config-value.h"
#include "config/key-record.h"
#include "config/state-format.h"
#include "ctl/doctor.h"
#include "ctl/gate-directory.h"
#include "ctl/gate-vault.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define STATE_DIRECTORY_PACKAGED "/var/lib/attestd"
#define OTHERS_ALL               077

int doctor_user(Doctor *doctor, Check *check)
{
    const DoctorUser *user = &doctor->user;

    if (!user->is_known)
        return doctor_no(check, "agent-user-missing", "attestd", NULL, NULL);
    return check_say(check, "attestd runs as %s", user->name);
}

/* As whom attestd runs now, or as the package has it; false: nobody can say. */
static bool find_wanted_owner(const Doctor *doctor, uid_t *ret)
{
    _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
    const struct passwd *entry;

    if (doctor->properties &&
        sd_bus_get_name_creds(doctor->bus, "org.attestd.Agent1", SD_BUS_CREDS_EUID, &creds) >= 0 &&
        sd_bus_creds_get_euid(creds, ret) >= 0)
        return true;
    if (strcmp(doctor->options->state_directory, STATE_DIRECTORY_PACKAGED) != 0)
        return false;
    entry = getpwnam("attestd");
    if (entry)
        *ret = entry->pw_uid;
    return entry;
}

static int judge_directory(const Doctor *doctor, const char *path, Check *check)
{
    struct stat st;
    uid_t wanted;
    char found[64];

    if (lstat(path, &st) < 0)
        return doctor_no(check, "state-missing", path, strerror(errno), NULL);
    if (!S_ISDIR(st.st_mode))
        return doctor_no(check, "state-missing", path, "not a directory", NULL);
    if (find_wanted_owner(doctor, &wanted) && wanted != st.st_uid) {
        (void)snprintf(found, sizeof(found), "user %u, attestd is user %u", (unsigned)st.st_uid,
                       (unsigned)wanted);
        return doctor_no(check, "state-foreign", path, found, NULL);
    }
    if (!(st.st_mode & OTHERS_ALL))
        return 0;
    (void)snprintf(found, sizeof(found), "mode %04o", (unsigned)(st.st_mode & 07777));
    return doctor_warn(check, "state-open", path, found, "0700");
}

int doctor_state(Doctor *doctor, Check *check)
{
    const char *path = doctor->options->state_directory;

    int r = judge_directory(doctor, path, check);
    if (r == 0)
        r = state_format_check(path, &check->findings);
    if (r < 0)
        return r;
    return check_say(check, "%s, of %s", path, doctor->user.name);
}

/* Whether the one that is asked can open GATE at all. VERIFIER may be NULL. */
static int judge_verifier(const VerifierConfig *verifier, const GateFile *gate, Check *check)
{
    if (!gate->verifier || !verifier || !verifier->verifier_id)
        return 0;
    if (strcmp(gate->verifier, verifier->verifier_id) != 0)
        return doctor_no(check, "gate-verifier-other", gate->name, gate->verifier,
                         verifier->verifier_id);
    const char *unfit = gate->kind == GATE_KIND_KEY_RELEASE ? gate_vault_unfit(verifier) : NULL;
    return unfit ? doctor_no(check, "key-release-unfit", gate->name, unfit, GATE_VAULT_FIT) : 0;
}

static int judge_gate(const Doctor *doctor, const char *name, Check *check)
{
    _cleanup_gate_file_ GateFile gate = { 0 };

    int r = gate_directory_read(doctor->options->state_directory, name, &gate);
    if (r == -ENOMEM)
        return r;
    if (r < 0)
        return doctor_no(check, "gate-file-unreadable", name, strerror(-r), NULL);
    if (r == GATE_FILE_E_KIND)
        return doctor_no(check, "gate-kind-unknown", name, NULL, NULL);
    if (r > 0)
        return doctor_no(check, "gate-file-invalid", name, gate_file_reason(r),
                         gate_file_wanted(r));
    return judge_verifier(doctor->config->verifier, &gate, check);
}

int doctor_gates(Doctor *doctor, Check *check)
{
    Texts names = { 0 };

    int r = gate_directory_names(doctor->options->state_directory, &names);
    if (r < 0 && r != -ENOMEM)
        return doctor_no(check, "gate-file-unreadable", doctor->options->state_directory,
                         strerror(-r), NULL);
    for (size_t i = 0; i < names.n_items && r == 0; i++)
        r = judge_gate(doctor, names.items[i], check);
    if (r == 0)
        r = names.n_items == 0 ? check_say(check, "none: no secret can be sealed yet")
                               : check_say(check, "%zu usable", names.n_items);
    texts_done(&names);
    return r;
}

/* Is it for the key that this machine was last trusted with? Where none is known, nothing is said.
 */
static int judge_key(const Doctor *doctor, const SecretListing *listing, Check *check)
{
    const SecretHeader *header = &listing->header;
    _cleanup_key_record_ KeyRecord record = { 0 };

    if (header->gate_kind != GATE_KIND_VERIFIER)
        return 0;
    int r = key_record_read(doctor->options->state_directory, &record);
    if (r != KEY_RECORD_OK)
        return MIN(r, 0);
    _cleanup_free_ char *name = hex_encode(VIEW_OF_ARRAY(header->ak_name));
    if (!name)
        return -ENOMEM;
    if (strcmp(name, record.name) == 0)
        return 0;
    return doctor_warn(check, "secret-key-changed", listing->name, NULL,
                       "the key that this machine was last trusted with");
}

static int judge_secret(const Doctor *doctor, const SecretListing *listing, Check *check)
{
    const SecretHeader *header = &listing->header;
    _cleanup_gate_file_ GateFile gate = { 0 };

    if (listing->reason != SECRET_STORE_OK)
        return doctor_no(check, secret_store_finding(listing->reason), listing->name,
                         secret_store_reason(listing->reason), NULL);
    int r = gate_directory_read(doctor->options->state_directory, header->gate, &gate);
    if (r == -ENOMEM)
        return r;
    if (r == GATE_DIRECTORY_E_ABSENT)
        return doctor_no(check, "secret-gate-missing", listing->name, header->gate, NULL);
    /* A gate that cannot be read has its line already. */
    if (r == 0 && gate.kind != header->gate_kind)
        return doctor_no(check, "secret-gate-kind-changed", listing->name,
                         gate_kind_name(gate.kind), gate_kind_name(header->gate_kind));
    r = judge_key(doctor, listing, check);
    if (r < 0 || header->n_who > 0)
        return r;
    return doctor_warn(check, "secret-for-nobody", listing->name, NULL, NULL);
}

static const SecretListing *find_secret(const SecretList *secrets, const char *name)
{
    for (size_t i = 0; i < secrets->n_items; i++)
        if (strcmp(secrets->items[i].name, name) == 0)
            return &secrets->items[i];
    return NULL;
}

static bool names(const SecretHeader *header, const char *asker)
{
    for (size_t i = 0; i < header->n_who; i++)
        if (secret_who_names(header->who[i], asker))
            return true;
    return false;
}

int doctor_judge_asker(const Doctor *doctor, const char *asker, const char *secret, Check *check)
{
    char subject[SECRET_UNIT_LIMIT + SECRET_NAME_LIMIT + 24];

    if (!doctor->has_secrets)
        return 0;
    const SecretListing *listing = find_secret(&doctor->secrets, secret);
    (void)snprintf(subject, sizeof(subject), "%s, secret %s", asker, secret);
    if (!listing)
        return doctor_no(check, "secret-not-sealed", subject, NULL, NULL);
    /* One that cannot be read has its line already. */
    if (listing->reason != SECRET_STORE_OK || names(&listing->header, asker))
        return 0;
    return doctor_no(check, "secret-for-others", subject, NULL, NULL);
}

int doctor_secrets(Doctor *doctor, Check *check)
{
    _cleanup_(secret_store_freep) SecretStore *store = NULL;
    const char *directory = doctor->config->secrets.directory;

    int r = secret_store_open(directory, &store);
    doctor->has_secrets = r == SECRET_STORE_E_ABSENT;
    if (r == SECRET_STORE_E_ABSENT)
        return check_say(check, "none");
    if (r == 0)
        r = secret_store_list(store, &doctor->secrets);
    if (r == -ENOMEM)
        return r;
    if (r != 0)
        return doctor_no(check, "secret-store-unusable", directory,
                         r < 0 ? strerror(-r) : secret_store_reason(r), NULL);
    doctor->has_secrets = true;
    for (size_t i = 0; i < doctor->secrets.n_items; i++) {
        r = judge_secret(doctor, &doctor->secrets.items[i], check);
        if (r < 0)
            return r;
    }
    return doctor->secrets.n_items == 0
               ? check_say(check, "none")
               : check_say(check, "%zu, of gates that are there", doctor->secrets.n_items);
}
