internal import Glibc

/// Finds the file that an executable's name means, as a shell does, but in absolute folders only.
struct ExecutableSearch {
  private static let standardPath = "/usr/local/bin:/usr/bin:/bin"

  let path: String

  /// `PATH` of the child's environment if there is one, else of this process.
  init(environment: [String: String]) {
    path = environment["PATH"] ?? getenv("PATH").map { String(cString: $0) } ?? Self.standardPath
  }

  /// An absolute path of a file that can be executed.
  func resolve(_ name: String) throws(SpawnError) -> String {
    guard !name.utf8.contains(UInt8(ascii: "/")) else { return try resolvePath(name) }
    var refused: String?
    for folder in path.split(separator: ":") where folder.utf8.first == UInt8(ascii: "/") {
      let candidate = "\(folder)/\(name)"
      switch Self.look(at: candidate) {
      case .executable: return candidate
      case .refused: refused = refused ?? candidate
      case .absent: continue
      }
    }
    if let refused { throw Self.notExecutable(name, file: refused) }
    throw SpawnError(
      .executableNotFound, name, "it is in no folder of PATH (\(path)); install it or give its full path")
  }

  private func resolvePath(_ name: String) throws(SpawnError) -> String {
    let file = name.utf8.first == UInt8(ascii: "/") ? name : "\(Self.workingDirectory)/\(name)"
    switch Self.look(at: file) {
    case .executable: return file
    case .refused: throw Self.notExecutable(name, file: file)
    case .absent:
      throw SpawnError(.executableNotFound, name, "there is no file \(file); install it or correct the path")
    }
  }

  private static func notExecutable(_ name: String, file: String) -> SpawnError {
    SpawnError(.notExecutable, name, "\(file) is not an executable file; correct the path, or allow it (chmod +x)")
  }

  private enum Finding {
    case executable
    /// A folder, or a file without the permission.
    case refused
    case absent
  }

  private static func look(at file: String) -> Finding {
    var status = stat()
    guard stat(file, &status) == 0 else { return errno == EACCES ? .refused : .absent }
    guard status.st_mode & S_IFMT == S_IFREG, access(file, X_OK) == 0 else { return .refused }
    return .executable
  }

  private static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
  }
}
