#define _GNU_SOURCE
#include "CLinux.h"

#include <malloc.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

int clinux_eventfd(void) {
  int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int clinux_accept(int listener, void *address, unsigned int *length) {
  int descriptor = accept4(listener, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int clinux_set_nonblocking(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
  return fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

ssize_t clinux_sendv(int socket, const struct iovec *slices, int count) {
  struct msghdr message = {.msg_iov = (struct iovec *)slices, .msg_iovlen = (size_t)count};
  ssize_t written;
  do written = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (written < 0 && errno == EINTR);
  return written < 0 ? -errno : written;
}

void *clinux_map(size_t bytes) {
  void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return address == MAP_FAILED ? NULL : address;
}

void clinux_unmap(void *address, size_t bytes) { munmap(address, bytes); }

void clinux_return_memory(void) { malloc_trim(0); }

void clinux_name_thread(const char *name) { prctl(PR_SET_NAME, name); }
