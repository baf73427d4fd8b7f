// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: Swift 6 language mode, no warning survives, C types stay out of module interfaces.
let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: swiftSettings)
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

// The order is the design's: a target may import what stands above it, never what stands below.
// `scripts/check-imports` compares each file's imports with these lists.
let package = Package(
  name: "Millrace",
  products: [
    .executable(name: "millrace", targets: ["millrace"]),
    .executable(name: "millrace-encoder", targets: ["millrace-encoder"]),
  ],
  targets: [
    .systemLibrary(name: "CLibevent"),
    .systemLibrary(name: "CHiredis"),
    .systemLibrary(name: "CHTTPParser"),
    .systemLibrary(name: "CCurl"),
    .systemLibrary(name: "COpenSSL"),
    .systemLibrary(name: "CYAML"),
    .systemLibrary(name: "CFFmpeg"),
    .systemLibrary(name: "CZlib"),
    .systemLibrary(name: "CArchive"),
    .target(name: "CLinux"),
    .target(name: "CPulsar"),
    library("Identifiers", []),
    library("JSONCoding", []),
    library("Digests", ["COpenSSL"]),
    library("Observability", []),
    library("TransportStream", []),
    library("EventLoop", ["CLibevent", "CLinux"]),
    library("ChildProcess", ["EventLoop", "CLinux"]),
    library("Redis", ["Observability", "EventLoop", "CLibevent", "CHiredis", "COpenSSL"]),
    library("HTTP", ["JSONCoding", "Observability", "EventLoop", "CLinux", "CHTTPParser", "CCurl"]),
    .target(
      name: "MediaLog",
      dependencies: ["Identifiers", "Observability", "TransportStream", "EventLoop", "Redis", "CLinux"],
      resources: [.embedInCode("Redis/Scripts")], swiftSettings: swiftSettings),
    .target(
      name: "Cluster", dependencies: ["Identifiers", "JSONCoding", "Observability", "EventLoop", "Redis"],
      resources: [.embedInCode("Redis/Scripts"), .embedInCode("Membership/Scripts")], swiftSettings: swiftSettings),
    library(
      "Transcoding",
      [
        "Identifiers", "Digests", "Observability", "TransportStream", "EventLoop", "ChildProcess", "HTTP", "MediaLog",
        "Cluster", "CYAML",
      ]),
    library("FrameEncoding", ["TransportStream", "EventLoop", "ChildProcess", "CLinux"]),
    library("FrameEncoder", ["TransportStream", "FrameEncoding", "CFFmpeg", "CLinux"]),
    .target(
      name: "FrameRecorder",
      dependencies: [
        "Identifiers", "JSONCoding", "Digests", "Observability", "TransportStream", "EventLoop", "Redis", "Cluster",
        "FrameEncoding", "CLinux", "CZlib", "CArchive",
      ],
      resources: [.embedInCode("Redis/Scripts")], swiftSettings: swiftSettings),
    library("PulsarBridge", ["Observability", "EventLoop", "Digests", "FrameRecorder", "CPulsar"]),
    library(
      "Worker",
      [
        "Identifiers", "JSONCoding", "Digests", "Observability", "EventLoop", "Redis", "ChildProcess", "HTTP",
        "MediaLog", "Cluster", "Transcoding", "FrameEncoding", "FrameRecorder", "PulsarBridge", "CYAML",
      ]),
    executable("millrace", ["Worker"]),
    executable("millrace-encoder", ["FrameEncoder"]),
    library("TestKit", ["CLinux"]),
    executable(
      "Bench",
      [
        "Identifiers", "Observability", "TransportStream", "EventLoop", "ChildProcess", "Redis", "HTTP", "Cluster",
        "FrameEncoding", "FrameRecorder", "Worker", "TestKit",
      ]),
    tests("JSONCoding", []),
    tests("Digests", []),
    tests("Observability", []),
    tests("TransportStream", ["TestKit"]),
    tests("EventLoop", []),
    tests("ChildProcess", ["EventLoop"]),
    tests("Redis", ["Observability", "EventLoop", "TestKit"]),
    tests("HTTP", ["EventLoop"]),
    tests("MediaLog", ["Identifiers", "Observability", "TransportStream", "EventLoop", "Redis", "TestKit"]),
    tests("Cluster", ["Identifiers", "Observability", "EventLoop", "Redis", "TestKit"]),
    tests(
      "Transcoding",
      [
        "Identifiers", "Observability", "TransportStream", "EventLoop", "ChildProcess", "HTTP", "MediaLog", "Cluster",
        "TestKit",
      ]),
    tests("FrameEncoder", ["TransportStream", "EventLoop", "ChildProcess", "FrameEncoding", "TestKit"]),
    tests(
      "FrameRecorder",
      [
        "Identifiers", "JSONCoding", "Observability", "TransportStream", "EventLoop", "Redis", "ChildProcess",
        "Cluster", "FrameEncoding", "FrameEncoder", "TestKit",
      ]),
    tests("PulsarBridge", ["Observability", "EventLoop", "Redis", "FrameRecorder", "TestKit"]),
    tests(
      "Worker",
      [
        "Identifiers", "JSONCoding", "Observability", "TransportStream", "EventLoop", "Redis", "HTTP", "Cluster",
        "Transcoding", "FrameEncoding", "FrameEncoder", "FrameRecorder", "TestKit",
      ]),
  ]
)
