/*
 * A tree of directories, and files that are made in it, one after the other: each with one byte.
 *
 *     tree make FOLDER DIRECTORIES     tree change FOLDER DIRECTORIES FILES
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define A_FOLDER 500

static void name(char *into, size_t size, const char *folder, long i)
{
    if (i % A_FOLDER == 0)
        snprintf(into, size, "%s/%ld", folder, i / A_FOLDER);
    else
        snprintf(into, size, "%s/%ld/%ld", folder, i / A_FOLDER, i % A_FOLDER);
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc < 4)
        return 2;
    long directories = atol(argv[3]);
    if (strcmp(argv[1], "make") == 0) {
        for (long i = 0; i < directories; i++) {
            name(path, sizeof path, argv[2], i);
            if (mkdir(path, 0755) != 0)
                return 1;
        }
        return 0;
    }
    long files = argc > 4 ? atol(argv[4]) : 0;
    for (long i = 0; i < files; i++) {
        name(path, sizeof path, argv[2], i % directories);
        snprintf(path + strlen(path), sizeof path - strlen(path), "/file-%ld", i);
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, "x", 1) != 1)
            return 1;
        close(fd);
    }
    return 0;
}
