/*
 * Connections and programs at a steady rate: so many a second, so many seconds. A child of it accepts and closes what was
 * connected. Writes what was done: connections, of them refused, programs, and milliseconds it took.
 *
 *     load CONNECTIONS_A_SECOND PROGRAMS_A_SECOND SECONDS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* Ends with a reset: else each connection keeps its port for a minute. */
static void drop(int fd)
{
    struct linger linger = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}

static void serve(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            drop(fd);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    double connections = atof(argv[1]), programs = atof(argv[2]), seconds = atof(argv[3]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096) ||
        getsockname(listener, (struct sockaddr *)&address, &length))
        return 1;
    pid_t server = fork();
    if (server == 0)
        serve(listener);
    char *arguments[] = {"/bin/true", "osquery-load", NULL};
    long connected = 0, refused = 0, started = 0;
    double begun = now(), passed;
    while ((passed = now() - begun) < seconds) {
        for (; connected < passed * connections; connected++) {
            int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            if (connect(fd, (struct sockaddr *)&address, length))
                refused++;
            drop(fd);
        }
        for (; started < passed * programs; started++) {
            pid_t pid;
            if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) != 0)
                return 1;
            waitpid(pid, NULL, 0);
        }
        usleep(5000);
    }
    double took = now() - begun;
    /* What waits to be accepted. */
    sleep(1);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    printf("%ld %ld %ld %.0f\n", connected, refused, started, took * 1000);
    return 0;
}
