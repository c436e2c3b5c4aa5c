/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim-paravisor: a socket like swtpm's, with the paravisor behind it.
 */
#include "sim-paravisor.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CLIENTS_MAX 64
#define HEADER_SIZE 10
#define SIZE_OFFSET 2

static const char help[] =
    "sim-paravisor --chip DIR --tpm PATH --listen PATH [OPTION]...\n"
    "An Azure paravisor before the swtpm at PATH: TPM commands at --listen PATH, its control "
    "channel\n"
    "at PATH.ctrl, as TCTI swtpm:path=PATH wants them.\n"
    "  --control FILE          misbehaviour (README.md)\n"
    "  --certificate FILE      the AK certificate's index is there; its content is the file's, "
    "DER,\n"
    "                          padded with zeros; while there is no file it is unwritten\n"
    "  --index-size N          of the report: 2600 unless told otherwise; 2048 is of the oldest, "
    "whose\n"
    "                          claims have one key and no user data\n"
    "  --header-version 1|2    2 unless told otherwise; 1 has upper-case hex\n"
    "  --trusted-launch        no report; a key that the host made\n"
    "  --forgets               new seeds at each boot, and the report says so\n"
    "  --elsewhere             indices and key at handles that are 0x10 higher\n";

/* A connection of the guest; PEER is the other end of a control channel, else -1. */
typedef struct Client {
    int fd, peer;
    uint8_t buffer[SIM_COMMAND_MAX];
    size_t size;
} Client;

typedef struct Server {
    SimParavisor *paravisor;
    const char *upstream;
    int commands, controls; /* sockets that listen */
    Client *clients[CLIENTS_MAX];
} Server;

typedef struct Options {
    SimParavisorOptions paravisor;
    const char *upstream, *listen;
} Options;

static int unix_socket(const char *path, const char *suffix, bool listens)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", path, suffix);
    if (listens &&
        (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, CLIENTS_MAX) < 0))
        return -errno;
    if (!listens && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return TAKE_FD(fd);
}

static Client *client_free(Client *client)
{
    if (!client)
        return NULL;
    closep(&client->fd);
    closep(&client->peer);
    free(client);
    return NULL;
}

static int add_client(Server *server, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    size_t i = 0;

    if (fd < 0)
        return 0;
    while (i < CLIENTS_MAX && server->clients[i])
        i++;
    Client *client = i < CLIENTS_MAX ? calloc(1, sizeof(*client)) : NULL;
    if (!client) {
        (void)close(fd);
        return 0;
    }
    client->fd = fd;
    client->peer =
        listener == server->controls ? unix_socket(server->upstream, ".ctrl", false) : -EBADF;
    server->clients[i] = client;
    return 0;
}

static bool send_whole(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* From one end of a control channel to the other. */
static bool relay(int from, int to)
{
    uint8_t buffer[SIM_COMMAND_MAX];
    ssize_t n = recv(from, buffer, sizeof(buffer), 0);

    return n > 0 && send_whole(to, buffer, (size_t)n);
}

static size_t command_size(const Client *client)
{
    const uint8_t *at = client->buffer + SIZE_OFFSET;

    if (client->size < HEADER_SIZE)
        return HEADER_SIZE;
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

/* 1 while the client is to be kept, 0 when it goes, negative errno when the TPM has gone. */
static int serve_command(Server *server, Client *client)
{
    uint8_t answer[SIM_COMMAND_MAX];
    size_t answer_size = 0;

    ssize_t n =
        recv(client->fd, client->buffer + client->size, sizeof(client->buffer) - client->size, 0);
    if (n <= 0)
        return 0;
    client->size += (size_t)n;
    size_t size = command_size(client);
    if (size < HEADER_SIZE || size > sizeof(client->buffer))
        return 0;
    if (client->size < size)
        return 1;
    int r = sim_paravisor_answer(server->paravisor, (ByteView){ client->buffer, client->size },
                                 answer, &answer_size);
    client->size = 0;
    if (r < 0)
        return r;
    return send_whole(client->fd, answer, answer_size);
}

static int serve_client(Server *server, size_t i, const struct pollfd *polled)
{
    Client *client = server->clients[i];
    int r = 1;

    if (polled[0].revents)
        r = client->peer >= 0 ? relay(client->fd, client->peer) : serve_command(server, client);
    if (r > 0 && client->peer >= 0 && polled[1].revents)
        r = relay(client->peer, client->fd);
    if (r <= 0)
        server->clients[i] = client_free(client);
    return r < 0 ? r : 0;
}

static int serve_once(Server *server)
{
    struct pollfd polled[2 + 2 * CLIENTS_MAX];

    polled[0] = (struct pollfd){ .fd = server->commands, .events = POLLIN };
    polled[1] = (struct pollfd){ .fd = server->controls, .events = POLLIN };
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        const Client *client = server->clients[i];
        polled[2 + 2 * i] = (struct pollfd){ .fd = client ? client->fd : -1, .events = POLLIN };
        polled[3 + 2 * i] = (struct pollfd){ .fd = client ? client->peer : -1, .events = POLLIN };
    }
    if (poll(polled, ELEMENTSOF(polled), -1) < 0)
        return errno == EINTR ? 0 : -errno;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        int r = server->clients[i] ? serve_client(server, i, &polled[2 + 2 * i]) : 0;
        if (r < 0)
            return r;
    }
    if (polled[0].revents)
        (void)add_client(server, server->commands);
    if (polled[1].revents)
        (void)add_client(server, server->controls);
    return 0;
}

static bool take_option(Options *options, int option, const char *text)
{
    switch (option) {
    case 'c':
        options->paravisor.chip = text;
        return true;
    case 't':
        options->upstream = text;
        return true;
    case 'l':
        options->listen = text;
        return true;
    case 'o':
        options->paravisor.control = text;
        return true;
    case 'a':
        options->paravisor.certificate = text;
        return true;
    case 's':
        options->paravisor.index_size = (size_t)strtoul(text, NULL, 10);
        return options->paravisor.index_size > 0 && options->paravisor.index_size <= 4096;
    case 'v':
        options->paravisor.header_version = (uint32_t)strtoul(text, NULL, 10);
        options->paravisor.upper_case = options->paravisor.header_version == 1;
        return true;
    case 'T':
        options->paravisor.trusted_launch = true;
        return true;
    case 'e':
        options->paravisor.elsewhere = true;
        return true;
    case 'f':
        options->paravisor.forgets = true;
        return true;
    }
    return false;
}

static int parse_options(int argc, char **argv, Options *options)
{
    static const struct option known[] = {
        { "chip", required_argument, NULL, 'c' },
        { "tpm", required_argument, NULL, 't' },
        { "listen", required_argument, NULL, 'l' },
        { "control", required_argument, NULL, 'o' },
        { "certificate", required_argument, NULL, 'a' },
        { "index-size", required_argument, NULL, 's' },
        { "header-version", required_argument, NULL, 'v' },
        { "trusted-launch", no_argument, NULL, 'T' },
        { "forgets", no_argument, NULL, 'f' },
        { "elsewhere", no_argument, NULL, 'e' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };

    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) >= 0;) {
        if (c == 'h')
            exit(fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        if (!take_option(options, c, optarg))
            return -EINVAL;
    }
    return optind == argc && options->paravisor.chip && options->upstream && options->listen
               ? 0
               : -EINVAL;
}

static int run(const Options *options)
{
    Server server = { .upstream = options->upstream, .commands = -EBADF, .controls = -EBADF };
    SimParavisorOptions wanted = options->paravisor;
    _cleanup_(sim_paravisor_freep) SimParavisor *paravisor = NULL;
    char tcti[256];

    (void)snprintf(tcti, sizeof(tcti), "swtpm:path=%s", options->upstream);
    wanted.tcti = tcti;
    int r = sim_paravisor_new(&wanted, &paravisor);
    if (r != 0)
        return r;
    server.paravisor = paravisor;
    server.controls = unix_socket(options->listen, ".ctrl", true);
    if (server.controls < 0)
        return server.controls;
    server.commands = unix_socket(options->listen, "", true);
    if (server.commands < 0)
        return server.commands;
    while (r == 0)
        r = serve_once(&server);
    return r;
}

int main(int argc, char **argv)
{
    Options options = { .paravisor = { .index_size = 2600, .header_version = 2 } };

    if (parse_options(argc, argv, &options) < 0) {
        (void)fputs(help, stderr);
        return 2;
    }
    if (setenv("TSS2_LOG", "all+NONE", 1) < 0)
        return EXIT_FAILURE;
    int r = run(&options);
    (void)fprintf(stderr, "sim-paravisor: %s\n", r < 0 ? strerror(-r) : "it does not start");
    return EXIT_FAILURE;
}
