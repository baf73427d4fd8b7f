internal import Foundation
internal import Glibc

/// What /proc tells about processes.
package enum ProcessTable {
  /// The living children of a process (zombies do not count), optionally only those with a command name.
  package static func children(of parent: Int32, named name: String? = nil) -> [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { Int32($0) }.filter { pid in
      guard let stat = stat(pid), stat.parent == parent, stat.state != "Z" else { return false }
      return name == nil || stat.name == name
    }
  }

  /// Whether the process is there and is no zombie.
  package static func isAlive(_ pid: Int32) -> Bool { stat(pid).map { $0.state != "Z" && $0.state != "X" } ?? false }

  /// Whether the process stands still after SIGSTOP.
  package static func isStopped(_ pid: Int32) -> Bool { stat(pid)?.state == "T" }

  /// Resident memory in bytes; 0 when the process is gone.
  package static func residentBytes(_ pid: Int32) -> Int {
    let fields = text("/proc/\(pid)/statm").split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
  }

  /// The number of open descriptors; 0 when the process is gone. Of the calling process, one more: the look itself.
  package static func descriptorCount(_ pid: Int32) -> Int { descriptors(pid).count }

  static func descriptors(_ pid: Int32) -> [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
    return entries.compactMap { Int32($0) }
  }

  /// The number of threads; 0 when the process is gone.
  package static func threadCount(_ pid: Int32) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").count) ?? 0
  }

  /// User and system time so far.
  package static func processorTime(_ pid: Int32) -> Duration {
    guard let stat = stat(pid) else { return .zero }
    return .seconds(Double(stat.ticks) / Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  /// The process that calls.
  package static var current: Int32 { getpid() }

  private struct Stat {
    let name: String
    let state: String
    let parent: Int32
    let ticks: Int
  }

  /// proc(5): `pid (comm) state ppid …`, where comm may contain blanks and parentheses; utime and stime are 14 and 15.
  private static func stat(_ pid: Int32) -> Stat? {
    let text = text("/proc/\(pid)/stat")
    guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 12, let parent = Int32(fields[1]), let user = Int(fields[11]), let system = Int(fields[12])
    else { return nil }
    let name = text[text.index(after: open)..<close]
    return Stat(name: String(name), state: String(fields[0]), parent: parent, ticks: user + system)
  }

  private static func text(_ path: String) -> String {
    guard let data = FileManager.default.contents(atPath: path) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }
}
