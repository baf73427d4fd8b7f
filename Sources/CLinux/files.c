#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_open_beneath(int folder, const char *path, int flags, unsigned int mode) {
  struct open_how how = {
      .flags = (unsigned int)(flags | O_CLOEXEC),
      .mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
  };
  // EAGAIN: something was renamed during the walk and the kernel could not be sure.
  for (int tries = 0;; tries++) {
    long descriptor = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (descriptor >= 0) return (int)descriptor;
    if (errno != EINTR && (errno != EAGAIN || tries >= 64)) return -errno;
  }
}

int clinux_rename_new(int old_folder, const char *old_name, int new_folder, const char *new_name) {
  return renameat2(old_folder, old_name, new_folder, new_name, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

int clinux_clone_file(int target, int source) { return ioctl(target, FICLONE, source) < 0 ? -errno : 0; }

int clinux_replace_descriptor(int descriptor, int source) {
  return dup3(source, descriptor, O_CLOEXEC) < 0 ? -errno : 0;
}
