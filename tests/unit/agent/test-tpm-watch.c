/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key of this round beside the one of before: in this boot, in another, of another TPM.
 */
#include "agent/tpm-watch.h"
#include "testing.h"

#define ONE "000b1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "000b2222222222222222222222222222222222222222222222222222222222222222"

typedef struct Room {
    char path[64];
    TpmWatch watch;
} Room;

static void room_open(Room *room)
{
    tpm_watch_done(&room->watch);
    check_int(tpm_watch_open(room->path, &room->watch), 0);
}

static void room_begin(Room *room, const char *tcti, const char *choice)
{
    char tcti_text[64], choice_text[64];

    (void)snprintf(tcti_text, sizeof(tcti_text), "%s", tcti);
    (void)snprintf(choice_text, sizeof(choice_text), "%s", choice);
    const EvidenceConfig evidence = { .tcti = tcti_text, .attestation_key = choice_text };
    check_int(tpm_watch_begin(&room->watch, &evidence), 0);
}

static Room make_room(void)
{
    Room room = { .path = "/tmp/test-tpm-watch.XXXXXX" };

    check(mkdtemp(room.path));
    room_open(&room);
    room_begin(&room, "device:/dev/tpmrm0", "auto");
    return room;
}

static void room_done(Room *room)
{
    char file[96];

    (void)snprintf(file, sizeof(file), "%s/" KEY_RECORD_FILE, room->path);
    (void)unlink(file);
    tpm_watch_done(&room->watch);
    check_int(rmdir(room->path), 0);
}

#define _cleanup_room_ _cleanup_(room_done)

static void the_first_key_is_news_to_nobody(void)
{
    _cleanup_room_ Room room = make_room();

    check_int(tpm_watch_compare(&room.watch, ONE), KEY_IS_KNOWN);
    check_int(tpm_watch_trust(&room.watch, ONE), 0);
    check_int(tpm_watch_compare(&room.watch, ONE), KEY_IS_KNOWN);
}

static void another_key_in_this_boot_was_put_in_its_place(void)
{
    _cleanup_room_ Room room = make_room();

    check_int(tpm_watch_trust(&room.watch, ONE), 0);
    check_int(tpm_watch_compare(&room.watch, TWO), KEY_WAS_REPLACED);
    room_open(&room); /* another run of the daemon */
    room_begin(&room, "device:/dev/tpmrm0", "auto");
    check_int(tpm_watch_compare(&room.watch, TWO), KEY_WAS_REPLACED);
    check_int(tpm_watch_trust(&room.watch, TWO), 0);
    check_int(tpm_watch_compare(&room.watch, TWO), KEY_IS_KNOWN);
}

static void another_key_in_another_boot_is_new(void)
{
    _cleanup_room_ Room room = make_room();

    check_int(tpm_watch_trust(&room.watch, ONE), 0);
    (void)snprintf(room.watch.boot_id, sizeof(room.watch.boot_id), "another");
    check_int(tpm_watch_compare(&room.watch, TWO), KEY_IS_NEW);
    check_int(tpm_watch_compare(&room.watch, ONE), KEY_IS_KNOWN);
    /* Seen again, it is of that boot. */
    check_int(tpm_watch_trust(&room.watch, ONE), 0);
    check_int(tpm_watch_compare(&room.watch, TWO), KEY_WAS_REPLACED);
}

static void another_tpm_or_choice_of_key_is_somebodys_wish(void)
{
    _cleanup_room_ Room room = make_room();

    check_int(tpm_watch_trust(&room.watch, ONE), 0);
    room_begin(&room, "swtpm:path=/x", "auto");
    check_int(tpm_watch_compare(&room.watch, TWO), KEY_IS_KNOWN);
    room_begin(&room, "device:/dev/tpmrm0", "template");
    check_int(tpm_watch_compare(&room.watch, TWO), KEY_IS_KNOWN);
    check_int(tpm_watch_trust(&room.watch, TWO), 0);
    room_begin(&room, "device:/dev/tpmrm0", "auto");
    check_int(tpm_watch_compare(&room.watch, ONE), KEY_IS_KNOWN);
}

static void what_cannot_be_written_holds_until_the_end(void)
{
    _cleanup_room_ Room room = make_room();

    free(room.watch.state_directory);
    room.watch.state_directory = strdup("/nonexistent");
    check(tpm_watch_trust(&room.watch, ONE) < 0);
    check_int(tpm_watch_compare(&room.watch, TWO), KEY_WAS_REPLACED);
}

static const Test tests[] = {
    { "the first key is news to nobody", the_first_key_is_news_to_nobody },
    { "another key in this boot was put in its place",
      another_key_in_this_boot_was_put_in_its_place },
    { "another key in another boot is new", another_key_in_another_boot_is_new },
    { "another TPM, or choice of key, is somebody's wish",
      another_tpm_or_choice_of_key_is_somebodys_wish },
    { "what cannot be written holds until the end", what_cannot_be_written_holds_until_the_end },
};

TEST_MAIN(tests)
