#ifndef MILLRACE_CLINUX_H
#define MILLRACE_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

// The few system calls that Swift cannot call: variadic, flag macros of composite type, or absent from Glibc's module.
// Unless said otherwise each answers ≥ 0 on success and -errno on failure.

// A non-blocking, close-on-exec event counter (eventfd(2)).
int clinux_eventfd(void);

// accept4(2) with SOCK_NONBLOCK | SOCK_CLOEXEC. `address` takes sizeof(struct sockaddr_storage) bytes.
int clinux_accept(int listener, void *address, unsigned int *length);

// Sets O_NONBLOCK (and FD_CLOEXEC) on a descriptor.
int clinux_set_nonblocking(int descriptor);

// writev(2) without SIGPIPE: sendmsg(2) with MSG_NOSIGNAL | MSG_DONTWAIT, retried on EINTR.
ssize_t clinux_sendv(int socket, const struct iovec *slices, int count);

// Names the calling thread as ps(1) and top(1) show it; the first 15 bytes count.
void clinux_name_thread(const char *name);

// An anonymous private mapping of `bytes` (a multiple of the page size) or NULL. Untouched pages cost nothing.
void *clinux_map(size_t bytes);
void clinux_unmap(void *address, size_t bytes);

#endif
