/* SPDX-License-Identifier: Apache-2.0 */
#include "secret/store.h"

#include "store-lab.h"

static void test_what_was_stored_is_loaded(void)
{
    StoreLab lab = store_lab_start();
    struct stat status;

    check_int(store_lab_version(&lab, "db"), 0);
    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    check_int(store_lab_version(&lab, "db"), 1);
    check_int(store_lab_write(&lab, "db", 2), SECRET_STORE_OK);
    check_int(store_lab_version(&lab, "db"), 2);
    StorePath path = store_lab_path(&lab, "db.secret");
    check_int(stat(path.text, &status), 0);
    check_int(status.st_mode & 07777, 0600);
    store_lab_stop(&lab);
}

static void test_a_version_is_never_lowered(void)
{
    StoreLab lab = store_lab_start();
    uint64_t version = 0;

    check_int(secret_store_version(lab.store, "db", &version), SECRET_STORE_OK);
    check_int(version, 0);
    check_int(store_lab_write(&lab, "db", 5), SECRET_STORE_OK);
    check_int(store_lab_write(&lab, "db", 5), SECRET_STORE_E_VERSION);
    check_int(store_lab_write(&lab, "db", 4), SECRET_STORE_E_VERSION);
    check_int(secret_store_version(lab.store, "db", &version), SECRET_STORE_OK);
    check_int(version, 5);
    check_int(store_lab_version(&lab, "db"), 5);
    store_lab_stop(&lab);
}

static void test_an_older_file_put_back_is_noticed(void)
{
    StoreLab lab = store_lab_start();

    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    _cleanup_bytes_ Bytes old = store_lab_read(&lab, "db.secret");
    check_int(store_lab_write(&lab, "db", 2), SECRET_STORE_OK);
    store_lab_plant(&lab, "db.secret", VIEW(old));
    check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_VERSION);
    /* The next one is above all that ever were. */
    check_int(store_lab_write(&lab, "db", 2), SECRET_STORE_E_VERSION);
    check_int(store_lab_write(&lab, "db", 3), SECRET_STORE_OK);
    check_int(store_lab_version(&lab, "db"), 3);
    store_lab_stop(&lab);
}

static void test_what_was_removed_does_not_come_back(void)
{
    StoreLab lab = store_lab_start();
    uint64_t version = 0;

    check_int(secret_store_remove(lab.store, "db"), SECRET_STORE_E_ABSENT);
    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    _cleanup_bytes_ Bytes old = store_lab_read(&lab, "db.secret");
    check_int(secret_store_remove(lab.store, "db"), SECRET_STORE_OK);
    check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_ABSENT);
    store_lab_plant(&lab, "db.secret", VIEW(old));
    check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_VERSION);
    check_int(secret_store_version(lab.store, "db", &version), SECRET_STORE_OK);
    check_int(store_lab_write(&lab, "db", version + 1), SECRET_STORE_OK);
    check_int(store_lab_version(&lab, "db"), version + 1);
    store_lab_stop(&lab);
}

static void test_a_renamed_file_is_noticed(void)
{
    StoreLab lab = store_lab_start();

    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    StorePath from = store_lab_path(&lab, "db.secret"), to = store_lab_path(&lab, "web.secret");
    check_int(rename(from.text, to.text), 0);
    check_int(store_lab_load(&lab, "web"), SECRET_STORE_E_NAME);
    check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_ABSENT);
    store_lab_stop(&lab);
}

static void test_what_others_may_touch_is_refused(void)
{
    static const mode_t modes[] = { 0644, 0640, 0604, 0660, 0602, 0610 };
    StoreLab lab = store_lab_start();

    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    StorePath path = store_lab_path(&lab, "db.secret");
    for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
        check_int(chmod(path.text, modes[i]), 0);
        check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_UNSAFE);
    }
    check_int(chmod(path.text, 0400), 0);
    check_int(store_lab_load(&lab, "db"), SECRET_STORE_OK);
    if (geteuid() == 0) {
        check_int(chown(path.text, 12345, 0), 0);
        check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_UNSAFE);
    }
    store_lab_stop(&lab);
}

static void test_what_is_no_regular_file_is_refused(void)
{
    StoreLab lab = store_lab_start();

    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    StorePath link = store_lab_path(&lab, "link.secret"), fifo = store_lab_path(&lab, "ff.secret"),
              directory = store_lab_path(&lab, "dd.secret");
    check_int(symlink("db.secret", link.text), 0);
    check_int(mkfifo(fifo.text, 0600), 0);
    check_int(mkdir(directory.text, 0700), 0);
    check_int(store_lab_load(&lab, "link"), SECRET_STORE_E_UNSAFE);
    check_int(store_lab_load(&lab, "ff"), SECRET_STORE_E_UNSAFE);
    check_int(store_lab_load(&lab, "dd"), SECRET_STORE_E_UNSAFE);
    store_lab_stop(&lab);
}

static void test_a_link_is_replaced_and_not_followed(void)
{
    StoreLab lab = store_lab_start();
    StorePath link = store_lab_path(&lab, "db.secret"), target = store_lab_path(&lab, "target"),
              temporary = store_lab_path(&lab, ".db.secret.new");
    struct stat status;

    check_int(symlink(target.text, link.text), 0);
    check_int(symlink(target.text, temporary.text), 0);
    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    check_int(store_lab_version(&lab, "db"), 1);
    check(access(target.text, F_OK) < 0);
    check_int(lstat(link.text, &status), 0);
    check(S_ISREG(status.st_mode));
    store_lab_stop(&lab);
}

static void test_what_cannot_be_read_is_named(void)
{
    StoreLab lab = store_lab_start();
    _cleanup_bytes_ Bytes large = { 0 };

    store_lab_plant(&lab, "db.secret", view_of_string("nonsense"));
    check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_MALFORMED);
    check_int(bytes_new(SECRET_FILE_SIZE_MAX + 1, &large), 0);
    store_lab_plant(&lab, "db.secret", VIEW(large));
    check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_TOO_LARGE);
    /* Sealing again is the remedy, and works. */
    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    check_int(store_lab_version(&lab, "db"), 1);
    store_lab_stop(&lab);
}

static void test_a_remembered_version_that_is_none_is_refused(void)
{
    static const char *const texts[] = { "",
                                         "\n",
                                         "1",
                                         "x\n",
                                         "-1\n",
                                         "1 \n",
                                         "9007199254740992\n",
                                         "99999999999999999999999999999999\n" };
    StoreLab lab = store_lab_start();
    uint64_t version = 0;

    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        store_lab_plant(&lab, "db.version", view_of_string(texts[i]));
        check_int(store_lab_load(&lab, "db"), SECRET_STORE_E_MALFORMED);
        check_int(secret_store_version(lab.store, "db", &version), SECRET_STORE_E_MALFORMED);
        check_int(store_lab_write(&lab, "db", 2), SECRET_STORE_E_MALFORMED);
    }
    store_lab_stop(&lab);
}

static void test_a_directory_that_others_may_write_is_refused(void)
{
    StoreLab lab = store_lab_start();
    SecretStore *store = NULL;

    check_int(chmod(lab.directory, 0770), 0);
    check_int(secret_store_open(lab.directory, &store), SECRET_STORE_E_UNSAFE);
    check_int(chmod(lab.directory, 0755), 0);
    check_int(secret_store_open(lab.directory, &store), SECRET_STORE_OK);
    secret_store_free(store);
    store_lab_stop(&lab);
}

static void test_a_directory_that_is_none_is_refused(void)
{
    StoreLab lab = store_lab_start();
    StorePath file = store_lab_path(&lab, "file"), link = store_lab_path(&lab, "link"),
              none = store_lab_path(&lab, "none");
    SecretStore *store = NULL;

    store_lab_plant(&lab, "file", view_of_string("x"));
    check_int(symlink(lab.directory, link.text), 0);
    check_int(secret_store_open(file.text, &store), SECRET_STORE_E_UNSAFE);
    check_int(secret_store_open(link.text, &store), SECRET_STORE_E_UNSAFE);
    check_int(secret_store_open(none.text, &store), SECRET_STORE_E_ABSENT);
    check(!store);
    store_lab_stop(&lab);
}

/* The agent reads what root sealed. */
static void test_root_writes_for_the_directorys_owner(void)
{
    StoreLab lab = store_lab_start();
    struct stat status;

    if (geteuid() != 0) {
        (void)printf("  (not root: nothing to give away)\n");
        store_lab_stop(&lab);
        return;
    }
    secret_store_free(lab.store);
    check_int(chown(lab.directory, 12345, 12346), 0);
    check_int(secret_store_open(lab.directory, &lab.store), SECRET_STORE_OK);
    check_int(store_lab_write(&lab, "db", 1), SECRET_STORE_OK);
    static const char *const names[] = { "db.secret", "db.version" };
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        StorePath path = store_lab_path(&lab, names[i]);
        check_int(stat(path.text, &status), 0);
        check_int(status.st_uid, 12345);
        check_int(status.st_gid, 12346);
        check_int(status.st_mode & 07777, 0600);
    }
    check_int(store_lab_version(&lab, "db"), 1);
    store_lab_stop(&lab);
}

static void test_the_list_says_what_files_say_and_what_is_wrong_with_them(void)
{
    StoreLab lab = store_lab_start();
    _cleanup_secret_list_ SecretList list = { 0 };

    check_int(store_lab_write(&lab, "web", 1), SECRET_STORE_OK);
    check_int(store_lab_write(&lab, "db", 4), SECRET_STORE_OK);
    store_lab_plant(&lab, "broken.secret", view_of_string("nonsense"));
    store_lab_plant(&lab, "README", view_of_string("hello"));
    store_lab_plant(&lab, ".hidden.secret", view_of_string("hello"));
    check_int(secret_store_list(lab.store, &list), 0);
    check_int(list.n_items, 3);
    check_str(list.items[0].name, "broken");
    check_int(list.items[0].reason, SECRET_STORE_E_MALFORMED);
    check(!list.items[0].header.name);
    check_str(list.items[1].name, "db");
    check_int(list.items[1].reason, SECRET_STORE_OK);
    check_int(list.items[1].header.version, 4);
    check_str(list.items[2].name, "web");
    store_lab_stop(&lab);
}

static void test_names_that_are_none_do_not_leave_the_directory(void)
{
    static const char *const names[] = { "", "..", "../db", "/etc/passwd", ".db", "a/b" };
    StoreLab lab = store_lab_start();

    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        check_int(store_lab_load(&lab, names[i]), SECRET_STORE_E_ABSENT);
        check_int(secret_store_remove(lab.store, names[i]), SECRET_STORE_E_ABSENT);
    }
    store_lab_stop(&lab);
}

static const Test tests[] = {
    { "what was stored is loaded", test_what_was_stored_is_loaded },
    { "a version is never lowered", test_a_version_is_never_lowered },
    { "an older file put back is noticed", test_an_older_file_put_back_is_noticed },
    { "what was removed does not come back", test_what_was_removed_does_not_come_back },
    { "a renamed file is noticed", test_a_renamed_file_is_noticed },
    { "what others may touch is refused", test_what_others_may_touch_is_refused },
    { "what is no regular file is refused", test_what_is_no_regular_file_is_refused },
    { "a link is replaced and not followed", test_a_link_is_replaced_and_not_followed },
    { "what cannot be read is named", test_what_cannot_be_read_is_named },
    { "a remembered version that is none is refused",
      test_a_remembered_version_that_is_none_is_refused },
    { "a directory that others may write is refused",
      test_a_directory_that_others_may_write_is_refused },
    { "a directory that is none is refused", test_a_directory_that_is_none_is_refused },
    { "root writes for the directory's owner", test_root_writes_for_the_directorys_owner },
    { "the list says what files say and what is wrong with them",
      test_the_list_says_what_files_say_and_what_is_wrong_with_them },
    { "names that are none do not leave the directory",
      test_names_that_are_none_do_not_leave_the_directory },
};

TEST_MAIN(tests)
