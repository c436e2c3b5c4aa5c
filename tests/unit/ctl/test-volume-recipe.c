/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/volume-recipe.h"

#include "testing.h"

static void check_text(char *found, const char *wanted)
{
    check_str(found, wanted);
    free(found);
}

static void test_lines(void)
{
    Volume volume = { .name = "my-data", .device = "UUID=ab-c" };

    check_text(volume_crypttab_line(&volume),
               "my-data  UUID=ab-c  /run/attestd/secrets.sock  "
               "luks,noauto,headless=true,header=/run/attestd-headers/my-data");
    volume.header = VOLUME_HEADER_DETACHED;
    volume.header_path = "/etc/h";
    check_text(volume_crypttab_line(&volume), "my-data  UUID=ab-c  /run/attestd/secrets.sock  "
                                              "luks,noauto,headless=true,header=/etc/h");
    volume.header = VOLUME_HEADER_UNCHECKED;
    volume.header_path = NULL;
    check_text(volume_crypttab_line(&volume),
               "my-data  UUID=ab-c  /run/attestd/secrets.sock  luks,noauto,headless=true");
    volume.mount = "/srv/data";
    volume.fstype = "xfs";
    volume.mount_options = "nodev,ro";
    check_text(volume_fstab_line(&volume),
               "/dev/mapper/my-data  /srv/data  xfs  noauto,nofail,"
               "x-systemd.wanted-by=attested.target,x-systemd.requires=attested.target,"
               "x-systemd.requires=systemd-cryptsetup@my\\x2ddata.service,nodev,ro  0 0");
}

static void test_files(void)
{
    const Volume checked = { .name = "data", .device = "UUID=ab-c", .mount = "/srv" };
    const Volume bare = { .name = "data",
                          .device = "/images/d.img",
                          .header = VOLUME_HEADER_UNCHECKED };
    _cleanup_volume_files_ VolumeFiles files = { 0 }, other = { 0 };

    check_int(volume_files(&checked, &files), 0);
    check_str(files.items[0].path,
              "etc/systemd/system/systemd-cryptsetup@data.service.d/50-attested.conf");
    check_str(files.items[0].text, "# attestctl volume data\n[Unit]\nBindsTo=attested.target\n"
                                   "After=attested.target\nStartLimitIntervalSec=0\n"
                                   "Requires=attestd-luks-header@data.service\n"
                                   "After=attestd-luks-header@data.service\n");
    check_str(files.items[1].path,
              "etc/systemd/system/attestd-luks-header@data.service.d/50-attested.conf");
    check_str(files.items[1].text, "# attestctl volume data\n[Unit]\n"
                                   "Requires=dev-disk-by\\x2duuid-ab\\x2dc.device\n"
                                   "After=dev-disk-by\\x2duuid-ab\\x2dc.device\n");
    check(!files.items[2].text);

    check_int(volume_files(&bare, &other), 0);
    check_str(other.items[0].text, "# attestctl volume data\n[Unit]\nBindsTo=attested.target\n"
                                   "After=attested.target\nStartLimitIntervalSec=0\n");
    check(!other.items[1].text);
    check_str(other.items[2].path, "etc/systemd/system/attested.target.d/50-volume-data.conf");
    check_str(other.items[2].text,
              "# attestctl volume data\n[Unit]\nWants=systemd-cryptsetup@data.service\n");
}

static void test_names(void)
{
    char dashes[65];

    memset(dashes, '-', 64);
    dashes[0] = 'a';
    dashes[64] = 0;
    check(volume_name_is_valid("data") && volume_name_is_valid("a.b_c-d"));
    check(!volume_name_is_valid("") && !volume_name_is_valid("-a") && !volume_name_is_valid("a/b"));
    check(!volume_name_is_valid("a b") && !volume_name_is_valid("a+b"));
    /* Escaped, it would be longer than a unit's name may be. */
    check(!volume_name_is_valid(dashes));
    dashes[40] = 0;
    check(volume_name_is_valid(dashes));
}

static void test_paths(void)
{
    const char *const good[] = { "/a", "/dev/disk/by-id/x:y@1", "/..a/b.." };
    const char *const bad[] = { "",    "/",    "a",    "/a/",  "//a",  "/a/../b", "/a/.",
                                "/..", "/a b", "/a\n", "/a%i", "/a,b", "/a=b",    "/a\\b" };
    const char *const devices[] = { "UUID=ab-c", "LABEL=x", "PARTUUID=1", "PARTLABEL=y",
                                    "/dev/vdb" };
    const char *const no_devices[] = { "UUID=", "UUID=a/b", "UUID=a b", "uuid=a", "vdb", "ID=x" };

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        check(volume_path_is_valid(good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        check(!volume_path_is_valid(bad[i]));
    for (size_t i = 0; i < ELEMENTSOF(devices); i++)
        check(volume_device_is_valid(devices[i]));
    for (size_t i = 0; i < ELEMENTSOF(no_devices); i++)
        check(!volume_device_is_valid(no_devices[i]));
    check_text(volume_device_path("PARTUUID=1-2"), "/dev/disk/by-partuuid/1-2");
    check_text(volume_device_path("/dev/vdb"), "/dev/vdb");
}

static void test_header(void)
{
    VolumeHeader header;
    const char *path;

    check(volume_header_parse(NULL, &header, &path) && header == VOLUME_HEADER_CHECKED);
    check(volume_header_parse("checked", &header, &path) && header == VOLUME_HEADER_CHECKED);
    check(volume_header_parse("unchecked", &header, &path) && header == VOLUME_HEADER_UNCHECKED);
    check(volume_header_parse("detached:/a/b", &header, &path) && header == VOLUME_HEADER_DETACHED);
    check_str(path, "/a/b");
    check(!volume_header_parse("detached:", &header, &path));
    check(!volume_header_parse("detached:a", &header, &path));
    check(!volume_header_parse("", &header, &path) && !volume_header_parse("no", &header, &path));
}

static const Test tests[] = {
    { "the lines are those that were measured", test_lines },
    { "the drop-ins bind the volume, check its header, or want it", test_files },
    { "a volume is called as its secret is", test_names },
    { "paths and devices mean nothing else in any of the files", test_paths },
    { "a header is checked unless something else is said", test_header },
};
TEST_MAIN(tests)
