internal import Glibc

/// The program that the pool starts: `millrace-encoder`, beside the one that runs.
package enum EncoderProgram {
  package static let name = "millrace-encoder"

  /// Its path; a missing file shows when the first process is started.
  package static var path: String {
    var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &target, target.count)
    guard count > 0, let slash = target[..<count].lastIndex(of: UInt8(ascii: "/")) else { return name }
    return String(decoding: target[...slash], as: UTF8.self) + name
  }
}
