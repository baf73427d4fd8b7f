import Digests
package import Identifiers

/// STREAM_SHARING_STRATEGY: which requests come to the same stream.
package enum SharingStrategy: String, Sendable, CaseIterable {
  case urlProfile = "url_profile"
  case urlOnly = "url_only"
  case disabled
}

/// The ids of streams (api.md §3). The same request has the same id on every worker.
package struct StreamIdentity: Sendable {
  package let strategy: SharingStrategy

  package init(strategy: SharingStrategy = .urlProfile) { self.strategy = strategy }

  /// Of POST /streams.
  package func direct(url: SourceURL, headers: SourceHeaders = .none) -> StreamID {
    if strategy == .disabled { return Self.random() }
    guard !headers.isEmpty else { return Self.md5(url.text) }
    return Self.version2(url: url, format: "direct", arguments: [], headers: headers, cookies: nil)
  }

  /// Of POST /transcode with a profile or a template.
  package func transcoded(url: SourceURL, profile: RenderedProfile, headers: SourceHeaders = .none) -> StreamID {
    switch strategy {
    case .disabled: return Self.random()
    case .urlOnly: return Self.md5("\(url.text)|transcoded|shared|\(profile.format.mode)")
    case .urlProfile: break
    }
    if profile.isPlainBuiltIn, headers.isEmpty {
      return Self.md5("\(url.text)|transcoded|\(profile.name)|\(profile.format.mode)")
    }
    return Self.version2(
      url: url, format: profile.format.rawValue, arguments: profile.canonicalArguments, headers: headers, cookies: nil)
  }

  /// Of POST /transcode with a resolver. `cookies`: the text given, or that of the file named.
  package func resolved(
    url: SourceURL, resolver: ResolverArguments, headers: SourceHeaders = .none, cookies: String? = nil
  ) -> StreamID {
    if strategy == .disabled { return Self.random() }
    guard !headers.isEmpty || cookies != nil else {
      return Self.md5("\(url.text)|resolver|\(resolver.kind.rawValue)|\(resolver.text)")
    }
    return Self.version2(
      url: url, format: "resolver:\(resolver.kind.rawValue)", arguments: resolver.arguments, headers: headers,
      cookies: cookies)
  }

  private static func random() -> StreamID { StreamID(digest: RandomBytes.make(16)) }

  private static func md5(_ text: String) -> StreamID { StreamID(digest: MD5.digest(Array(text.utf8))) }

  private static func version2(
    url: SourceURL, format: String, arguments: [String], headers: SourceHeaders, cookies: String?
  ) -> StreamID {
    var row = Netstrings()
    row.append("millrace-stream-2")
    row.append(url.text)
    row.append(format)
    row.append(String(arguments.count))
    for argument in arguments { row.append(argument) }
    row.append(String(headers.fields.count))
    for field in headers.fields {
      row.append(field.lowercasedName)
      row.append(field.value)
    }
    if let cookies { row.append(SHA256.hex(cookies)) }
    return StreamID(digest: SHA256.digest(row.bytes))
  }
}

/// A row of `<length in bytes>:<bytes>,`: no two different rows have the same bytes.
private struct Netstrings {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ text: String) {
    bytes += Array("\(text.utf8.count):".utf8) + Array(text.utf8) + Array(",".utf8)
  }
}
