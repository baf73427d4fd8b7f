import Glibc

/// The origin of `originScript` as a child on a loopback address.
final class Origin: Sendable {
  /// For tests that do not look at what else it has served. They end with the test process.
  static let shared = Result { try Origin() }
  static let sharedV6 = Result { try Origin("::1") }

  let address: String
  let port: UInt16
  private let scheme: String
  private let program: ChildProgram

  init(_ address: String = "127.0.0.1", certificate: String = "", root: String = "") throws {
    self.address = address
    scheme = certificate.isEmpty ? "http" : "https"
    program = try ChildProgram(["python3", "-u", "-c", originScript, address, certificate, root])
    guard let port = UInt16(try program.readLine()) else { throw ChildProgram.Failure.noLine }
    self.port = port
  }

  /// `path` begins with a slash; `host` instead of the address.
  func url(_ path: String, host: String? = nil) -> String {
    "\(scheme)://\(host ?? (address.contains(":") ? "[\(address)]" : address)):\(port)\(path)"
  }

  deinit { program.end() }
}

/// Text as a query value.
func escaped(_ text: String) -> String {
  text.utf8.map { byte in
    let hex = String(byte, radix: 16, uppercase: true)
    return Character(UnicodeScalar(byte)).isLetter || (0x30...0x39).contains(byte)
      ? String(UnicodeScalar(byte)) : "%" + (hex.count < 2 ? "0" : "") + hex
  }.joined()
}
