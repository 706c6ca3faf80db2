/* Starts /bin/true so many times, one after the other. */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
    long count = argc > 1 ? atol(argv[1]) : 1;
    char *arguments[] = {"/bin/true", "osquery-bench", NULL};
    for (long i = 0; i < count; i++) {
        pid_t pid;
        if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) != 0)
            return 1;
        waitpid(pid, NULL, 0);
    }
    return 0;
}
