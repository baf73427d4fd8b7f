#ifndef MILLRACE_CLINUX_H
#define MILLRACE_CLINUX_H

#include <spawn.h>
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

// Gives the system the pages back that malloc holds and nobody uses (malloc_trim(3)).
void clinux_return_memory(void);

// A pipe, both ends close-on-exec: ends[0] is read from, ends[1] is written to.
int clinux_pipe(int ends[2]);

// A pair of connected stream sockets (AF_UNIX), both ends close-on-exec. Unlike a pipe it takes `clinux_sendv`.
int clinux_socket_pair(int ends[2]);

// Asks for a pipe buffer of `bytes`, or of the greatest half, quarter … of it that the system allows
// (/proc/sys/fs/pipe-max-size, pipe-user-pages-soft). Answers the size that the pipe then has.
int clinux_enlarge_pipe(int descriptor, int bytes);

// openat2(2) that never leaves `folder`, whatever links lie on the way (RESOLVE_BENEATH, no magic links); close-on-exec.
// -EXDEV: the path leads out of the folder.
int clinux_open_beneath(int folder, const char *path, int flags, unsigned int mode);

// renameat2(2) with RENAME_NOREPLACE.
int clinux_rename_new(int old_folder, const char *old_name, int new_folder, const char *new_name);

// ioctl(2) FICLONE: the file `target` shares the blocks of `source`.
int clinux_clone_file(int target, int source);

// dup3(2) with O_CLOEXEC: `descriptor` becomes another one for what `source` is, in one step.
int clinux_replace_descriptor(int descriptor, int source);

// posix_spawn_file_actions_addclosefrom_np(3): a child of posix_spawn(3) inherits no descriptor from `first` on.
// Answers 0 or an errno.
int clinux_spawn_closes_from(posix_spawn_file_actions_t *actions, int first);

// What a child process gets. Strings and arrays (which end with NULL) belong to the caller.
struct clinux_spawn_request {
  const char *path;          // absolute; PATH is not searched
  char *const *arguments;    // with the name that the child sees first
  char *const *environment;  // NAME=value, all of it: nothing is inherited
  const char *directory;     // NULL: the caller's
  int standard_input;        // becomes descriptor 0; -1: /dev/null
  int standard_output;       // becomes descriptor 1; -1: /dev/null
  int standard_error;        // becomes descriptor 2; -1: /dev/null
  int extra;                 // becomes descriptor 3; -1: the child has no descriptor 3
  uint64_t memory_limit;     // bytes of private writable memory (RLIMIT_DATA); 0: none
};

// The step in which a spawn failed.
enum clinux_spawn_step {
  CLINUX_SPAWN_FORK,
  CLINUX_SPAWN_SETUP,
  CLINUX_SPAWN_DIRECTORY,
  CLINUX_SPAWN_EXEC,
};

struct clinux_spawn_result {
  pid_t pid;
  int pidfd;  // close-on-exec
  enum clinux_spawn_step failed_step;
};

// Starts a program in a process group of its own. It is sent SIGKILL when the *thread* that called this ends
// (PR_SET_PDEATHSIG), it has no descriptors but those of the request, all signals at their defaults, and dumps no core.
// Returns after execve(2) has succeeded (0) or something has failed (-errno, result->failed_step); a child that failed
// has been reaped. The parent-death signal is lost if the program is set-user-ID or has file capabilities.
int clinux_spawn(const struct clinux_spawn_request *request, struct clinux_spawn_result *result);

// Whether the child has ended: 1, with its exit code (signal 0) or the signal that ended it; 0 if it runs.
// It is reaped if `reap` is not 0, else it stays a zombie. Never waits.
int clinux_child_status(int pidfd, int reap, int *code, int *signal);

// pidfd_send_signal(2).
int clinux_signal_child(int pidfd, int signal);

#endif
