/// Which addresses may be connected to on behalf of a URL.
///
/// Loopback, link-local, unspecified, multicast, broadcast and cloud-metadata addresses are refused, also inside an IPv6
/// address that embeds them, unless the allow list names them. Private ranges are allowed. The verdict is asked for with
/// the very address that will be connected to, on each connection: then neither a redirect nor a name that changes
/// between check and connect gets round it.
package struct AddressPolicy: Hashable, Sendable {
  private let allowed: AddressAllowList

  package enum Verdict: Hashable, Sendable {
    case allowed
    case refused(AddressRefusal)
  }

  package init(allowing allowed: AddressAllowList = AddressAllowList()) { self.allowed = allowed }

  /// `host` as in the URL (brackets or not); `allowsMulticast` for sources received by UDP.
  package func verdict(
    host: String, address: IPAddress, port: UInt16, allowsMulticast: Bool = false
  ) -> Verdict {
    guard let reason = AddressPolicy.refusal(of: address) else { return .allowed }
    if reason == .multicast, allowsMulticast { return .allowed }
    return allowed.allows(host: host, address: address, port: port) ? .allowed : .refused(reason)
  }

  /// Whether a URL can be refused before anything is resolved: its host is a refused address in any spelling (`127.1`,
  /// `2130706433`, `0x7f.1`, `[::ffff:127.0.0.1]`), or `localhost` or a name below it (RFC 6761 §6.3).
  package func refusesLiteral(host: String, port: UInt16, allowsMulticast: Bool = false) -> Bool {
    let name = AddressLiteral.normalised(host: host)
    func refuses(_ address: IPAddress) -> Bool {
      verdict(host: host, address: address, port: port, allowsMulticast: allowsMulticast) != .allowed
    }
    if name == "localhost" || name.hasSuffix(".localhost") {
      return refuses(.v4(0x7f00_0001)) && refuses(.v6(high: 0, low: 1))
    }
    return AddressLiteral.address(in: name).map(refuses) ?? false
  }

  private static func refusal(of address: IPAddress) -> AddressRefusal? {
    RefusedRange.reason(for: address) ?? address.embeddedIPv4.flatMap(RefusedRange.reason(for:))
  }
}
