import Testing

@testable import HTTP

@Suite struct AddressPolicyTests {
  private let none = AddressPolicy()

  private func verdict(_ address: String, allow: String = "", host: String = "h", port: UInt16 = 80) throws
    -> AddressPolicy.Verdict
  {
    try AddressPolicy(allowing: AddressAllowList(allow)).verdict(
      host: host, address: #require(IPAddress(address)), port: port)
  }

  @Test(arguments: [
    ("127.0.0.1", AddressRefusal.loopback), ("127.255.255.254", .loopback), ("::1", .loopback),
    ("169.254.0.1", .linkLocal), ("169.254.255.255", .linkLocal), ("fe80::1", .linkLocal), ("febf::1", .linkLocal),
    ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified), ("::", .unspecified), ("224.0.0.1", .multicast),
    ("239.255.255.255", .multicast), ("ff02::1", .multicast), ("255.255.255.255", .broadcast),
    ("169.254.169.254", .metadata), ("169.254.170.2", .metadata), ("100.100.100.200", .metadata),
    ("168.63.129.16", .metadata), ("fd00:ec2::254", .metadata), ("fd20:ce::254", .metadata),
    ("::ffff:127.0.0.1", .loopback), ("::ffff:a9fe:a9fe", .metadata), ("::127.0.0.1", .loopback),
    ("::ffff:0:127.0.0.1", .loopback), ("64:ff9b::7f00:1", .loopback), ("64:ff9b:1::169.254.169.254", .metadata),
    ("2002:7f00:1::", .loopback), ("2002:a9fe:a9fe:1::5", .metadata), ("2001:0:1:2:3:4:80ff:fffe", .loopback),
    ("2001:db8::5efe:127.0.0.1", .loopback), ("2001:db8::200:5efe:127.0.0.1", .loopback),
  ])
  func refuses(address: String, reason: AddressRefusal) throws {
    #expect(try verdict(address) == .refused(reason))
  }

  @Test(arguments: [
    "8.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.253.255.255", "169.255.0.0",
    "126.255.255.255",
    "128.0.0.0", "1.0.0.0", "223.255.255.255", "240.0.0.1", "fd00::1", "2001:db8::1", "::ffff:10.0.0.1", "fec0::1",
    "64:ff9b::808:808", "2002:808:808::1",
  ])
  func allows(address: String) throws {
    #expect(try verdict(address) == .allowed)
  }

  @Test func multicastIsAllowedForDatagramSourcesOnly() throws {
    let group = try #require(IPAddress("239.1.1.1"))
    #expect(none.verdict(host: "239.1.1.1", address: group, port: 5000, allowsMulticast: true) == .allowed)
    let loopback = try #require(IPAddress("127.0.0.1"))
    #expect(none.verdict(host: "x", address: loopback, port: 1, allowsMulticast: true) == .refused(.loopback))
  }

  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1", "h", UInt16(80), true), ("127.0.0.1", "127.0.0.2", "h", 80, false),
    ("127.0.0.0/8", "127.9.9.9", "h", 80, true), ("127.0.0.1", "::ffff:127.0.0.1", "h", 80, true),
    ("::1", "::1", "h", 80, true), ("[::1]", "::1", "h", 80, true), ("[::1]:81", "::1", "h", 80, false),
    ("[::1]:81", "::1", "h", 81, true), ("127.0.0.1:8085", "127.0.0.1", "h", 8085, true),
    ("127.0.0.1:8085", "127.0.0.1", "h", 80, false), ("localhost", "127.0.0.1", "localhost", 80, true),
    ("localhost", "127.0.0.1", "LocalHost.", 80, true), ("localhost", "127.0.0.1", "other", 80, false),
    ("localhost:80", "::1", "localhost", 81, false), (" a , ,origin.test:9 ", "::1", "origin.test", 9, true),
    ("fe80::/10", "fe80::5", "h", 80, true), ("::/0", "127.0.0.1", "h", 80, false),
    ("0.0.0.0/0", "169.254.169.254", "h", 80, true), ("127.1:80", "127.0.0.1", "h", 80, true),
  ])
  func followsTheAllowList(list: String, address: String, host: String, port: UInt16, isAllowed: Bool) throws {
    #expect((try verdict(address, allow: list, host: host, port: port) == .allowed) == isAllowed)
  }

  @Test(arguments: [
    "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "/8", "host:0", "host:65536", "host:", "host:x", "a b", "[::1",
    "[x]",
    "http://h", "*.h", "10.0.0.0/8:80", "1.2.3.4/-1",
  ])
  func namesTheItemThatItCannotRead(item: String) {
    #expect {
      try AddressAllowList("10.0.0.1, \(item) ,localhost")
    } throws: { error in
      (error as? AddressAllowListError)?.item == item
    }
  }

  @Test(arguments: [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0X7F.0.0.1", "0177.0.0.1", "017700000001",
    "[::ffff:127.0.0.1]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:7f00:1]", "[::7f00:1]", "localhost", "LOCALHOST",
    "localhost.", "a.localhost", "127.0.0.1.", "%31%32%37.0.0.1", "0", "0.0.0.0", "[::]", "169.254.169.254",
    "0xa9fea9fe", "[fe80::1%25eth0]", "[fd00:ec2::254]", "[64:ff9b::127.0.0.1]", "255.255.255.255", "224.0.0.1",
  ])
  func refusesEverySpellingBeforehand(host: String) {
    #expect(none.refusesLiteral(host: host, port: 80))
  }

  @Test(arguments: [
    "example.com", "10.0.0.1", "167772161", "0x0a.1", "[2001:db8::1]", "127.0.0.1.example.com", "localhost.example.com",
    "notlocalhost", "256.1.1.1", "08.1.1.1", "1.2.3.4.5", "127..1", "",
  ])
  func leavesNamesAndOtherLiteralsAlone(host: String) {
    #expect(!none.refusesLiteral(host: host, port: 80))
  }

  @Test func literalsFollowTheAllowListToo() throws {
    let policy = AddressPolicy(allowing: try AddressAllowList("localhost:8085, 127.0.0.1:9"))
    #expect(!policy.refusesLiteral(host: "localhost", port: 8085))
    #expect(policy.refusesLiteral(host: "localhost", port: 80))
    #expect(!policy.refusesLiteral(host: "localhost", port: 9))
    #expect(!policy.refusesLiteral(host: "2130706433", port: 9))
    #expect(policy.refusesLiteral(host: "127.0.0.1", port: 8085))
    #expect(!none.refusesLiteral(host: "239.0.0.1", port: 5000, allowsMulticast: true))
  }

  @Test(arguments: ["127.0.0.1", "::1", "2001:db8::a:1", "::ffff:1.2.3.4", "255.255.255.255", "::"])
  func addressesDescribeThemselves(text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == text)
    let back = address.withSocketAddress(port: 5) { pointer, _ in IPAddress(socketAddress: pointer) }
    #expect(back == address)
    #expect(address.urlHost == (text.contains(":") ? "[\(text)]" : text))
  }
}
