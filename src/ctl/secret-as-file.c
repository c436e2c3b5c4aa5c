/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attestctl secrets file: an instance of attestd-file@.service for a secret, by a drop-in, and what
 * that unit runs.
 */
#include "ctl/secret-as-file.h"

#include "ctl/complain.h"
#include "ctl/etc-file.h"
#include "ctl/output.h"
#include "ctl/unit-manager.h"
#include "ctl/volume-recipe.h"
#include "format/catalog.h"
#include "secret/secret-name.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#define UNITS        "etc/systemd/system/"
#define OWNER        "root"
#define MODE         "0400"
#define START_WANTED "systemctl start attested.target"
#define ID_MAX       UINT32_C(4294967294) /* (uid_t)-1 is nobody */
#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define NAME_MAX_    64 /* characters of a user's or group's name */

/* What the options say, with defaults; all borrowed but the path. */
typedef struct Wish {
    const char *name;
    char *path;
    const char *owner;
    const char *group; /* NULL: the owner's */
    mode_t mode;
} Wish;

static void wish_done(Wish *wish)
{
    free(wish->path);
}
#define _cleanup_wish_ _cleanup_(wish_done)

static bool is_account(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= NAME_MAX_ && *name != '-' &&
           strspn(name, NAME_LETTERS) == length;
}

static char *default_path(const char *name)
{
    char *path = NULL;

    return asprintf(&path, SECRET_FILE_DIRECTORY "/%s", name) < 0 ? NULL : path;
}

/* 0, else an exit class. */
static int read_options(const Options *options, Wish *ret)
{
    const char *name = options->argument, *mode = options->mode ? options->mode : MODE;
    _cleanup_wish_ Wish wish = { .name = name,
                                 .owner = options->owner ? options->owner : OWNER,
                                 .group = options->group };

    if (!secret_name_is_valid(name))
        return complain_of_usage("use letters, digits, dots, dashes and underscores, at most 64",
                                 "\"%s\" is no name of a secret", name);
    if (options->path && !volume_path_is_valid(options->path))
        return complain_of_usage("give a whole path, without blanks and with no \"..\" in it",
                                 "\"%s\" is no path for a secret", options->path);
    if (!is_account(wish.owner) || (wish.group && !is_account(wish.group)))
        return complain_of_usage("give names or numbers", "\"%s\" is no account",
                                 is_account(wish.owner) ? wish.group : wish.owner);
    if (!secret_file_mode(mode, &wish.mode))
        return complain_of_usage("say 0400, 0440 or such, in octal, and nothing for others",
                                 "\"%s\" is no mode for a secret", mode);
    wish.path = options->path ? strdup(options->path) : default_path(name);
    if (!wish.path)
        return complain_of_errno(-ENOMEM, name);
    *ret = TAKE_STRUCT(wish);
    return 0;
}

#define FILES 2 /* the unit's drop-in, and what has attested.target want it */

/* Files below /etc, and what they say. */
typedef struct Recipe {
    char *unit;
    char *paths[FILES];
    char *texts[FILES];
    EtcFile before[FILES];
} Recipe;

static void recipe_done(Recipe *recipe)
{
    free(recipe->unit);
    for (size_t i = 0; i < FILES; i++) {
        free(recipe->paths[i]);
        free(recipe->texts[i]);
        etc_file_done(&recipe->before[i]);
    }
}
#define _cleanup_recipe_ _cleanup_(recipe_done)

static char *make_mark(const char *name)
{
    char *mark = NULL;

    return asprintf(&mark, "# attestctl secrets file %s\n", name) < 0 ? NULL : mark;
}

static int recipe_begin(const char *name, Recipe *recipe)
{
    if (asprintf(&recipe->unit, "attestd-file@%s.service", name) < 0) {
        recipe->unit = NULL;
        return -ENOMEM;
    }
    if (asprintf(&recipe->paths[0], UNITS "%s.d/50-attested.conf", recipe->unit) < 0) {
        recipe->paths[0] = NULL;
        return -ENOMEM;
    }
    if (asprintf(&recipe->paths[1], UNITS "attested.target.d/50-file-%s.conf", name) < 0) {
        recipe->paths[1] = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* %i of the template is NAME: systemd fills it in. */
static int recipe_write(const Wish *wish, Recipe *recipe)
{
    _cleanup_free_ char *mark = make_mark(wish->name);
    size_t above = (size_t)(strrchr(wish->path, '/') - wish->path);

    if (!mark)
        return -ENOMEM;
    if (asprintf(&recipe->texts[0],
                 "%s[Service]\n"
                 "ExecStart=\n"
                 "ExecStart=" ATTESTD_CTL
                 " secrets file place %%i --path=%s --owner=%s%s%s --mode=%04o\n"
                 "ExecStopPost=\n"
                 "ExecStopPost=" ATTESTD_CTL " secrets file clear %%i --path=%s\n"
                 "ReadWritePaths=%.*s\n",
                 mark, wish->path, wish->owner, wish->group ? " --group=" : "",
                 wish->group ? wish->group : "", (unsigned)wish->mode, wish->path, (int)above,
                 wish->path) < 0) {
        recipe->texts[0] = NULL;
        return -ENOMEM;
    }
    if (asprintf(&recipe->texts[1], "%s[Unit]\nWants=%s\n", mark, recipe->unit) < 0) {
        recipe->texts[1] = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* What is there is ours, or there is nothing. 0, else an exit class. */
static int recipe_compare(int root_fd, const char *name, Recipe *recipe)
{
    _cleanup_free_ char *mark = make_mark(name);

    for (size_t i = 0; i < FILES; i++) {
        int r = mark ? etc_file_read(root_fd, recipe->paths[i], &recipe->before[i]) : -ENOMEM;
        if (r == ETC_FILE_E_ABSENT)
            continue;
        if (r < 0)
            return complain_of_failure("volume-file-unusable", recipe->paths[i], r);
        if (r != ETC_FILE_OK || strncmp(recipe->before[i].text, mark, strlen(mark)) != 0)
            return complain("volume-line-foreign", recipe->paths[i], NULL);
    }
    return 0;
}

/* The files say what the recipe does; where that is nothing they go. 0, else an exit class. */
static int recipe_put(int root_fd, const Recipe *recipe)
{
    for (size_t i = 0; i < FILES; i++) {
        const EtcFile *before = recipe->before[i].text ? &recipe->before[i] : NULL;
        const char *text = recipe->texts[i];
        if (before && text && strcmp(before->text, text) == 0)
            continue;
        int r = text ? etc_file_write(root_fd, recipe->paths[i], before, text)
                     : etc_file_remove(root_fd, recipe->paths[i]);
        if (r < 0)
            return complain_of_failure("volume-file-unusable", recipe->paths[i], r);
    }
    return 0;
}

int secret_file_add(const Options *options)
{
    _cleanup_wish_ Wish wish = { 0 };
    _cleanup_recipe_ Recipe recipe = { 0 };
    _cleanup_close_ int root_fd = -EBADF;

    int r = read_options(options, &wish);
    if (r == 0)
        r = etc_root_open_or_complain(options->root, &root_fd);
    if (r != 0)
        return r;
    if (recipe_begin(wish.name, &recipe) < 0 || recipe_write(&wish, &recipe) < 0)
        return complain_of_errno(-ENOMEM, wish.name);
    r = recipe_compare(root_fd, wish.name, &recipe);
    if (r == 0)
        r = recipe_put(root_fd, &recipe);
    if (r != 0)
        return r;
    unit_manager_reload_here(options->root);
    (void)printf("Secret %s is at %s whenever the machine is trusted.\n", wish.name, wish.path);
    (void)printf("Let it be asked for: attestctl seal %s --for=unit:%s <FILE\n", wish.name,
                 recipe.unit);
    (void)printf("The next verdict places it; under the present one: " START_WANTED "\n");
    return 0;
}

/* Stopped first: the drop-in says what has to be removed. */
static int stop_here(const char *root, const char *unit)
{
    _cleanup_(unit_manager_freep) UnitManager *manager = NULL;

    if (root || !unit_manager_is_here())
        return 0;
    int r = unit_manager_new(&manager);
    if (r == 0)
        r = unit_manager_stop_and_wait(manager, unit);
    return r < 0 ? complain("unit-manager-unreachable", unit, strerror(-r)) : 0;
}

int secret_file_remove(const Options *options)
{
    const char *name = options->argument;
    _cleanup_recipe_ Recipe recipe = { 0 };
    _cleanup_close_ int root_fd = -EBADF;

    if (!secret_name_is_valid(name))
        return complain_of_usage("see attestctl secrets list", "\"%s\" is no name of a secret",
                                 name);
    if (recipe_begin(name, &recipe) < 0)
        return complain_of_errno(-ENOMEM, name);
    int r = etc_root_open_or_complain(options->root, &root_fd);
    if (r == 0)
        r = recipe_compare(root_fd, name, &recipe);
    if (r == 0)
        r = stop_here(options->root, recipe.unit);
    if (r == 0)
        r = recipe_put(root_fd, &recipe);
    if (r != 0)
        return r;
    unit_manager_reload_here(options->root);
    (void)printf("Secret %s is no file any more.\n", name);
    return 0;
}

static bool read_id(const char *text, uint32_t *ret)
{
    uint64_t value = 0;

    if (!*text || strlen(text) > 10 || strspn(text, "0123456789") != strlen(text))
        return false;
    for (; *text; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    if (value > ID_MAX)
        return false;
    *ret = (uint32_t)value;
    return true;
}

/* Looked up when it is placed: an image may know no such user yet. */
static int look_up(const Wish *wish, SecretPlace *place)
{
    const struct passwd *user = read_id(wish->owner, &place->uid) ? NULL : getpwnam(wish->owner);
    const struct group *group = NULL;

    if (user) {
        place->uid = user->pw_uid;
        place->gid = user->pw_gid;
    } else if (!read_id(wish->owner, &place->uid)) {
        return complain_of_usage("see getent passwd", "there is no user %s", wish->owner);
    } else {
        place->gid = 0;
    }
    if (!wish->group || read_id(wish->group, &place->gid))
        return 0;
    group = getgrnam(wish->group);
    if (!group)
        return complain_of_usage("see getent group", "there is no group %s", wish->group);
    place->gid = group->gr_gid;
    return 0;
}

int secret_file_place(const Options *options)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    _cleanup_wish_ Wish wish = { 0 };
    SecretPlace place;

    int r = read_options(options, &wish);
    if (r != 0)
        return r;
    place = (SecretPlace){ .path = wish.path, .mode = wish.mode };
    r = look_up(&wish, &place);
    if (r != 0)
        return r;
    _cleanup_close_ int directory_fd =
        directory ? open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC) : -ENOENT;
    _cleanup_close_ int fd =
        directory_fd < 0 ? -ENOENT
                         : openat(directory_fd, wish.name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return complain("secret-file-credential", wish.name, NULL);
    return secret_file_write(fd, &place);
}

int secret_file_clear(const Options *options)
{
    _cleanup_wish_ Wish wish = { 0 };

    int r = read_options(options, &wish);
    return r != 0 ? r : secret_file_wipe(wish.path);
}

#define OPTION_PATH  TEXT_OPTION("path", path, "PATH", "instead of /run/attestd-files/NAME")
#define OPTION_OWNER TEXT_OPTION("owner", owner, "USER", "whose file it is; root unless given")
#define OPTION_GROUP TEXT_OPTION("group", group, "GROUP", "its group; the owner's unless given")
#define OPTION_MODE  TEXT_OPTION("mode", mode, "OCTAL", "its mode; 0400 unless given")
#define OPTION_ROOT  TEXT_OPTION("root", root, "DIR", "the machine whose files are below DIR")

const Option secret_file_add_options[] = {
    OPTION_PATH, OPTION_OWNER, OPTION_GROUP, OPTION_MODE, OPTION_ROOT, { 0 },
};

const Option secret_file_remove_options[] = { OPTION_ROOT, { 0 } };

const Option secret_file_place_options[] = {
    OPTION_PATH, OPTION_OWNER, OPTION_GROUP, OPTION_MODE, { 0 },
};

const Option secret_file_clear_options[] = { OPTION_PATH, { 0 } };
