internal import CLinux
internal import Glibc

/// Why a child process was not started. Nothing of it is left: no process, no descriptor.
package struct SpawnError: Error, Equatable, Sendable, CustomStringConvertible {
  package enum Code: Equatable, Sendable {
    /// No such file, or not in any folder of `PATH`.
    case executableNotFound
    /// The file is there but is a folder, lacks the permission, or is no program.
    case notExecutable
    case workingDirectory
    /// The request itself cannot be passed on: a NUL byte, a bad variable name, arguments that are too long.
    case invalidRequest
    /// This process or the system has no descriptor left.
    case descriptorLimit
    /// This user, container or system may have no more processes.
    case processLimit
    case outOfMemory
    case forkFailed
    case execFailed
    /// A limit, the process group or another setting of the child was refused.
    case setupFailed
    /// `ChildSpawner.drain` has been called.
    case shuttingDown
  }

  package let code: Code
  /// As the request says it.
  package let executable: String
  /// The `errno` behind it; 0 if no system call failed.
  package let systemError: Int32
  /// What happened, to which executable, and what to do about it.
  package let message: String

  package var description: String { message }

  init(_ code: Code, _ executable: String, systemError: Int32 = 0, _ text: String) {
    self.code = code
    self.executable = executable
    self.systemError = systemError
    let cause = systemError == 0 ? "" : " (\(String(cString: strerror(systemError))))"
    message = "cannot start \(executable)\(cause): \(text)"
  }
}

extension SpawnError {
  /// From what `clinux_spawn` answers, or from the making of a pipe (`step` CLINUX_SPAWN_SETUP). `error` > 0.
  init(_ request: ChildRequest, step: clinux_spawn_step, error: Int32) {
    self =
      Self.shortage(request.executable, step: step, error: error) ?? Self.failure(request, step: step, error: error)
  }

  private static func failure(_ request: ChildRequest, step: clinux_spawn_step, error: Int32) -> Self {
    let name = request.executable
    return switch step {
    case CLINUX_SPAWN_EXEC: exec(name, error: error)
    case CLINUX_SPAWN_DIRECTORY: Self(.workingDirectory, name, systemError: error, directoryText(request))
    case CLINUX_SPAWN_FORK: Self(.forkFailed, name, systemError: error, "the system refuses a new process")
    default: Self(.setupFailed, name, systemError: error, "a setting of the new process was refused")
    }
  }

  private static func directoryText(_ request: ChildRequest) -> String {
    "the working directory \(request.workingDirectory ?? "") cannot be entered; create it or correct the setting"
  }

  private static func shortage(_ name: String, step: clinux_spawn_step, error: Int32) -> Self? {
    switch error {
    case EMFILE, ENFILE:
      Self(.descriptorLimit, name, systemError: error, "raise the limit of open files (ulimit -n, LimitNOFILE)")
    case EAGAIN where step == CLINUX_SPAWN_FORK:
      Self(.processLimit, name, systemError: error, "raise the limit of processes (ulimit -u, TasksMax, pids.max)")
    case ENOMEM:
      Self(
        .outOfMemory, name, systemError: error, "free memory, or raise the memory limit of the child or the container")
    default: nil
    }
  }

  private static func exec(_ name: String, error: Int32) -> Self {
    switch error {
    case ENOENT:
      Self(.execFailed, name, systemError: error, "its interpreter or dynamic loader is not installed")
    case ENOEXEC:
      Self(.notExecutable, name, systemError: error, "it is not a program of this machine; a script needs a #! line")
    case EACCES, EPERM:
      Self(.notExecutable, name, systemError: error, "allow its execution (chmod +x, mount without noexec)")
    case E2BIG:
      Self(.invalidRequest, name, systemError: error, "shorten its arguments")
    default:
      Self(.execFailed, name, systemError: error, "the system refuses to execute it")
    }
  }
}
