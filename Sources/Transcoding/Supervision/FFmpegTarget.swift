internal import HTTP

/// What an FFmpeg is to connect to, checked by the address policy.
///
/// HTTP(S) goes through the egress proxy, which checks each connection and redirect. Whatever else FFmpeg connects to by
/// itself: the name is resolved and judged here, and FFmpeg gets the very address that was judged.
struct FFmpegTarget: Sendable {
  let input: FFmpegInput
  let upstreams: UpstreamClients

  /// The input with its address, or why there is none.
  func checked() async -> Result<FFmpegInput, SourceFailure> {
    let url = input.url
    if url.scheme.isHTTP { return .success(input) }
    do throws(AddressResolverError) {
      let address = try await upstreams.resolver.resolveChecked(
        host: url.host, port: UInt16(clamping: url.port ?? 0), policy: upstreams.policy,
        allowsMulticast: url.scheme == .udp)
      guard let pinned = url.pinned(to: address.urlHost) else { return .failure(.connectFailed("not a source URL")) }
      return .success(
        FFmpegInput(url: pinned, kind: input.kind, userAgent: input.userAgent, headers: input.headers))
    } catch {
      return .failure(SourceFailure(error))
    }
  }
}

extension SourceFailure {
  fileprivate init(_ error: AddressResolverError) {
    switch error {
    case .refused: self = .refused("the address is not allowed")
    case .notResolved(let text): self = .connectFailed("the name cannot be resolved: \(text)")
    case .timedOut: self = .connectFailed("the name was not resolved in time")
    case .overloaded: self = .connectFailed("too many names to resolve")
    }
  }
}
