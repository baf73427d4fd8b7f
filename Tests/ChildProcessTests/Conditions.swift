import ChildProcess
import Glibc
import Testing

/// Whether the condition comes true within the limit.
func eventually(within limit: Duration = .seconds(10), _ condition: () -> Bool) async -> Bool {
  let deadline = ContinuousClock.now + limit
  while !condition() {
    guard ContinuousClock.now < deadline else { return false }
    try? await Task.sleep(for: .milliseconds(2))
  }
  return true
}

/// The fields of /proc/<pid>/stat from the state on, or nil if there is no such process.
func processFields(_ pid: Int32) -> [Substring]? {
  guard let text = contents("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
  return text[text.index(after: end)...].split(separator: " ")
}

/// Whether a process has ended, reaped or not.
func isGone(_ pid: Int32) -> Bool {
  guard let state = processFields(pid)?.first else { return true }
  return state == "Z" || state == "X"
}

/// A file's text (also of /proc, whose files have no size), or nil.
func contents(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  return String(decoding: readAll(descriptor), as: UTF8.self)
}

/// What can be read now: until the end, or until it would wait.
func readAll(_ descriptor: Int32) -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    guard count > 0 else { return bytes }
    bytes += buffer[..<count]
  }
}

/// How many descriptors of the kinds that a child takes this process has open. (Others come and go: the Swift runtime
/// opens timers when it first needs them.)
func childDescriptors() -> Int {
  (0..<4096).count { (number: Int) in
    var target = [CChar](repeating: 0, count: 64)
    let length = readlink("/proc/self/fd/\(number)", &target, target.count)
    guard length > 0 else { return false }
    let text = String(decoding: target[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
    return text.hasPrefix("pipe:") || text.contains("pidfd")
  }
}

/// Resident memory of this process, in KiB.
func residentKilobytes() -> Int {
  let line = contents("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
  return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? -1
}

/// A folder that is removed, with its files, when the body ends.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  var template = Array("/tmp/child-process-test.XXXXXX".utf8CString)
  let path = try #require(mkdtemp(&template).map { String(cString: $0) })
  defer {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink("\(path)/\(name)")
      }
      closedir(folder)
    }
    rmdir(path)
  }
  return try await body(path)
}

/// By another process: a descriptor of ours that writes to it could be open in a child that is just being started, and
/// the file then "busy" (ETXTBSY).
func writeFile(_ path: String, _ text: String, mode: String) async throws {
  try await Children.with { children in
    var request = ChildRequest.shell("printf %s \"$1\" >\"$2\" && chmod $3 \"$2\"")
    request.arguments += ["sh", text, path, mode]
    let record = try await children.run(request)
    #expect(record.statuses == [.exited(code: 0)])
  }
}
