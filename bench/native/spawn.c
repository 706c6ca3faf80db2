/* Starts a program so many times, one after the other: spawn COUNT PROGRAM */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    char *arguments[] = {argv[2], "osquery-bench", NULL};
    for (long i = atol(argv[1]); i > 0; i--) {
        pid_t pid;
        if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ) != 0)
            return 1;
        waitpid(pid, NULL, 0);
    }
    return 0;
}
