internal import CLinux
internal import Glibc

/// A process that has just been started, on its way to its home loop: numbers that the `ChildProcess` will own.
struct Launched: Sendable {
  let pid: Int32
  let pidfd: Int32
  let standardOutput: Int32
  let standardError: Int32
  let standardInput: Int32?
  let progress: Int32?
}

extension ChildRequest {
  /// Finds the executable, makes the pipes and starts the process. On the thread whose end shall be the child's.
  func launch() throws(SpawnError) -> Launched {
    if let defect { throw SpawnError(.invalidRequest, executable, "\(defect); correct the request") }
    let file = try ExecutableSearch(environment: environment).resolve(executable)
    let output = try pipe(.fromChild)
    let errors = try pipe(.fromChild)
    let input: ChildPipe? = hasStandardInput ? try pipe(.toChild) : nil
    let progress: ChildPipe? = hasProgress ? try pipe(.fromChild) : nil
    _ = clinux_enlarge_pipe(output.ours.number, Int32(clamping: outputPipeBytes))
    let process = try start(
      file, input: Self.theirs(input), output: output.theirs.number, errors: errors.theirs.number,
      progress: Self.theirs(progress))
    return Launched(
      pid: process.pid, pidfd: process.pidfd, standardOutput: output.keepOurs(), standardError: errors.keepOurs(),
      standardInput: Self.ours(input), progress: Self.ours(progress))
  }

  private func pipe(_ direction: ChildPipe.Direction) throws(SpawnError) -> ChildPipe {
    do { return try ChildPipe(direction) } catch {
      throw SpawnError(self, step: CLINUX_SPAWN_SETUP, error: error.systemError)
    }
  }

  private static func theirs(_ pipe: borrowing ChildPipe?) -> Int32 {
    switch pipe {
    case .some(let pipe): pipe.theirs.number
    case .none: -1
    }
  }

  private static func ours(_ pipe: consuming ChildPipe?) -> Int32? {
    switch consume pipe {
    case .some(let pipe): pipe.keepOurs()
    case .none: nil
    }
  }

  private func start(
    _ file: String, input: Int32, output: Int32, errors: Int32, progress: Int32
  ) throws(SpawnError) -> clinux_spawn_result {
    let arguments = CStrings([executable] + arguments)
    let environment = CStrings(environment.map { "\($0.key)=\($0.value)" })
    let path = CStrings([file, workingDirectory].compactMap(\.self))
    var result = clinux_spawn_result()
    var request = clinux_spawn_request()
    request.path = UnsafePointer(path.pointers[0])
    request.directory = workingDirectory == nil ? nil : UnsafePointer(path.pointers[1])
    request.arguments = UnsafePointer(arguments.pointers)
    request.environment = UnsafePointer(environment.pointers)
    (request.standard_input, request.standard_output) = (input, output)
    (request.standard_error, request.extra) = (errors, progress)
    request.memory_limit = memoryLimit ?? 0
    let code = clinux_spawn(&request, &result)
    extendLifetime(path)
    extendLifetime(arguments)
    extendLifetime(environment)
    guard code == 0 else { throw SpawnError(self, step: result.failed_step, error: -code) }
    return result
  }
}

/// Strings as C wants them: a NULL-terminated array of NUL-terminated copies.
private struct CStrings: ~Copyable {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    pointers = .allocate(capacity: count + 1)
    for (index, string) in strings.enumerated() { (pointers + index).initialize(to: strdup(string)) }
    (pointers + count).initialize(to: nil)
  }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }
}
