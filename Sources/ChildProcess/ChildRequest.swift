/// What to start, and with what.
package struct ChildRequest: Sendable {
  /// A path, or a bare name that is looked for in `PATH`: the one of `environment` if it has one, else this process's.
  /// A relative path is taken from this process's working directory, whatever the child's is.
  package var executable: String
  /// Without the name of the program, which the child gets as `executable` says it.
  package var arguments: [String]
  /// All of the child's environment: nothing is inherited.
  package var environment: [String: String]
  /// Nil: this process's.
  package var workingDirectory: String?
  /// Most bytes of private writable memory (RLIMIT_DATA: heap, anonymous maps, thread stacks). Nil: no limit.
  package var memoryLimit: UInt64?
  /// Whether the child's standard input is a socket that this process writes to. Else it is /dev/null.
  package var hasStandardInput: Bool
  /// Whether the child gets a pipe as descriptor 3 that is read as lines (FFmpeg: `-progress pipe:3`).
  package var hasProgress: Bool
  /// Buffer to ask for behind standard output, in bytes. The kernel may give less (pipe-user-pages-soft).
  package var outputPipeBytes: Int
  /// How much of standard error's end is kept.
  package var tailLimit: TailLimit

  package init(
    executable: String, arguments: [String] = [], environment: [String: String] = [:], workingDirectory: String? = nil,
    memoryLimit: UInt64? = nil, hasStandardInput: Bool = false, hasProgress: Bool = false,
    outputPipeBytes: Int = 1 << 20, tailLimit: TailLimit = TailLimit()
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.memoryLimit = memoryLimit
    self.hasStandardInput = hasStandardInput
    self.hasProgress = hasProgress
    self.outputPipeBytes = outputPipeBytes
    self.tailLimit = tailLimit
  }

  /// What the kernel would silently cut or misread, or nil.
  var defect: String? {
    let texts = [executable, workingDirectory ?? ""] + arguments + environment.keys + environment.values
    if texts.contains(where: { $0.utf8.contains(0) }) { return "an argument or variable contains a NUL byte" }
    if environment.keys.contains(where: { $0.isEmpty || $0.utf8.contains(UInt8(ascii: "=")) }) {
      return "the name of an environment variable is empty or contains '='"
    }
    return executable.isEmpty ? "the name of the executable is empty" : nil
  }
}
