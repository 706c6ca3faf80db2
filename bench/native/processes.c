/* Reads for each process what `select * from processes` reads: stat, status, cmdline, cgroup, io, exe, cwd, root. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char buffer[65536];
static long bytes;

static void whole(const char *pid, const char *name) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  for (ssize_t count; (count = read(fd, buffer, sizeof buffer)) > 0;) bytes += count;
  close(fd);
}

static void target(const char *pid, const char *name) {
  char path[300];
  snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
  ssize_t count = readlink(path, buffer, sizeof buffer);
  if (count > 0) bytes += count;
}

int main(void) {
  DIR *proc = opendir("/proc");
  if (proc == NULL) return 1;
  long processes = 0;
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    const char *pid = entry->d_name;
    if (pid[0] < '0' || pid[0] > '9') continue;
    processes++;
    whole(pid, "stat");
    whole(pid, "status");
    whole(pid, "cmdline");
    whole(pid, "cgroup");
    whole(pid, "io");
    target(pid, "exe");
    target(pid, "cwd");
    target(pid, "root");
  }
  closedir(proc);
  printf("%ld processes, %ld bytes\n", processes, bytes);
  return 0;
}
