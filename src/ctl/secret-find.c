/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's named noes by the names of the catalogue.
 */
#include "ctl/secret-find.h"

#include "ctl/complain.h"
#include "ctl/settings.h"
#include "format/catalog.h"

bool secret_find_name(const char *name)
{
    if (secret_name_is_valid(name))
        return true;
    (void)complain_of_usage("use letters, digits, dots, dashes and underscores, at most 64",
                            "\"%s\" is no name of a secret", name);
    return false;
}

int secret_find_store(const Options *options, SecretStore **ret)
{
    _cleanup_(config_freep) Config *config = NULL;

    int r = settings_load(options, &config);
    if (r != 0)
        return r;
    r = secret_store_open(config->secrets.directory, ret);
    if (r == SECRET_STORE_OK || r == SECRET_STORE_E_ABSENT)
        return 0;
    return r < 0 ? complain_of_failure("secret-store-unusable", config->secrets.directory, r)
                 : complain("secret-store-unusable", config->secrets.directory,
                            secret_store_reason(r));
}

int secret_find_refuse(const char *name, int r)
{
    if (r < 0)
        return complain_of_failure("secret-store-failed", name, r);
    bool says_all = r != SECRET_STORE_E_TOO_LARGE && r != SECRET_STORE_E_MALFORMED;
    return complain(secret_store_finding(r), name, says_all ? NULL : secret_store_reason(r));
}

int secret_find(const SecretStore *store, const char *name, SecretFile *ret)
{
    int r = store ? secret_store_load(store, name, ret) : SECRET_STORE_E_ABSENT;

    return r == SECRET_STORE_OK ? 0 : secret_find_refuse(name, r);
}
