internal import CPulsar

/// The official C API of Apache Pulsar, loaded at run time.
// Safe: the table is written once, before this is made, and lives as long as the process; its functions are for any thread.
package struct PulsarLibrary: @unchecked Sendable {
  let functions: cpulsar

  /// `path`: a file, or a name that the system's loader finds. Throws `library`.
  package init(path: String = "libpulsar.so") throws(PulsarError) {
    var problem = [CChar](repeating: 0, count: 512)
    guard let table = cpulsar_load(path, &problem, problem.count) else {
      let reason = String(decoding: problem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw PulsarError(
        .library,
        """
        Pulsar's client library cannot be loaded from \(path): \(reason). Install Debian's or Apache's package of \
        libpulsar, or the Python package pulsar-client 3.13.0 (pip install --target DIR pulsar-client==3.13.0), and set \
        PULSAR_LIBRARY to its pulsar_client.libs/libpulsar-….so
        """)
    }
    functions = table.pointee
  }

  /// False in builds with a sanitizer.
  package static var canBeLoaded: Bool { cpulsar_is_sanitized() == 0 }

  func text(ofResult result: Int32) -> String { String(cString: functions.result_str(result)) }
}
