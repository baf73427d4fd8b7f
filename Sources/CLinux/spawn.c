#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What the child writes to its parent, through a pipe that a successful execve(2) closes.
struct failure {
  enum clinux_spawn_step step;
  int error;
};

// The child's descriptors: 0, 1, 2, the extra one, and the pipe for `struct failure`, which execve(2) closes.
enum { EXTRA = 3, REPORT = 4, DESCRIPTORS = 5 };

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0; }

int clinux_socket_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

int clinux_spawn_closes_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int clinux_enlarge_pipe(int descriptor, int bytes) {
  int now = fcntl(descriptor, F_GETPIPE_SZ);
  for (; bytes > now; bytes /= 2) {
    int size = fcntl(descriptor, F_SETPIPE_SZ, bytes);
    if (size >= 0) return size;
  }
  return now < 0 ? -errno : now;
}

// ---- In the child, between vfork(2) and execve(2): it borrows the parent's memory, so only system calls. ----

static int close_from(unsigned first) {
  if (close_range(first, ~0U, 0) == 0) return 0;
  if (errno != ENOSYS && errno != EPERM) return -errno;
  struct rlimit limit;  // Linux before 5.9, or a filter that does not know the call.
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  for (rlim_t descriptor = first; descriptor < limit.rlim_cur; descriptor++) close((int)descriptor);
  return 0;
}

static int place_descriptors(const struct clinux_spawn_request *request, int *report) {
  int from[DESCRIPTORS] = {request->standard_input, request->standard_output, request->standard_error, request->extra,
                           *report};
  for (int target = 0; target < DESCRIPTORS; target++) {
    if (from[target] < 0 && target == EXTRA) continue;
    if (from[target] < 0) from[target] = open("/dev/null", (target == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
    if (from[target] < 0) return -errno;
    // Out of the way of the targets: a caller without a standard input may have been given 0 for a pipe.
    from[target] = fcntl(from[target], F_DUPFD_CLOEXEC, DESCRIPTORS);
    if (from[target] < 0) return -errno;
  }
  for (int target = 0; target <= EXTRA; target++) {
    if (from[target] < 0) close(target);
    else if (dup2(from[target], target) < 0) return -errno;
  }
  if (dup3(from[REPORT], REPORT, O_CLOEXEC) < 0) return -errno;
  *report = REPORT;
  return close_from(DESCRIPTORS);
}

static int limit_resource(int resource, rlim_t most) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) < 0) return -errno;
  if (limit.rlim_max > most) limit.rlim_max = most;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static void reset_signals(void) {
  // The kernel's struct sigaction, all zero: SIG_DFL. sigaction(3) would leave out 32 and 33, which it keeps to itself.
  unsigned long standard[4] = {0};
  for (int number = 1; number < NSIG; number++) syscall(SYS_rt_sigaction, number, standard, NULL, NSIG / 8);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static int set_up(const struct clinux_spawn_request *request, pid_t parent, int *report) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return -errno;
  if (getppid() != parent) _exit(127);  // It died before the line above: there is nobody to tell.
  if (setpgid(0, 0) < 0) return -errno;
  int code = place_descriptors(request, report);
  if (code == 0) code = limit_resource(RLIMIT_CORE, 0);
  if (code == 0 && request->memory_limit > 0) code = limit_resource(RLIMIT_DATA, request->memory_limit);
  reset_signals();
  return code;
}

static _Noreturn __attribute__((noinline)) void become(const struct clinux_spawn_request *request, pid_t parent,
                                                       int report) {
  struct failure failure = {CLINUX_SPAWN_SETUP, -set_up(request, parent, &report)};
  if (failure.error == 0 && request->directory && chdir(request->directory) < 0) {
    failure = (struct failure){CLINUX_SPAWN_DIRECTORY, errno};
  }
  if (failure.error == 0) {
    execve(request->path, request->arguments, request->environment);
    failure = (struct failure){CLINUX_SPAWN_EXEC, errno};
  }
  // A write of this size to a pipe is whole (PIPE_BUF). If it fails, the parent sees a child that ended with 127.
  ssize_t written = write(report, &failure, sizeof failure);
  _exit(written < 0 ? 126 : 127);
}

// ---- In the parent. ----

static pid_t fork_child(const struct clinux_spawn_request *request, int report) {
  // No handler of this process may run in the child, on this memory: signals are blocked until they are defaults there.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid();
  pid_t pid = vfork();
  if (pid == 0) become(request, parent, report);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return pid < 0 ? -error : pid;
}

static void wait_for(pid_t pid) {
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

static int await_exec(pid_t pid, int report, struct clinux_spawn_result *result) {
  struct failure failure;
  ssize_t count;
  do count = read(report, &failure, sizeof failure);
  while (count < 0 && errno == EINTR);
  if (count == sizeof failure) {
    wait_for(pid);
    result->failed_step = failure.step;
    return -failure.error;
  }
  int pidfd = pidfd_open(pid, 0);
  if (pidfd < 0) {
    int error = errno;
    kill(-pid, SIGKILL);
    wait_for(pid);
    result->failed_step = CLINUX_SPAWN_SETUP;
    return -error;
  }
  result->pid = pid;
  result->pidfd = pidfd;
  return 0;
}

int clinux_spawn(const struct clinux_spawn_request *request, struct clinux_spawn_result *result) {
  *result = (struct clinux_spawn_result){.pid = -1, .pidfd = -1, .failed_step = CLINUX_SPAWN_SETUP};
  int report[2];
  int code = clinux_pipe(report);
  if (code < 0) return code;
  pid_t pid = fork_child(request, report[1]);
  close(report[1]);
  if (pid > 0) {
    code = await_exec(pid, report[0], result);
  } else {
    code = pid;
    result->failed_step = CLINUX_SPAWN_FORK;
  }
  close(report[0]);
  return code;
}

int clinux_child_status(int pidfd, int reap, int *code, int *signal) {
  siginfo_t info = {0};
  int outcome;
  do outcome = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | (reap ? 0 : WNOWAIT));
  while (outcome < 0 && errno == EINTR);
  if (outcome < 0) return -errno;
  if (info.si_pid == 0) return 0;
  *code = info.si_code == CLD_EXITED ? info.si_status : 0;
  *signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
  return 1;
}

int clinux_signal_child(int pidfd, int signal) { return pidfd_send_signal(pidfd, signal, NULL, 0) < 0 ? -errno : 0; }
