/// Why an address is not connected to.
package enum AddressRefusal: String, Sendable, CaseIterable {
  case loopback
  case linkLocal = "link-local"
  case unspecified
  case multicast
  case broadcast
  case metadata = "cloud metadata"
}

/// The table of what is refused unless the operator's list allows it. Private ranges are not in it: tuners live there.
enum RefusedRange {
  /// The reason to refuse `address` itself, whatever is embedded in it.
  static func reason(for address: IPAddress) -> AddressRefusal? {
    table.first { $0.range.contains(address) }?.reason
  }

  // The narrow ranges come first: 169.254.169.254 is refused as metadata, not as link-local.
  private static let table: [(range: AddressRange, reason: AddressRefusal)] = [
    ("169.254.169.254", 32, .metadata),  // AWS, GCP, Azure, OpenStack, DigitalOcean, Oracle …
    ("169.254.169.253", 32, .metadata),  // AWS: resolver
    ("169.254.170.2", 32, .metadata),  // AWS ECS: credentials of a task
    ("169.254.170.23", 32, .metadata),  // AWS EKS: credentials of a pod
    ("100.100.100.200", 32, .metadata),  // Alibaba
    ("168.63.129.16", 32, .metadata),  // Azure: wire server
    ("192.0.0.192", 32, .metadata),  // Oracle Classic
    ("fd00:ec2::", 32, .metadata),  // AWS: fd00:ec2::254 and its neighbours
    ("fd20:ce::254", 128, .metadata),  // GCP
    ("127.0.0.0", 8, .loopback),  // RFC 1122 §3.2.1.3
    ("::1", 128, .loopback),  // RFC 4291 §2.5.3
    ("169.254.0.0", 16, .linkLocal),  // RFC 3927
    ("fe80::", 10, .linkLocal),  // RFC 4291 §2.5.6
    ("0.0.0.0", 8, .unspecified),  // RFC 1122 §3.2.1.3: 0.0.0.0 reaches this host
    ("::", 128, .unspecified),
    ("224.0.0.0", 4, .multicast),  // RFC 5771
    ("ff00::", 8, .multicast),  // RFC 4291 §2.7
    ("255.255.255.255", 32, .broadcast),
  ].compactMap { text, length, reason in
    IPAddress(text).flatMap { AddressRange($0, length: length) }.map { ($0, reason) }
  }
}
