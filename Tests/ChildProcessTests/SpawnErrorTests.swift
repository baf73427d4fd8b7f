import ChildProcess
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1))) struct SpawnErrorTests {
  @Test(arguments: ["millrace-no-such-program", "/nonexistent/ffmpeg"])
  func aMissingExecutable(name: String) async throws {
    try await expect(ChildRequest(executable: name), .executableNotFound, says: name, "install it")
  }

  @Test func aFileWithoutThePermission() async throws {
    try await withFolder { folder in
      try await writeFile("\(folder)/plain", "#!/bin/sh\n", mode: "644")
      try await expect(ChildRequest(executable: "\(folder)/plain"), .notExecutable, says: "\(folder)/plain", "chmod +x")
      let bare = ChildRequest(executable: "plain", environment: ["PATH": folder])
      try await expect(bare, .notExecutable, says: "\(folder)/plain", "chmod +x")
    }
  }

  @Test func aFolder() async throws {
    try await expect(ChildRequest(executable: "/usr/bin"), .notExecutable, says: "/usr/bin", "correct the path")
  }

  @Test func aFileThatIsNoProgram() async throws {
    try await withFolder { folder in
      try await writeFile("\(folder)/data", "no program\n", mode: "755")
      try await expect(
        ChildRequest(executable: "\(folder)/data"), .notExecutable, errno: ENOEXEC, says: "\(folder)/data", "#!")
    }
  }

  @Test func aScriptWithoutItsInterpreter() async throws {
    try await withFolder { folder in
      try await writeFile("\(folder)/script", "#!/nonexistent/interpreter\n", mode: "755")
      try await expect(
        ChildRequest(executable: "\(folder)/script"), .execFailed, errno: ENOENT, says: "\(folder)/script",
        "interpreter")
    }
  }

  @Test func aBadWorkingDirectory() async throws {
    let request = ChildRequest(executable: "/bin/true", workingDirectory: "/nonexistent/folder")
    try await expect(request, .workingDirectory, errno: ENOENT, says: "/bin/true", "/nonexistent/folder")
  }

  @Test func argumentsThatAreTooLong() async throws {
    let request = ChildRequest(executable: "/bin/true", arguments: [String(repeating: "x", count: 1 << 20)])
    try await expect(request, .invalidRequest, errno: E2BIG, says: "/bin/true", "shorten")
  }

  private static let defects = [
    ChildRequest(executable: "/bin/echo", arguments: ["a\0b"]),
    ChildRequest(executable: "/bin/echo", environment: ["A": "a\0b"]),
    ChildRequest(executable: "/bin/echo", environment: ["A=B": "a"]),
    ChildRequest(executable: "/bin/echo", environment: ["": "a"]),
    ChildRequest(executable: "/bin/echo", workingDirectory: "/\0"),
    ChildRequest(executable: ""),
  ]

  @Test(arguments: 0..<defects.count) func whatTheKernelWouldMisread(index: Int) async throws {
    try await expect(Self.defects[index], .invalidRequest, says: "correct the request")
  }

  @Test func noDescriptorLeft() async {
    await #expect(processExitsWith: .success) {
      try await Children.with { children in
        // A first one, so that all is loaded.
        _ = try await children.run(ChildRequest(executable: "/bin/true"))
        var taken: [Int32] = []
        // More than this process can have been given by the one that runs the tests.
        var limit = rlimit(rlim_cur: 512, rlim_max: 512)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        while true {
          let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
          guard descriptor >= 0 else { break }
          taken.append(descriptor)
        }
        // From none free to just too few for all the pipes.
        for free in 0...5 {
          let error = try await children.failure(ChildRequest(executable: "/bin/true"))
          #expect(error.code == .descriptorLimit, "\(free) free: \(error)")
          #expect(error.systemError == EMFILE)
          #expect(error.message.contains("/bin/true") && error.message.contains("ulimit -n"))
          close(taken.removeLast())
        }
        for descriptor in taken { close(descriptor) }
        #expect(try await children.run(ChildRequest(executable: "/bin/true")).statuses == [.exited(code: 0)])
      }
    }
  }

  private func expect(
    _ request: ChildRequest, _ code: SpawnError.Code, errno: Int32 = 0, says parts: String...
  ) async throws {
    try await Children.with { children in
      let error = try await children.failure(request)
      #expect(error.code == code)
      #expect(error.executable == request.executable)
      #expect(error.systemError == errno)
      for part in parts { #expect(error.message.contains(part), "\(error)") }
    }
  }
}
